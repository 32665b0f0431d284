# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the town holds of addresses: how many, since when, which ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from beffroi.kernel import driver
from beffroi.kernel.db import db
from beffroi.places.models import PlaceFile

Held = tuple[str, int, str, float, float]
"""Street, number, suffix, latitude and longitude."""
_BLOCK = 400


@dataclass(frozen=True, slots=True)
class Standing:
    """How many addresses are held, of which communes, and when the oldest set of them was read."""

    addresses: int
    communes: frozenset[str]
    read_at: datetime | None


def standing() -> Standing:
    """Return what the town holds."""
    rows = db.session.execute(select(PlaceFile.commune, PlaceFile.addresses, PlaceFile.read_at))
    kept = rows.all()
    return Standing(
        sum(row.addresses for row in kept),
        frozenset(row.commune for row in kept),
        min((row.read_at for row in kept), default=None),
    )


def are_held() -> bool:
    """Say whether there is any address."""
    return bool(driver.read("SELECT 1 FROM place_file LIMIT 1"))


def digest(commune: str) -> str | None:
    """Return what tells the set of a commune from others, or None where there is none."""
    return db.session.scalar(select(PlaceFile.digest).where(PlaceFile.commune == commune))


def last_street() -> int:
    """Return the greatest number of a street."""
    return int(driver.rows("SELECT coalesce(max(id), 0) FROM place_street")[0][0])


def held(commune: str) -> set[Held]:
    """Return every address of a commune; a street without numbers once, with number 0."""
    numbered = driver.rows(
        "SELECT s.code, n.number, n.suffix, n.latitude, n.longitude FROM place_street s"
        " JOIN place_number n ON n.street_id = s.id WHERE s.commune = ?",
        commune,
    )
    bare = driver.rows(
        "SELECT code, 0, '', latitude, longitude FROM place_street"
        " WHERE commune = ? AND numbers = 0",
        commune,
    )
    return {(row[0], row[1], row[2], row[3], row[4]) for row in (*numbered, *bare)}


def spelt(words: Sequence[str]) -> set[str]:
    """Return those of some words whose forms are kept."""
    found: set[str] = set()
    for start in range(0, len(words), _BLOCK):
        block = words[start : start + _BLOCK]
        statement = "SELECT DISTINCT word FROM place_spelling WHERE word IN (?)"
        found |= {row[0] for row in driver.rows_of(statement, block)}
    return found
