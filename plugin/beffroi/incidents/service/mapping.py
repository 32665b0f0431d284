# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which reports stand on the public map, and the sums of its cells. None commits.

A report stands there while everyone sees it and its words, by its cell alone: the point stays in
`incident_position`, for the institution. A change says `changed`; at its end what stands there is
compared with what should, and the difference is added to few rows, always in the same order, so
that two changes at once cannot wait for each other.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from beffroi.cases.rules import SHOWN, STREET
from beffroi.incidents.models import IncidentSpot
from beffroi.incidents.rules import cells
from beffroi.incidents.rules.places import VAGUE
from beffroi.kernel import bulk, driver
from beffroi.kernel.db import at_the_end, db

_BLOCK = 400


class Spot(NamedTuple):
    """Where a report stands on the map, and as what."""

    y: int
    x: int
    category: str
    open: bool


class Area(NamedTuple):
    """A row of the sums."""

    level: int
    y: int
    x: int
    category: str
    open: bool


def changed(case_id: int) -> None:
    """Put a report where it belongs on the map when the change that is being made ends."""
    at_the_end(settle, case_id)


def settle(case_ids: Sequence[int], *, new: bool = False) -> None:
    """Bring the map to what it should be for some reports; `new` ones stand nowhere yet."""
    deltas: Counter[Spot] = Counter()
    for start in range(0, len(case_ids), _BLOCK):
        block = case_ids[start : start + _BLOCK]
        before, after = {} if new else _standing(block), _should_stand(block)
        differing = [one for one in block if before.get(one) != after.get(one)]
        if not differing:
            continue
        if before:
            _do(delete(IncidentSpot).where(IncidentSpot.case_id.in_(differing)))
        bulk.insert(
            IncidentSpot,
            [{"case_id": one, **after[one]._asdict()} for one in differing if one in after],
        )
        deltas.update(after[one] for one in differing if one in after)
        deltas.subtract(before[one] for one in differing if one in before)
    _add((area, number) for area, number in sorted(_summed(deltas).items()) if number)


def _summed(deltas: Mapping[Spot, int]) -> Counter[Area]:
    """Return by how much the sums of each level change."""
    found: Counter[Area] = Counter()
    for (y, x, category, is_open), number in deltas.items():
        for level in cells.SUMMED:
            for named in (cells.EVERY, category):
                found[Area(level, y >> level, x >> level, named, is_open)] += number
    return found


def _standing(case_ids: Collection[int]) -> dict[int, Spot]:
    rows = db.session.execute(
        select(
            IncidentSpot.case_id,
            IncidentSpot.y,
            IncidentSpot.x,
            IncidentSpot.category,
            IncidentSpot.open,
        ).where(IncidentSpot.case_id.in_(case_ids))
    )
    return {row.case_id: Spot(row.y, row.x, row.category, row.open) for row in rows}


def _should_stand(case_ids: Collection[int]) -> dict[int, Spot]:
    """Return where reports should stand: listed ones whose words are shown.

    A point that is no longer kept leaves its cell behind: that was shown to everyone already.
    """
    found = {}
    for case_id, latitude, longitude, y, x, category, is_open in driver.rows_of(
        _SHOWN, list(case_ids)
    ):
        if latitude is not None:
            y, x = cells.cell(latitude, longitude)
        if y is not None:
            found[case_id] = Spot(y, x, category, bool(is_open))
    return found


_STATES = ", ".join(f"'{one}'" for one in SHOWN)
_SHOWN = f"""
SELECT c.id, p.latitude, p.longitude, s.y, s.x, i.category, c.open FROM "case" c
JOIN incident i ON i.case_id = c.id
LEFT JOIN incident_position p ON p.case_id = c.id AND p.reach <= {VAGUE}
LEFT JOIN incident_spot s ON s.case_id = c.id AND NOT EXISTS (
    SELECT 1 FROM incident_position v WHERE v.case_id = c.id AND v.reach > {VAGUE})
WHERE c.kind = '{STREET}' AND c.visibility = 'public' AND i.listed AND EXISTS (
    SELECT 1 FROM case_text t WHERE t.case_id = c.id
    AND t.role IN ('title', 'description') AND t.state IN ({_STATES}))
AND c.id IN (?)"""  # noqa: S608  our own codes
"""Listed street reports whose words are shown, each with its point or the cell where it stood.

The middle of a long street is no place to show one at."""


def _add(changes: Iterable[tuple[Area, int]]) -> None:
    """Add to the sums; what comes to nought goes."""
    rows = [(*area, number) for area, number in changes]
    if not rows:
        return
    driver.execute_many(
        "INSERT INTO incident_area AS a (level, y, x, category, open, reports)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (level, y, x, category, open)"
        " DO UPDATE SET reports = a.reports + excluded.reports",
        rows,
    )
    fewer = [row[:-1] for row in rows if row[-1] < 0]
    if fewer:
        driver.execute_many(
            "DELETE FROM incident_area"
            " WHERE level = ? AND y = ? AND x = ? AND category = ? AND open = ? AND reports = 0",
            fewer,
        )


def _do(statement: Any) -> None:
    """Run a statement on rows that no object in memory stands for."""
    db.session.execute(statement, execution_options={"synchronize_session": False})
