# SPDX-License-Identifier: AGPL-3.0-or-later
"""The figures of a town as they are now; numbers and codes, never a word or a reference."""

import shutil
from collections.abc import Iterator
from datetime import date, datetime

from beffroi.cases.queries import review
from beffroi.config import Settings
from beffroi.data_requests.queries import clock
from beffroi.feed import commands as feed
from beffroi.feed.commands.hints import hints_standing
from beffroi.feed.queries import SqlLogStore, behind_since, newest_period
from beffroi.kernel import jobs
from beffroi.kernel.extension import BackupStanding
from beffroi.kernel.nightly import NIGHTS, RETENTION, REWRITE
from beffroi.notifications import queries as notifications
from beffroi.notifications.service import JOBS
from beffroi.outbox import queries as outbox
from beffroi_web.metrics import Family, gauge


def figures(
    settings: Settings,
    *,
    version: str,
    seen: datetime | None,
    backups: BackupStanding,
    now: datetime,
    today: date,
) -> Iterator[Family]:
    """Give every figure of a town but those of its answers; `seen`: when a worker last was."""
    yield gauge("beffroi_info", "The version that runs.", 1, version=version)
    yield from _work(seen, now)
    yield from _law(today)
    yield from _texts(now)
    yield from _log(now, today)
    yield from _signer(settings)
    yield from _backups(backups, now)
    day = hints_standing(settings, now=now).day
    age = None if day is None else max((now.date() - day).days, 0)
    yield gauge("beffroi_hints_age_days", "Since the day of the file of hints that is held.", age)
    free = shutil.disk_usage(settings.data_dir).free
    yield gauge("beffroi_disk_free_bytes", "Room where the town keeps its data.", free)


def _age(since: datetime | None, now: datetime) -> float:
    """Return for how many seconds something has waited; 0 where nothing waits."""
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)


def _work(seen: datetime | None, now: datetime) -> Iterator[Family]:
    age = None if seen is None else _age(seen, now)
    yield gauge("beffroi_worker_seen_seconds", "Since the worker's last turn on this machine.", age)
    yield Family(
        "beffroi_jobs",
        "gauge",
        "Jobs that wait, and that were given up after many tries.",
        [({"state": "waiting"}, jobs.waiting()), ({"state": "given_up"}, jobs.dead())],
    )
    oldest = _age(jobs.oldest_due(now), now)
    yield gauge("beffroi_jobs_oldest_due_seconds", "How late the latest job is.", oldest)
    failing, lost = jobs.failing(JOBS)
    yield Family(
        "beffroi_mail_failures",
        "gauge",
        "Messages that failed and are tried again, and that were given up.",
        [({"state": "retrying"}, failing), ({"state": "given_up"}, lost)],
    )
    refused = notifications.refusals()
    yield Family(
        "beffroi_mail_refused",
        "gauge",
        "Messages that a mail server refused for good and that are kept, and their addresses.",
        [({"of": "messages"}, refused.messages), ({"of": "addresses"}, refused.addresses)],
    )
    yield gauge("beffroi_mail_unsent", "Messages that are owed.", notifications.unsent())
    nights = [(task, NIGHTS.standing(task).done_at) for task in (REWRITE, RETENTION)]
    yield Family(
        "beffroi_night_age_seconds",
        "gauge",
        "Since a nightly work was done.",
        [({"task": task}, _age(done, now)) for task, done in nights if done is not None],
    )


def _law(today: date) -> Iterator[Family]:
    late, oldest = clock.late(today)
    yield gauge("beffroi_clocks_late", "Legal clocks whose day is over and did not strike.", late)
    days = 0 if oldest is None else (today - oldest).days
    yield gauge("beffroi_clock_lateness_days", "How late the latest of them is.", days)


def _texts(now: datetime) -> Iterator[Family]:
    counts = review.counts()
    waiting = [({"status": s}, float(counts[s])) for s in ("clean", "masked", "review")]
    yield Family("beffroi_texts_waiting", "gauge", "Texts that wait for an agent.", waiting)
    oldest = _age(review.waiting_since(), now)
    yield gauge("beffroi_texts_oldest_seconds", "How long the oldest of them has waited.", oldest)


def _log(now: datetime, today: date) -> Iterator[Family]:
    yield gauge(
        "beffroi_log_entries", "Entries under the checkpoint.", SqlLogStore().head().published
    )
    shut = behind_since()
    yield gauge("beffroi_log_shut_seconds", "Since the log is shut; 0: it is not.", _age(shut, now))
    opened = newest_period()
    days = None if opened is None else max((today - opened).days, 0)
    yield gauge("beffroi_log_batch_age_days", "Since the week or day of the newest batch.", days)
    waiting, oldest = outbox.waiting_for_log()
    yield gauge("beffroi_outbox_waiting", "Facts that wait for the log.", waiting)
    yield gauge("beffroi_outbox_oldest_seconds", "How long the oldest waits.", _age(oldest, now))


def _backups(standing: BackupStanding, now: datetime) -> Iterator[Family]:
    for name, words, at in (
        ("backup_age", "Since the newest backup was made here.", standing.made_at),
        ("backup_verified_age", "Since a backup was restored on trial.", standing.verified_at),
    ):
        yield gauge(f"beffroi_{name}_seconds", words, None if at is None else _age(at, now))


def _signer(settings: Settings) -> Iterator[Family]:
    try:
        standing = feed.signer_for(settings).state()
    except (OSError, feed.ProtocolError):
        standing = None
    up = standing is not None
    yield gauge("beffroi_signer_up", "1: the signer answers.", float(up))
    locked = None if standing is None else float(standing.locked)
    yield gauge("beffroi_signer_locked", "1: it signs nothing until it has caught up.", locked)
