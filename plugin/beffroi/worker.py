# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worker: sends what is owed, publishes what waits, counts, tidies up. One loop, no state.

Several may run; jobs are leased, and publication is serialised by the database and the signer.
"""

import logging
import signal
import threading
from datetime import date, timedelta

from flask import Flask
from flask_babel import force_locale

from beffroi.backups.adapters import scratch
from beffroi.bridges import commands as bridges
from beffroi.campaigns import commands as campaigns
from beffroi.cases.adapters.files import sweep
from beffroi.cases.commands import count_words, keep_items, sweep_files
from beffroi.cases.service import subscribing
from beffroi.catalogue.commands import import_due
from beffroi.config import Settings
from beffroi.cyber import commands as cyber
from beffroi.data_requests.commands import publish_drafts, strike_clocks
from beffroi.data_requests.queries.listed import REQUESTS
from beffroi.data_requests.service import forget_unconfirmed
from beffroi.feed import commands as feed
from beffroi.feed.commands import hints
from beffroi.feed.commands.witnesses import submit_due
from beffroi.feed.queries import behind_since
from beffroi.handover import commands as handover
from beffroi.incidents.queries.listed import REPORTS
from beffroi.journal import service as journal
from beffroi.kernel import jobs
from beffroi.kernel.chance import Chance, system_chance
from beffroi.kernel.clock import local_day
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.nightly import NIGHTS, REWRITE
from beffroi.legal.calendars import calendar_of
from beffroi.legal.law import law_of
from beffroi.moderation import commands as moderation
from beffroi.notifications import commands as notifications
from beffroi.notifications.service import forget_the_gone
from beffroi.open311 import commands as open311
from beffroi.outbox import service as outbox
from beffroi.rights import commands as rights
from beffroi.rights.queries import archive_names
from beffroi.street import commands as street
from beffroi.street.service import Moment
from beffroi.watching.adapters import beat
from beffroi.webhooks import commands as webhooks
from beffroi.webhooks.service import forget_old as forget_deliveries
from beffroi_web.clock import Clock
from beffroi_web.rewriting import CannotRewrite, rewrite

log = logging.getLogger(__name__)

HANDLERS = {
    **notifications.HANDLERS, **campaigns.HANDLERS, **rights.HANDLERS, **open311.HANDLERS,
    **handover.HANDLERS, **bridges.HANDLERS, **webhooks.HANDLERS,
}  # fmt: skip
"""Which job is whose."""

LONGEST_PAUSE = 30
"""Seconds after which a worker whose turns fail looks again, at the latest."""
SIGNER_PAUSE = timedelta(seconds=5)
RECOVERY_PAUSE = timedelta(minutes=5)
JOBS_KEPT = timedelta(days=30)
TIDY_EVERY = timedelta(hours=1)
READ_EVERY = timedelta(minutes=1)
INDEXES = ("case_search", "nearby_case", "nearby_street")
"""The full-text indexes over words of people."""
NO_WORDS = frozenset(
    {"log_bundle", "log_tail", "log_tile", "log_state", "log_batch", "log_fact",
     "published_cell", "count_period", "ref_counter", "nightly", "sample_week", "catalogue",
     "dataset", "data_version", "place_file", "place_street", "place_number", "place_word",
     "place_spelling"}
)  # fmt: skip
"""Tables that never held anything that could be erased; every other one is written anew."""


def pause_after(failures: int) -> int:
    """Return how many seconds to wait after so many failed turns in a row: 1, 2, 4 … up to 30.

    A database that was away for a moment costs seconds; one that stays away is not pressed.
    """
    return min(LONGEST_PAUSE, 1 << min(failures - 1, 10))


class Worker:
    """Does what is due, each time `turn` is called; inside the application's context."""

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        clock: Clock,
        *,
        chance: Chance = system_chance,
        at: feed.Effect = feed.no_effect,
    ) -> None:
        self.app = app
        self.settings = settings
        self.clock = clock
        self.chance = chance
        self.at = at
        self._tidied_at = clock.now() - TIDY_EVERY
        self._read_at = self._kept_at = clock.now() - READ_EVERY
        self._looked_at = clock.now() - TIDY_EVERY
        self._bridged_at = clock.now() - READ_EVERY
        self._hinted_at = clock.now() - READ_EVERY
        self._counted_on: date | None = None
        self._campaigns_on: date | None = None
        self._words_counted_on: date | None = None
        self._digested_on: date | None = None
        self._reminded_on: date | None = None
        self._publish_from = clock.now()
        self.trouble = ""

    def publish(self, *, scheduled: bool = False) -> int:
        """Publish what waits (or what the schedule asks for); return how many entries entered."""
        now = self.clock.now()
        today = local_day(now, self.settings.time_zone)
        signer = feed.signer_for(self.settings)
        if scheduled:
            return feed.publish_on_schedule(
                signer,
                feed.calendar_of(self.settings),
                now=now,
                today=today,
                chance=self.chance,
                at=self.at,
            )
        return feed.publish_if_waiting(signer, now=now, today=today, chance=self.chance, at=self.at)

    def strike(self) -> int:
        """Let the legal clocks strike whose day has come, and campaigns; return what came.

        None strikes in a restored town before the log has told what happened since the backup.
        """
        if behind_since() is not None:
            return 0
        now = self.clock.now()
        today = local_day(now, self.settings.time_zone)
        struck = strike_clocks(law_of(self.settings.communes), now=now, today=today)
        struck += cyber.strike_clocks(now=now)
        struck += cyber.make_records(band=self.settings.population_band, now=now)
        if today != self._campaigns_on:
            campaigns.make_editions(now=now, today=today, chance=self.chance)
            self._campaigns_on = today
        return struck + campaigns.advance(now=now, today=today)

    def answer(self) -> int:
        """Give the answers whose moment has come; return how many were given.

        None goes out of a restored town before the log has told what happened since the backup.
        """
        if behind_since() is not None:
            return 0
        now = self.clock.now()
        today = local_day(now, self.settings.time_zone)
        law = law_of(self.settings.communes)
        return publish_drafts(law, lang=self.settings.languages[0], now=now, today=today)

    def count(self) -> int:
        """Hand over the counts whose period is over, once a day; return how many cells."""
        now = self.clock.now()
        today = local_day(now, self.settings.time_zone)
        if today == self._counted_on:
            return 0
        with unit_of_work():
            cells = outbox.count_cells(
                siren=self.settings.siren,
                communes=self.settings.communes,
                band=self.settings.population_band,
                today=today,
                now=now,
            )
        self._counted_on = today
        return cells

    def digest(self) -> int:
        """Owe the day's digests, once a day; return how many.

        None in a restored town before the log has told what happened since the backup.
        """
        now = self.clock.now()
        today = local_day(now, self.settings.time_zone)
        if today == self._digested_on or behind_since() is not None:
            return 0
        owed = notifications.digest_due(self.settings, now=now)
        if owed is not None:
            self._digested_on = today
        return owed or 0

    def remind(self) -> int:
        """Owe departments word of reports on which nothing moves, once a day; say how many.

        None in a restored town before the log has told what happened since the backup.
        """
        now = self.clock.now()
        today = local_day(now, self.settings.time_zone)
        if today == self._reminded_on or behind_since() is not None:
            return 0
        at = Moment(now, today, calendar_of("FR", self.settings.communes))
        owed = street.remind(self.settings, at)
        self._reminded_on = today
        return owed

    def turn(self) -> int:
        """Do what is due now; return how many jobs were done and entries published."""
        struck = self.strike() + self.answer()
        self.digest()
        self.remind()
        worked = jobs.work_once(HANDLERS, now=self.clock.now())
        self.count()
        published = self._try_publish()
        self.witness()
        self.read_texts()
        self.keep_items()
        now = self.clock.now()
        if now - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = now
            self.tidy()
        rights.keep_for_the_night(
            self.settings, now=self.clock.now()
        )  # before its bytes are rewritten
        self.rewrite()
        self.look_around()
        self.bridge()
        self.hints()
        beat(self.settings.data_dir, self.clock.now())
        db.session.remove()
        return worked.done + struck + published

    def look_around(self) -> None:
        """Once a day count the words of requests; bring in the catalogues whose day has come."""
        now = self.clock.now()
        if now - self._looked_at < TIDY_EVERY:
            return
        self._looked_at = now
        today = local_day(now, self.settings.time_zone)
        if today != self._words_counted_on:
            count_words()
            self._words_counted_on = today
        import_due(self.settings, now=now)

    def bridge(self) -> int:
        """Read the sources on other sites whose time has come; return how many were tried.

        None in a restored town before the log has told what happened since the backup.
        """
        now = self.clock.now()
        if now - self._bridged_at < READ_EVERY or behind_since() is not None:
            return 0
        self._bridged_at = now
        with force_locale(self.settings.languages[0]):
            return bridges.read_due(self.settings, now=now)

    def hints(self) -> bool:
        """Read what other towns answered, once a night; say whether that was done.

        Not in a restored town before the log has told what happened since the backup.
        """
        now = self.clock.now()
        if now - self._hinted_at < READ_EVERY or behind_since() is not None:
            return False
        self._hinted_at = now
        return hints.read_due(self.settings, now=now)

    def read_texts(self) -> int:
        """Read texts whose verdict is missing, and show those whose time has come; say how many."""
        now = self.clock.now()
        if now - self._read_at < READ_EVERY:
            return 0
        self._read_at = now
        moderation.read_unread()
        if not self.settings.clean_texts_appear:
            return 0
        today = local_day(now, self.settings.time_zone)
        return moderation.show_clean(now=now, today=today, chance=self.chance)

    def keep_items(self) -> int:
        """Put together what the lists give of cases that changed, once a minute; say how many.

        Where somebody was in the way, the next turn tries again.
        """
        now = self.clock.now()
        if now - self._kept_at < READ_EVERY:
            return 0
        count, in_the_way = keep_items((REQUESTS, REPORTS))
        if not in_the_way:
            self._kept_at = now
        return count

    def witness(self) -> int:
        """Have what is published cosigned by the witnesses that are due; return how many did."""
        return submit_due(self.settings, now=self.clock.now())

    def rewrite(self) -> bool:
        """Write the database's files anew once a night, without what was deleted; say if it was."""
        now = self.clock.now()
        night = NIGHTS.claim(REWRITE, now=now, zone=self.settings.time_zone)
        if night is None:
            return False
        tables = [name for name in db.metadata.tables if name not in NO_WORDS]
        try:
            done = rewrite(db.engine, tables=tables, indexes=INDEXES)
        except CannotRewrite as fault:
            NIGHTS.failed(REWRITE, str(fault))
            log.warning("the files were not rewritten tonight, and will be: %s", fault)
            return False
        NIGHTS.done(REWRITE, night, now=now, locked_ms=done.locked_ms)
        return True

    def _try_publish(self) -> int:
        """Publish what is due; without a signer say so in `trouble`, and leave it for a while."""
        if self.clock.now() < self._publish_from:
            return 0
        try:
            published = self.publish(scheduled=self.settings.publish == "weekly")
        except (feed.SignerLocked, feed.Rollback, feed.Fork) as error:
            db.session.remove()
            self._recover(error)
            return 0
        except feed.ProtocolError as error:
            db.session.remove()
            self._publish_from = self.clock.now() + SIGNER_PAUSE
            if self.trouble != error.sentence:  # said once, not every few seconds
                log.error("nothing is published: %s", error.diagnostics())
            self.trouble = error.sentence
            return 0
        self.trouble = ""
        return published

    def _recover(self, why: feed.ProtocolError) -> None:
        """Let a log that is behind its signer catch up; say in plain words how it went."""
        now = self.clock.now()
        signer = feed.signer_for(self.settings)
        with force_locale(self.settings.languages[0]):
            try:
                today = local_day(now, self.settings.time_zone)
                report = feed.recover(self.settings, signer, now=now, today=today)
            except feed.ProtocolError as error:
                db.session.remove()
                self._publish_from = now + RECOVERY_PAUSE
                told = feed.told_of(error, self.settings)
                if self.trouble != error.sentence:
                    log.error("%s (%s)", " ".join(told), why.sentence)
                self.trouble = error.sentence
            else:
                self.trouble = ""
                log.warning("%s", " ".join(feed.told(report, self.settings)))

    def tidy(self) -> None:
        """Forget what has been dealt with: old jobs, old facts, unconfirmed requests, sessions."""
        now = self.clock.now()
        with unit_of_work():
            jobs.purge(before=now - JOBS_KEPT)
            outbox.purge(now)
            forget_unconfirmed(now)
            subscribing.forget_unconfirmed(now)
            forget_the_gone(now)
            forget_deliveries(now - JOBS_KEPT)
            journal.forget_old(now=now)
            self.app.extensions["beffroi"].sign_in.purge(now)
        sweep_files(self.settings.data_dir, now=now)
        sweep(self.settings.data_dir / "archives", archive_names(), now=now)
        if scratch.sweep(self.settings.data_dir):
            log.warning("a restore on trial had been cut off: what it left was deleted")

    def forever(self, every: float, *, stop: threading.Event | None = None) -> None:
        """Work until told to stop (SIGTERM, SIGINT), looking again after `every` seconds.

        Each stop sets `stop`, on which all waiting is done.
        """
        stop, failures = stop or threading.Event(), 0
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            try:
                worked = self.turn()
            except Exception:  # one turn's fault is not the next one's
                failures += 1
                pause = pause_after(failures)
                log.exception("this turn failed; the next one comes in %s seconds", pause)
                db.session.remove()
                stop.wait(pause)
            else:
                failures = 0
                if not worked:
                    stop.wait(every)
