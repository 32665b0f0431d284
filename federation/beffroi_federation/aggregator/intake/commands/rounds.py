# SPDX-License-Identifier: AGPL-3.0-or-later
"""One round over many towns: who is asked, what comes back, what is written.

Towns are read from the database by pages while the carrier asks those of the page before. What
comes back is written for many towns in one transaction; a town whose part cannot be written is
found by writing one by one, and loses nobody else's. Nothing is written of a pull but in the one
transaction that also says how far the log is verified: a crash at any moment leaves the town as it
was, and due.
"""

import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from beffroi_federation import asking
from beffroi_federation.aggregator.intake import queries, service
from beffroi_federation.aggregator.intake.adapters import reader
from beffroi_federation.aggregator.intake.adapters.carriers import Carrier
from beffroi_federation.aggregator.intake.adapters.engine import Job, Outcome
from beffroi_federation.aggregator.intake.queries import Due
from beffroi_federation.aggregator.intake.rules import FIRST_WAIT, Heard, next_time
from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now as the_moment
from beffroi_federation.aggregator.national.commands import settle_waiting
from beffroi_federation.aggregator.witness import commands as witness
from beffroi_federation.aggregator.witness.queries import beyond, standings
from beffroi_federation.aggregator.witness.rules import Standing, require_size
from beffroi_federation.errors import ProtocolError
from beffroi_federation.merkle import Frontier

Result = Literal["unchanged", "taken", "refused", "unreachable", "failed", "overtaken"]

GROUP = 500
"""Towns written in one transaction at most."""

T = TypeVar("T")

_FAULT_OF_OURS = "An error of ours; see the log."
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


@dataclass(slots=True)
class _Asked:
    """A town that was asked at a moment, and what it said so far."""

    due: Due
    now: datetime
    heard: Heard = field(default_factory=Heard)

    def pulled(self, result: Result, **more: int | str) -> Pulled:
        """Return what came of it."""
        return Pulled(self.due.siren, self.due.name, result, **more)  # type: ignore[arg-type]


def run(
    carrier: Carrier,
    rhythm: Rhythm,
    pages: Iterator[list[Due]],
    *,
    derive: bool = True,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Pulled]:
    """Pull the towns of these pages until none of them is behind; yield what came of each.

    A town that is behind is told of once a turn. `derive` settles what was taken before a result
    is yielded, and what was accepted at the end of the round; without it, whoever calls does so.
    When `stop` says so the round is broken off: what was not written is due still.
    """
    try:
        with calm_collector(), carrier:
            yield from _Round(carrier, rhythm, derive).over(pages, stop)
    finally:
        if derive:
            witness.settle(now=the_moment())


