# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes the adapter of a source by its kind, within the addresses that this town may ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from beffroi.bridges.adapters.consul import ConsulGraphql
from beffroi.bridges.adapters.decidim_graphql import DecidimGraphql
from beffroi.bridges.adapters.listed import Atom, DecidimCsv, Listed, Table
from beffroi.bridges.adapters.talking import SECONDS, Talk, Time
from beffroi.bridges.rules import ContentSource
from beffroi.config import Settings
from beffroi_web.fetching import Fetching, Limits

LIMITS = Limits(size=32 * 1024 * 1024, seconds=30.0)
TRIAL_SECONDS = 20.0
"""Somebody waits for what a trial finds."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What an adapter has to know of a source."""

    kind: str
    address: str
    lang: str
    component: str = ""
    optional: tuple[str, ...] | None = None
    space: str = ""
    credentials: tuple[str, str] | None = None


def loopback(settings: Settings) -> frozenset[str]:
    """Return the addresses of this machine that may be asked: where the town itself is on it."""
    local = settings.public_url.startswith("http://127.0.0.1:")
    return frozenset(settings.bridge_loopback) if local else frozenset()


def opened(what: Opening, settings: Settings, *, trial: bool = False) -> ContentSource:
    """Return the adapter of a source; raises BadSource for an address that cannot be one."""
    by = Fetching(
        user_agent=f"Beffroi (+{settings.public_url})",
        allowed_loopback=loopback(settings),
        limits=LIMITS,
    )
    talk = Talk(by, Time(), TRIAL_SECONDS if trial else SECONDS)
    return adapter(what, talk)


_LISTED: Mapping[str, Callable[..., Listed]] = {
    "decidim-csv": DecidimCsv,
    "csv": Table,
    "atom": Atom,
}


def adapter(what: Opening, talk: Talk) -> ContentSource:
    """Return the adapter of a source over a conversation."""
    if what.kind == "decidim-graphql":
        return DecidimGraphql(
            what.address,
            talk,
            optional=what.optional,
            space=what.space,
            credentials=what.credentials,
        )
    if what.kind == "consul-graphql":
        return ConsulGraphql(what.address, talk, lang=what.lang)
    return _LISTED[what.kind](what.address, talk, lang=what.lang, component=what.component)
