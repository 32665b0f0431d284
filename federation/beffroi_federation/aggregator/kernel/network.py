# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reaching a town: the protocol's own client, with this aggregator's name and allow-list."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from beffroi_federation.aggregator.config import AggregatorSettings
from beffroi_federation.client import HttpFetcher, Timeouts
from beffroi_federation.feed_client import FeedClient

Connect = Callable[[str], AbstractContextManager[FeedClient]]
"""Opens the feed under a prefix; raises ProtocolError for an address that may not be opened."""


def connector(settings: AggregatorSettings, timeouts: Timeouts | None = None) -> Connect:
    """Return how this aggregator reaches towns: https, or an exact loopback address it lists."""
    contact = f"; {settings.contact}" if settings.contact else ""
    user_agent = f"Beffroi-agregateur/1 (+{settings.public_url}{contact})"

    @contextmanager
    def connect(prefix: str) -> Iterator[FeedClient]:
        with HttpFetcher(
            prefix,
            user_agent=user_agent,
            allowed_loopback=settings.demo_peers,
            timeouts=timeouts,
        ) as fetcher:
            yield FeedClient(fetcher)

    return connect
