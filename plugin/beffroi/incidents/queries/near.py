# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is reported nearby already, before somebody sends a report: by distance, category and words.

Only reports that everyone sees are found, and where they are is known here by their cell alone:
whoever asks from many places learns no more than the public map tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from beffroi.cases import queries as cases
from beffroi.cases.models import Case
from beffroi.cases.queries.similar import STREETS
from beffroi.incidents import queries
from beffroi.incidents.models import Incident, IncidentSpot
from beffroi.incidents.queries import CasePhoto, maps
from beffroi.incidents.rules import cells, nearness
from beffroi.kernel.db import db
from beffroi.kernel.ranking import stems

CLOSED_FOR = timedelta(days=60)
"""How long a report that was closed is still told of: it may be broken again."""
SAME, CLOSED, OTHER = 80, 20, 30
"""How many of the newest reports around are looked at: open ones of the same category, closed ones
of it, open ones of any."""
MOST_READ = 300
"""Characters of a description that are compared."""
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
    heads = _heads({*around, *said}, today)
    words = cases.words_by_case([head.id for head in heads])
    asked = _Asked(
        sought.category,
        frozenset(stems(sought.description)),
        nearness.place_stems(sought.place),
        cells.cell(*sought.point, finest) if sought.point else None,
        finest,
    )
    chosen = nearness.likely((_candidate(asked, head, words[head.id]) for head in heads), most)
    ids = [one.id for one in chosen]
    rows, photos = _rows(ids), queries.first_photos(ids)
    size = cells.METRES * 2**finest
    return [
        Near(
            rows[one.id],
            photos.get(one.id),
            None if one.cells is None else (one.cells + 1) * size,
        )
        for one in chosen
        if one.id in rows
    ]


def _around(point: tuple[float, float], category: str, finest: int) -> set[int]:
    """Return the newest reports in the cell of a point and those beside it."""
    y, x = cells.cell(*point, finest)
    here = maps.in_rows(
        IncidentSpot,
        (
            (y - 1) << finest,
            ((y + 2) << finest) - 1,
            (x - 1) << finest,
            ((x + 2) << finest) - 1,
        ),
    )
    same, still = IncidentSpot.category == category, IncidentSpot.open.is_(True)
    found: set[int] = set()
    for limit, conditions in ((SAME, (same, still)), (CLOSED, (same, ~still)), (OTHER, (still,))):
        newest = select(IncidentSpot.case_id).where(here, *conditions)
        found |= set(
            db.session.scalars(newest.order_by(IncidentSpot.case_id.desc()).limit(limit)).all()
        )
    return found


def _heads(case_ids: set[int], today: date) -> Sequence[Any]:
    """Return what is looked at of reports that everyone sees: codes, and the cell if there is one.

    Titles are read of those alone that are shown in the end: finding one costs more than the rest.
    Kind and visibility stand in a function, so that SQLite does not walk all of the town for them.
    """
    if not case_ids:
        return []
    lately = or_(Case.open.is_(True), Case.closed_on >= today - CLOSED_FOR)
    return db.session.execute(
        select(Case.id, Case.open, Incident.category, IncidentSpot.y, IncidentSpot.x)
        .join(Incident, Incident.case_id == Case.id)
        .outerjoin(IncidentSpot, IncidentSpot.case_id == Case.id)
        .where(Case.id.in_(case_ids), func.coalesce(Case.kind, "") == "street")
        .where(func.coalesce(Case.visibility, "") == "public", Incident.listed.is_(True), lately)
    ).all()


def _rows(case_ids: Sequence[int]) -> dict[int, Any]:
    """Return the rows of the list of some reports, by their ids."""
    if not case_ids:
        return {}
    statement = cases.card_select(Incident.category, by_id=True)
    statement = statement.join(Incident, Incident.case_id == Case.id)
    return {row.id: row for row in db.session.execute(statement.where(Case.id.in_(case_ids)))}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is sought, in stems and cells."""

    category: str
    words: frozenset[str]
    place: frozenset[str]
    cell: tuple[int, int] | None
    finest: int


def _candidate(asked: _Asked, head: Any, words: Mapping[str, str]) -> nearness.Candidate:
    """Return what speaks for one report being the same."""
    away = None
    if asked.cell is not None and head.y is not None:
        y, x = asked.cell
        away = max(abs((head.y >> asked.finest) - y), abs((head.x >> asked.finest) - x))
    own_place = nearness.place_stems(words.get("place", "")) if asked.place else frozenset()
    said = " ".join(words[role] for role in ("title", "description") if role in words)[:MOST_READ]
    return nearness.Candidate(
        head.id,
        head.category == asked.category,
        away,
        nearness.shared(asked.place, own_place, 1) if asked.place and own_place else None,
        nearness.shared(asked.words, frozenset(stems(said))),
        head.open,
    )
