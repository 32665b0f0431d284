# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading the nation's file of hints once a night, and what the desk is given of it.

The hour is that of the town's daily batch, which the log's origin spreads: a country of towns does
not ask in the same minute. A town that never asked asks at once; what failed is tried every hour.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from beffroi import __version__
from beffroi.config import Settings
from beffroi.feed.adapters import hints as adapter
from beffroi.feed.commands.publishing import calendar_of
from beffroi.feed.queries import hints as reads
from beffroi.feed.schemas import Awaited, read_hints
from beffroi.feed.service import hints as service
from beffroi.kernel import clock
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.extension import AskedElsewhere, HintsStanding
from beffroi_federation.errors import ProtocolError

IN_A_DEMONSTRATION = timedelta(minutes=1)
"""How often a demonstration asks: nobody who looks at it stays for a night."""

_log = logging.getLogger(__name__)


def read_due(settings: Settings, *, now: datetime) -> bool:
    """Read the file of hints if that is due; say whether the nation was asked and all went well.

    Without a pinned key nothing is asked, and nothing kept.
    """
    known, today = reads.file(), _utc(now)
    db.session.rollback()
    if not settings.aggregator_hints_key:
        if known is not None:
            with unit_of_work():
                service.forget_file()
        return False
    if known is not None and known.due_at is not None and known.due_at > now:
        return False
    with unit_of_work():
        service.drop_old(today)
        turn = service.claim(now=now)
    if turn is None:
        return False
    try:
        _read(settings, turn, now=now)
    except ProtocolError as error:
        db.session.rollback()
        with unit_of_work():
            news = service.failed(error.sentence, now=now, again=_next(settings, now))
        if news:  # said once, not every hour
            _log.warning("the file of hints is not read: %s", error.diagnostics())
        return False
    return True


def _read(settings: Settings, turn: service.Turn, *, now: datetime) -> None:
    """Ask, and keep what comes; no transaction is open while the nation is waited for."""
    again = _next(settings, now)
    agent = f"Beffroi/{__version__} ({settings.public_url})"
    file = adapter.fetch(settings.aggregator_url, settings.siren, etag=turn.etag, user_agent=agent)
    if file.status != adapter.OK:
        note = service.current if file.status == adapter.NOT_MODIFIED else service.gone
        with unit_of_work():
            note(now=now, again=again)
        return
    awaited = Awaited(
        settings.aggregator_hints_key, settings.aggregator_url, settings.siren, _utc(now), turn.held
    )
    hints = read_hints(file.body, awaited)
    with unit_of_work():
        cases = reads.cases_of(hints.answers)
        answers = {cases[id]: said for id, said in hints.answers.items() if id in cases}
        service.keep(hints.day, file.etag or HELD, answers, now=now, again=again)


HELD = '"held"'
"""What stands for the ETag of a file that came without one: no file has it, so all of it comes."""


def _next(settings: Settings, now: datetime) -> datetime:
    if settings.demonstration:
        return now + IN_A_DEMONSTRATION
    return calendar_of(settings).next_day(now).opens


def _utc(now: datetime) -> date:
    return now.astimezone(UTC).date()


def hints_standing(settings: Settings, *, now: datetime) -> HintsStanding:
    """Return how the reading of the file stands."""
    return reads.standing(wanted=bool(settings.aggregator_hints_key), today=_utc(now))


@dataclass(frozen=True, slots=True)
class KeptHints:
    """What the desk is given of the file: see `kernel.extension.HintedAnswers`."""

    settings: Settings

    @property
    def wanted(self) -> bool:
        """Say whether a key is pinned."""
        return bool(self.settings.aggregator_hints_key)

    def of(self, case_id: int) -> list[AskedElsewhere]:
        """Return what other towns answered to a request."""
        return reads.kept(case_id, today=_utc(clock.now())) if self.wanted else []

    def cases(self) -> set[int]:
        """Return the ids of the requests that other towns have answered."""
        return reads.hinted(today=_utc(clock.now())) if self.wanted else set()

    def told(self) -> HintsStanding:
        """Return how the reading of the file stands."""
        return hints_standing(self.settings, now=clock.now())
