# SPDX-License-Identifier: AGPL-3.0-or-later
"""Voting in the survey of an edition, and its count. None commits.

One ballot a person, which may be changed until the last day. The count writes points and places to
the requests, and destroys the ballots in the same transaction: who voted for what is then unknown.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import delete, func, select, update

from beffroi.campaigns.models import Campaign, CampaignRequest, CampaignVote
from beffroi.campaigns.queries import edition_by_id, members
from beffroi.campaigns.rules import survey
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, NotFound
from beffroi_web.words import N_


def eligible(campaign_id: int) -> dict[str, int]:
    """Return the requests that can be chosen, by reference, in the order of reception."""
    return {m.row.ref: m.id for m in members.members(campaign_id) if m.eligible}


def vote(
    campaign_id: int, refs: Sequence[str], *, party_id: int, today: date, now: datetime
) -> None:
    """Keep what a person has chosen, in order, in the place of what they chose before."""
    held = select(Campaign.id).where(Campaign.id == campaign_id).with_for_update()
    db.session.execute(held)  # a count that runs goes first, and then nothing is taken any more
    one = edition_by_id(campaign_id)
    if one is None:
        raise NotFound(N_("There is no such campaign."))
    if one.plan.phase(today) != "sorting" or one.counted:
        raise Conflict(N_("The survey is not open."))
    known = eligible(campaign_id)
    choices = [known.get(ref, -1) if ref else 0 for ref in refs]
    ballot = survey.check_ballot(choices, known.values())
    db.session.execute(
        delete(CampaignVote).where(
            CampaignVote.campaign_id == campaign_id, CampaignVote.party_id == party_id
        )
    )
    db.session.add_all(
        CampaignVote(
            campaign_id=campaign_id, party_id=party_id, choice=place, case_id=case_id, at=now
        )
        for place, case_id in enumerate(ballot, 1)
    )
    db.session.flush()


def count(row: Campaign) -> None:
    """Count the survey of an edition and destroy the ballots."""
    votes = db.session.execute(
        select(CampaignVote.party_id, CampaignVote.case_id)
        .where(CampaignVote.campaign_id == row.id)
        .order_by(CampaignVote.party_id, CampaignVote.choice)
    )
    ballots: dict[int, list[int]] = defaultdict(list)
    for party_id, case_id in votes:
        ballots[party_id].append(case_id)
    for result in survey.count(list(eligible(row.id).values()), ballots.values()):
        db.session.execute(
            update(CampaignRequest)
            .where(CampaignRequest.case_id == result.request)
            .values(points=result.points, place=result.place)
        )
    row.voters = len(ballots)
    db.session.execute(delete(CampaignVote).where(CampaignVote.campaign_id == row.id))


def forget_votes(parties: Collection[int]) -> int:
    """Destroy the ballots of some parties that are not counted yet; return how many choices."""
    gone = db.session.execute(delete(CampaignVote).where(CampaignVote.party_id.in_(parties)))
    return int(getattr(gone, "rowcount", 0))


def forget_choices(case_id: int) -> None:
    """Destroy every choice of a request that was erased."""
    db.session.execute(delete(CampaignVote).where(CampaignVote.case_id == case_id))


def ballots(parties: Collection[int]) -> int:
    """Return in how many surveys that are not counted yet some parties have voted."""
    found = select(func.count(CampaignVote.campaign_id.distinct())).where(
        CampaignVote.party_id.in_(parties)
    )
    return int(db.session.scalar(found) or 0)
