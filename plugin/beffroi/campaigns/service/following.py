# SPDX-License-Identifier: AGPL-3.0-or-later
"""Following a series of campaigns, and leaving. None commits."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from beffroi.campaigns.models import CampaignFollower
from beffroi.campaigns.service import survey
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import NotFound
from beffroi_web.words import N_


def follow(series_id: int, party_id: int, *, now: datetime, chance: Chance) -> None:
    """Make a party follow a series (again): it is told of each phase of each edition."""
    row = db.session.scalar(
        select(CampaignFollower).where(
            CampaignFollower.series_id == series_id, CampaignFollower.party_id == party_id
        )
    )
    if row is None:
        token = chance(24).hex()
        db.session.add(
            CampaignFollower(series_id=series_id, party_id=party_id, token=token, since=now)
        )
    else:
        row.ended_at = None
    db.session.flush()


def unfollow(token: str, *, now: datetime) -> None:
    """End the following that a token names, or raise NotFound."""
    row = db.session.scalar(select(CampaignFollower).where(CampaignFollower.token == token))
    if row is None:
        raise NotFound(N_("This link stops nothing: it is not (or no longer) known."))
    row.ended_at = row.ended_at or now


def forget(parties: Collection[int]) -> None:
    """Destroy what some parties do in campaigns: whom they follow, and ballots not counted yet."""
    survey.forget_votes(parties)
    db.session.execute(delete(CampaignFollower).where(CampaignFollower.party_id.in_(parties)))
