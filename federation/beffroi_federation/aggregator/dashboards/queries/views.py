# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages show, put together from the registry, the intake and the national store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from beffroi_federation.aggregator.dashboards.rules.health import Health, Signs, health
from beffroi_federation.aggregator.intake import queries as intake
from beffroi_federation.aggregator.intake.queries import Freshness
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national.service import UNRELEASED_AFTER
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_web.metrics import Family, gauge


@dataclass(frozen=True, slots=True)
class TownView:
    """A town as pages show it; `unreleased` counts requests received over 30 days ago, untold."""

    row: TownRow
    fresh: Freshness | None
    health: Health
    unreleased: int

    @property
    def size(self) -> int:
        """Return the number of verified entries."""
        return 0 if self.fresh is None else self.fresh.size


def views(rows: Sequence[TownRow], now: datetime) -> list[TownView]:
    """Return towns with their freshness, in the same order."""
    fresh = intake.freshness([row.log_id for row in rows])
    unreleased = national.unreleased(now - UNRELEASED_AFTER, [row.log_id for row in rows])
    return [
        TownView(
            row,
            fresh.get(row.log_id),
            health(_signs(row, fresh.get(row.log_id)), now),
            unreleased.get(row.log_id, 0),
        )
        for row in rows
    ]


def _signs(row: TownRow, fresh: Freshness | None) -> Signs:
    if fresh is None:
        return Signs(row.state)
    return Signs(
        row.state,
        fresh.verified_at,
        fresh.changed_at,
        fresh.behind,
        fresh.refusals,
        fresh.misses,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the whole service stands: what `/readyz` and the home page tell.

    `verified` are approved towns whose whole log was verified at the last pull; `refused` those in
    quarantine, or refused at the last pull.
    """

    towns: int
    verified: int
    refused: int
    entries: int
    records: int
    last_verified: datetime | None
    unreleased: int = 0
    oldest_due: datetime | None = None

    @property
    def ready(self) -> bool:
        """Say whether every approved town was pulled and verified."""
        return self.verified == self.towns


def standing(now: datetime) -> Standing:
    """Return where the whole service stands."""
    rows = towns.all_towns("approved", "quarantined")
    fresh = intake.freshness()
    approved = [row for row in rows if row.state == "approved"]
    known = [fresh[row.log_id] for row in approved if row.log_id in fresh]
    return Standing(
        towns=len(approved),
        verified=sum(1 for one in known if one.verified_at and not one.behind and not one.refusals),
        refused=len(rows) - len(approved) + sum(1 for one in known if one.refusals),
        entries=sum(one.size for one in known),
        records=national.count_records(),
        last_verified=max((one.verified_at for one in known if one.verified_at), default=None),
        unreleased=national.unreleased_everywhere(now - UNRELEASED_AFTER),
        oldest_due=min((one.due_at for one in known if one.due_at), default=None),
    )


def figures(pulled: Mapping[tuple[str, ...], float], *, now: datetime) -> Iterator[Family]:
    """Give the figures of the nation but those of its answers; `pulled`: pulls by result."""
    stands = standing(now)
    yield Family(
        "beffroi_pulls_total",
        "counter",
        "Pulls of the worker by what they came to.",
        [({"result": result}, count) for (result,), count in pulled.items()],
    )
    yield Family(
        "beffroi_towns",
        "gauge",
        "Towns: approved, verified at the last pull, refused.",
        [
            ({"state": "approved"}, stands.towns),
            ({"state": "verified"}, stands.verified),
            ({"state": "refused"}, stands.refused),
        ],
    )
    late = stands.oldest_due
    age = 0.0 if late is None else max((now - late).total_seconds(), 0.0)
    yield gauge("beffroi_pull_oldest_due_seconds", "How late the latest pull is.", age)
    last = stands.last_verified
    seen = None if last is None else (now - last).total_seconds()
    yield gauge("beffroi_verified_age_seconds", "Since a town was last verified.", seen)
    yield gauge("beffroi_entries", "Verified entries of all logs.", stands.entries)
    yield gauge("beffroi_records", "Records that are shown.", stands.records)
    yield gauge(
        "beffroi_unreleased", "Requests received over 30 days ago, untold.", stands.unreleased
    )
