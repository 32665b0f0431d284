# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sums of the statistics, kept in the transaction of each change. None commits.

A change says `changed`; at its end what the request counts as now is compared with what it counted
as before (`CountedRequest`), and the difference is added to few rows. Two changes at once on
PostgreSQL meet at the row of the version, which is locked first, after everything that a change
locks for itself: so none can wait for another that waits for it.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from beffroi.data_requests.models import (
    CountedRequest,
    RequestDelay,
    RequestSum,
    RequestSumsVersion,
)
from beffroi.data_requests.queries import statistics as reads
from beffroi.data_requests.rules.statistics import (
    MEASURES,
    Counted,
    Deltas,
    Place,
    deltas,
    quantile,
)
from beffroi.kernel.db import at_the_end, db

_DELAYS = (
    select(RequestDelay.days, RequestDelay.times)
    .where(*(getattr(RequestDelay, name) == bindparam(name) for name in Place._fields))
    .order_by(RequestDelay.days)
)
_BLOCK = 400
"""How many rows a statement names by their keys."""


def changed(case_id: int) -> None:
    """Count a request anew when the change that is being made ends."""
    at_the_end(count, case_id)


def count(case_ids: Sequence[int]) -> None:
    """Bring the sums to what some requests count as now; one that is as it was costs two reads."""
    changes: list[tuple[Counted | None, Counted | None]] = []
    for block in _blocks(list(case_ids)):
        before, after = reads.counted_as(block), reads.counts_as(block)
        differing = [one for one in block if before.get(one) != after.get(one)]
        changes += [(before.get(one), after.get(one)) for one in differing]
        _remember(differing, after)
    if changes:
        _add(deltas(changes))


def _blocks(things: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (things[start : start + _BLOCK] for start in range(0, len(things), _BLOCK))


def _remember(case_ids: Collection[int], after: dict[int, Counted]) -> None:
    """Keep what some requests count as from now on."""
    if not case_ids:
        return
    _do(delete(CountedRequest).where(CountedRequest.case_id.in_(case_ids)))
    rows = [
        {"case_id": one, **{name: getattr(after[one], name) for name in reads.COUNTED}}
        for one in case_ids
        if one in after
    ]
    if rows:
        db.session.execute(insert(CountedRequest), rows)


def _add(sums: Deltas) -> None:
    """Add to the sums; the version's row first, so that one comes after the other."""
    _do(update(RequestSumsVersion).values(version=RequestSumsVersion.version + 1))
    rows: dict[Place, dict[str, int]] = {}
    for (place, measure), number in sums.counts.items():
        rows.setdefault(place, dict.fromkeys(MEASURES, 0))[measure] = number
    _upsert(RequestSum, [{**place._asdict(), **rows[place]} for place in sorted(rows)], MEASURES)
    delays = [
        {**place._asdict(), "days": days, "times": number}
        for (place, days), number in sorted(sums.delays.items())
    ]
    _upsert(RequestDelay, delays, ("times",))
    for place in sorted({place for place, _ in sums.delays}):
        _measure_again(place)


def _upsert(model: Any, rows: Sequence[dict[str, Any]], added: Sequence[str]) -> None:
    """Insert rows, or add their numbers to the rows that are there; what comes to nought goes."""
    if not rows:
        return
    table: Table = model.__table__
    dialect: Any = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    key = list(table.primary_key.columns)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=key,
            set_={name: table.c[name] + statement.excluded[name] for name in added},
        ),
        rows,
    )
    fewer = [row for row in rows if row[added[0]] < 0]
    if fewer:
        here = [column == bindparam(f"key_{column.name}") for column in key]
        keys = [{f"key_{column.name}": row[column.name] for column in key} for row in fewer]
        db.session.connection().execute(delete(table).where(*here, table.c[added[0]] == 0), keys)


def _measure_again(place: Place) -> None:
    """Work out median and ninetieth hundredth of a row in which a delay has changed."""
    here = place._asdict()
    delays = [(row.days, row.times) for row in db.session.execute(_DELAYS, here)]
    _do(
        update(RequestSum)
        .where(*(getattr(RequestSum, name) == value for name, value in here.items()))
        .values(median=quantile(delays, 50), ninetieth=quantile(delays, 90))
    )


def _do(statement: Any) -> None:
    """Run a statement on rows that no object in memory stands for."""
    db.session.execute(statement, execution_options={"synchronize_session": False})
