# SPDX-License-Identifier: AGPL-3.0-or-later
"""Speaking to a fake Decidim without waiting, and bringing what it holds into a town."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from beffroi.bridges import queries, service
from beffroi.bridges.adapters.bringing import Report, prepare, read
from beffroi.bridges.adapters.decidim_graphql import DecidimGraphql
from beffroi.bridges.adapters.reading import LIMITS
from beffroi.bridges.adapters.talking import Talk, Time
from beffroi.bridges.rules import ExternalItem, SourceInfo
from beffroi.bridges.rules.pace import Pace
from beffroi.bridges.service import taking
from beffroi.bridges.service.taking import At
from beffroi_web.fetching import Fetching, Limits
from support.decidim import Decidim
from support.town import Town


@dataclass(slots=True)
class Patience:
    """A clock that goes on when somebody sleeps, and keeps how long each sleep was."""

    now: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)

    def seconds(self) -> float:
        """Return the moment; each look takes a moment of its own."""
        self.now += 0.001
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.slept.append(seconds)
        self.now += seconds

    @property
    def time(self) -> Time:
        """The clock as a conversation takes it."""
        return Time(self.seconds, self.sleep, lambda: self.now)


def talk(url: str, patience: Patience | None = None, limits: Limits = LIMITS, **more: Any) -> Talk:
    """Return a conversation with a site on loopback, with a pace of its own."""
    by = Fetching(user_agent="tests", allowed_loopback=frozenset({url}), limits=limits)
    return Talk(by, (patience or Patience()).time, pace=Pace(), **more)


def reader(site: Decidim, patience: Patience | None = None, **more: Any) -> DecidimGraphql:
    """Return what reads a site's component; it has been probed."""
    made = DecidimGraphql(site.address, talk(site.url, patience), **more)
    made.probe()
    return made


@dataclass(slots=True)
class Bridge:
    """A source of a town that reads a fake Decidim."""

    town: Town
    site: Decidim
    id: int

    def read(self, *, whole: bool = True, all_gone: bool = False) -> Report:
        """Read the source, all of it unless said otherwise."""
        with self.town.app.test_request_context():
            source = queries.source(self.id)
            assert source is not None
            by = DecidimGraphql(
                self.site.address, talk(self.site.url), optional=source.optional, space=source.space
            )
            report = read(
                source, self.town.settings, now=self.town.now, whole=whole, by=by,
                all_gone=all_gone,
            )  # fmt: skip
        assert report.fault == "", report.fault
        return report

    def ref(self, number: str) -> str:
        """Return the reference of the case of a proposal."""
        found = self.town.one(
            'SELECT c.ref FROM "case" c JOIN bridged_item i ON i.case_id = c.id'
            " WHERE i.external_id = :number",
            number=number,
        )
        return str(found)


def bridge(town: Town, site: Decidim, mode: str = "requests") -> Bridge:
    """Connect a fake Decidim to a town."""
    with town.change():
        made = service.add(
            "decidim-graphql", site.address, name="Decidim de la ville", mode=mode, lang="fr",
            loopback=frozenset({site.url}), now=town.now,
        )  # fmt: skip
    return Bridge(town, site, made)


def brought(town: Town, mode: str, *items: ExternalItem, now: datetime | None = None) -> int:
    """Bring items into a town as a reading does, from a site that nobody asks; return its id."""
    now = now or town.now
    with town.change():
        made = service.add(
            "decidim-graphql", f"https://decidim.ville.example/processes/budget/f/{len(mode)}",
            name="Decidim de la ville", mode=mode, lang="fr", loopback=frozenset(), now=now,
        )  # fmt: skip
        service.probed(made, SourceInfo("Propositions", optional=("url", "withdrawn")))
        service.begin(made, now=now + timedelta(days=3650))  # no worker asks it meanwhile
        taking.take(made, [prepare(one, "fr", now) for one in items], At(now, now.date()))
        service.ended(made, now=now, swept=True, requests=8)
    return made
