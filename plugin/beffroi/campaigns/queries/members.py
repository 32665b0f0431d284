# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the requests of an edition: what everyone sees of them, and what was decided.

Who voted, and how, is read by nothing but the count and the person's own ballot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from beffroi.campaigns.models import Campaign, CampaignRequest, CampaignVote
from beffroi.campaigns.queries import Edition, edition_by_id
from beffroi.campaigns.rules.note import PUBLISHED, Line
from beffroi.cases import queries as cases
from beffroi.data_requests.queries import gathered
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class Member:
    """A listed request of an edition: its row as lists have it, and how it was sorted and ranked.

    `title` is what an agent released; the row's may also have appeared by itself.
    """

    row: Any
    title: str | None
    association_id: int | None
    eligible: bool | None
    reason: str | None
    points: int | None
    place: int | None
    decided: gathered.Decided | None

    @property
    def id(self) -> int:
        """Return the id of the case."""
        return int(self.row.id)


def members(campaign_id: int) -> list[Member]:
    """Return the listed requests of an edition, in the order of reception."""
    joined = {
        row.case_id: row
        for row in db.session.execute(
            select(
                CampaignRequest.case_id, CampaignRequest.association_id, CampaignRequest.eligible,
                CampaignRequest.reason, CampaignRequest.points, CampaignRequest.place,
            ).where(CampaignRequest.campaign_id == campaign_id)
        )
    }  # fmt: skip
    rows = gathered.cards(joined)
    ids = [row.id for row in rows]
    words, decided = cases.words_by_case(ids), gathered.decided(rows)
    return [
        Member(
            row=row,
            title=words[row.id].get("title"),
            association_id=joined[row.id].association_id,
            eligible=joined[row.id].eligible,
            reason=joined[row.id].reason,
            points=joined[row.id].points,
            place=joined[row.id].place,
            decided=decided.get(row.id),
        )
        for row in rows
    ]


def lines(one: Edition, found: Sequence[Member], zone: str) -> list[Line]:
    """Return the requests of an edition as its note has them: released words only.

    In the order of the survey, then of reception; days are those of the town's zone.
    """

    def day(moment: datetime) -> Any:
        return moment.astimezone(ZoneInfo(zone)).date()

    made = [
        Line(
            ref=m.row.ref, title=m.title, object=m.row.object, theme=m.row.theme,
            received_on=m.row.received_on, status=m.row.status, eligible=m.eligible,
            reason=m.reason, place=m.place, owed=m.place is not None and m.place <= one.owed,
            outcome=m.decided.outcome if m.decided else None,
            answered_on=day(m.decided.first_at) if m.decided else None,
            ground=m.decided.ground if m.decided else None,
            planned=m.decided.planned if m.decided else None,
            url=m.decided.url if m.decided else None,
        )
        for m in found
    ]  # fmt: skip
    return sorted(made, key=lambda line: (line.place is None, line.place or 0))


def ballot(campaign_id: int, party_id: int) -> list[int]:
    """Return what a person has chosen in a survey that is not counted yet, in order."""
    return list(
        db.session.scalars(
            select(CampaignVote.case_id)
            .where(CampaignVote.campaign_id == campaign_id, CampaignVote.party_id == party_id)
            .order_by(CampaignVote.choice)
        )
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What a record may tell of an edition."""

    campaign_id: int
    record_id: str
    slug: str
    opened: Any
    phase: str
    requests: int
    published: int
    has_note: bool
    version: int


def told(campaign_id: int) -> Told | None:
    """Return what may leave of an edition: counts of what everyone sees one by one."""
    row = db.session.execute(
        select(
            Campaign.record_id,
            Campaign.slug,
            Campaign.call_on,
            Campaign.phase,
            Campaign.note_at,
            Campaign.version,
        ).where(Campaign.id == campaign_id)
    ).first()
    if row is None or row.phase == "planned":
        return None
    found = members(campaign_id)
    return Told(
        campaign_id=campaign_id,
        record_id=row.record_id,
        slug=row.slug,
        opened=row.call_on,
        phase="note" if row.phase == "over" else row.phase,
        requests=len(found),
        published=sum(1 for m in found if m.decided and m.decided.outcome in PUBLISHED),
        has_note=row.note_at is not None,
        version=row.version,
    )


def of_record(record_id: str) -> int | None:
    """Return the edition that has a record id."""
    return db.session.scalar(select(Campaign.id).where(Campaign.record_id == record_id))


def record_of(case_id: int) -> str | None:
    """Return the record id of the edition that a request belongs to, once that has begun."""
    return db.session.scalar(
        select(Campaign.record_id)
        .join(CampaignRequest, CampaignRequest.campaign_id == Campaign.id)
        .where(CampaignRequest.case_id == case_id, Campaign.phase != "planned")
    )


def edition_of(case_id: int) -> Edition | None:
    """Return the edition that a request belongs to, or None."""
    found = select(CampaignRequest.campaign_id).where(CampaignRequest.case_id == case_id)
    campaign_id = db.session.scalar(found)
    return edition_by_id(campaign_id) if campaign_id is not None else None


def brought(campaign_id: int) -> dict[int, int]:
    """Return how many listed requests came by each association."""
    counts: dict[int, int] = {}
    for one in members(campaign_id):
        if one.association_id is not None:
            counts[one.association_id] = counts.get(one.association_id, 0) + 1
    return counts


def unsorted(campaign_id: int) -> int:
    """Return how many requests of an edition nobody has sorted yet, for the desk."""
    waiting = (
        select(func.count())
        .select_from(CampaignRequest)
        .where(CampaignRequest.campaign_id == campaign_id, CampaignRequest.eligible.is_(None))
    )
    return int(db.session.scalar(waiting) or 0)
