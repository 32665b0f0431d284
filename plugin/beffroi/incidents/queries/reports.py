# SPDX-License-Identifier: AGPL-3.0-or-later
"""Listed street reports as other programs list them: a page is one statement, by the driver.

Released words only. Nothing here tells of a case that is not listed, nor by a gap: rows are named
by references.
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import select

from beffroi.cases.models import Attachment, Case
from beffroi.cases.queries.listed import day_of, stored
from beffroi.cases.queries.listing import released
from beffroi.cases.rules import STREET
from beffroi.incidents import queries
from beffroi.incidents.queries.walks import Place, Walks
from beffroi.incidents.rules.places import VAGUE
from beffroi.kernel import driver
from beffroi.kernel.db import db
from beffroi.kernel.versions import reader, token


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports: by reference alone, or of a span of time, some categories, open or not.

    Both ends of the span are included; None narrows nothing. `placed` says that where they are is
    wanted too, as it was received: whoever shows it rounds it to what the town shows. `walk` names
    a list that is asked for page by page, where it is the same list at the next page.
    """

    refs: tuple[str, ...] | None = None
    since: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    until: datetime = datetime(9000, 1, 1, tzinfo=UTC)
    categories: tuple[str, ...] | None = None
    open: bool | None = None
    limit: int = 1000
    offset: int = 0
    placed: bool = False
    walk: Hashable = None


class Report(NamedTuple):
    """A listed report: codes, days, the newest released words of each role, its first photo.

    `told_at` is when something was last told of it, `answered_at` when it was last answered.
    """

    id: int
    ref: str
    open: bool
    channel: str
    commune: str | None
    received_at: datetime
    due_on: date | None
    closed_on: date | None
    category: str
    happened_on: date | None
    title: str | None
    description: str | None
    place: str | None
    answer: str | None
    told_at: datetime | None
    answered_at: datetime | None
    photo: str | None
    latitude: float | None
    longitude: float | None


_CODES = (
    "c.id", "c.ref", "c.open", "c.channel", "c.commune", "c.received_at", "c.due_on",
    "c.closed_on", "i.category", "i.happened_on",
)  # fmt: skip
_TOLD = "(SELECT max(at) FROM timeline WHERE case_id = c.id AND public)"
_ANSWERED = "(SELECT max(at) FROM timeline WHERE case_id = c.id AND public AND step = 'answered')"
# The state stands in a function so that SQLite does not take the index on states.
_PHOTO = (
    "(SELECT a.stored_name FROM attachment a WHERE a.case_id = c.id AND a.kind = 'photo'"
    " AND coalesce(a.state, '') = 'released' ORDER BY a.id LIMIT 1)"
)


@lru_cache(maxsize=256)
def _statement(sqlite: bool, placed: bool, *narrowing: str) -> str:
    """Return the statement of a page; on SQLite the order of tables is the one that is written."""
    join = "CROSS JOIN" if sqlite else "JOIN"
    said = [released(role) for role in ("title", "description", "place", "answer")]
    place = ("p.latitude", "p.longitude") if placed else ("NULL", "NULL")
    columns = (*_CODES, *said, _TOLD, _ANSWERED, _PHOTO, *place)
    near = f"p.case_id = c.id AND p.reach <= {VAGUE}"  # no middle of a long street
    position = f" LEFT JOIN incident_position p ON {near}" if placed else ""
    order = "ORDER BY c.received_at DESC, c.id DESC"
    where = " AND ".join((f"c.kind = '{STREET}'", "c.visibility = 'public'", *narrowing))
    return (
        f"SELECT {', '.join(columns)}"
        f' FROM (SELECT c.id FROM "case" c WHERE {where} {order} LIMIT ? OFFSET ?) k'
        f' {join} "case" c ON c.id = k.id {join} incident i ON i.case_id = c.id AND i.listed'
        f"{position} {order}"
    )


def listed(wanted: Wanted) -> list[Report]:
    """Return the newest reports that are wanted."""
    sqlite = db.engine.dialect.name == "sqlite"
    state = "" if wanted.walk is None else token(reader())
    walk = (state, wanted.walk) if state else None
    skipped, last = _WALKS.nearest(walk, wanted.offset) if walk else (0, None)
    narrowing, values = _narrowed(wanted, last)
    statement = _statement(sqlite, wanted.placed, *narrowing)
    rows = driver.read(statement, *values, wanted.limit, wanted.offset - skipped)
    if walk and len(rows) == wanted.limit:
        _WALKS.note(walk, wanted.offset + len(rows), (rows[-1][_AT], rows[-1][0]))
    return [_of_sqlite(row) for row in rows] if sqlite else [Report._make(row) for row in rows]


_AT = 5
MOST_ID = 2**62
_WALKS = Walks()


def _narrowed(wanted: Wanted, last: Place | None) -> tuple[list[str], list[Any]]:
    """Return the conditions of what is wanted, after a last row if there is one, and their values.

    One bound above and one below: SQLite would enter the index by the wider of two.
    """
    if wanted.refs is not None:
        return [f"c.ref IN ({_marks(wanted.refs)})"], list(wanted.refs)
    narrowing = ["c.received_at >= ?", "(c.received_at, c.id) < (?, ?)"]
    values = [stored(wanted.since), *(last or (stored(wanted.until), MOST_ID))]
    if wanted.categories is not None:
        narrowing.append(
            "EXISTS (SELECT 1 FROM incident n WHERE n.case_id = c.id"
            f" AND n.category IN ({_marks(wanted.categories)}))"
        )
        values += wanted.categories
    if wanted.open is not None:
        narrowing.append("c.open" if wanted.open else "NOT c.open")
    return narrowing, values


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values)) or "NULL"


def _of_sqlite(row: Sequence[Any]) -> Report:
    """Return a row of SQLite, which keeps days and moments as text and truth as a number."""
    id_, ref, is_open, channel, commune, received, due, closed, category, happened = row[:10]
    title, description, place, answer, told, answered, *last = row[10:]
    return Report(
        id_, ref, bool(is_open), channel, commune, _moment(received), day_of(due), day_of(closed),
        category, day_of(happened), title, description, place, answer,
        _moment(told) if told else None, _moment(answered) if answered else None, *last,
    )  # fmt: skip


def _moment(said: str) -> datetime:
    return datetime.fromisoformat(f"{said}+00:00")


def photos(case_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """Return (stored name, thumbnail) of the photos that everyone may see, by report."""
    found: dict[int, list[tuple[str, str]]] = {}
    rows = db.session.execute(
        select(Attachment.case_id, Attachment.stored_name, Attachment.thumb_name)
        .join(Case, Case.id == Attachment.case_id)
        .where(Attachment.case_id.in_(case_ids), Attachment.kind == "photo", *queries.shown())
        .order_by(Attachment.id)
    )
    for case_id, name, thumb in rows:
        found.setdefault(case_id, []).append((name, thumb or name))
    return found