@contextmanager
def calm_collector() -> Iterator[None]:
    """Let the collector of cycles look seldom for the time of a round, and not at what was there.

    A round makes many short-lived objects and hardly any cycle; looking through all objects of the
    process again and again is a quarter of its CPU time.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Round:
    """A round under way."""

    def __init__(self, carrier: Carrier, rhythm: Rhythm, derive: bool) -> None:
        self._carrier = carrier
        self._rhythm = rhythm
        self._derive = derive
        self._under_way = 0

    def over(self, pages: Iterator[list[Due]], stop: Callable[[], bool]) -> Iterator[Pulled]:
        """Send pages as they are wanted, write what comes back, ask again who is behind."""
        more = True
        while not stop():
            while more and self._carrier.wants:
                page = next(pages, None)
                more = page is not None
                self._send(page or ())
            if not self._under_way:
                return
            outcomes = self._carrier.collect(GROUP, 0.5, feed=more)
            self._under_way -= len(outcomes)
            if outcomes:
                done = _Group(outcomes, self._rhythm, self._derive).written()
                behind = [one.due.log_id for one, pulled in done if pulled.behind]
                told = [pulled for _, pulled in done]
                del outcomes, done  # what was written is let go before more comes
                self._send_again(behind)
                yield from told

    def _send(self, page: Sequence[Due]) -> None:
        if not page:
            return
        now = the_moment()
        recheck = queries.rechecks([one.log_id for one in page], now - self._rhythm.recheck_every)
        db.session.rollback()  # nothing is held open while towns are asked
        self._carrier.send(_job(_Asked(one, now), recheck.get(one.log_id, ())) for one in page)
        self._under_way += len(page)

    def _send_again(self, behind: Sequence[int]) -> None:
        if behind:
            self._send(queries.due_logs(behind))


def _job(asked: _Asked, recheck: reader.Recheck) -> Job:
    """Return the conversation to be carried to a town."""
    due = asked.due
    if due.state == "quarantined":
        return Job(asked, due.prefix, reader.removals(recheck))
    if due.etag is None or due.behind or recheck:
        return Job(asked, due.prefix, reader.read(due, recheck, asked.heard, now=asked.now))
    return Job(
        asked,
        due.prefix,
        first=asking.first(due.etag),
        make=lambda: reader.read(due, (), asked.heard, now=asked.now),
    )


class _Group:
    """What several towns said, being written."""

    def __init__(self, outcomes: Sequence[Outcome], rhythm: Rhythm, derive: bool) -> None:
        self._outcomes = outcomes
        self._every = rhythm.pull_every
        self._derive = derive
        self._now = the_moment()
        self._standings: dict[int, Standing] = {}
        self._done: dict[int, tuple[_Asked, Pulled]] = {}
        self._refused: list[tuple[_Asked, ProtocolError]] = []

    def written(self) -> list[tuple[_Asked, Pulled]]:
        """Write everything, each town's part or why not, and return what came of each."""
        quiet: list[_Asked] = []
        prepared: list[tuple[_Asked, service.Prepared]] = []
        grown = [one.key.due.log_id for one in self._outcomes if one.found]
        self._standings = standings(grown)
        for outcome in self._outcomes:
            asked: _Asked = outcome.key
            if outcome.error is None and outcome.found is None:
                quiet.append(asked)
                continue
            try:
                prepared.append((asked, self._prepared(asked, outcome)))
            except ProtocolError as error:
                self._refused.append((asked, error))
            except Exception as error:
                self._failed(asked, error)
        quiet = self._level(quiet)
        db.session.rollback()
        self._together(quiet, self._write_quiet, lambda one: one)
        self._together(prepared, self._write, lambda one: one[0])
        self._together(self._refused, self._refuse, lambda one: one[0])
        if self._derive:
            self._settle([asked.due.log_id for asked, _ in prepared])
        return list(self._done.values())

    def _level(self, quiet: Sequence[_Asked]) -> list[_Asked]:
        """Return the towns without news that serve all they had cosigned; the rest is refused."""
        sizes = {one.due.log_id: one.due.size for one in quiet}
        more, level = beyond(sizes), []
        for asked in quiet:
            log_id = asked.due.log_id
            try:
                if log_id in more:
                    require_size(more[log_id], sizes[log_id], asked=asked.now)
            except ProtocolError as error:
                self._refused.append((asked, error))
            else:
                level.append(asked)
        return level

    def _prepared(self, asked: _Asked, outcome: Outcome) -> service.Prepared:
        """Parse and compare what a town said; raises what is wrong with it."""
        if outcome.error is not None:
            raise outcome.error
        if asked.due.state == "quarantined":
            return service.prepare_removals(
                asked.due.town, outcome.found, turn=asked.due.turn, now=asked.now
            )
        fresh, log_id = asked.due.fresh, asked.due.log_id
        accepted = service.Accepted(
            Frontier() if fresh is None else fresh.frontier,
            fresh.note if fresh is not None and fresh.behind else None,
            self._standings.get(log_id) or Standing(log_id),
        )
        return service.prepare(asked.due.town, outcome.found, accepted, now=asked.now)

    def _together(
        self, some: Sequence[T], write: Callable[[Sequence[T]], None], of: Callable[[T], _Asked]
    ) -> None:
        """Write several towns in one transaction, or, should that fail, one by one."""
        if not some:
            return
        try:
            with unit_of_work():
                write(some)
        except Exception as error:
            if len(some) == 1:
                self._failed(of(some[0]), error)
                return
            _log.warning("writing %d towns at once failed; one by one now", len(some))
            if isinstance(error, OperationalError):
                with unit_of_work():  # the database is there, or the round ends here
                    db.session.execute(text("SELECT 1"))
            for one in some:
                self._together([one], write, of)

    def _write_quiet(self, quiet: Sequence[_Asked]) -> None:
        rows = [(one.due.log_id, one.due.origin, one.due.turn) for one in quiet]
        service.write_quiet(rows, now=self._now, every=self._every)
        self._note((one, one.pulled("unchanged")) for one in quiet)

    def _write(self, several: Sequence[tuple[_Asked, service.Prepared]]) -> None:
        stored = service.write([prepared for _, prepared in several], every=self._every)
        self._put_off(asked for asked, prepared in several if prepared.only_removals)
        self._note(
            (asked, _came_of(asked, prepared, one))
            for (asked, prepared), one in zip(several, stored, strict=True)
        )

    def _refuse(self, several: Sequence[tuple[_Asked, ProtocolError]]) -> None:
        """Write why nothing was taken; of a town in quarantine nothing more is told."""
        self._put_off(asked for asked, _ in several if asked.due.state == "quarantined")
        for asked, error in several:
            step = None
            if asked.due.state != "quarantined":
                step = service.refuse(
                    asked.due.town, error, asked.heard, now=self._now, every=self._every
                )
            result: Result = "unreachable" if step is None else "refused"
            said = asked.pulled(result, step=step or "", sentence=error.diagnostics())
            self._note([(asked, said)])

    def _put_off(self, several: Iterable[_Asked]) -> None:
        """Ask these towns again at their next time."""
        waits = [
            (one.due.log_id, next_time(one.due.origin, self._now, self._every)) for one in several
        ]
        service.put_off(waits, now=self._now)

    def _failed(self, asked: _Asked, error: Exception) -> None:
        """Tell of a fault of ours, and leave the town for later; the others go on."""
        _log.error("pulling %s failed", asked.due.siren, exc_info=error)
        try:
            with unit_of_work():
                service.put_off([(asked.due.log_id, self._now + FIRST_WAIT)], now=self._now)
        except SQLAlchemyError:
            _log.exception("nor could it be put off")
        self._note([(asked, asked.pulled("failed", sentence=_FAULT_OF_OURS))])

    def _note(self, several: Iterable[tuple[_Asked, Pulled]]) -> None:
        self._done |= {asked.due.log_id: (asked, pulled) for asked, pulled in several}

    def _settle(self, log_ids: Sequence[int]) -> None:
        """Derive what was taken, and tell how much of it the gate kept back."""
        if not log_ids:
            return
        try:
            kept = Counter(one.log_id for one in settle_waiting(log_ids=log_ids, now=self._now))
        except Exception:
            db.session.rollback()
            if len(log_ids) == 1:
                _log.exception("deriving log %d failed; it stays waiting", log_ids[0])
                return
            for log_id in log_ids:
                self._settle([log_id])
            return
        for log_id, count in kept.items():
            asked, pulled = self._done[log_id]
            self._done[log_id] = asked, replace(pulled, kept_back=count)


def _came_of(asked: _Asked, prepared: service.Prepared, stored: service.Stored | None) -> Pulled:
    if stored is None:
        return asked.pulled("overtaken")
    if prepared.taken.checkpoint is None:
        return asked.pulled("unchanged")
    return asked.pulled("taken", entries=stored.entries, behind=stored.behind)
