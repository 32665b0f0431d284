# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the map: for everyone cells and counts, never a point; for agents the points.

What everyone gets is bounded whatever the window: `areas` gives at most so many cells, made of the
kept sums, and never a finer cell than the town shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from beffroi.cases.models import Case
from beffroi.incidents.models import Incident, IncidentPosition, IncidentSpot
from beffroi.incidents.rules import cells
from beffroi.kernel import driver
from beffroi.kernel.db import db
from beffroi_web.maps import Window

MOST = 500
"""Cells, or points, of one answer."""
FEW_ROWS = 64
FEW = 2_000
"""Reports in a window from which on they are found by the order of the list, not by the cell."""


@dataclass(frozen=True, slots=True)
class Area:
    """A cell of a level, and how many reports stand there: in all, and open ones."""

    level: int
    y: int
    x: int
    reports: int
    open: int

    @property
    def window(self) -> Window:
        """Return its edges."""
        return cells.window_of(self.y, self.x, self.level)


Where = tuple[str, list[Any]]
"""A condition and its values."""


def _within(table: str, window: Window, level: int, finest: int, *, by_rows: bool = True) -> Where:
    """Return when a row of a table lies in the cells that a window touches, at a level of its own.

    The window's edges are those of the finest cells that the town shows: a window that cuts one
    through would tell what stands in a part of it.
    """
    up = max(level, finest) - level
    south, north, west, east = cells.span(window, max(level, finest))
    span = (south << up, ((north + 1) << up) - 1, west << up, ((east + 1) << up) - 1)
    return in_rows(table, span, by_rows=by_rows)


def in_rows(table: str, span: tuple[int, int, int, int], *, by_rows: bool = True) -> Where:
    """Return when a row lies in some rows and columns of cells: first and last of each.

    Few rows are named one by one, so that an index is read in each from column to column; between
    two rows it would be read from one end of the town to the other.
    """
    south, north, west, east = span
    columns = f"{table}.x BETWEEN ? AND ?"
    if by_rows and north - south < FEW_ROWS:
        named = list(range(south, north + 1))
        marks = ", ".join("?" * len(named))
        return f"{table}.y IN ({marks}) AND {columns}", [*named, west, east]
    return f"{table}.y BETWEEN ? AND ? AND {columns}", [south, north, west, east]


def areas(
    window: Window, *, category: str = "", open_only: bool = False, most: int = MOST,
    finest: int = 0,
) -> list[Area]:  # fmt: skip
    """Return the cells of a window in which something stands: the finest of which `most` fit."""
    level = cells.level_for(window, most, finest)
    below = cells.summed_below(level)
    up = level - below
    inside, values = _within("a", window, below, level)
    narrowed = " AND a.open = ?" if open_only else ""
    rows = driver.read(
        f"SELECT a.y >> {up}, a.x >> {up}, sum(a.reports),"
        " coalesce(sum(CASE WHEN a.open THEN a.reports END), 0)"
        f" FROM incident_area a WHERE a.level = ? AND {inside} AND a.category = ?{narrowed}"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        below,
        *values,
        category or cells.EVERY,
        *((True,) if open_only else ()),
    )
    return [Area(level, y, x, int(reports), int(still)) for y, x, reports, still in rows]


def whole() -> Window | None:
    """Return the window around everything on the map, or None where there is nothing."""
    level = cells.SUMMED[-1]
    south, north, west, east = driver.read(
        "SELECT min(y), max(y), min(x), max(x) FROM incident_area WHERE level = ?", level
    )[0]
    if south is None:
        return None
    low, high = cells.window_of(south, west, level), cells.window_of(north, east, level)
    return Window(low.south, low.west, high.north, high.east)


def ids_inside(window: Window, finest: int = 0) -> list[int] | None:
    """Return the reports in the cells that a window touches; None where they are many.

    Few are found by their cells, many along the list (`standing_inside`): the sums say which it is.
    """
    level = cells.level_for(window, MOST, finest)
    below = cells.summed_below(level)
    inside, values = _within("a", window, below, level)
    counted = (
        "SELECT sum(a.reports) FROM incident_area a"
        f" WHERE a.level = ? AND {inside} AND a.category = ?"
    )
    if (driver.read(counted, below, *values, cells.EVERY)[0][0] or 0) > FEW:
        return None
    inside, values = _within("s", window, 0, finest)
    found = f"SELECT s.case_id FROM incident_spot s WHERE {inside} LIMIT ?"
    return [row[0] for row in driver.read(found, *values, FEW)]


def standing_inside(window: Window, finest: int = 0) -> dict[str, Sequence[Any]]:
    """Return when a case `c` stands in the cells that a window touches, asked of each one.

    As a value and not as EXISTS: of that PostgreSQL would make a join, and once it plans for any
    window it would begin with all that stands anywhere.
    """
    inside, values = _within("s", window, 0, finest, by_rows=False)
    here = f"(SELECT s.y FROM incident_spot s WHERE s.case_id = c.id AND {inside})"
    return {f"{here} IS NOT NULL": values}


def cell_of(case_id: int) -> tuple[int, int] | None:
    """Return the cell of level 0 in which a report stands on the map, if it does."""
    row = db.session.execute(
        select(IncidentSpot.y, IncidentSpot.x).where(IncidentSpot.case_id == case_id)
    ).first()
    return (row.y, row.x) if row else None


# ---- for agents ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeskPoint:
    """Exactly where a report is, in degrees; for agents only."""

    ref: str
    category: str
    status: str
    open: bool
    latitude: float
    longitude: float


_POINT = (
    Case.ref,
    Incident.category,
    Case.status,
    Case.open,
    IncidentPosition.latitude,
    IncidentPosition.longitude,
)


def desk_points(
    window: Window, *, category: str = "", open_only: bool = True, most: int = MOST
) -> tuple[Sequence[DeskPoint], bool]:
    """Return the newest points in a window, at most so many, and whether there are more.

    For agents only: unlisted reports are among them, removed ones are not.
    """
    statement = (
        select(*_POINT)
        .join(Incident, Incident.case_id == Case.id)
        .join(IncidentPosition, IncidentPosition.case_id == Case.id)
        .where(
            IncidentPosition.latitude.between(window.south, window.north),
            IncidentPosition.longitude.between(window.west, window.east),
            Case.visibility != "removed",
        )
        .order_by(IncidentPosition.case_id.desc())
        .limit(most + 1)
    )
    if category:
        statement = statement.where(Incident.category == category)
    if open_only:
        statement = statement.where(Case.open.is_(True))
    found = [DeskPoint(*row) for row in db.session.execute(statement)]
    return found[:most], len(found) > most


def desk_position(case_id: int) -> tuple[float, float] | None:
    """Return exactly where a report says that it is, for agents and its author."""
    row = db.session.execute(
        select(IncidentPosition.latitude, IncidentPosition.longitude).where(
            IncidentPosition.case_id == case_id
        )
    ).first()
    return (row.latitude, row.longitude) if row else None


@dataclass(frozen=True, slots=True)
class DeskAddress:
    """The address that a report was found by ("" where it was pointed at), and metres around."""

    address: str
    reach: int


def desk_address(case_id: int) -> DeskAddress | None:
    """Return by which address a report was found, for agents and its author."""
    row = db.session.execute(
        select(IncidentPosition.address, IncidentPosition.reach).where(
            IncidentPosition.case_id == case_id
        )
    ).first()
    return DeskAddress(row.address, row.reach) if row else None
