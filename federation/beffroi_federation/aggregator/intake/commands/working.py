# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worker of an aggregator on one machine."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask

from beffroi_federation.aggregator.intake import queries
from beffroi_federation.aggregator.intake.adapters.carriers import Carrier
from beffroi_federation.aggregator.intake.commands.pulling import Towns, carrier_for
from beffroi_federation.aggregator.intake.commands.rounds import Rhythm, run
from beffroi_federation.aggregator.kernel import search
from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now as the_moment
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.national.commands import rewrite_files, settle_waiting

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
    """Pull what is due, again and again, until told to stop; tidy up once a day.

    `tidy` does what else is to be done daily, inside the transaction that compacts the index. A
    round is broken off when it is time to stop: what was not written is due still.
    """
    tidied: datetime | None = None
    carrier = carrier_for(connect)
    try:
        while not stop.is_set():
            with app.app_context():
                _round(carrier, rhythm, stop)
                now = the_moment()
                if tidied is None or now - tidied >= timedelta(days=1):
                    with unit_of_work():
                        search.compact()
                        tidy(now)
                    tidied = now
                rewrite_files(now=now, zone=runtime().settings.time_zone)
            stop.wait(pause)
    finally:
        carrier.close()


def _round(carrier: Carrier, rhythm: Rhythm, stop: threading.Event) -> None:
    """Pull what is due now, and derive what an earlier process left waiting."""
    now = the_moment()
    for one in run(carrier, rhythm, queries.due(now)):
        if one.result != "unchanged":
            _log.info("%s: %s, %d entries. %s", one.siren, one.result, one.entries, one.sentence)
        if stop.is_set():
            return
    settle_waiting(now=now)
