# SPDX-License-Identifier: AGPL-3.0-or-later
"""Figures over the tallies of towns: of some, of each territory, of the whole nation."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Subquery, case, func, select

from beffroi_federation.aggregator.dashboards.rules.figures import (
    Basis,
    CellKey,
    Figures,
    Sums,
)
from beffroi_federation.aggregator.intake.models import LogState
from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import rows_of
from beffroi_federation.aggregator.kernel.territories import NAMES
from beffroi_federation.aggregator.kernel.versions import of_this_state, reader
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national.models import CellTally, TownTally
from beffroi_federation.aggregator.national.queries.sums import of_nation
from beffroi_federation.aggregator.national.service import UNRELEASED_AFTER
from beffroi_federation.aggregator.towns.models import Log, Town, TownCommune

MANY = 300
"""Towns above which the figures of the nation are counted once in a while only."""
KEPT_FOR = timedelta(seconds=60)
"""How long the figures of a large nation are kept by a process."""
STILL_GIVEN = timedelta(minutes=5)
"""Until when older ones are given while they are counted anew."""
_KEPT = "beffroi_nation_picture"


@dataclass(slots=True)
class Picture:
    """The figures of the nation as a whole, of each territory, and of bodies of each size.

    `places` holds only territories in which a town is registered; a body that lies in several
    counts in each. `sizes` are by kind and population band, and by kind with an empty band.
    """

    made_at: datetime
    nation: Figures = field(default_factory=Figures)
    places: dict[str, Figures] = field(default_factory=dict)
    sizes: dict[tuple[str, str], Figures] = field(default_factory=dict)
    themes: list[tuple[str, int]] = field(default_factory=list)
    unreleased: int = 0
    pieces: dict[Hashable, Any] = field(default_factory=dict)
    """What pages have made of these figures alone (`dashboards.service.pieces`)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """By what figures are grouped: columns (told the column of a town's id), a table to join."""

    keys: Callable[[Any], tuple[Any, ...]]
    table: Any = None
    town_id: Any = None


Into = Callable[[Any], Iterable[Figures]]
"""Which figures a row counts in, from the keys that it begins with."""


def picture(now: datetime) -> Picture:
    """Return the figures of the nation; those of many towns are of the last minute or so.

    Who comes when they are a little older gets them still, and a thread counts anew beside; after a
    while without readers the first one waits.
    """
    kept: Picture | None = current_app.extensions.get(_KEPT)
    if kept is not None and kept.nation.towns > MANY:
        age = now - kept.made_at
        if timedelta(0) <= age < KEPT_FOR:
            return kept
        if timedelta(0) <= age < STILL_GIVEN:
            _count_beside(now)
            return kept
    made = current_app.extensions[_KEPT] = of_this_state("picture", lambda: _counted(now))
    return made


