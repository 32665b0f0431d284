# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who carries conversations to towns for a round: the engine in a thread of its own, or one by one.

The engine's thread only moves bytes and verifies; whoever runs the round reads and writes the
database beside it. Both ends are bounded: `wants` says when more jobs are welcome, and the engine
begins nothing new while too much that it brought waits to be written.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Protocol, Self, runtime_checkable

from beffroi_federation.aggregator.intake.adapters.engine import TRANSFERS, Engine, Job, Outcome
from beffroi_federation.feed_client import FeedClient


@runtime_checkable
class Carrier(Protocol):
    """Carries conversations; a context manager for the time of one round."""

    def __enter__(self) -> Self:
        """Begin a round."""

    def __exit__(self, *_: object) -> None:
        """End it; what is still under way is broken off."""

    def send(self, jobs: Iterable[Job]) -> None:
        """Take jobs, each with the first question of its conversation still unasked."""

    @property
    def wants(self) -> bool:
        """Say whether more jobs are welcome now."""

    def collect(self, most: int, wait: float, *, feed: bool) -> list[Outcome]:
        """Return up to `most` ended conversations: sooner if nothing is left, or `wait` is over.

        With `feed` also when more jobs are welcome. What the call before returned is taken as
        written now.
        """

    def close(self) -> None:
        """Close what was kept open between rounds."""


class Courier:
    """Runs an engine in a thread for the time of a round; the engine outlives it.

    So connections and TLS sessions are kept from one round of a worker to the next. An engine that
    is left in the middle of something is closed, and another one made.
    """

    def __init__(self, make: Callable[[], Engine]) -> None:
        self._make = make
        self._engine: Engine | None = None
        self._inbox: deque[Job] = deque()
        self._outbox: deque[Outcome] = deque()
        self._released: deque[int] = deque()
        self._writing = 0
        self._most, self._feed, self._resting = 1, False, True
        self._there = threading.Condition()
        self._stop = False
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start the thread."""
        engine = self._engine = self._engine or self._make()
        self._stop, self._failure = False, None
        self._thread = threading.Thread(
            target=self._run, args=(engine,), name="puller", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the thread; the engine stays open if it has nothing left to do."""
        self._stop = True
        if self._engine is not None:
            self._engine.wake()
        if self._thread is not None:
            self._thread.join()
        left = bool(self._inbox or self._outbox) or self._failure is not None
        if self._engine is not None and (left or not self._engine.idle):
            self.close()
        for job in self._inbox:
            job.close()
        self._inbox.clear()
        self._outbox.clear()

    def close(self) -> None:
        """Close the engine; the next round has a new one."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def send(self, jobs: Iterable[Job]) -> None:
        """Hand jobs to the thread."""
        with self._there:
            self._inbox.extend(jobs)
            self._resting = False
        self._wake()

    @property
    def wants(self) -> bool:
        """Say whether the thread will soon have nothing left to begin."""
        return len(self._inbox) < 2 * TRANSFERS

    def collect(self, most: int, wait: float, *, feed: bool) -> list[Outcome]:
        """Return what has ended; raises what ended the thread, should that happen."""
        if self._writing:
            self._released.append(self._writing)
            self._wake()
        with self._there:
            self._most, self._feed = most, feed
            if not self._enough():
                self._there.wait(wait)
            found = [self._outbox.popleft() for _ in range(min(most, len(self._outbox)))]
        self._writing = sum(one.weight for one in found)
        if self._failure is not None and not found:
            raise self._failure
        return found

    def _enough(self) -> bool:
        """Say whether there is a reason to collect now; under the lock."""
        if self._failure is not None or len(self._outbox) >= self._most:
            return True
        if self._feed and self.wants:
            return True
        return self._resting

    def _wake(self) -> None:
        if self._engine is not None:
            self._engine.wake()

    def _run(self, engine: Engine) -> None:
        try:
            while not self._stop:
                while self._released:
                    engine.release(self._released.popleft())
                while self._inbox and engine.hungry:
                    self._resting = False
                    engine.add(self._inbox.popleft())
                found = engine.step(1.0)
                with self._there:
                    self._outbox.extend(found)
                    self._resting = engine.idle and not (self._inbox and engine.hungry)
                    if self._enough():
                        self._there.notify()
        except BaseException as error:  # whoever collects must hear of it
            with self._there:
                self._failure = error
                self._there.notify()


class OneByOne:
    """Carries conversations one after the other, over whatever opens a feed for a prefix."""

    def __init__(self, connect: Callable[[str], AbstractContextManager[FeedClient]]) -> None:
        self._connect = connect
        self._jobs: deque[Job] = deque()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget what was not begun."""
        for job in self._jobs:
            job.close()
        self._jobs.clear()

    def close(self) -> None:
        """Do nothing: nothing is kept open."""

    def send(self, jobs: Iterable[Job]) -> None:
        """Keep jobs until they are collected."""
        self._jobs.extend(jobs)

    @property
    def wants(self) -> bool:
        """Say whether nothing is left."""
        return not self._jobs

    def collect(self, most: int, wait: float, *, feed: bool) -> list[Outcome]:
        """Carry up to `most` conversations and return how they ended."""
        return [self._carry(self._jobs.popleft()) for _ in range(min(most, len(self._jobs)))]

    def _carry(self, job: Job) -> Outcome:
        try:
            with self._connect(job.prefix) as client:
                return Outcome(job.key, client.carry(job.begins()), None, 0)
        except Exception as error:
            job.close()
            return Outcome(job.key, None, error, 0)
