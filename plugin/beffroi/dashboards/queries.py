# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the front page, the desk and the health page show; reads only, through other features."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases.service import reading
from beffroi.data_requests import queries as data_requests
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.queries import drafts, listed
from beffroi.data_requests.rules.turns import Turn, turns
from beffroi.incidents import queries as incidents
from beffroi.kernel import jobs
from beffroi.kernel.db import db
from beffroi.kernel.nightly import NIGHTS, RETENTION, REWRITE, Night
from beffroi.legal.law import Law
from beffroi.notifications import queries as notifications
from beffroi.notifications.queries import Refusals
from beffroi.outbox import queries as outbox
from beffroi.texts.rules import Mark, pieces
from beffroi_web.paging import encode_cursor


def totals() -> dict[str, int]:
    """Return how many cases there are of each sort, whatever their state."""
    return cases.totals()


QUEUES = ("new", "late", "review", "answers", "hinted", "open", "closed")


@dataclass(frozen=True, slots=True)
class Front:
    """The live figures of the front page and the newest public things."""

    requests: dict[str, int]
    incidents: dict[str, int]
    newest: Sequence[Any]
    answered: Sequence[Any]


def front() -> Front:
    """Return what the front page shows."""
    latest = _listed(limit=20)
    newest = [*(r for r in latest if r.title), *(r for r in latest if not r.title)][:4]
    answered = [
        *_listed(status="published", limit=2),
        *_listed(status="refused", limit=1),
    ]
    return Front(data_requests.figures(), incidents.figures(), newest, answered)


def expected(ref: str, law: Law, today: date) -> tuple[Turn, ...]:
    """Return what is expected of whom in a data request, for its author."""
    head = cases.head(ref)
    codes = data_requests.codes(head.id) if head is not None else None
    if head is None or codes is None or head.visibility == "removed":
        return turns(None, is_open=False, today=today)
    table = None
    if clocks.state(head.id) is not None:
        happened = clocks.happened(head.id)
        table = clocks.timetable(codes.object, head.received_on, happened, law)
    return turns(table, is_open=head.open, today=today)


def _listed(**filters: Any) -> Sequence[Any]:
    page, _ = listed.cards(filters)
    return page.items


@dataclass(frozen=True, slots=True)
class Proposed:
    """A text at the desk with the masks that are proposed for it."""

    text: Any
    public: str
    pieces: tuple[tuple[str, Mark | None], ...]
    reasons: tuple[str, ...]
    status: str


def proposed(case_id: int, party_id: int | None) -> list[Proposed]:
    """Return every text of a case with proposed masks; what its author chose to hide is among them.

    What is known of the case's author and of the text's own is hidden in it.
    """
    result = []
    for row in cases.originals(case_id):
        hidden = (row.hidden or "").splitlines()
        aids = reading.aids_for(party_id, row.party_id, hidden=hidden)
        found = reading.read_with(row.original, aids)
        public = row.public if row.public is not None else found.text
        marked = pieces(row.original, found.marks)
        result.append(Proposed(row, public, marked, found.reasons, found.status))
    return result


def desk_page(
    queue: str,
    *,
    kind: str,
    q: str,
    cursor: str | None,
    today: date,
    hinted: Collection[int] = (),
) -> cases.Page:
    """Return one page of a desk queue, ordered by due date.

    `hinted` are the cases that other towns have answered: the queue of that name.
    """
    statement = cases.desk_narrow(cases.desk_select(), queue, today)
    if queue == "answers":
        statement = cases.among(statement, drafts.with_draft())
    if queue == "hinted":
        statement = cases.by_ids(statement, hinted)
    statement = cases.desk_kind(statement, kind, q)
    return cases.page(statement, sort="due", cursor=cursor, limit=50)


def next_new(after: cases.CaseHead, today: date) -> str | None:
    """Return the new request that is due next after a case, from the first again at the end."""
    statement = cases.desk_narrow(cases.desk_select(), "new", today)
    statement = cases.desk_kind(statement, "data_request", "")
    place = encode_cursor([(after.due_on or date(9999, 12, 31)).isoformat(), after.ref])
    for cursor in (place, None):
        found = cases.page(statement, sort="due", cursor=cursor, limit=2).items
        if refs := [row.ref for row in found if row.ref != after.ref]:
            return str(refs[0])
    return None


def names_on(timeline: Sequence[Any], notes: Sequence[Any]) -> dict[int, str]:
    """Return the names of the accounts that acted on a case, for agents."""
    ids = {row.account_id for row in (*timeline, *notes) if row.account_id is not None}
    return dict(accounts.names(ids))


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the parts of the town do their work."""

    database: bool
    jobs_waiting: int
    jobs_dead: int
    mail_unsent: int
    mail_refused: Refusals
    outbox_waiting: int
    refused: Sequence[tuple[str, str]]
    rewritten: Night


def health() -> Health:
    """Return the state of the town's parts, as `/desk/health` tells it."""
    db.session.execute(text("SELECT 1"))
    return Health(
        True,
        jobs.waiting(),
        jobs.dead(),
        notifications.unsent(),
        notifications.refusals(),
        outbox.shown_count(),
        outbox.refused(),
        NIGHTS.standing(REWRITE),
    )


def last_keeping() -> Night:
    """Return when what has been kept for long enough was last erased."""
    return NIGHTS.standing(RETENTION)
