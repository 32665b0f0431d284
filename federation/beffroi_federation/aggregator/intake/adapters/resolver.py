# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looking names up beside everything else, with a deadline that getaddrinfo does not have.

A look-up runs in a thread. One that takes longer than the deadline is given up: its town is told
that its name did not answer, and another thread takes the place of the one that still waits. So a
name server that drips holds up its own towns. Threads that wait for nothing are bounded; past the
bound, names wait for their turn, and are given up after a longer deadline.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from beffroi_federation.client import look_up
from beffroi_federation.errors import Unreachable

LookUp = Callable[[str, int], Sequence[str]]
Answer = Sequence[str] | Unreachable

THREADS = 16
MOST_THREADS = 64
DEADLINE = 5.0
"""Seconds for one look-up; `QUEUE` as many times over for waiting until one begins."""
QUEUE = 12.0
KEPT = 60.0
"""Seconds for which an answer is used again: a round asks many towns of one host."""
MOST_KEPT = 20_000


@dataclass(slots=True)
class _Question:
    """One name that is looked up; `began` once a thread has taken it."""

    host: str
    port: int
    asked: float
    began: float | None = None
    given_up: bool = False


@dataclass(slots=True)
class _Shared:
    """What the threads and the asker both touch, under one lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted: deque[_Question] = field(default_factory=deque)
    answers: deque[tuple[str, Answer]] = field(default_factory=deque)
    threads: int = 0
    lost: int = 0
    closed: bool = False


class Resolver:
    """Looks names up in threads of its own; its methods belong to one thread.

    `wake` is called, from any thread, when there is an answer to be taken.
    """

    def __init__(
        self,
        look_up: LookUp = look_up,
        *,
        threads: int = THREADS,
        most_threads: int = MOST_THREADS,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._threads, self._most_threads = threads, most_threads
        self._deadline = deadline
        self._clock = clock
        self._shared = _Shared()
        self._there = threading.Condition(self._shared.lock)
        self._open: dict[str, _Question] = {}
        self._kept: dict[str, tuple[float, Answer]] = {}
        self.wake: Callable[[], None] = lambda: None

    def ask(self, host: str, port: int) -> Answer | None:
        """Return what is known of a name, or None: then `answers` will give it later."""
        now = self._clock()
        kept = self._kept.get(host)
        if kept is not None and kept[0] > now:
            return kept[1]
        if host not in self._open:
            question = self._open[host] = _Question(host, port, now)
            with self._there:
                self._shared.wanted.append(question)
                idle = self._shared.threads - self._shared.lost
                if idle < self._threads and self._shared.threads < self._most_threads:
                    self._start()
                self._there.notify()
        return None

    def answers(self) -> list[tuple[str, Answer]]:
        """Return (name, its addresses or why there are none) for what was found since."""
        now = self._clock()
        self._give_up(now)
        with self._shared.lock:
            found = list(self._shared.answers)
            self._shared.answers.clear()
        if len(self._kept) > MOST_KEPT:
            self._kept.clear()
        for host, answer in found:
            self._open.pop(host, None)
            self._kept[host] = (now + KEPT, answer)
        return found

    @property
    def waiting(self) -> bool:
        """Say whether any name is being looked up."""
        return bool(self._open)

    def close(self) -> None:
        """Let the threads end; those that hang are left behind (they hold up no exit)."""
        with self._there:
            self._shared.closed = True
            self._shared.wanted.clear()
            self._there.notify_all()

    def _give_up(self, now: float) -> None:
        """Answer for look-ups that took too long, and replace their threads."""
        with self._there:
            for question in self._open.values():
                if question.given_up:
                    continue
                if question.began is None:
                    late = now - question.asked > QUEUE * self._deadline
                else:
                    late = now - question.began > self._deadline
                if not late:
                    continue
                question.given_up = True
                sentence = "The town's name was not looked up in time"
                self._shared.answers.append((question.host, Unreachable(sentence)))
                if question.began is not None:
                    self._shared.lost += 1
                    if self._shared.threads < self._most_threads and self._shared.wanted:
                        self._start()

    def _start(self) -> None:
        self._shared.threads += 1
        threading.Thread(target=self._work, name="resolver", daemon=True).start()

    def _work(self) -> None:
        """Look up one name after the other; a thread that came late and is one too many ends."""
        while True:
            with self._there:
                while not self._shared.wanted:
                    if self._shared.closed or not self._there.wait(KEPT):
                        self._shared.threads -= 1
                        return
                question = self._shared.wanted.popleft()
                if question.given_up:
                    continue
                question.began = self._clock()
            answer = self._answer(question)
            with self._there:
                if question.given_up:
                    self._shared.lost -= 1
                    if self._shared.threads - self._shared.lost > self._threads:
                        self._shared.threads -= 1
                        return
                    continue
                self._shared.answers.append((question.host, answer))
            self.wake()

    def _answer(self, question: _Question) -> Answer:
        try:
            return tuple(self._look_up(question.host, question.port))
        except (OSError, UnicodeError) as error:
            because = type(error).__name__
            return Unreachable("The town's name has no address", because=because)
