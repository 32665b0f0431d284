# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reaching a town: the protocol's own client, with this aggregator's name and allow-list."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from beffroi_federation.aggregator.config import AggregatorSettings
from beffroi_federation.client import HttpFetcher, Timeouts
from beffroi_federation.feed_client import FeedClient

Connect = Callable[[str], AbstractContextManager[FeedClient]]
"""Opens the feed under a prefix; raises ProtocolError for an address that may not be opened."""


@dataclass(frozen=True, slots=True)
class Connector:
    """How this aggregator reaches towns; called with a prefix it opens one feed (`Connect`).

    The national pull takes the members and reaches many towns at once.
    """

    user_agent: str
    allowed_loopback: frozenset[str] = frozenset()
    timeouts: Timeouts = field(default_factory=Timeouts)

    @contextmanager
    def _open(self, prefix: str) -> Iterator[FeedClient]:
        with HttpFetcher(
            prefix,
            user_agent=self.user_agent,
            allowed_loopback=self.allowed_loopback,
            timeouts=self.timeouts,
        ) as fetcher:
            yield FeedClient(fetcher)

    def __call__(self, prefix: str) -> AbstractContextManager[FeedClient]:
        """Open the feed under a prefix."""
        return self._open(prefix)


def connector(settings: AggregatorSettings, timeouts: Timeouts | None = None) -> Connector:
    """Return how this aggregator reaches towns: https, or an exact loopback address it lists."""
    contact = f"; {settings.contact}" if settings.contact else ""
    user_agent = f"Beffroi-agregateur/1 (+{settings.public_url}{contact})"
    return Connector(user_agent, settings.demo_peers, timeouts or Timeouts())
