# SPDX-License-Identifier: AGPL-3.0-or-later
"""Putting a commune's addresses in the place of its older ones. Nothing here commits."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import delete, select

from beffroi.kernel import bulk, driver
from beffroi.kernel.db import db
from beffroi.places.models import PlaceFile, PlaceNumber, PlaceSpelling, PlaceStreet, PlaceWord
from beffroi.places.queries import held
from beffroi.places.rules import Address, middle_of
from beffroi.places.rules.spelling import forms
from beffroi.places.rules.words import tokens

RULES = 1
"""Counts up when words are cut or spelt otherwise, so that the same file is taken in anew."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a set of addresses changed: how many came, stayed as they were, and went."""

    added: int
    known: int
    gone: int


def compare(commune: str, addresses: Sequence[Address]) -> Replaced:
    """Return what it would change to put addresses in the place of a commune's older ones."""
    before, after = held.held(commune), {_held(one) for one in addresses}
    return Replaced(len(after - before), len(after & before), len(before - after))


def _held(one: Address) -> held.Held:
    return one.street, one.number, one.suffix, one.latitude, one.longitude


def replace(commune: str, addresses: Sequence[Address], *, now: datetime) -> Replaced:
    """Put addresses in the place of a commune's older ones; a set that is the same stays.

    No two of them have the same street and number.
    """
    streets = [list(of) for _, of in groupby(sorted(addresses, key=_order), lambda a: a.street)]
    digest = _digest(streets)
    known = held.digest(commune)
    if known == digest:
        db.session.execute(
            PlaceFile.__table__.update()  # type: ignore[attr-defined]
            .where(PlaceFile.commune == commune)
            .values(read_at=now)
        )
        return Replaced(0, len(addresses), 0)
    change = compare(commune, addresses)
    _forget(commune)
    _keep(streets)
    db.session.add(
        PlaceFile(
            commune=commune,
            addresses=len(addresses),
            streets=len(streets),
            digest=digest,
            read_at=now,
        )
    )
    db.session.flush()
    return change


def _order(one: Address) -> tuple[str, int, str]:
    return one.street, one.number, one.suffix


def _digest(streets: Sequence[Sequence[Address]]) -> str:
    """Return what tells two sets apart."""
    found = hashlib.sha256(f"rules {RULES}".encode())
    for street in streets:
        for one in street:
            row = (*_held(one), one.name, one.postcode, one.town, one.also)
            found.update(json.dumps(row).encode())
    return found.hexdigest()


def forget_all_but(communes: Sequence[str]) -> None:
    """Delete the addresses of every other commune."""
    for known in db.session.scalars(select(PlaceFile.commune)).all():
        if known not in communes:
            _forget(known)


def _forget(commune: str) -> None:
    mine = "IN (SELECT id FROM place_street WHERE commune = ?)"
    for table in ("place_number", "place_word"):
        driver.execute(f"DELETE FROM {table} WHERE street_id {mine}", commune)  # noqa: S608  our own names
    driver.execute("DELETE FROM place_street WHERE commune = ?", commune)
    db.session.execute(delete(PlaceFile).where(PlaceFile.commune == commune))


def _keep(streets: Sequence[Sequence[Address]]) -> None:
    """Insert streets with their numbers and words."""
    first = held.last_street() + 1
    numbered = list(enumerate(streets, first))
    bulk.insert(PlaceStreet, [_street(key, of) for key, of in numbered])
    bulk.insert(
        PlaceNumber,
        [
            {
                "street_id": key,
                "number": one.number,
                "suffix": one.suffix,
                "latitude": one.latitude,
                "longitude": one.longitude,
            }
            for key, of in numbered
            for one in of
            if one.number
        ],
    )
    named = [(word, key) for key, of in numbered for word in dict.fromkeys(tokens(of[0].name))]
    bulk.insert(PlaceWord, [{"word": word, "street_id": key} for word, key in named])
    _spell(sorted({word for word, _ in named}))


def _street(key: int, of: Sequence[Address]) -> dict[str, object]:
    """Return the row of a street, from its addresses."""
    one = of[0]
    (latitude, longitude), reach = middle_of([(a.latitude, a.longitude) for a in of])
    also = dict.fromkeys(name for address in of for name in address.also if name)
    return {
        "id": key,
        "code": one.street,
        "commune": one.commune,
        "name": one.name,
        "folded": " ".join(tokens(one.name))[:250],
        "town": one.town,
        "postcode": _commonest(address.postcode for address in of),
        "older": one.also[0] if one.also else "",
        "also": " · ".join(also)[:400],
        "latitude": latitude,
        "longitude": longitude,
        "reach": reach,
        "numbers": sum(address.number > 0 for address in of),
    }


def _commonest(postcodes: Iterable[str]) -> str:
    return Counter(postcodes).most_common(1)[0][0]


def _spell(words: Sequence[str]) -> None:
    """Keep how new words may be mistyped, and forget that of words which no street has now."""
    known = held.spelt(words)
    rows = [{"form": f, "word": w} for w in words if w not in known for f in sorted(forms(w))]
    bulk.insert(PlaceSpelling, rows)
    driver.execute(
        "DELETE FROM place_spelling WHERE NOT EXISTS"
        " (SELECT 1 FROM place_word w WHERE w.word = place_spelling.word)"
    )
