# SPDX-License-Identifier: AGPL-3.0-or-later
"""Putting facts into the outbox, taking them out, forgetting them after 30 days. None commits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from beffroi.cases import queries as cases
from beffroi.incidents import queries as incidents
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel.db import db
from beffroi.outbox import rules
from beffroi.outbox.models import CountPeriod, OutboxRow, PublishedCell
from beffroi_privacy.counts import Cell, CellKey, Grain

KEPT = timedelta(days=30)


def put(
    fact: str,
    *,
    now: datetime,
    case_id: int | None = None,
    version: int = 0,
    codes: Mapping[str, Any] | None = None,
) -> None:
    """Write a fact into the current transaction."""
    db.session.add(
        OutboxRow(fact=fact, case_id=case_id, version=version, codes=dict(codes or {}), made_at=now)
    )
    db.session.flush()


def done(results: Mapping[int, str], *, now: datetime) -> None:
    """Mark facts as dealt with, and how: an index, `superseded`, or why it was refused."""
    if results:
        db.session.execute(
            update(OutboxRow),
            [{"id": key, "done_at": now, "result": how[:200]} for key, how in results.items()],
        )


def reopen(ids: Sequence[int]) -> None:
    """Let facts wait again whose entries were taken back before anything signed them."""
    if ids:
        db.session.execute(
            update(OutboxRow), [{"id": key, "done_at": None, "result": None} for key in ids]
        )


def purge(now: datetime) -> int:
    """Delete facts dealt with more than 30 days ago; return how many."""
    result = db.session.execute(delete(OutboxRow).where(OutboxRow.done_at < now - KEPT))
    return int(getattr(result, "rowcount", 0))


SENSITIVE = frozenset(c.code for c in CATEGORIES.values() if c.sensitive)


def _area(commune: str | None, siren: str, communes: tuple[str, ...]) -> str:
    """Return where a report counts; without a commune for the whole body, where that is several."""
    return commune or (communes[0] if len(communes) == 1 else siren)


def _volumes(year: int, siren: str, communes: tuple[str, ...]) -> Mapping[rules.Pair, int]:
    """Return how many reports of each family, category and area a year had."""
    found: Counter[rules.Pair] = Counter()
    for r in incidents.volumes(date(year, 1, 1), date(year, 12, 31)):
        found[r.family, r.category, _area(r.commune, siren, communes)] += int(r[3])
    return found


def _grains_of(
    year: int,
    pairs: Sequence[rules.Pair],
    first_year: int,
    band: str,
    siren: str,
    communes: tuple[str, ...],
) -> Mapping[rules.Pair, Grain]:
    """Return the period of each pair in a year, as it was fixed, or fix it now for all of it."""
    p = CountPeriod
    rows = db.session.execute(
        select(p.family, p.category, p.area, p.grain).where(p.year == year)
    ).all()
    kept: dict[rules.Pair, Grain] = {(r.family, r.category, r.area): r.grain for r in rows}
    fresh = [pair for pair in pairs if pair not in kept]
    if fresh:
        volumes = _volumes(year - 1, siren, communes) if year > first_year else None
        chosen = rules.grains(fresh, band=band, volumes=volumes, sensitive=SENSITIVE)
        db.session.execute(
            insert(CountPeriod),
            [
                {"year": year, "family": f, "category": c, "area": a, "grain": grain}
                for (f, c, a), grain in chosen.items()
            ],
        )
        kept |= chosen
    return kept


def _published() -> set[CellKey]:
    """Return the cells that were handed over."""
    p = PublishedCell
    rows = db.session.execute(select(p.family, p.category, p.area, p.period))
    return {(r.family, r.category, r.area, r.period) for r in rows}


def count_cells(
    *, siren: str, communes: tuple[str, ...], band: str, today: date, now: datetime
) -> int:
    """Put every cell whose period is over into the outbox, once; return how many.

    A report without a commune counts for the whole body, under its SIREN; where it serves one
    commune only, for that. Every area has its cells whether there are reports or not: a cell that
    is there says nothing. What may be shown is decided here; only the result is written.
    """
    first = cases.first_public_day()
    if first is None:
        return 0
    reports = [
        rules.CountedReport(
            family=r.family,
            category=r.category,
            area=_area(r.commune, siren, communes),
            received_on=r.received_on,
            closed_on=r.closed_on,
            party=None if r.party_id is None else str(r.party_id),
            sensitive=r.sensitive,
        )
        for r in incidents.counted(first, today)
    ]
    whole = (siren,) if len(communes) > 1 else ()
    areas = sorted({*communes, *whole, *(r.area for r in reports)})
    pairs = [(c.family, c.code, area) for c in CATEGORIES.values() for area in areas]
    years = {
        year: _grains_of(year, pairs, first.year, band, siren, communes)
        for year in range(first.year, today.year + 1)
    }
    cells = rules.due_cells(
        reports, year_grains=years, published=_published(), since=first, today=today
    )
    _hand_over(cells, now)
    return len(cells)


def _hand_over(cells: list[Cell], now: datetime) -> None:
    if not cells:
        return
    keys = [
        {"family": c.family, "category": c.category, "area": c.area, "period": c.period}
        for c in cells
    ]
    figures = [{"count": c.count, "closed": c.closed, "delay_days": c.delay_days} for c in cells]
    db.session.execute(insert(PublishedCell), keys)
    db.session.execute(
        insert(OutboxRow),
        [
            {"fact": "cell", "version": 0, "codes": {**key, **shown}, "made_at": now}
            for key, shown in zip(keys, figures, strict=True)
        ],
    )