def _count_beside(now: datetime) -> None:
    """Let a thread count the figures of the nation, unless one does so already."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    counting: Lock = app.extensions.setdefault(f"{_KEPT}_counting", Lock())
    if not counting.acquire(blocking=False):
        return

    def count() -> None:
        try:
            with app.app_context():
                app.extensions[_KEPT] = _counted(now)
        finally:
            counting.release()

    try:
        Thread(target=count, name="figures", daemon=True).start()
    except RuntimeError:  # no thread can be had now: the next reader tries again
        counting.release()


def _counted(now: datetime) -> Picture:
    made = Picture(now)
    fill(Scope(lambda _: ()), lambda _: (made.nation,))
    place = places()

    def placed(row: Any) -> Iterable[Figures]:
        return (made.places.setdefault(row[0], Figures()),) if row[0] in NAMES else ()

    def sized(row: Any) -> Iterable[Figures]:
        keys = {(row[0], row[1]), (row[0], "")}
        return [made.sizes.setdefault(key, Figures()) for key in sorted(keys)]

    fill(Scope(lambda _: (place.c.code,), place, place.c.town_id), placed)
    fill(Scope(lambda _: (Town.kind, Town.population_band), Town, Town.id), sized)
    themes = select(TownTally.code, func.sum(TownTally.n)).where(TownTally.what == "theme")
    found = [(code, int(n)) for code, n in rows_of(themes.group_by(TownTally.code))]
    made.themes = sorted(found, key=lambda one: (-one[1], one[0]))
    made.unreleased = national.unreleased_everywhere(now - UNRELEASED_AFTER)
    return made


def of_towns(ids: Collection[int]) -> dict[int, Figures]:
    """Return the figures of each of these towns; two statements through the driver."""
    found = {id: Figures() for id in ids}
    keys = list(found)
    for town_id, what, code, n in _rows_of(_TALLIES, keys):
        found[town_id].count(what, code, int(n))
    for town_id, approved, whole, signed, verified_at in _rows_of(_STATES, keys):
        one = found[town_id]
        one.towns, one.verified = int(approved), int(approved and whole)
        if signed:
            when = bulk.moment_of(verified_at)
            one.basis = one.basis.and_also(Basis(1, when, when))
    return found


_TALLIES = (
    "SELECT town_id, what, code, n FROM town_tally"
    " WHERE town_id IN ({marks}) AND what IN ('status', 'weeks', 'cells')"
)
_STATES = (
    "SELECT t.id, t.state = 'approved', coalesce(s.verified_at IS NOT NULL AND s.behind = 0"
    " AND s.refusals = 0, false), s.note IS NOT NULL, s.verified_at FROM town t"
    " JOIN log l ON l.town_id = t.id AND l.active LEFT JOIN log_state s ON s.log_id = l.id"
    " WHERE t.id IN ({marks})"
)


def _rows_of(statement: str, keys: Sequence[int]) -> Iterable[Any]:
    if not keys:
        return ()
    return reader().rows(statement.format(marks=", ".join("?" * len(keys))), keys)


def places() -> Subquery:
    """Return (town_id, code of a territory), once for each in which a town has a commune."""
    two, three = (func.substr(TownCommune.insee, 1, length) for length in (2, 3))
    code = case((two.in_(("97", "98")), three), else_=two).label("code")
    return select(TownCommune.town_id, code).distinct().subquery("place")


def fill(scope: Scope, into: Into) -> None:
    """Count the tallies, the towns and the checkpoints of a scope into figures."""
    n = func.sum(TownTally.n)
    told = TownTally.what.in_(("status", "weeks", "cells"))
    for row in _grouped(scope, TownTally.town_id, (TownTally.what, TownTally.code), (n,), told):
        for figures in into(row):
            figures.count(row[-3], row[-2], int(row[-1]))
    _towns(scope, into)


def _towns(scope: Scope, into: Into) -> None:
    whole = LogState.verified_at.is_not(None) & (LogState.behind == 0) & (LogState.refusals == 0)
    sums = (
        func.sum(case((Town.state == "approved", 1), else_=0)),
        func.sum(case(((Town.state == "approved") & whole, 1), else_=0)),
    )
    for row in _grouped(scope, Town.id, (), sums, Log.active):
        for figures in into(row):
            figures.towns += int(row[-2] or 0)
            figures.verified += int(row[-1] or 0)
    when = (func.count(), func.min(LogState.verified_at), func.max(LogState.verified_at))
    for row in _grouped(scope, Town.id, (), when, Log.active, LogState.note.is_not(None)):
        for figures in into(row):
            figures.basis = figures.basis.and_also(Basis(int(row[-3]), row[-2], row[-1]))


def _grouped(
    scope: Scope, town_id: Any, by: tuple[Any, ...], sums: tuple[Any, ...], *where: Any
) -> Iterable[Any]:
    keys = (*scope.keys(town_id), *by)
    query = select(*keys, *sums).select_from(town_id.class_).where(*where)
    if town_id.class_ is Town:
        query = query.join(Log, Log.town_id == Town.id)
        query = query.outerjoin(LogState, LogState.log_id == Log.id)
    if scope.table is not None and scope.table is not town_id.class_:
        query = query.join(scope.table, scope.town_id == town_id)
    return rows_of(query.group_by(*keys) if keys else query)


@dataclass(frozen=True, slots=True)
class Spans:
    """The nation's sums of cells, and its counts of cyber incidents by "class quarter"."""

    cells: dict[CellKey, Sums]
    cyber: dict[str, int]


def spans() -> Spans:
    """Return the nation's sums by category and quarter, as they stand."""
    return of_this_state("spans", _spans)


def _spans() -> Spans:
    cells = {
        (row[0], row[1], row[2]): Sums(*(int(n) for n in row[3:])) for row in of_nation("cells")
    }
    return Spans(cells, {row[1]: int(row[3]) for row in of_nation("cyber")})


def cells(town_id: int) -> dict[CellKey, Sums]:
    """Return the sums of a town's incident cells by family, category and span."""
    one = CellTally
    columns = (one.family, one.category, one.span, one.shown, one.protected, one.reported)
    rows = rows_of(select(*columns, one.closed).where(one.town_id == town_id))
    return {(row[0], row[1], row[2]): Sums(*(int(n) for n in row[3:])) for row in rows}


def cyber(town_id: int) -> dict[str, int]:
    """Return how many released cyber incidents of a town are of each "class quarter"."""
    query = select(TownTally.code, TownTally.n)
    found = rows_of(query.where(TownTally.what == "cyber", TownTally.town_id == town_id))
    return {row[0]: int(row[1]) for row in found}
