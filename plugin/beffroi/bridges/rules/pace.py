# SPDX-License-Identifier: AGPL-3.0-or-later
"""How fast a site is asked, and how long one waits for it: plain Python, the moment an argument."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

PER_MINUTE = 60
"""Decidim answers 100 requests a minute and address, page views from the same one included."""
FIRST_WAIT = 2.0
LONGEST_WAIT = 60.0
MOST_TRIES = 4


@dataclass(slots=True)
class Pace:
    """Lets at most `most` requests through in any 60 seconds."""

    most: int = PER_MINUTE
    times: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        """Return how many seconds the next request has to wait."""
        while self.times and self.times[0] <= now - 60.0:
            self.times.popleft()
        return 0.0 if len(self.times) < self.most else max(self.times[0] + 60.0 - now, 0.001)

    def take(self, now: float) -> None:
        """Count a request."""
        self.times.append(now)


def wait_after(tries: int, retry_after: str, now: Callable[[], float]) -> float:
    """Return how long to wait after the n-th failed try: what was asked for, else doubling.

    `retry_after` is the header (seconds, or a date as RFC 9110 10.2.3 has it).
    """
    asked = FIRST_WAIT * float(2 ** (max(tries, 1) - 1))
    if retry_after.strip().isdigit():
        asked = float(retry_after.strip())
    elif retry_after.strip():
        try:
            asked = max(0.0, parsedate_to_datetime(retry_after).timestamp() - now())
        except (ValueError, TypeError, OverflowError):
            pass
    return min(asked, LONGEST_WAIT)
