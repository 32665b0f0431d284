# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which reports stand on the public map, and the sums of its cells. None commits.

A report stands there while everyone sees it and its words, by its cell alone: the point stays in
`incident_position`, for the institution. A change says `changed`; at its end what stands there is
compared with what should, and the difference is added to few rows, always in the same order, so
that two changes at once cannot wait for each other.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from beffroi.cases.models import Case, CaseText
from beffroi.cases.rules import SHOWN, STREET
from beffroi.incidents.models import Incident, IncidentArea, IncidentPosition, IncidentSpot
from beffroi.incidents.rules import cells
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


def settle(case_ids: Sequence[int]) -> None:
    """Bring the map to what it should be for some reports."""
    deltas: Counter[Area] = Counter()
    for start in range(0, len(case_ids), _BLOCK):
        block = case_ids[start : start + _BLOCK]
        before, after = _standing(block), _should_stand(block)
        differing = [one for one in block if before.get(one) != after.get(one)]
        if not differing:
            continue
        _do(delete(IncidentSpot).where(IncidentSpot.case_id.in_(differing)))
        rows = [{"case_id": one, **after[one]._asdict()} for one in differing if one in after]
        if rows:
            db.session.execute(insert(IncidentSpot), rows)
        for one in differing:
            _count(deltas, before.get(one), -1)
            _count(deltas, after.get(one), 1)
    _add((area, number) for area, number in sorted(deltas.items()) if number)


def _count(deltas: Counter[Area], spot: Spot | None, number: int) -> None:
    if spot is None:
        return
    for level in cells.SUMMED:
        deltas[Area(level, spot.y >> level, spot.x >> level, spot.category, spot.open)] += number


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
    words = select(CaseText.id).where(
        CaseText.case_id == Case.id,
        CaseText.role.in_(("title", "description")),
        CaseText.state.in_(SHOWN),
    )
    rows = db.session.execute(
        select(
            Case.id,
            IncidentPosition.latitude,
            IncidentPosition.longitude,
            IncidentSpot.y,
            IncidentSpot.x,
            Incident.category,
            Case.open,
        )
        .join(Incident, Incident.case_id == Case.id)
        .outerjoin(IncidentPosition, IncidentPosition.case_id == Case.id)
        .outerjoin(IncidentSpot, IncidentSpot.case_id == Case.id)
        .where(Case.id.in_(case_ids), Case.kind == STREET, Case.visibility == "public")
        .where(Incident.listed.is_(True), words.exists())
    )
    found = {}
    for case_id, latitude, longitude, y, x, category, is_open in rows:
        at = cells.cell(latitude, longitude) if latitude is not None else (y, x)
        if at[0] is not None:
            found[case_id] = Spot(*at, category, is_open)
    return found


def _add(changes: Iterable[tuple[Area, int]]) -> None:
    """Add to the sums; what comes to nought goes."""
    table: Any = IncidentArea.__table__
    dialect: Any = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    rows = [{**area._asdict(), "reports": number} for area, number in changes]
    if not rows:
        return
    more = {"reports": table.c.reports + statement.excluded.reports}
    db.session.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=more),
        rows,
    )
    for row in rows:
        if row["reports"] < 0:
            here = [table.c[name] == row[name] for name in Area._fields]
            _do(delete(IncidentArea).where(*here, table.c.reports == 0))


def _do(statement: Any) -> None:
    """Run a statement on rows that no object in memory stands for."""
    db.session.execute(statement, execution_options={"synchronize_session": False})
