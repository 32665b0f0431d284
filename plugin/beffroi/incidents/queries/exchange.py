# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is told of street reports to programs of other bodies: steps, what is passed on, places.

Nothing here tells of a case that is not listed, nor by a gap: rows are named by references.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select

from beffroi.cases.models import Case, CaseText, TimelineRow
from beffroi.cases.rules import STREET
from beffroi.incidents.models import Incident
from beffroi.incidents.rules.places import VAGUE
from beffroi.kernel import driver
from beffroi.kernel.db import db

TOLD = ("moved", "answered", "reopened", "updated")
"""The steps by which the institution says something: what another tool is told of."""


def _listed() -> tuple[ColumnElement[bool], ...]:
    return Case.kind == STREET, Case.visibility == "public", Incident.listed.is_(True)


def positions(case_ids: Collection[int]) -> dict[int, tuple[float, float]]:
    """Return (latitude, longitude) in degrees, WGS 84, as they were received; not for the public.

    Whoever shows one rounds it to what the town shows. The middle of a long street is no place.
    """
    rows = driver.rows_of(_POSITIONS, list(case_ids))
    return {case_id: (latitude, longitude) for case_id, latitude, longitude in rows}


_POSITIONS = (
    "SELECT case_id, latitude, longitude FROM incident_position"
    f" WHERE case_id IN (?) AND reach <= {VAGUE}"
)


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
