# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is reported nearby already, before somebody sends a report: by distance, category and words.

Only reports that everyone sees are found, and where they are is known here by their cell alone:
whoever asks from many places learns no more than the public map tells.
"""

from collections.abc import Sequence
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
    around = _around(sought, today, finest) if sought.point else {}
    said = [one.id for one in STREETS.find(sought.description, sought.place, most=BY_WORDS)]
    rows = _rows({*around, *said}, today)
    asked = frozenset(stems(f"{sought.description}\n{sought.place}"))
    words = _words([row.id for row in rows])
    alike = [
        nearness.Candidate(
            row.id,
            row.category == sought.category,
            around.get(row.id),
            nearness.shared(asked, words.get(row.id, "")),
            row.open,
        )
        for row in rows
    ]
    chosen = nearness.likely(alike, most, placed=sought.point is not None)
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


def _around(sought: Sought, today: date, finest: int) -> dict[int, int]:
    """Return the newest reports in the cells around a point, and how many cells away each is."""
    assert sought.point is not None  # noqa: S101  asked before
    y, x = cells.cell(*sought.point, finest)
    here = and_(
        IncidentSpot.y.between((y - 1) << finest, ((y + 2) << finest) - 1),
        IncidentSpot.x.between((x - 1) << finest, ((x + 2) << finest) - 1),
    )
    same = IncidentSpot.category == sought.category
    found: dict[int, int] = {}
    for condition, limit in ((same, SAME), (~same, OTHER)):
        rows = db.session.execute(
            select(IncidentSpot.case_id, IncidentSpot.y, IncidentSpot.x)
            .where(here, condition)
            .order_by(IncidentSpot.case_id.desc())
            .limit(limit)
        )
        for row in rows:
            found[row.case_id] = max(abs((row.y >> finest) - y), abs((row.x >> finest) - x))
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


def _words(case_ids: Sequence[int]) -> dict[int, str]:
    """Return what is shown of each report, as one text."""
    return {
        case_id: "\n".join(words.get(role, "") for role in ("title", "description", "place"))
        for case_id, words in cases.words_by_case(case_ids).items()
    }
