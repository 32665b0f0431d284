# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads about persons: who follows a series, and what one person did in campaigns."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, select

from beffroi.campaigns.models import (
    Campaign,
    CampaignAssociation,
    CampaignFollower,
    CampaignRequest,
    CampaignSeries,
    CampaignVote,
)
from beffroi.cases import queries as cases
from beffroi.cases.queries import Recipient
from beffroi.kernel.db import db


def recipients(series_id: int) -> list[Recipient]:
    """Return everyone who follows a series and has an address."""
    return _with_addresses(_following(series_id))


def _following(series_id: int) -> Select[int, str]:
    return (
        select(CampaignFollower.party_id, CampaignFollower.token)
        .where(CampaignFollower.series_id == series_id, CampaignFollower.ended_at.is_(None))
        .order_by(CampaignFollower.party_id)
    )


def _with_addresses(found: Select[int, str]) -> list[Recipient]:
    rows = db.session.execute(found).all()
    known = cases.readers([row.party_id for row in rows])
    return [
        Recipient(row.party_id, *known[row.party_id], row.token)
        for row in rows
        if row.party_id in known
    ]


def recipient(series_id: int, party_id: int) -> Recipient | None:
    """Return one follower of a series, if still one."""
    alone = _following(series_id).where(CampaignFollower.party_id == party_id)
    return next(iter(_with_addresses(alone)), None)


def follows(series_id: int, party_id: int) -> bool:
    """Say whether a party follows a series now."""
    found = select(CampaignFollower.id).where(
        CampaignFollower.series_id == series_id,
        CampaignFollower.party_id == party_id,
        CampaignFollower.ended_at.is_(None),
    )
    return db.session.scalar(found) is not None


def follower(token: str) -> tuple[dict[str, str], bool] | None:
    """Return (titles of the series, still following) for a token in a mail, or None."""
    row = db.session.execute(
        select(CampaignSeries.titles, CampaignFollower.ended_at)
        .join(CampaignFollower, CampaignFollower.series_id == CampaignSeries.id)
        .where(CampaignFollower.token == token)
    ).first()
    return (dict(row.titles), row.ended_at is None) if row else None


def tied() -> tuple[Select[int], ...]:
    """Return selects of the parties that follow a series, and of those that have a ballot."""
    return select(CampaignFollower.party_id), select(CampaignVote.party_id)


def votes_of(parties: Collection[int]) -> Sequence[Any]:
    """Return (campaign, choice, case_id, at) of what some parties chose and is not counted yet."""
    return db.session.execute(
        select(
            Campaign.slug.label("campaign"), CampaignVote.choice, CampaignVote.case_id,
            CampaignVote.at,
        )
        .join(Campaign, Campaign.id == CampaignVote.campaign_id)
        .where(CampaignVote.party_id.in_(parties))
        .order_by(CampaignVote.id)
    ).all()  # fmt: skip


def follows_of(parties: Collection[int]) -> Sequence[Any]:
    """Return (titles, since, ended_at) of the series that some parties follow or followed."""
    return db.session.execute(
        select(CampaignSeries.titles, CampaignFollower.since, CampaignFollower.ended_at)
        .join(CampaignSeries, CampaignSeries.id == CampaignFollower.series_id)
        .where(CampaignFollower.party_id.in_(parties))
        .order_by(CampaignFollower.id)
    ).all()


def joined_by(case_ids: Collection[int]) -> Sequence[Any]:
    """Return (case_id, campaign, association) of some requests that belong to an edition."""
    return db.session.execute(
        select(
            CampaignRequest.case_id, Campaign.slug.label("campaign"),
            CampaignAssociation.name.label("association"),
        )
        .join(Campaign, Campaign.id == CampaignRequest.campaign_id)
        .outerjoin(CampaignAssociation, CampaignAssociation.id == CampaignRequest.association_id)
        .where(CampaignRequest.case_id.in_(case_ids))
        .order_by(CampaignRequest.case_id)
    ).all()  # fmt: skip
