# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the public page of a report and its page at the desk are told by the street desk."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from beffroi.cases import queries as cases
from beffroi.cases.queries import CaseHead
from beffroi.cases.rules import STREET
from beffroi.street import queries, service
from beffroi.street.queries import Body, Passed
from beffroi.street.routes.shared import moment
from beffroi.street.rules.delays import NEVER
from beffroi.street.schemas import Standing, standing_of
from beffroi_web.visitors import current_visitor


@dataclass(frozen=True, slots=True)
class About:
    """What the public page of a report says of who handles it."""

    body: Body | None
    state: str
    reachable: bool
    sent_at: datetime | None
    agreed_at: datetime | None
    may_agree: bool
    may_reopen: bool
    late: bool
    done_photos: frozenset[str]


def about(head: CaseHead, is_author: bool) -> About | None:
    """Return what the page of a street report says; None for any other case."""
    if head.kind != STREET or head.visibility == "removed":
        return None
    found, today = queries.passed(head.id), moment().today
    closed_on = head.closed_on
    recent = closed_on is not None and (today - closed_on).days <= service.REOPEN_DAYS
    late = head.open and head.due_on is not None and head.due_on < today
    may_reopen = (recent and (head.status != "duplicate" or is_author)) or (
        late and (is_author or current_visitor() is not None)
    )
    return About(
        found.body if found else None,
        found.state if found else "",
        bool(found and (found.body.email or found.body.tool)),
        found.sent_at if found else None,
        found.agreed_at if found else None,
        is_author and _may_agree(head, found),
        may_reopen,
        late,
        queries.done_photos(head.id) if not head.open else frozenset(),
    )


def _may_agree(head: CaseHead, found: Passed | None) -> bool:
    if found is None or found.sent_at is None or found.agreed_at is not None or not head.open:
        return False
    author = cases.author(head.party_id)
    return bool(found.body.email and author is not None and author.email)


@dataclass(frozen=True, slots=True)
class AtTheDesk:
    """What the page of a report at the desk says of who handles it."""

    stands: Standing | None
    remind_on: date | None
    by_rule: bool
    passed: Passed | None
    bodies: dict[int, Body]
    done_photos: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Line:
    head: Any
    due_on: date


def at_the_desk(head: CaseHead) -> AtTheDesk | None:
    """Return what an agent sees of a street report; None for any other case."""
    if head.kind != STREET or head.visibility == "removed":
        return None
    kept, at = queries.kept(head.id), moment()
    return AtTheDesk(
        standing_of(_Line(head, head.due_on or NEVER), at.today, at.calendar),
        kept.remind_on if kept else None,
        bool(kept and kept.rule_id),
        queries.passed(head.id),
        queries.bodies(),
        queries.done_photos(head.id),
    )
