# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be got out of it: everything that tells a figure about cases that nobody lists.

Six ways, each a function from `Published` to findings:

- `solved`: sums, differences and ranges over areas, categories and time, the lists included;
- `published_twice`: two versions of one cell, whose difference is a late report;
- `absent`: a cell that is there only where there was something to count;
- `gaps`: references that were given and are not to be seen;
- `steps`: whole numbers in cursors that count something else too;
- `fine`: a shown figure that is smaller than any threshold allows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from beffroi_privacy.attack import Atom, Figure, recover
from beffroi_privacy.attack.published import ALL, Listed, Published, Told
from beffroi_privacy.periods import period_begin, period_end

LEAST = 5
"""The smallest figure that any rule lets out."""
Of = Literal["count", "closed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the public tells about what is not public: how, and in a sentence what."""

    way: str
    words: str


def findings(published: Published) -> list[Finding]:
    """Return everything that was found; nothing is the answer to hope for."""
    found: list[Finding] = []
    for way in (solved, published_twice, absent, gaps, steps, fine):
        found += way(published)
    return found


# ---- equations ----------------------------------------------------------------------------------


def solved(published: Published) -> Iterator[Finding]:
    """Yield the cells that no figure shows and that follow from the others."""
    for of in ("count", "closed"):
        listed = {(c.family, c.category) for c in published.listed}
        shown = {t.key for t in published.told if _value(t, of) is not None}
        for atom, value in _recovered(published, of):
            (family, area), category, (begins, ends) = _parts(atom)
            if (family, category) in listed:
                continue  # everyone can count these one by one
            if any(_is_told(key, family, category, area, begins, ends) for key in shown):
                continue
            span = f"from {begins} to {ends} (not included)"
            yield Finding(
                "solved", f"{of} of {family} {category} in {area or 'all areas'} {span} is {value}"
            )


def _is_told(
    key: tuple[str, str, str, str], family: str, category: str, area: str, begins: str, ends: str
) -> bool:
    """Say whether a shown cell is about exactly this."""
    span = (period_begin(key[3]).isoformat(), period_end(key[3]).isoformat())
    return key[:3] == (family, category, area) and span == (begins, ends)


def _recovered(published: Published, of: Of) -> list[tuple[Atom, int]]:
    told = [t for t in published.told if _value(t, of) is not None]
    space = _Space(published)
    rows = [space.figure(t, _value(t, of) or 0) for t in told]
    rows += space.counted(published.listed, of)
    return [(found.atom, found.value) for found in recover([rows])]


def _value(told: Told, of: Of) -> int | None:
    return told.count if of == "count" else told.closed


def _parts(atom: Atom) -> tuple[tuple[str, str], str, tuple[str, str]]:
    place, category, span = atom
    family, area = place.split("|")
    begins, ends = span.split("/")
    return (family, area), category, (begins, ends)


class _Space:
    """The finest counts there are: areas, categories, and the spans between all known ends."""

    def __init__(self, published: Published) -> None:
        told, listed = published.told, published.listed
        self._areas = sorted(({t.area for t in told} | {c.area for c in listed}) - ALL)
        self._categories: dict[str, set[str]] = defaultdict(set)
        for family, category in [
            *((t.family, t.category) for t in told),
            *((c.family, c.category) for c in listed),
        ]:
            if family not in ALL and category not in ALL:
                self._categories[family].add(category)
        known = set().union(*self._categories.values())
        for one in told:  # a table that does not say the family may name one that nothing else does
            if one.family in ALL and one.category not in ALL | known:
                self._categories[""].add(one.category)
        ends: set[date] = set()
        for one in told:
            ends |= {period_begin(one.period), period_end(one.period)}
        self._ends = sorted(ends)
        self._totals = any(_is_total(one) for one in told)

    def figure(self, told: Told, value: int) -> Figure:
        """Return a public number as the sum of the finest counts that it covers."""
        families = self._families(told)
        areas = self._areas if told.area in ALL else [told.area]
        atoms = {
            atom
            for family in families
            for category in (self._categories[family] if told.category in ALL else {told.category})
            for area in areas
            for atom in self._spans(family, area, category, told.period)
        }
        return Figure(frozenset(atoms), value)

    def _families(self, told: Told) -> list[str]:
        if told.family not in ALL:
            return [told.family]
        if told.category in ALL:
            return list(self._categories)
        return [f for f, categories in self._categories.items() if told.category in categories]

    def _spans(self, family: str, area: str, category: str, period: str) -> Iterator[Atom]:
        begin, end = period_begin(period), period_end(period)
        inside = [day for day in self._ends if begin <= day <= end]
        for first, last in pairwise(inside):
            yield f"{family}|{area}", category, f"{first.isoformat()}/{last.isoformat()}"

    def counted(self, listed: Iterable[Listed], of: Of) -> list[Figure]:
        """Return the counts that everybody makes of a list; none without a total to use them on."""
        if not self._totals or len(self._ends) < 2:
            return []
        counts: Counter[Atom] = Counter()
        for family, categories in self._listed_categories(listed).items():
            for category in categories:
                for area in self._areas:
                    for first, last in pairwise(self._ends):
                        span = f"{first.isoformat()}/{last.isoformat()}"
                        counts[f"{family}|{area}", category, span] = 0
        for case in listed:
            day = case.received_on if of == "count" else case.closed_on
            for first, last in pairwise(self._ends):
                if day is not None and first <= day < last and case.area in self._areas:
                    span = f"{first.isoformat()}/{last.isoformat()}"
                    counts[f"{case.family}|{case.area}", case.category, span] += 1
        return [Figure(frozenset({atom}), value) for atom, value in counts.items()]

    def _listed_categories(self, listed: Iterable[Listed]) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for case in listed:
            found[case.family].add(case.category)
        return found


def _is_total(told: Told) -> bool:
    return told.category in ALL or told.area in ALL or told.family in ALL


# ---- what is told by being there, or by being told twice ----------------------------------------


def published_twice(published: Published) -> Iterator[Finding]:
    """Yield the cells of which one source tells two versions."""
    versions: dict[tuple[str, tuple[str, str, str, str]], list[Told]] = defaultdict(list)
    for told in published.told:
        if not _is_total(told):
            versions[told.source, told.key].append(told)
    for (source, key), several in sorted(versions.items()):
        if len(several) > 1:
            numbers = [(t.count, t.closed) for t in several]
            yield Finding("published twice", f"{' '.join(key)} at {source}: {numbers}")


def absent(published: Published) -> Iterator[Finding]:
    """Yield the pairs of area and category that lack a period which others of their kind have."""
    periods: dict[tuple[str, str], dict[tuple[str, str], set[str]]] = defaultdict(dict)
    pairs: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for told in published.told:
        if _is_total(told):
            continue
        pairs[told.family].add((told.area, told.category))
        kind = (told.family, _grain(told.period))
        periods[kind].setdefault((told.area, told.category), set()).add(told.period)
    for family, seen in sorted(pairs.items()):
        areas, categories = {a for a, _ in seen}, {c for _, c in seen}
        for area in sorted(areas):
            for category in sorted(categories):
                if (area, category) not in seen:
                    yield Finding("absent", f"{family} {category} has no cell in {area}")
    for (family, grain), by_pair in sorted(periods.items()):
        yield from _uneven(family, grain, by_pair)


def _uneven(
    family: str, grain: str, by_pair: Mapping[tuple[str, str], set[str]]
) -> Iterator[Finding]:
    """Yield pairs of one grain whose cells are not those of the others, year by year."""
    years = {period[:4] for periods in by_pair.values() for period in periods}
    for year in sorted(years):
        here = {pair: {p for p in ps if p[:4] == year} for pair, ps in by_pair.items()}
        most = set().union(*here.values())
        for (area, category), periods in sorted(here.items()):
            if periods and periods != most:
                lacking = ", ".join(sorted(most - periods)[:3])
                yield Finding("absent", f"{family} {category} in {area} lacks {lacking} ({grain})")


def _grain(period: str) -> str:
    if len(period) == 4:
        return "year"
    return {"W": "week", "Q": "quarter"}.get(period[5], "month")


# ---- what counts along ---------------------------------------------------------------------------


def gaps(published: Published) -> Iterator[Finding]:
    """Yield the stretches of counted references of which nobody may see the case."""
    years: dict[str, set[int]] = defaultdict(set)
    for ref in published.references | published.gone:
        year, _, number = ref.partition("-")
        if number.isdecimal() and len(number) <= 7:
            years[year].add(int(number))
    days = {case.ref: case.received_on for case in published.listed}
    for year, numbers in sorted(years.items()):
        for before, after in pairwise(sorted({0, *numbers})):
            if after - before > 1:
                when = days.get(f"{year}-{after:04d}")
                until = f", by {when}" if when else ""
                yield Finding(
                    "gap",
                    f"{after - before - 1} cases between {year}-{before:04d} and"
                    f" {year}-{after:04d}{until} are not shown",
                )


def steps(published: Published) -> Iterator[Finding]:
    """Yield the lists in whose cursors a number grows by more than one from row to row."""
    for name, walk in sorted(published.walks.items()):
        for place in range(min(map(len, walk), default=0)):
            numbers = [values[place] for values in walk]
            apart = [abs(a - b) for a, b in pairwise(numbers)]
            steady = all(a < b for a, b in pairwise(numbers)) or all(
                a > b for a, b in pairwise(numbers)
            )
            if len(numbers) > 2 and steady and any(step > 1 for step in apart):
                hidden = sum(apart) - len(apart)
                yield Finding("cursor", f"the cursors of {name} count {hidden} more than it shows")


def fine(published: Published) -> Iterator[Finding]:
    """Yield shown figures about what is not listed that no threshold lets out."""
    listed = {(c.family, c.category) for c in published.listed}
    for told in published.told:
        for of in ("count", "closed"):
            value = _value(told, of)
            if value is not None and value < LEAST and (told.family, told.category) not in listed:
                yield Finding("small", f"{of} of {' '.join(told.key)} is {value} at {told.source}")
