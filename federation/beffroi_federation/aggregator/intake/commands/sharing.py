# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worker of an aggregator on several machines: N of these processes share the towns.

Each looks for what is due and claims it in one statement, so that a town is handed out once a
period, whichever worker looks first; each does jobs, its own and the others'. A worker that dies
(`kill -9`, a machine that burns) loses nothing: its jobs are taken over when its heart has stopped,
and a claim whose job never came to be runs out. What was pulled meanwhile is not due any more and
is left out, so that doing a job twice asks a town once.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from flask import Flask

from beffroi_federation.aggregator.intake import queries, service
from beffroi_federation.aggregator.intake.adapters import cluster
from beffroi_federation.aggregator.intake.adapters.cluster import Beat
from beffroi_federation.aggregator.intake.commands.pulling import Towns, carrier_for
from beffroi_federation.aggregator.intake.commands.rounds import Rhythm, run
from beffroi_federation.aggregator.intake.commands.working import tidy_up, told
from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now as the_moment
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.national.commands import fold_sums, settle_waiting

TOWNS_A_JOB = 64
"""As many as are asked at once: a job is long enough to be worth one, short enough to share."""

CLAIM = timedelta(minutes=15)
"""How long a town waits at most if the process that claimed it dies before it made the job."""

_log = logging.getLogger(__name__)


def work_shared(
    app: Flask,
    connect: Towns,
    rhythm: Rhythm,
    *,
    tidy: Callable[[datetime], object],
    beat: Beat,
    towns_a_job: int = TOWNS_A_JOB,
) -> None:
    """Share the pulling with the other workers on this PostgreSQL until told to stop."""
    with app.app_context():
        database_url = runtime().settings.database_url
    cluster.prepare(database_url)
    carrier = carrier_for(connect)
    turn = threading.Lock()  # the two threads of this process take turns at tidying up

    def pull(log_ids: list[int]) -> None:
        with app.app_context():
            try:
                due = queries.still_due(log_ids, the_moment())
                db.session.rollback()
                for one in run(carrier, rhythm, iter([due])):
                    told(one)
                settle_waiting(now=the_moment())
                fold_sums()
            finally:
                db.session.rollback()
                with unit_of_work():
                    service.give_back(log_ids)

    def look() -> Iterator[list[int]]:
        with app.app_context(), turn:
            now = the_moment()
            tidy_up(tidy, now)
            while True:
                with unit_of_work():
                    found = service.claim(now, until=now + CLAIM, most=towns_a_job)
                if not found:
                    return
                yield found

    try:
        cluster.run(database_url, pull=pull, look=look, beat=beat)
    finally:
        carrier.close()
