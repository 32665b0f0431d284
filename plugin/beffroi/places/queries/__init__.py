# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which of the town's addresses some words mean. Nothing is asked of anybody, nothing is kept.

No statement reads all rows: words lead to streets by an index, mistyped ones by their forms
(`rules.spelling`), words that are not typed to their end by where they stand in the order.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from beffroi.kernel import driver
from beffroi.places.queries.held import are_held, standing
from beffroi.places.rules import (
    CROSSING,
    MOST,
    NUMBER,
    STREET,
    Found,
    Place,
    Point,
    crossing,
    label_of,
    number_of,
)
from beffroi.places.rules import matching as fitting
from beffroi.places.rules.spelling import forms, likeness
from beffroi.places.rules.words import SUFFIXES, WAYS, corner, is_suffix, tokens

__all__ = ["are_held", "find", "place", "standing"]

MOST_STREETS = 150
"""Streets that are compared for one question: those that have most of its words."""
MOST_ROWS = 1_500
"""Streets of the chosen words, before it is looked which have most of them."""
MOST_BEGUN = 30
"""Words that a beginning may be that of."""
MOST_MISTYPED = 8
"""Words of one question that may be mistyped."""
MOST_CROSSED = 3
"""Streets of each name that may cross."""
MOST_POINTS = 1_000
"""Numbers of a street that are looked at for a crossing."""
SHORTEST_BEGINNING = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A street as it is kept."""

    id: int
    code: str
    commune: str
    name: str
    folded: str
    town: str
    postcode: str
    older: str
    also: str
    latitude: float
    longitude: float
    reach: int
    numbers: int

    def street(self) -> fitting.Street:
        """Return it as it is compared with words."""
        beside = _beside(self.town, self.also, self.postcode)
        return fitting.Street(self.id, tuple(self.folded.split()), beside, self.numbers)


@lru_cache(maxsize=4096)
def _beside(town: str, also: str, postcode: str) -> frozenset[str]:
    return frozenset((*tokens(town), *tokens(also), postcode))


_STREETS = (
    "SELECT s.id, s.code, s.commune, s.name, s.folded, s.town, s.postcode, s.older, s.also,"
    " s.latitude, s.longitude, s.reach, s.numbers FROM place_street s"
)


# ---- finding ------------------------------------------------------------------------------------


def find(said: str, *, commune: str = "", typing: bool = False, most: int = MOST) -> Found:
    """Return what some words may mean, the likeliest first.

    `commune` leaves those of other communes out; with `typing` the last word may not be at its end.
    """
    parts = corner(said)
    if parts is not None:
        crossings = _crossings(*parts, commune=commune)
        if crossings:
            return Found(crossings[:most], len(crossings) > most)
    matches, rows, more = _streets(said, commune, typing, most)
    return Found(_places(matches, rows), more)


def _streets(
    said: str, commune: str, typing: bool, most: int
) -> tuple[list[fitting.Match], Mapping[int, Row], bool]:
    asked, counts = _asked(said, typing)
    rows = {row.id: row for row in _candidates(asked, counts, said, commune)}
    streets = [row.street() for row in rows.values()]
    beside = frozenset().union(*(street.beside for street in streets))
    matched = [m for street in streets if (m := fitting.match(asked, street, beside)) is not None]
    matches, more = fitting.best(matched, most)
    return matches, rows, more


def _asked(said: str, typing: bool) -> tuple[fitting.Asked, dict[str, int]]:
    """Return words with what each may mean, and how many streets have each of those.

    That is the word itself, what it begins, or what it is mistyped for.
    """
    asked = fitting.Asked.of(said)
    told = list(dict.fromkeys(asked.words))
    counts = {row[0]: int(row[1]) for row in _of(_COUNTED, [w for w in told if w not in WAYS])}
    alike: dict[str, dict[str, float]] = {
        word: {word: 1.0} if word in WAYS or word in counts else {}
        for word in told
        if len(word) > 1 and not word.isdecimal()
    }
    last = asked.words[-1] if typing and asked.words and said[-1:].isalnum() else ""
    if last in alike and len(last) >= SHORTEST_BEGINNING:
        begun = _begun(last)
        counts |= begun
        alike[last] = {**dict.fromkeys(begun, 0.95), **alike[last]}
    for word, likely in _mistyped([w for w in alike if not alike[w]], counts).items():
        alike[word] = likely
    return fitting.Asked(asked.words, alike), counts


_COUNTED = "SELECT word, count(*) FROM place_word WHERE word IN (?) GROUP BY word"


def _begun(beginning: str) -> dict[str, int]:
    """Return the words that begin so, those of most streets first, each with how many."""
    after = beginning[:-1] + chr(ord(beginning[-1]) + 1)
    found = driver.read(
        "SELECT word, count(*) FROM place_word WHERE word >= ? AND word < ?"
        " GROUP BY word ORDER BY count(*) DESC, word LIMIT ?",
        beginning, after, MOST_BEGUN,
    )  # fmt: skip
    return {row[0]: int(row[1]) for row in found}


def _mistyped(words: Sequence[str], counts: dict[str, int]) -> dict[str, dict[str, float]]:
    """Return the known words that unknown ones are spelt almost like; add to `counts`."""
    of: dict[str, list[str]] = defaultdict(list)
    for word in words[:MOST_MISTYPED]:
        for form in forms(word):
            of[form].append(word)
    found: dict[str, dict[str, float]] = {}
    statement = (
        "SELECT s.form, s.word, (SELECT count(*) FROM place_word w WHERE w.word = s.word)"
        " FROM place_spelling s WHERE s.form IN (?)"
    )
    for form, known, streets in _of(statement, list(of)):
        for word in of[form]:
            if (near := likeness(word, known)) > 0:
                found.setdefault(word, {})[known] = near
                counts[known] = int(streets)
    return found


def _candidates(
    asked: fitting.Asked, counts: Mapping[str, int], said: str, commune: str
) -> list[Row]:
    """Return the streets that have most of the rarest words that are meant.

    By its whole name where it has none but the kinds of streets, as Grande Rue or La Place.
    """
    also = (commune,) if commune else ()
    sought = asked.sought()
    if not sought:
        whole = " ".join(tokens(said))
        statement = (
            f"{_STREETS} WHERE s.folded = ?{' AND s.commune = ?' if commune else ''} LIMIT ?"
        )
        return [Row(*row) for row in driver.read(statement, whole, *also, MOST_STREETS)]
    words = {w for one in sought for w in asked.alike.get(one, {one: 1.0}) if w in counts}
    chosen: list[str] = []
    room = MOST_ROWS
    for word in sorted(words, key=lambda one: (counts[one], one)):
        if chosen and counts[word] > room:
            break
        chosen.append(word)
        room -= counts[word]
    return [Row(*row) for row in _of(_HAVE_MOST_HERE if commune else _HAVE_MOST, chosen, *also)]


_HAVE_MOST = (
    f"{_STREETS} JOIN (SELECT street_id FROM place_word WHERE word IN (?)"  # noqa: S608  our own
    " GROUP BY street_id"
    f" ORDER BY count(*) DESC, street_id LIMIT {MOST_STREETS}) w ON w.street_id = s.id"
)
_HAVE_MOST_HERE = _HAVE_MOST.replace(
    "GROUP", "AND street_id IN (SELECT id FROM place_street WHERE commune = ?) GROUP"
)


def _of(statement: str, keys: Sequence[object], *more: object) -> Sequence[Any]:
    """Return every row that a statement finds for some keys, which stand in it as `IN (?)`.

    The last key is said again until there are 4, 8, 16 or so of them: so statements are few, and
    PostgreSQL has planned them already.
    """
    if not keys:
        return []
    wanted = max(4, 1 << (len(keys) - 1).bit_length())
    marks = f"IN ({', '.join('?' * wanted)})"
    padded = [*keys, *[keys[-1]] * (wanted - len(keys))]
    return driver.read(statement.replace("IN (?)", marks), *padded, *more)


def _places(matches: Sequence[fitting.Match], rows: Mapping[int, Row]) -> list[Place]:
    """Return what was found as places: the number where the street has it, else the street."""
    wanted = {m.street.id: m for m in matches if m.number}
    numbers = _numbers(wanted)
    twins = _twins([rows[m.street.id] for m in matches])
    found = [
        _place(rows[m.street.id], m, numbers.get(m.street.id, []), rows[m.street.id].id in twins)
        for m in matches
    ]
    # A street that has the number comes before one that is called as well and has not.
    return sorted(found, key=lambda one: -round(one.score - (0.1 if one.missing else 0.0), 2))


_Number = tuple[str, float, float]


def _numbers(wanted: Mapping[int, fitting.Match]) -> dict[int, list[_Number]]:
    """Return the addresses of some streets with the number that is meant, by street."""
    found: dict[int, list[_Number]] = defaultdict(list)
    by_number: dict[int, list[int]] = defaultdict(list)
    for street, matched in wanted.items():
        by_number[matched.number].append(street)
    statement = (
        "SELECT street_id, suffix, latitude, longitude FROM place_number"
        " WHERE street_id IN (?) AND number = ?"
    )
    for number, streets in by_number.items():
        for street, *rest in _of(statement, streets, number):
            found[street].append((rest[0], rest[1], rest[2]))
    return found


def _twins(rows: Iterable[Row]) -> set[int]:
    """Return the streets whose label another one has as well: they are told apart by an older
    commune's name."""
    by_label: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_label[label_of(row.name, row.postcode, row.town)].append(row.id)
    return {one for of in by_label.values() if len(of) > 1 for one in of}


