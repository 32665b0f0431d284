# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jobs that several machines share: procrastinate on the nation's PostgreSQL (extra `[cluster]`).

What is due stands in the database; a job only says "pull these logs". Losing one therefore loses
nothing: its logs are due still when their claim has run out.

procrastinate's tables live in a PostgreSQL schema of their own, so that they and ours never meet,
and are made when the first worker starts.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager
from sqlalchemy import make_url

SCHEMA = "procrastinate"
QUEUE = "pull"
TURN_KEY = 0x62656666_6A6F6273
"""The advisory lock under which the tables are made."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beat:
    """Seconds: between two looks for what is due, between heartbeats, until a worker is dead."""

    look: float = 30.0
    heart: float = 10.0
    dead: float = 45.0


def prepare(database_url: str) -> None:
    """Make procrastinate's tables if they are not there; several workers may come at once."""
    with psycopg.connect(_conninfo(database_url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (TURN_KEY,))
        try:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            connection.execute(f"SET search_path TO {SCHEMA}")
            there = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
            if there is not None and there[0] is None:
                connection.execute(SchemaManager.get_schema())
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (TURN_KEY,))


def run(
    database_url: str,
    *,
    pull: Callable[[list[int]], None],
    look: Callable[[], Iterable[list[int]]],
    beat: Beat,
) -> None:
    """Work until SIGTERM or SIGINT: look for what is due, hand it out as jobs, do jobs.

    `look` claims logs and gives them in groups, one job each; `pull` does one job. Both are called
    in threads, each by one at a time. A job under way is finished before this returns.
    """
    asyncio.run(_run(database_url, pull, look, beat))


async def _run(
    database_url: str,
    pull: Callable[[list[int]], None],
    look: Callable[[], Iterable[list[int]]],
    beat: Beat,
) -> None:
    options = {"options": f"-c search_path={SCHEMA}"}
    jobs = App(
        connector=PsycopgConnector(
            conninfo=_conninfo(database_url), kwargs=options, min_size=1, max_size=4
        )
    )

    @jobs.task(name="pull", queue=QUEUE)
    def pull_logs(log_ids: list[int]) -> None:
        pull(log_ids)

    async def hand_out() -> None:
        for log_ids in await asyncio.to_thread(lambda: list(look())):
            await pull_logs.defer_async(log_ids=log_ids)
        await _take_over(jobs, beat.dead)

    async with jobs.open_async():
        worker = asyncio.create_task(
            jobs.run_worker_async(
                queues=[QUEUE],
                concurrency=1,
                delete_jobs="successful",
                update_heartbeat_interval=beat.heart,
                stalled_worker_timeout=beat.dead,
                fetch_job_polling_interval=min(5.0, beat.look),
                install_signal_handlers=False,
            )
        )
        handing_out = asyncio.create_task(_again_and_again(hand_out, beat.look))
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, worker.cancel)
        try:
            with suppress(asyncio.CancelledError):
                await worker
        finally:
            handing_out.cancel()
            with suppress(asyncio.CancelledError):
                await handing_out


async def _again_and_again(what: Callable[[], Awaitable[None]], pause: float) -> None:
    """Do something for ever; a fault of it is told and the next time comes all the same."""
    while True:
        try:
            await what()
        except Exception:
            _log.exception("looking for what is due failed; again in %s seconds", pause)
        await asyncio.sleep(pause)


async def _take_over(jobs: App, dead: float) -> None:
    """Give the jobs of workers that have died back to the queue."""
    for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=dead):
        with suppress(ConnectorException):  # another worker gave it back just now
            await jobs.job_manager.retry_job(job)
            _log.warning("a job of a worker that died is done again: %s", job.call_string)


def _conninfo(database_url: str) -> str:
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
