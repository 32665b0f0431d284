# SPDX-License-Identifier: AGPL-3.0-or-later
"""Putting facts into the outbox, taking them out, forgetting them after 30 days. None commits."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from beffroi.incidents import queries as incidents
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel.db import db
from beffroi.outbox import rules
from beffroi.outbox.models import OutboxRow, PublishedCell
from beffroi_privacy.counts import Cell, Grain

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


def _area(commune: str | None, siren: str) -> str:
    return commune or siren


def count_cells(
    *, siren: str, communes: tuple[str, ...], band: str, today: date, now: datetime
) -> int:
    """Put every cell whose period is over into the outbox, once; return how many.

    A report without a commune counts for the whole body, under its SIREN. What may be shown is
    decided here, from the single reports; only the result is written.
    """
    first = incidents.first_day()
    if first is None:
        return 0
    reports = [
        rules.CountedReport(
            family=r.family,
            category=r.category,
            area=_area(r.commune, siren),
            received_on=r.received_on,
            closed_on=r.closed_on,
            party=None if r.party_id is None else str(r.party_id),
            sensitive=r.sensitive,
        )
        for r in incidents.counted(first, today)
    ]
    areas = sorted({*communes, *(r.area for r in reports)})
    pairs = [(c.family, c.code, area) for c in CATEGORIES.values() for area in areas]
    years: dict[int, Mapping[rules.Pair, Grain]] = {}
    for year in range(first.year, today.year + 1):
        volumes = None
        if year > first.year:
            rows = incidents.volumes(date(year - 1, 1, 1), date(year - 1, 12, 31))
            volumes = {(r.family, r.category, _area(r.commune, siren)): int(r[3]) for r in rows}
        years[year] = rules.grains(pairs, band=band, volumes=volumes, sensitive=SENSITIVE)
    published = {
        (r.family, r.category, r.area, r.period)
        for r in db.session.execute(
            select(
                PublishedCell.family,
                PublishedCell.category,
                PublishedCell.area,
                PublishedCell.period,
            )
        )
    }
    cells = rules.due_cells(
        reports, year_grains=years, published=published, since=first, today=today
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
