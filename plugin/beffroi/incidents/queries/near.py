# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is reported nearby already, before somebody sends a report: by distance, category and words.

Only reports that everyone sees are found, and where they are is known here by their cell alone:
whoever asks from many places learns no more than the public map tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from beffroi.cases.queries.similar import STREETS
from beffroi.incidents import queries
from beffroi.incidents.queries import CasePhoto, listed, maps
from beffroi.incidents.rules import cells, nearness
from beffroi.kernel import driver
from beffroi.kernel.ranking import Kept, stems

CLOSED_FOR = timedelta(days=60)
"""How long a report that was closed is still told of: it may be broken again."""
SAME, CLOSED, OTHER = 80, 20, 30
"""How many of the newest reports around are looked at: open ones of the same category, closed ones
of it, open ones of any."""
MOST_READ = 50
"""Stems of a description that are compared."""
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
    heads = _heads(list({*around, *said}), today)
    words = STREETS.kept([head[0] for head in heads])
    asked = _Asked(
        sought.category,
        frozenset(stems(sought.description)),
        nearness.place_stems(sought.place),
        cells.cell(*sought.point, finest) if sought.point else None,
        finest,
    )
    chosen = nearness.likely((_candidate(asked, head, words.get(head[0])) for head in heads), most)
    ids = [one.id for one in chosen]
    rows, photos = {row.id: row for row in listed.of_ids(ids)}, queries.first_photos(ids)
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
    span = (y - 1) << finest, ((y + 2) << finest) - 1, (x - 1) << finest, ((x + 2) << finest) - 1
    here, values = maps.in_rows("s", span)
    found: set[int] = set()
    for limit, named, still in ((SAME, True, True), (CLOSED, True, False), (OTHER, False, True)):
        narrowed, more = " AND s.open = ?", (still, category)[: 1 + named]
        if named:
            narrowed += " AND s.category = ?"
        newest = driver.read(
            f"SELECT s.case_id FROM incident_spot s WHERE {here}{narrowed}"
            # + 0: PostgreSQL is not to walk back along the ids of all of the town
            " ORDER BY s.case_id + 0 DESC LIMIT ?",
            *values, *more, limit,
        )  # fmt: skip
        found |= {row[0] for row in newest}
    return found


_HEADS = (
    'SELECT c.id, c.open, d.category, s.y, s.x FROM "case" c'
    " JOIN incident d ON d.case_id = c.id LEFT JOIN incident_spot s ON s.case_id = c.id"
    # in a function, so that SQLite does not walk all of the town for them
    " WHERE coalesce(c.kind, '') = 'street' AND coalesce(c.visibility, '') = 'public'"
    " AND d.listed AND (c.open OR c.closed_on >= '{since}') AND c.id IN (?)"
)


def _heads(case_ids: Sequence[int], today: date) -> Sequence[Any]:
    """Return what is looked at of reports that everyone sees: codes, and the cell if there is one.

    Titles are read of those alone that are shown in the end: finding one costs more than the rest.
    """
    since = today - CLOSED_FOR
    return driver.rows_of(_HEADS.format(since=since.isoformat()), case_ids)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is sought, in stems and cells."""

    category: str
    words: frozenset[str]
    place: frozenset[str]
    cell: tuple[int, int] | None
    finest: int


def _candidate(asked: _Asked, head: Sequence[Any], kept: Kept | None) -> nearness.Candidate:
    """Return what speaks for one report being the same, from its stems as they are kept."""
    case_id, is_open, category, row, column = head
    away = None
    if asked.cell is not None and row is not None:
        y, x = asked.cell
        away = max(abs((row >> asked.finest) - y), abs((column >> asked.finest) - x))
    own_place = frozenset(kept.body.split()) - nearness.WAYS if kept else frozenset()
    said = frozenset(kept.title.split()[:MOST_READ]) if kept else frozenset()
    return nearness.Candidate(
        case_id,
        category == asked.category,
        away,
        nearness.shared(asked.place, own_place, 1) if asked.place and own_place else None,
        nearness.shared(asked.words, said),
        bool(is_open),
    )