def _place(row: Row, matched: fitting.Match, numbers: Sequence[_Number], twin: bool) -> Place:
    older = row.older if twin else ""
    at = _the_number(numbers, matched.suffix)
    if at is None:
        missing = number_of(matched.number, matched.suffix) if matched.number else ""
        label = label_of(row.name, row.postcode, row.town, older=older)
        return Place(
            row.code, STREET, label, row.commune, row.latitude, row.longitude, row.reach,
            missing if row.numbers else "", matched.score,
        )  # fmt: skip
    suffix, latitude, longitude = at
    said = number_of(matched.number, suffix)
    missing = ""
    if is_suffix(matched.suffix) and suffix not in (matched.suffix, SUFFIXES.get(matched.suffix)):
        missing = number_of(matched.number, matched.suffix)
    return Place(
        _code(row.code, matched.number, suffix), NUMBER,
        label_of(row.name, row.postcode, row.town, said, older),
        row.commune, latitude, longitude, 0, missing, matched.score,
    )  # fmt: skip


def _the_number(numbers: Sequence[_Number], suffix: str) -> _Number | None:
    """Return the address with a suffix, or with its other spelling, or without any."""
    by = {one[0]: one for one in numbers}
    return by.get(suffix) or by.get(SUFFIXES.get(suffix, "")) or by.get("")


