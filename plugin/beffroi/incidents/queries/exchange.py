# SPDX-License-Identifier: AGPL-3.0-or-later
"""Listed street reports for programs of other bodies: blocks of rows, released words only.

Nothing here tells of a case that is not listed, nor by a gap: rows are named by references.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, select

from beffroi.cases.models import Attachment, Case, CaseText, TimelineRow
from beffroi.cases.rules import STREET
from beffroi.incidents import queries
from beffroi.incidents.models import Incident, IncidentPosition
from beffroi.kernel.db import db

TOLD = ("moved", "answered", "reopened")
"""The steps by which the institution says something: what another tool is told of."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports: by reference alone, or of a span of time, some categories, open or not.

    Both ends of the span are included; None narrows nothing.
    """

    refs: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
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


def listed(wanted: Wanted) -> Sequence[Any]:
    """Return the newest reports that are wanted, as rows named like their columns."""
    found = select(*_COLUMNS).join(Incident, Incident.case_id == Case.id).where(*_listed())
    if wanted.refs is not None:
        found = found.where(Case.ref.in_(wanted.refs))
    else:
        if wanted.since is not None:
            found = found.where(Case.received_at >= wanted.since)
        if wanted.until is not None:
            found = found.where(Case.received_at <= wanted.until)
        if wanted.categories is not None:
            found = found.where(Incident.category.in_(wanted.categories))
        if wanted.open is not None:
            found = found.where(Case.open.is_(wanted.open))
    found = found.order_by(Case.received_at.desc(), Case.id.desc())
    return db.session.execute(found.limit(wanted.limit).offset(wanted.offset)).all()


_ENDED = (
    select(
        TimelineRow.case_id,
        func.max(TimelineRow.at),
        func.max(case((TimelineRow.step == "answered", TimelineRow.at))),
    )
    .where(TimelineRow.case_id.in_(bindparam("ids", expanding=True)), TimelineRow.public.is_(True))
    .group_by(TimelineRow.case_id)
)


def told(case_ids: Collection[int]) -> dict[int, tuple[datetime, datetime | None]]:
    """Return when something was last told of each case, and when it was last answered."""
    rows = db.session.execute(_ENDED, {"ids": list(case_ids)})
    return {case_id: (last, answered) for case_id, last, answered in rows}


def photos(case_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """Return (stored name, thumbnail) of the photos that everyone may see, by case."""
    rows = db.session.execute(
        select(Attachment.case_id, Attachment.stored_name, Attachment.thumb_name)
        .join(Case, Case.id == Attachment.case_id)
        .where(Attachment.case_id.in_(case_ids), Attachment.kind == "photo", *queries.shown())
        .order_by(Attachment.id)
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for case_id, name, thumb in rows:
        found.setdefault(case_id, []).append((name, thumb or name))
    return found


def positions(case_ids: Collection[int]) -> dict[int, tuple[float, float]]:
    """Return (latitude, longitude) in degrees, WGS 84, as they were received; not for the public.

    Whoever shows one rounds it to what the town shows.
    """
    rows = db.session.execute(
        select(
            IncidentPosition.case_id, IncidentPosition.latitude, IncidentPosition.longitude
        ).where(IncidentPosition.case_id.in_(case_ids))
    )
    return {case_id: (latitude, longitude) for case_id, latitude, longitude in rows}


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
            if r.step == "answered"
            else r.codes.get("reason") or None,
        )
        for r in rows
    ]


def known_sources(sources: Sequence[str]) -> set[str]:
    """Return which of some sources have been imported already."""
    return set(db.session.scalars(select(Incident.source).where(Incident.source.in_(sources))))


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
