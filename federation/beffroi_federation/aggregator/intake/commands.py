# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pulling: one town, all of them, and the worker that never stops.

What goes wrong with one town is written down for that town; the others are pulled all the same.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from flask import Flask

from beffroi_federation.aggregator.intake import queries, service
from beffroi_federation.aggregator.intake.adapters import reader
from beffroi_federation.aggregator.intake.rules import Heard
from beffroi_federation.aggregator.kernel import search
from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.kernel.network import Connect
from beffroi_federation.aggregator.kernel.runtime import now as the_moment
from beffroi_federation.aggregator.national import service as national
from beffroi_federation.aggregator.national.commands import settle_waiting
from beffroi_federation.aggregator.towns import service as registry
from beffroi_federation.aggregator.towns.queries import TownRow, all_towns
from beffroi_federation.aggregator.witness import commands as witness
from beffroi_federation.errors import ProtocolError

Result = Literal["unchanged", "taken", "refused", "unreachable", "failed", "overtaken"]

PARALLEL = 4
"""Towns pulled beside each other, so that a slow one holds up nobody."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a town is asked, and how often its older contents are compared again."""

    pull_every: timedelta
    recheck_every: timedelta


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull of a town led to; `sentence` says why when it was refused or unreachable."""

    siren: str
    name: str
    result: Result
    entries: int = 0
    behind: int = 0
    kept_back: int = 0
    step: str = ""
    sentence: str = ""


def pull_town(town: TownRow, connect: Connect, rhythm: Rhythm, *, now: datetime) -> Pulled:
    """Pull a town once: verify and store, or write down why not. Never raises ProtocolError."""
    fresh = queries.freshness([town.log_id]).get(town.log_id)
    recheck = queries.to_recheck(town.log_id, now - rhythm.recheck_every)
    heard = Heard()
    db.session.rollback()  # nothing is held open while the town is asked
    try:
        with connect(town.prefix) as client:
            if town.state == "quarantined":
                served = reader.contents(client, dict(recheck))
                prepared = service.prepare_removals(town, served, now=now)
            else:
                taken = reader.read(town, fresh, client, recheck, heard, now=now)
                prepared = service.prepare(town, taken, now=now)
        with unit_of_work():
            (stored,) = service.write([prepared], every=rhythm.pull_every)
    except ProtocolError as error:
        if town.state == "quarantined":
            return Pulled(town.siren, town.name, "unreachable", sentence=error.diagnostics())
        return _refused(town, error, heard, rhythm, now)
    if stored is None:
        return Pulled(town.siren, town.name, "overtaken")
    kept = settle_waiting(log_ids=[town.log_id], now=now)
    return Pulled(
        town.siren,
        town.name,
        "unchanged" if prepared.taken.checkpoint is None else "taken",
        entries=stored.entries,
        behind=stored.behind,
        kept_back=len(kept),
    )


def _refused(
    town: TownRow, error: ProtocolError, heard: Heard, rhythm: Rhythm, now: datetime
) -> Pulled:
    with unit_of_work():
        step = service.refuse(town, error, heard, now=now, every=rhythm.pull_every)
    result: Result = "unreachable" if step is None else "refused"
    return Pulled(town.siren, town.name, result, step=step or "", sentence=error.diagnostics())


def pull(
    app: Flask,
    connect: Connect,
    rhythm: Rhythm,
    *,
    siren: str | None = None,
    due_only: bool = False,
) -> list[Pulled]:
    """Pull towns, some beside each other, until none of them is behind; return what happened.

    Approved towns only (a town in quarantine is asked for removals alone); with `siren` that one,
    with `due_only` those whose time has come.
    """
    with app.app_context():
        towns = _chosen(siren, due_only, the_moment())
    everything: list[Pulled] = []
    while towns:
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="pull") as pool:
            done = list(pool.map(lambda town: _apart(app, town, connect, rhythm), towns))
        everything += done
        again = {one.siren for one in done if one.result == "taken" and one.behind}
        towns = [town for town in towns if town.siren in again]
    with app.app_context():
        witness.settle(now=the_moment())
    return everything


def _chosen(siren: str | None, due_only: bool, now: datetime) -> list[TownRow]:
    towns = [
        town
        for town in all_towns("approved", "quarantined")
        if siren is None or town.siren == siren
    ]
    if due_only:
        fresh = queries.freshness()
        towns = [town for town in towns if _is_due(fresh.get(town.log_id), now)]
    return towns


def _is_due(fresh: queries.Freshness | None, now: datetime) -> bool:
    return fresh is None or fresh.due_at is None or fresh.due_at <= now


def _apart(app: Flask, town: TownRow, connect: Connect, rhythm: Rhythm) -> Pulled:
    """Pull one town in a context of its own; a fault of ours stops this town only."""
    with app.app_context():
        try:
            return pull_town(town, connect, rhythm, now=the_moment())
        except Exception:
            _log.exception("pulling %s failed", town.siren)
            return Pulled(
                town.siren, town.name, "failed", sentence="An error of ours; see the log."
            )


def work(
    app: Flask,
    connect: Connect,
    rhythm: Rhythm,
    stop: threading.Event,
    *,
    tidy: Callable[[datetime], object],
    pause: float = 30.0,
) -> None:
    """Pull what is due, again and again, until told to stop; tidy up once a day.

    `tidy` does what else is to be done daily, inside the transaction that compacts the index.
    """
    tidied: datetime | None = None
    while not stop.is_set():
        for one in pull(app, connect, rhythm, due_only=True):
            if one.result != "unchanged":
                _log.info(
                    "%s: %s, %d entries. %s", one.siren, one.result, one.entries, one.sentence
                )
        with app.app_context():
            now = the_moment()
            if tidied is None or now - tidied >= timedelta(days=1):
                with unit_of_work():
                    search.compact()
                    tidy(now)
                tidied = now
        stop.wait(pause)


def begin_epoch(siren: str, epoch: int, *, by: str, words: str, now: datetime) -> TownRow:
    """Let a town's new log take the place of the old one, in one transaction; return the town.

    Everything that came from the old log leaves the pages at once; the next pull brings what the
    town says in the new one.
    """
    with unit_of_work():
        old, _ = registry.begin_epoch(siren, epoch, by=by, words=words, now=now)
        national.forget_log(old)
    return registry.town_for_desk(siren)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a town's stored log was found to be: `fault` is empty when all of it fits."""

    siren: str
    name: str
    size: int
    fault: str = ""


def verify_stored(siren: str | None = None) -> list[Verified]:
    """Verify what is stored of every town (or one) against its accepted checkpoint; no network."""
    found = []
    fresh = queries.freshness()
    for town in all_towns():
        known = fresh.get(town.log_id)
        if known is None or siren not in (None, town.siren):
            continue
        try:
            size = queries.verify_stored(town, known)
            found.append(Verified(town.siren, town.name, size))
        except ProtocolError as error:
            found.append(Verified(town.siren, town.name, known.size, error.diagnostics()))
    return found
