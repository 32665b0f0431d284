# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worker of an aggregator on one machine."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import get_args

from flask import Flask

from beffroi_federation.aggregator.intake import queries
from beffroi_federation.aggregator.intake.adapters.carriers import Carrier
from beffroi_federation.aggregator.intake.commands.pulling import Towns, carrier_for
from beffroi_federation.aggregator.intake.commands.rounds import Pulled, Result, Rhythm, run
from beffroi_federation.aggregator.kernel import search
from beffroi_federation.aggregator.kernel.db import NIGHTS, unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now as the_moment
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.national.commands import fold_sums, rewrite_files, settle_waiting
from beffroi_web.tallies import Tally

TIDY = "tidy"

_log = logging.getLogger(__name__)


def work(
    app: Flask,
    connect: Towns,
    rhythm: Rhythm,
    stop: threading.Event,
    *,
    tidy: Callable[[datetime], object],
    pause: float = 30.0,
) -> None:
    """Pull what is due, again and again, until told to stop; tidy up once a night.

    `tidy` does what else is to be done nightly, inside the transaction that compacts the index. A
    round is broken off when it is time to stop: what was not written is due still.
    """
    carrier = carrier_for(connect)
    try:
        while not stop.is_set():
            with app.app_context():
                _round(carrier, rhythm, stop)
                tidy_up(tidy, the_moment())
            stop.wait(pause)
    finally:
        carrier.close()


def tidy_up(tidy: Callable[[datetime], object], now: datetime) -> None:
    """Do what is due once a night, whichever worker of this aggregator comes first."""
    zone = runtime().settings.time_zone
    night = NIGHTS.claim(TIDY, now=now, zone=zone)
    if night is not None:
        with unit_of_work():
            search.compact()
            tidy(now)
        NIGHTS.done(TIDY, night, now=now, locked_ms=0)
    rewrite_files(now=now, zone=zone)


@cache
def pulls(data_dir: Path) -> Tally:
    """Return the counts of pulls by what they came to, over all workers of this machine."""
    return Tally(data_dir / "metrics", "pulls", [(result,) for result in get_args(Result)])


def told(one: Pulled) -> None:
    """Count what a pull came to, and write it down unless nothing was new."""
    pulls(runtime().settings.data_dir).add((one.result,))
    if one.result != "unchanged":
        _log.info("%s: %s, %d entries. %s", one.siren, one.result, one.entries, one.sentence)


def _round(carrier: Carrier, rhythm: Rhythm, stop: threading.Event) -> None:
    """Pull what is due now, and derive what an earlier process left waiting."""
    now = the_moment()
    for one in run(carrier, rhythm, queries.due(now), stop=stop.is_set):
        told(one)
    if not stop.is_set():
        settle_waiting(now=now)
        fold_sums()
