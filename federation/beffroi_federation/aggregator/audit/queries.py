# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the audit: in which state each town is, and on which signed states figures stand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from beffroi_federation.aggregator.intake import queries as intake
from beffroi_federation.aggregator.kernel.db import rows_of
from beffroi_federation.aggregator.national.models import Item
from beffroi_federation.aggregator.towns.models import TownEvent
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.towns.rules import FAULTS
from beffroi_federation.aggregator.witness import queries as witness


@dataclass(frozen=True, slots=True)
class Audited:
    """What is known of one town's honesty.

    `versions` were published and `withdrawn` are those that the town withdrew since; `faults` are
    events of the audit page, `evidence` of them come with a file, the newest of which is `latest`.
    `cosigned` is the size that we cosigned last.
    """

    row: TownRow
    size: int
    verified_at: datetime | None
    refusals: int
    misses: int
    absent: int
    cosigned: int | None
    versions: int
    withdrawn: int
    faults: int
    evidence: int
    latest: int | None

    @property
    def rate(self) -> float | None:
        """Return the withdrawn versions in a hundred; None where nothing was published."""
        return round(self.withdrawn * 100 / self.versions, 1) if self.versions else None


def audited(rows: Sequence[TownRow]) -> list[Audited]:
    """Return what is known of towns, in the same order."""
    logs = [row.log_id for row in rows]
    fresh, seen = intake.freshness(logs), witness.standings(logs)
    told, versions = _events([row.id for row in rows]), _versions(logs)
    found = []
    for row in rows:
        known, stands = fresh.get(row.log_id), seen.get(row.log_id)
        faults, evidence, latest = told.get(row.id, (0, 0, None))
        published, withdrawn = versions.get(row.log_id, (0, 0))
        found.append(
            Audited(
                row=row,
                size=known.size if known else 0,
                verified_at=known.verified_at if known else None,
                refusals=known.refusals if known else 0,
                misses=known.misses if known else 0,
                absent=known.absent if known else 0,
                cosigned=stands.size if stands and stands.cosignature else None,
                versions=published,
                withdrawn=withdrawn,
                faults=faults,
                evidence=evidence,
                latest=latest,
            )
        )
    return found


def _events(town_ids: Collection[int]) -> dict[int, tuple[int, int, int | None]]:
    """Return, by town, how many faults were told, with how many files, and the newest with one."""
    kept = TownEvent.evidence.is_not(None)
    query = (
        select(
            TownEvent.town_id,
            func.count(),
            func.count(TownEvent.evidence),
            func.max(TownEvent.id).filter(kept),
        )
        .where(TownEvent.town_id.in_(town_ids), TownEvent.step.in_(sorted(FAULTS)))
        .group_by(TownEvent.town_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows_of(query)}


def _versions(log_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return, by log, how many versions were published and how many of them withdrawn."""
    query = (
        select(Item.log_id, func.count(), func.count(Item.withdrawn))
        .where(Item.log_id.in_(log_ids))
        .group_by(Item.log_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows_of(query)}


@dataclass(frozen=True, slots=True)
class Stated:
    """The signed state of a town's log that was accepted last, and its place in our own log."""

    row: TownRow
    size: int
    root: str
    note: str
    verified_at: datetime | None


def stated(rows: Sequence[TownRow]) -> list[Stated]:
    """Return the signed states of those of these towns that have one, in the same order."""
    fresh = intake.freshness([row.log_id for row in rows])
    found = []
    for row in rows:
        known = fresh.get(row.log_id)
        if known is None or known.note is None:
            continue
        note = known.note.decode("utf-8", "replace")
        lines = note.split("\n", 3)
        root = lines[2] if len(lines) > 3 else ""
        found.append(Stated(row, known.size, root, note, known.verified_at))
    return found