def _code(street: str, number: int, suffix: str) -> str:
    return "_".join(part for part in (street, f"{number:05d}", suffix) if part)


# ---- crossings ----------------------------------------------------------------------------------


def _crossings(one: str, other: str, *, commune: str) -> list[Place]:
    """Return where streets of two names cross, the likeliest first."""
    firsts, rows, _ = _streets(one, commune, False, MOST)
    seconds, others, _ = _streets(other, commune, False, MOST)
    found = []
    for first in firsts[:MOST_CROSSED]:
        for second in seconds[:MOST_CROSSED]:
            a, b = rows[first.street.id], others[second.street.id]
            if a.id != b.id and a.commune == b.commune:
                place = _crossing(a, b, min(first.score, second.score))
                found += [place] if place else []
    return sorted(found, key=lambda place: -place.score)


def _crossing(a: Row, b: Row, score: float) -> Place | None:
    at = crossing(_points(a.id), _points(b.id))
    if at is None:
        return None
    (latitude, longitude), reach = at
    label = label_of(f"{a.name} / {b.name}", a.postcode, a.town)
    code = f"{a.code}+{b.code}"
    return Place(code, CROSSING, label, a.commune, latitude, longitude, reach, score=score)


def _points(street: int) -> list[Point]:
    statement = (
        "SELECT latitude, longitude FROM place_number WHERE street_id = ? ORDER BY number LIMIT ?"
    )
    return [(row[0], row[1]) for row in driver.read(statement, street, MOST_POINTS)]


# ---- what was chosen ----------------------------------------------------------------------------


_CODE = re.compile(r"[0-9A-Za-z_+]{1,60}", re.ASCII)


def place(code: str) -> Place | None:
    """Return the place that a code stands for, or None where the town has no such place (now)."""
    if not _CODE.fullmatch(code):
        return None
    if "+" in code:
        first, _, second = code.partition("+")
        a, b = _row(first), _row(second)
        return _crossing(a, b, 1.0) if a and b else None
    street, number, suffix = _parted(code)
    row = _row(street)
    if row is None:
        return None
    if not number:
        return _place(row, fitting.Match(row.street(), 1.0), [], _has_twin(row))
    matched = fitting.Match(row.street(), 1.0, number, suffix)
    found = _place(row, matched, _numbers({row.id: matched}).get(row.id, []), _has_twin(row))
    return found if found.kind == NUMBER and not found.missing else None


def _row(code: str) -> Row | None:
    rows = driver.read(f"{_STREETS} WHERE s.code = ?", code[:24])
    return Row(*rows[0]) if rows else None


def _has_twin(row: Row) -> bool:
    return bool(row.older) and bool(
        driver.read(
            "SELECT 1 FROM place_street WHERE name = ? AND commune = ? AND code <> ? LIMIT 1",
            row.name, row.commune, row.code,
        )
    )  # fmt: skip


def _parted(code: str) -> tuple[str, int, str]:
    """Return the street, the number (0: none) and the suffix that a code is made of."""
    parts = code.split("_")
    street = "_".join(parts[:2])
    number = parts[2] if len(parts) > 2 else ""
    if not number.isdecimal() or len(number) > 5:
        return (street, 0, "") if len(parts) == 2 else ("", 0, "")
    return street, int(number), "_".join(parts[3:])
