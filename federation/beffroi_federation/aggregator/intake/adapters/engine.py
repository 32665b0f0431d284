# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many towns read at once in one process, on libcurl's multi interface.

The engine carries conversations (`beffroi_federation.asking`): it knows how to reach a town and
how much it may take, and nothing of what is said. One that hangs, drips or floods holds up nobody:

* at most `transfers` answers are under way, at most `per_address` connections to one IP address
  (many towns share a host; kept connections count), and no name is waited for (`resolver`);
* what a conversation has brought is counted. Past `LIGHT` bytes it needs one of a few places; until
  one is free its transfer pauses. When too much waits to be written, no new conversation begins;
* a conversation as a whole has an end, whatever its single answers take.

A name is looked up once a conversation; all its addresses are checked, and every connection of the
conversation goes to them (`url_policy`, `transfer`). Connections and TLS sessions are kept for the
next question, in this round or the next.
"""

import os
import select
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import pycurl

from beffroi_federation.aggregator.intake.adapters.jobs import Job as Job
from beffroi_federation.aggregator.intake.adapters.jobs import Outcome as Outcome
from beffroi_federation.aggregator.intake.adapters.resolver import Resolver
from beffroi_federation.aggregator.intake.adapters.transfer import UNCHANGED, Manner, Transfer
from beffroi_federation.asking import Ask
from beffroi_federation.errors import ProtocolError, TooSlow, Unreachable
from beffroi_federation.url_policy import Target, check_addresses, check_prefix

TRANSFERS = 64
PER_ADDRESS = 2
KEPT_CONNECTIONS = 256
LIGHT = 524_288
"""Bytes that every conversation may hold; more needs one of the `HEAVY` places."""
HEAVY = 4
HELD = 67_108_864
"""Bytes brought and not yet written, above which nothing new is begun."""
LONGEST = 900.0
"""Seconds for a whole conversation, pauses not counted."""
MOST_PARKED = 4_000
"""Conversations that wait for an address that is busy, while others overtake them."""
MOST_ADDRESSES = 4
"""Addresses of one name that are tried, one after the other."""

_LOOK = 0.1  # seconds between two looks at the clock

_target = lru_cache(65_536)(check_prefix)
"""Prefixes are taken apart once: the same towns come again each round."""

Route = Callable[[str, int], tuple[str, int]]
Where = tuple[str, int]
Said = TypeVar("Said")


@dataclass(slots=True, eq=False)
class _Visit:
    """One conversation under way."""

    job: Job
    target: Target
    ask: Ask
    addresses: Sequence[str] = ()
    at: int = 0
    began: float | None = None
    weight: int = 0
    heavy: bool = False


class Engine:
    """Carries conversations, many at once. Everything but `wake` belongs to one thread.

    `add` jobs, then call `step` again and again; it returns those that ended since. `route` says
    where a checked address is really connected to, for tests and benches.
    """

    def __init__(
        self,
        manner: Manner,
        *,
        transfers: int = TRANSFERS,
        per_address: int = PER_ADDRESS,
        resolver: Resolver | None = None,
        route: Route | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._manner = manner
        self._per_address = per_address
        self._clock = clock
        self._route = route
        self._resolver = resolver or Resolver()
        self._resolver.wake = self.wake
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, KEPT_CONNECTIONS)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, per_address)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._epoll = select.epoll()
        self._watched: set[int] = set()
        self._bell_out, self._bell_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._epoll.register(self._bell_out, select.EPOLLIN)
        self._timer: float | None = None
        self._looked = 0.0
        self._transfers = transfers
        self._idle: list[Transfer] = []
        self._by_curl: dict[Any, Transfer] = {}
        self._busy: dict[Transfer, _Visit] = {}
        self._ready: deque[_Visit] = deque()
        self._naming: defaultdict[str, list[_Visit]] = defaultdict(list)
        self._parked: dict[Where, deque[_Visit]] = {}
        self._active: defaultdict[Where, int] = defaultdict(int)
        self._paused: deque[Transfer] = deque()
        self._heavy = HEAVY
        self._held = 0
        self._finished: list[Outcome] = []

    # ---- what the caller uses ----

    def add(self, job: Job) -> None:
        """Begin a conversation; what is wrong with its address is its outcome."""
        try:
            ask = job.first or next(job.begins())
            target = _target(job.prefix, self._manner.allowed_loopback)
        except StopIteration as end:
            self._finished.append(Outcome(job.key, end.value, None, 0))
        except Exception as error:
            job.close()
            self._finished.append(Outcome(job.key, None, error, 0))
        else:
            self._find(_Visit(job, target, ask))

    def step(self, wait: float) -> list[Outcome]:
        """Work until something happens or `wait` seconds are over; return what has ended."""
        self._fill()
        now = self._clock()
        if self._finished:
            wait = 0.0
        if self._timer is not None:
            wait = min(wait, max(self._timer - now, 0.0))
        if self._busy or self._resolver.waiting:
            wait = min(wait, _LOOK)
        for fd, mask in self._epoll.poll(wait):
            if fd == self._bell_out:
                os.read(fd, 4_096)
            else:
                self._multi.socket_action(fd, _curl_mask(mask))
        now = self._clock()
        if self._timer is not None and now >= self._timer:
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._reap()
        if now - self._looked >= _LOOK:
            self._looked = now
            self._end_what_is_overdue(now)
        self._take_names()
        self._let_go_on(now)
        finished, self._finished = self._finished, []
        return finished

    def release(self, weight: int) -> None:
        """Hear that what an outcome brought is held no longer."""
        self._held -= weight

    def wake(self) -> None:
        """End a `step` that waits; from any thread."""
        try:
            os.write(self._bell_in, b"!")
        except (BlockingIOError, OSError):
            pass  # it rings already, or the engine is closed

    @property
    def hungry(self) -> bool:
        """Say whether more conversations should be added now."""
        under_way = len(self._busy) + len(self._ready) + len(self._naming)
        parked = sum(map(len, self._parked.values())) if self._parked else 0
        return under_way < 2 * self._transfers and parked < MOST_PARKED and self._held < HELD

    @property
    def idle(self) -> bool:
        """Say whether nothing is under way."""
        return not (self._busy or self._ready or self._naming or self._parked or self._finished)

    def close(self) -> None:
        """Break everything off."""
        for transfer, visit in self._busy.items():
            self._multi.remove_handle(transfer.curl)
            visit.job.close()
        for transfer in self._by_curl.values():
            transfer.close()
        self._multi.close()
        self._resolver.close()
        self._epoll.close()
        os.close(self._bell_out)
        os.close(self._bell_in)

    # ---- from a name to a transfer ----

    def _find(self, visit: _Visit) -> None:
        """Give a visit its addresses, or wait until its name is looked up."""
        target = visit.target
        if target.loopback:
            visit.addresses = (target.host,)
            self._ready.append(visit)
            return
        answer = self._resolver.ask(target.host, target.port)
        if answer is None:
            self._naming[target.host].append(visit)
        else:
            self._found(visit, answer)

    def _found(self, visit: _Visit, answer: Sequence[str] | Unreachable) -> None:
        try:
            if isinstance(answer, Unreachable):
                raise Unreachable(answer.sentence, **answer.details)
            visit.addresses = check_addresses(visit.target.host, answer)[:MOST_ADDRESSES]
        except ProtocolError as error:
            self._throw(visit, error)
        else:
            self._ready.append(visit)

    def _take_names(self) -> None:
        if self._naming:
            for host, answer in self._resolver.answers():
                for visit in self._naming.pop(host, ()):
                    self._found(visit, answer)

    def _fill(self) -> None:
        """Start what is ready, as far as there are handles, and places at its address."""
        while self._ready and (self._idle or len(self._by_curl) < self._transfers):
            visit = self._ready.popleft()
            where = self._where(visit)
            if self._active[where] >= self._per_address:
                self._parked.setdefault(where, deque()).append(visit)
            else:
                self._active[where] += 1
                self._start(self._idle.pop() if self._idle else self._another(), visit)

    def _another(self) -> Transfer:
        """Return one more handle; they are made as they are needed and kept."""
        made = Transfer(self._manner, self._may_hold)
        self._by_curl[made.curl] = made
        return made

    def _where(self, visit: _Visit) -> Where:
        """Return the address and port that a visit goes to; its connections are counted by it."""
        return visit.addresses[visit.at], visit.target.port

    def _start(self, transfer: Transfer, visit: _Visit) -> None:
        now = self._clock()
        if visit.began is None:
            visit.began = now
        address, port = self._where(visit)
        if self._route is not None:
            address, port = self._route(address, port)
        transfer.begin(visit.target, address, port, visit.ask, now)
        self._busy[transfer] = visit
        self._multi.add_handle(transfer.curl)

    def _stop(self, transfer: Transfer) -> _Visit:
        """Take a transfer from libcurl and from its place."""
        visit = self._busy.pop(transfer)
        self._multi.remove_handle(transfer.curl)
        if transfer in self._paused:
            self._paused.remove(transfer)
        return visit

    def _leave(self, transfer: Transfer, visit: _Visit) -> None:
        """Give a handle and a place at an address to whoever waits for them."""
        self._idle.append(transfer)
        where = self._where(visit)
        self._active[where] -= 1
        waiting = self._parked.get(where)
        if waiting:
            self._ready.appendleft(waiting.popleft())
        if not waiting:
            self._parked.pop(where, None)
            if not self._active[where]:
                del self._active[where]

    # ---- from a transfer to an answer ----

    def _reap(self) -> None:
        while True:
            left, done, failed = self._multi.info_read()
            for curl in done:
                self._ended(self._by_curl[curl], 0)
            for curl, code, _ in failed:
                self._ended(self._by_curl[curl], code)
            if not left:
                return

    def _ended(self, transfer: Transfer, code: int) -> None:
        """Hand an answer to its conversation, which ends or asks on."""
        visit = self._stop(transfer)
        if code and transfer.never_connected(code) and visit.at + 1 < len(visit.addresses):
            self._leave(transfer, visit)
            visit.at += 1
            self._ready.appendleft(visit)
            return
        visit.weight += transfer.size
        try:
            answer = transfer.answer(code)
        except ProtocolError as error:
            asks_on = self._throw(visit, error)
        else:
            if answer is UNCHANGED and visit.job.talk is None:
                self._end(visit, None, None)
                asks_on = False
            else:
                asks_on = self._tell(visit, visit.job.begun().send, answer)
        if asks_on:
            self._start(transfer, visit)
        else:
            self._leave(transfer, visit)

    def _throw(self, visit: _Visit, error: ProtocolError) -> bool:
        return self._tell(visit, visit.job.begun().throw, error)

    def _tell(self, visit: _Visit, say: Callable[[Said], Ask], what: Said) -> bool:
        """Go on with a conversation; say whether it asks something more."""
        try:
            visit.ask = say(what)
        except StopIteration as end:
            self._end(visit, end.value, None)
        except Exception as error:  # what is wrong with one conversation ends that one
            self._end(visit, None, error)
        else:
            return True
        return False

    def _end(self, visit: _Visit, found: Any, error: Exception | None) -> None:
        if visit.heavy:
            self._heavy += 1
        self._held += visit.weight
        self._finished.append(Outcome(visit.job.key, found, error, visit.weight))

    # ---- how much, how long ----

    def _may_hold(self, transfer: Transfer, more: int) -> bool:
        """Say whether a body may grow; a conversation past `LIGHT` needs a place."""
        visit = self._busy[transfer]
        if visit.heavy or visit.weight + transfer.size + more <= LIGHT:
            return True
        if self._heavy:
            self._heavy -= 1
            visit.heavy = True
            return True
        transfer.paused_at = self._clock()
        self._paused.append(transfer)
        return False

    def _let_go_on(self, now: float) -> None:
        """Let paused transfers go on, as places come free."""
        while self._paused and self._heavy:
            transfer = self._paused.popleft()
            visit = self._busy[transfer]
            self._heavy -= 1
            visit.heavy = True
            if visit.began is not None and transfer.paused_at is not None:
                visit.began += now - transfer.paused_at
            transfer.resume(now)
            self._timer = now

    def _end_what_is_overdue(self, now: float) -> None:
        for transfer, visit in list(self._busy.items()):
            late = visit.began is not None and now - visit.began > LONGEST
            if transfer.floods():
                self._ended(transfer, pycurl.E_WRITE_ERROR)
            elif transfer.overdue(now) or (late and transfer.paused_at is None):
                transfer.fault = TooSlow("The town answers too slowly", received=transfer.received)
                self._ended(transfer, 0)

    # ---- libcurl's sockets and timer ----

    def _on_socket(self, what: int, fd: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._watched.discard(fd)
            try:
                self._epoll.unregister(fd)
            except (FileNotFoundError, OSError):
                pass  # closed already
            return
        mask = (select.EPOLLIN if what & pycurl.POLL_IN else 0) | (
            select.EPOLLOUT if what & pycurl.POLL_OUT else 0
        )
        if fd not in self._watched:
            self._watched.add(fd)
            self._epoll.register(fd, mask)
            return
        try:
            self._epoll.modify(fd, mask)
        except FileNotFoundError:  # closed, and its number given out again
            self._epoll.register(fd, mask)

    def _on_timer(self, milliseconds: int) -> None:
        self._timer = None if milliseconds < 0 else self._clock() + milliseconds / 1_000


def _curl_mask(mask: int) -> int:
    """Return what epoll saw, in libcurl's words."""
    seen = pycurl.CSELECT_IN if mask & (select.EPOLLIN | select.EPOLLHUP) else 0
    seen |= pycurl.CSELECT_OUT if mask & select.EPOLLOUT else 0
    return seen | (pycurl.CSELECT_ERR if mask & select.EPOLLERR else 0)
