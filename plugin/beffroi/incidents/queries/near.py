# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is reported nearby already, before somebody sends a report: by distance, category and words.

Only reports that everyone sees are found, and where they are is known here by their cell alone:
whoever asks from many places learns no more than the public map tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, or_, select

from beffroi.cases import queries as cases
from beffroi.cases.models import Case
from beffroi.cases.queries.similar import STREETS
from beffroi.incidents import queries
from beffroi.incidents.models import Incident, IncidentSpot
from beffroi.incidents.queries import CasePhoto
from beffroi.incidents.rules import cells, nearness
from beffroi.kernel.db import db
from beffroi.kernel.ranking import stems

CLOSED_FOR = timedelta(days=60)
"""How long a report that was closed is still told of: it may be broken again."""
SAME, OTHER = 120, 60
"""How many of the newest reports around are looked at: of the same category, of others."""
BY_WORDS = 40


@dataclass(frozen=True, slots=True)
class Sought:
    """A report that somebody is about to send."""

    category: str
    description: str
    place: str = ""
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """A report that may be about the same: its row of the list, its photo, how far it is.

    `metres` is a bound, None where nobody knows.
    """

    row: Any
    photo: CasePhoto | None
    metres: int | None


def near(sought: Sought, *, today: date, finest: int = 0, most: int = 5) -> list[Near]:
    """Return what was reported of the same matter, the likeliest first.

    `finest` is the level of the cells that the town shows.
    """
    around = _around(sought.point, sought.category, finest) if sought.point else set()
    said = [one.id for one in STREETS.find(sought.description, sought.place, most=BY_WORDS)]
    rows = _rows({*around, *said}, today)
    ids = [row.id for row in rows]
    words, cells_of = cases.words_by_case(ids), _cells(ids)
    chosen = nearness.likely(
        (_candidate(sought, row, words[row.id], cells_of.get(row.id), finest) for row in rows), most
    )
    by_id = {row.id: row for row in rows}
    shown: dict[int, CasePhoto] = {}
    for one in chosen:
        photos = queries.public_photos(one.id)
        if photos:
            shown[one.id] = photos[0]
    size = cells.METRES * 2**finest
    return [
        Near(
            by_id[one.id],
            shown.get(one.id),
            None if one.cells is None else (one.cells + 1) * size,
        )
        for one in chosen
    ]


def _around(point: tuple[float, float], category: str, finest: int) -> set[int]:
    """Return the newest reports in the cell of a point and those beside it."""
    y, x = cells.cell(*point, finest)
    here = and_(
        IncidentSpot.y.between((y - 1) << finest, ((y + 2) << finest) - 1),
        IncidentSpot.x.between((x - 1) << finest, ((x + 2) << finest) - 1),
    )
    same = IncidentSpot.category == category
    found: set[int] = set()
    for condition, limit in ((same, SAME), (~same, OTHER)):
        newest = select(IncidentSpot.case_id).where(here, condition)
        found |= set(
            db.session.scalars(newest.order_by(IncidentSpot.case_id.desc()).limit(limit)).all()
        )
    return found


def _rows(case_ids: set[int], today: date) -> Sequence[Any]:
    if not case_ids:
        return []
    lately = or_(Case.open.is_(True), Case.closed_on >= today - CLOSED_FOR)
    return db.session.execute(
        cases.card_select(Incident.category)
        .join(Incident, Incident.case_id == Case.id)
        .where(Case.id.in_(case_ids), Case.kind == "street", Incident.listed.is_(True), lately)
    ).all()


def _cells(case_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return in which cell of level 0 each report stands on the map."""
    rows = db.session.execute(
        select(IncidentSpot.case_id, IncidentSpot.y, IncidentSpot.x).where(
            IncidentSpot.case_id.in_(case_ids)
        )
    )
    return {row.case_id: (row.y, row.x) for row in rows}


def _candidate(
    sought: Sought, row: Any, words: Mapping[str, str], at: tuple[int, int] | None, finest: int
) -> nearness.Candidate:
    """Return what speaks for one report being the same."""
    away = None
    if sought.point is not None and at is not None:
        y, x = cells.cell(*sought.point, finest)
        away = max(abs((at[0] >> finest) - y), abs((at[1] >> finest) - x))
    place = nearness.place_stems(sought.place)
    own_place = nearness.place_stems(words.get("place", ""))
    said = "\n".join(words.get(role, "") for role in ("title", "description"))
    return nearness.Candidate(
        row.id,
        row.category == sought.category,
        away,
        nearness.shared(place, own_place, 1) if place and own_place else None,
        nearness.shared(frozenset(stems(sought.description)), frozenset(stems(said))),
        row.open,
    )
