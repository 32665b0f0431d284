# SPDX-License-Identifier: AGPL-3.0-or-later
"""Listed street reports for programs of other bodies: blocks of rows, released words only.

Nothing here tells of a case that is not listed, nor by a gap: rows are named by references.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, case, func, select

from beffroi.cases.models import Attachment, Case, CaseText, TimelineRow
from beffroi.cases.queries import Statement
from beffroi.cases.rules import STREET
from beffroi.incidents import queries
from beffroi.incidents.models import Incident
from beffroi.kernel import driver
from beffroi.kernel.db import db

TOLD = ("moved", "answered", "reopened", "updated")
"""The steps by which the institution says something: what another tool is told of."""


ROLES = ("title", "description", "place", "answer")
"""The texts that are given of a report."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports: by reference alone, or of a span of time, some categories, open or not.

    Both ends of the span are included; None narrows nothing.
    """

    refs: tuple[str, ...] | None = None
    since: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    until: datetime = datetime(9000, 1, 1, tzinfo=UTC)
    categories: tuple[str, ...] | None = None
    open: bool | None = None
    limit: int = 1000
    offset: int = 0


def _listed() -> tuple[ColumnElement[bool], ...]:
    return Case.kind == STREET, Case.visibility == "public", Incident.listed.is_(True)


_COLUMNS = (
    Case.id,
    Case.ref,
    Case.open,
    Case.channel,
    Case.commune,
    Case.received_at,
    Case.due_on,
    Case.closed_on,
    Incident.category,
    Incident.happened_on,
)


@dataclass(frozen=True, slots=True)
class _Made:
    """The statements of one way of asking, made once: building them costs more than running them.

    Those beside the list take its ids as a select, which an index alone answers where it can:
    binding a thousand ids costs more than finding them again.
    """

    listed: Statement
    words: Statement
    told: Statement
    photos: Statement


def _ids(by_ref: bool, by_category: bool, by_state: bool) -> Select[int]:
    found = select(Case.id).where(Case.kind == STREET, Case.visibility == "public")
    if by_ref:
        found = found.where(Case.ref.in_(bindparam("refs", expanding=True)))
    else:
        found = found.where(Case.received_at >= bindparam("since"))
        found = found.where(Case.received_at <= bindparam("until"))
    if by_category:
        found = found.join(Incident, Incident.case_id == Case.id)
        found = found.where(Incident.category.in_(bindparam("categories", expanding=True)))
    if by_state:
        found = found.where(Case.open == bindparam("open"))
    found = found.order_by(Case.received_at.desc(), Case.id.desc())
    most, before = (bindparam(name, type_=Integer) for name in ("limit", "offset"))
    return found.limit(most).offset(before)


@cache
def _made(by_ref: bool, by_category: bool, by_state: bool) -> _Made:
    ids = _ids(by_ref, by_category, by_state)
    page = ids.subquery()
    return _Made(
        listed=select(*_COLUMNS)
        .join(page, page.c.id == Case.id)
        .join(Incident, Incident.case_id == Case.id)
        .where(*_listed())
        .order_by(Case.received_at.desc(), Case.id.desc()),
        # The state stands in a function so that SQLite does not take the index on states.
        words=select(CaseText.case_id, CaseText.role, CaseText.public)
        .where(CaseText.case_id.in_(ids), CaseText.public.is_not(None))
        .where(func.coalesce(CaseText.state, "") == "released", CaseText.role.in_(ROLES))
        .order_by(CaseText.id),
        told=select(
            TimelineRow.case_id,
            func.max(TimelineRow.at),
            func.max(case((TimelineRow.step == "answered", TimelineRow.at))),
        )
        .where(TimelineRow.case_id.in_(ids), TimelineRow.public.is_(True))
        .group_by(TimelineRow.case_id),
        photos=select(Attachment.case_id, Attachment.stored_name, Attachment.thumb_name)
        .join(Case, Case.id == Attachment.case_id)
        .where(Attachment.case_id.in_(ids), Attachment.kind == "photo", *queries.shown())
        .order_by(Attachment.id),
    )


def _asked(wanted: Wanted) -> tuple[_Made, dict[str, Any]]:
    """Return the statements of what is wanted, and their values."""
    values: dict[str, Any] = {"limit": wanted.limit, "offset": wanted.offset}
    if wanted.refs is not None:
        return _made(True, False, False), {**values, "refs": wanted.refs}
    values |= {"since": wanted.since, "until": wanted.until}
    if wanted.categories is not None:
        values["categories"] = wanted.categories
    if wanted.open is not None:
        values["open"] = wanted.open
    return _made(False, "categories" in values, "open" in values), values


def listed(wanted: Wanted) -> Sequence[Any]:
    """Return the newest reports that are wanted, as rows named like their columns."""
    made, values = _asked(wanted)
    return db.session.execute(made.listed, values).all()


def words(wanted: Wanted) -> dict[int, dict[str, str]]:
    """Return the newest released words of each report by role, of `ROLES`."""
    made, values = _asked(wanted)
    found: dict[int, dict[str, str]] = {}
    for case_id, role, public in db.session.execute(made.words, values):
        found.setdefault(case_id, {})[role] = public
    return found


def told(wanted: Wanted) -> dict[int, tuple[datetime, datetime | None]]:
    """Return when something was last told of each report, and when it was last answered."""
    made, values = _asked(wanted)
    rows = db.session.execute(made.told, values)
    return {case_id: (last, answered) for case_id, last, answered in rows}


def photos(wanted: Wanted) -> dict[int, list[tuple[str, str]]]:
    """Return (stored name, thumbnail) of the photos that everyone may see, by report."""
    made, values = _asked(wanted)
    found: dict[int, list[tuple[str, str]]] = {}
    for case_id, name, thumb in db.session.execute(made.photos, values):
        found.setdefault(case_id, []).append((name, thumb or name))
    return found


def positions(case_ids: Collection[int]) -> dict[int, tuple[float, float]]:
    """Return (latitude, longitude) in degrees, WGS 84, as they were received; not for the public.

    Whoever shows one rounds it to what the town shows.
    """
    rows = driver.rows_of(_POSITIONS, list(case_ids))
    return {case_id: (latitude, longitude) for case_id, latitude, longitude in rows}


_POSITIONS = "SELECT case_id, latitude, longitude FROM incident_position WHERE case_id IN (?)"


@dataclass(frozen=True, slots=True)
class News:
    """One step of the institution on a listed report; `words` are released ones, or a reason."""

    id: int
    ref: str
    at: datetime
    step: str
    codes: Mapping[str, Any]
    words: str | None


_NEWS = (
    select(
        TimelineRow.id,
        Case.ref,
        TimelineRow.at,
        TimelineRow.step,
        TimelineRow.codes,
        CaseText.public,
        CaseText.state,
    )
    .join(Case, Case.id == TimelineRow.case_id)
    .join(Incident, Incident.case_id == Case.id)
    .outerjoin(CaseText, CaseText.id == TimelineRow.text_id)
    .where(
        TimelineRow.step.in_(bindparam("steps", TOLD, expanding=True, literal_execute=True)),
        TimelineRow.public.is_(True),
        TimelineRow.at >= bindparam("since"),
        TimelineRow.at <= bindparam("until"),
        *_listed(),
    )
    .order_by(TimelineRow.at, TimelineRow.id)
)


def news(since: datetime, until: datetime, *, limit: int, offset: int = 0) -> list[News]:
    """Return what the institution said of listed reports in a span of time, oldest first."""
    rows = db.session.execute(_NEWS.limit(limit).offset(offset), {"since": since, "until": until})
    return [
        News(
            r.id,
            r.ref,
            r.at,
            r.step,
            r.codes,
            (r.public if r.state == "released" else None)
            if r.step in {"answered", "updated"}
            else r.codes.get("reason") or None,
        )
        for r in rows
    ]


def known_sources(sources: Sequence[str]) -> set[str]:
    """Return which of some sources have been imported already."""
    found = driver.rows_of("SELECT source FROM incident WHERE source IN (?)", sources)
    return {source for (source,) in found}


@dataclass(frozen=True, slots=True)
class ToPassOn:
    """What another tool of the town is given of a report: released words, codes, the position."""

    id: int
    ref: str
    category: str
    description: str
    place: str | None
    commune: str | None
    position: tuple[float, float] | None


def to_pass_on(case_id: int) -> ToPassOn | None:
    """Return a listed report whose description is released, or None."""
    row = db.session.execute(
        select(Case.ref, Case.commune, Incident.category)
        .join(Incident, Incident.case_id == Case.id)
        .where(Case.id == case_id, *_listed())
    ).first()
    words: dict[str, str] = {}
    texts = select(CaseText.role, CaseText.public).where(
        CaseText.case_id == case_id,
        CaseText.state == "released",
        CaseText.role.in_(("title", "description", "place")),
    )
    for role, public in db.session.execute(texts.order_by(CaseText.id)):
        words[role] = public or ""
    if row is None or not words.get("description"):
        return None
    return ToPassOn(
        case_id,
        row.ref,
        row.category,
        words["description"],
        words.get("place"),
        row.commune,
        positions([case_id]).get(case_id),
    )
