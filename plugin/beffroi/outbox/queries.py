# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the feed may read: waiting facts, and the released public form that a fact points to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from beffroi.campaigns.queries import members as campaigns
from beffroi.campaigns.queries.members import Told
from beffroi.cases import queries as cases
from beffroi.cases.rules import CONFIDENTIAL
from beffroi.cyber import queries as cyber
from beffroi.data_requests import queries as data_requests
from beffroi.data_requests.queries import clock as clocks
from beffroi.kernel.db import db
from beffroi.legal.deadlines import clock_state
from beffroi.outbox.models import OutboxRow

MOST_SUMMARY = 2000


@dataclass(frozen=True, slots=True)
class Fact:
    """A waiting fact."""

    id: int
    fact: str
    case_id: int | None
    version: int
    codes: dict[str, Any]


def waiting(most: int, *, only: str = "") -> list[Fact]:
    """Return the oldest facts that wait, at most `most`, of one kind if it is named."""
    statement = (
        select(OutboxRow.id, OutboxRow.fact, OutboxRow.case_id, OutboxRow.version, OutboxRow.codes)
        .where(OutboxRow.done_at.is_(None))
        .order_by(OutboxRow.id)
        .limit(most)
    )
    rows = db.session.execute(statement.where(OutboxRow.fact == only) if only else statement)
    return [Fact(r.id, r.fact, r.case_id, r.version, dict(r.codes)) for r in rows]


def waiting_since_before(moment: datetime, only: str) -> list[Fact]:
    """Return the facts of one kind that wait since a moment or longer, oldest first."""
    rows = db.session.execute(
        select(OutboxRow.id, OutboxRow.fact, OutboxRow.case_id, OutboxRow.version, OutboxRow.codes)
        .where(OutboxRow.done_at.is_(None), OutboxRow.fact == only, OutboxRow.made_at <= moment)
        .order_by(OutboxRow.id)
    )
    return [Fact(r.id, r.fact, r.case_id, r.version, dict(r.codes)) for r in rows]


def that_became(results: Collection[str]) -> list[int]:
    """Return the facts that were dealt with and became one of these (such as `rec 12`)."""
    wanted = OutboxRow.result.in_(results)
    return list(db.session.scalars(select(OutboxRow.id).where(wanted).order_by(OutboxRow.id)))


def references(case_ids: Collection[int]) -> list[str]:
    """Return the references of cases, for agents; confidential ones are not named."""
    heads = [cases.head_by_id(case_id) for case_id in sorted(case_ids)]
    return [head.ref for head in heads if head is not None and head.kind != CONFIDENTIAL]


def waiting_for_log() -> tuple[int, datetime | None]:
    """Return how many facts wait, and since when the oldest does; none of confidential cases."""
    of_all = OutboxRow.case_id.is_(None) | OutboxRow.case_id.not_in(cases.confidential())
    statement = select(func.count(), func.min(OutboxRow.made_at))
    count, oldest = db.session.execute(statement.where(OutboxRow.done_at.is_(None), of_all)).one()
    return int(count), oldest


def shown_count() -> int:
    """Return how many facts wait, for every agent: none of confidential cases."""
    of_all = OutboxRow.case_id.is_(None) | OutboxRow.case_id.not_in(cases.confidential())
    statement = select(func.count()).select_from(OutboxRow)
    return int(db.session.scalar(statement.where(OutboxRow.done_at.is_(None), of_all)) or 0)


def released_cyber(case_id: int) -> cyber.Releasable | None:
    """Return what a record of a cyber case is made of, or None where none may be made any more."""
    return cyber.releasable(case_id)


def cyber_of_record(record_id: str) -> int | None:
    """Return the cyber case whose record has this id, for a log that is being recovered."""
    return cyber.of_record(record_id)


def waiting_count() -> int:
    """Return how many facts wait."""
    statement = select(func.count()).select_from(OutboxRow).where(OutboxRow.done_at.is_(None))
    return int(db.session.scalar(statement) or 0)


def refused(most: int = 50) -> list[tuple[str, str]]:
    """Return (case reference, why) of the newest facts that made no record, for agents."""
    rows = db.session.execute(
        select(OutboxRow.case_id, OutboxRow.result)
        .where(OutboxRow.result.like("refused%"), OutboxRow.case_id.is_not(None))
        .where(OutboxRow.case_id.not_in(cases.confidential()))
        .order_by(OutboxRow.id.desc())
        .limit(most)
    ).all()
    found = []
    for row in rows:
        head = cases.head_by_id(row.case_id)
        if head is not None:
            found.append((head.ref, str(row.result).removeprefix("refused: ")))
    return found


@dataclass(frozen=True, slots=True)
class ReleasedRequest:
    """A data request as it may leave: released words and codes, no person, no reference."""

    lang: str
    object: str
    theme: str
    title: str
    summary: str
    commune: str | None
    received_on: date
    status: str
    outcome: str | None
    ground: str | None
    answer: str | None
    answered_on: date | None
    planned: str | None
    published_url: str | None
    supports: int
    clock: str
    campaign: str | None


def _shortened(words: str) -> str:
    """Return a summary of at most 2,000 characters, cut at a space and marked with an ellipsis."""
    if len(words) <= MOST_SUMMARY:
        return words
    return words[: MOST_SUMMARY - 2].rsplit(" ", 1)[0] + " …"


def released_request(case_id: int, *, today: date) -> ReleasedRequest | None:
    """Return the released form of a data request, or None while there is nothing to publish.

    Title and wish must both be released and the case public; a summary longer than 2,000
    characters is cut and ends with an ellipsis (the town's page has the whole of it).
    """
    head = cases.head_by_id(case_id)
    codes = data_requests.codes(case_id)
    if head is None or codes is None or head.visibility != "public":
        return None
    words = cases.public_words(case_id)
    if "title" not in words or "wanted" not in words:
        return None
    answers = cases.public_answers(case_id)
    newest = answers[0] if answers and not _reopened(head.status) else None
    answered_on = newest.at.date() if newest else None
    return ReleasedRequest(
        lang=head.lang,
        object=codes.object,
        theme=codes.theme or "GOVE",
        title=words["title"],
        summary=_shortened(words["wanted"]),
        commune=head.commune,
        received_on=head.received_on,
        status=head.status,
        outcome=newest.outcome if newest else None,
        ground=newest.ground if newest else None,
        answer=newest.words if newest else None,
        answered_on=answered_on,
        planned=newest.planned if newest else None,
        published_url=newest.url if newest else None,
        supports=head.supports,
        clock=clocks.state(case_id)
        or clock_state(head.due_on, today=today, answered_on=answered_on),
        campaign=campaigns.record_of(case_id),
    )


def _reopened(status: str) -> bool:
    return status in {"open", "under_review"}


def told_of_campaign(campaign_id: int) -> Told | None:
    """Return what may leave of an edition of a campaign, or None before it has begun."""
    return campaigns.told(campaign_id)


def campaign_of_record(record_id: str) -> int | None:
    """Return the edition whose record has this id, for a log that is being recovered."""
    return campaigns.of_record(record_id)
