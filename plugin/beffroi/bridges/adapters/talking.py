# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a site as often as it may be asked, and again where it asks for patience.

At most 60 requests in any 60 seconds to one site and process; 429 and faults of the site's own are
tried again a few times, after what `Retry-After` says or a doubling wait; nothing else is. Clock
and sleep are arguments for tests.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from beffroi.bridges.rules import BadSource, NeedsAuthentication
from beffroi.bridges.rules.pace import MOST_TRIES, Pace, wait_after
from beffroi_web.fetching import Answer, Fetching, NotFetched, SentOn
from beffroi_web.words import N_

AGAIN = frozenset({429, 500, 502, 503, 504})
SECONDS = 240.0
"""After how long a reading waits no more, and ends; the worker does nothing else meanwhile."""
JSON_KINDS = frozenset({"application/json", "application/graphql-response+json"})

_paces: defaultdict[str, Pace] = defaultdict(Pace)


@dataclass(slots=True)
class Time:
    """The clock that a conversation goes by."""

    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    wall: Callable[[], float] = time.time


@dataclass(slots=True)
class Talk:
    """A conversation with one site; `requests` counts what was asked."""

    by: Fetching
    time: Time = field(default_factory=Time)
    most_seconds: float = SECONDS
    requests: int = 0
    pace: Pace | None = None
    _until: float = 0.0

    def ask(
        self,
        address: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        verb: str = "",
        once: bool = False,
    ) -> Answer:
        """Return an answer of a status below 400; `once`: what changes something is not repeated.

        Raises NeedsAuthentication, BadSource or NotFetched.
        """
        tries = 0
        while True:
            answer = self._asked(address, headers, body, verb)
            tries += 1
            if answer.status not in AGAIN or once or tries >= MOST_TRIES:
                return self._good(address, answer)
            self._rest(wait_after(tries, answer.retry_after, self.time.wall))

    def _asked(
        self, address: str, headers: Mapping[str, str], body: bytes | None, verb: str
    ) -> Answer:
        pace = self.pace or _paces[urlsplit(address).netloc]
        while (wait := pace.wait(self.time.seconds())) > 0:
            self._rest(wait)
        pace.take(self.time.seconds())
        self.requests += 1
        try:
            return self.by.ask(address, headers, body, verb=verb)
        except SentOn as fault:
            if "sign_in" in fault.location or "/users/" in fault.location:
                raise NeedsAuthentication(NEEDS_AUTHENTICATION) from None
            raise NotFetched(
                f"{urlsplit(address).netloc} sends on to {fault.location!r}: write that address,"
                " if it is right"
            ) from None

    def _good(self, address: str, answer: Answer) -> Answer:
        if answer.status == 401:
            raise NeedsAuthentication(NEEDS_AUTHENTICATION)
        if answer.status >= 400:
            raise NotFetched(f"{urlsplit(address).netloc} answered {answer.status}")
        return answer

    def _rest(self, seconds: float) -> None:
        now = self.time.seconds()
        self._until = self._until or now + self.most_seconds
        if now + seconds > self._until:
            raise NotFetched("The site asks for more patience than one reading has")
        self.time.sleep(seconds)


NEEDS_AUTHENTICATION = N_("The API of this site answers only to who is signed in")


def as_json(answer: Answer) -> Any:
    """Return the JSON of an answer; BadSource where it is none."""
    if answer.kind not in JSON_KINDS:
        raise BadSource(f"JSON was expected, and {answer.kind or 'nothing'} came")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise BadSource(N_("What came is no JSON")) from None
