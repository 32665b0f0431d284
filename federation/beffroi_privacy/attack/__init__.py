# SPDX-License-Identifier: AGPL-3.0-or-later
"""An attack on published counts: everything public in, whatever can be computed back out.

It knows nothing of how cells were hidden. Each public figure is the sum of some atoms (one area,
one category, one period each); the attack solves the equations exactly and narrows ranges down,
knowing that counts are whole and not negative. Tests run it on what the rules let out; whoever
publishes another table beside can run it on both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

Atom = tuple[str, str, str]
"""Area, category and period of the finest count."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A public number: how many reports there were in all of these atoms together."""

    atoms: frozenset[Atom]
    value: int


@dataclass(frozen=True, slots=True)
class Recovered:
    """An atom that no figure shows and whose count follows from the figures."""

    atom: Atom
    value: int


def recover(public_tables: Sequence[Iterable[Figure]]) -> list[Recovered]:
    """Return the counts that follow from public tables without standing in any of them.

    An atom that is shown alone in a figure is known and not listed. Exact over the rationals, then
    by ranges; what it does not find may still be findable by a heavier solver, what it finds is so.
    """
    figures = {figure for table in public_tables for figure in table}
    shown = {next(iter(f.atoms)): f.value for f in figures if len(f.atoms) == 1}
    known: dict[Atom, int] = dict(shown)
    while True:
        rows = [_reduced(f, known) for f in figures]
        found = _solve(rows) | _narrow(rows)
        fresh = {atom: value for atom, value in found.items() if atom not in known}
        if not fresh:
            break
        known |= fresh
    return [Recovered(atom, known[atom]) for atom in sorted(known) if atom not in shown]


_Row = tuple[frozenset[Atom], int]


def _reduced(figure: Figure, known: Mapping[Atom, int]) -> _Row:
    """Return what a figure says of the atoms that are still unknown."""
    unknown = frozenset(a for a in figure.atoms if a not in known)
    return unknown, figure.value - sum(known[a] for a in figure.atoms if a in known)


def _solve(rows: Iterable[_Row]) -> dict[Atom, int]:
    """Return the atoms that the linear equations alone determine (Gauss and Jordan, exact)."""
    solved: dict[Atom, tuple[dict[Atom, Fraction], Fraction]] = {}
    for atoms, value in rows:
        row, right = dict.fromkeys(sorted(atoms), Fraction(1)), Fraction(value)
        for pivot in [a for a in row if a in solved]:
            row, right = _minus(row, right, solved[pivot], row[pivot])
        if not row:
            continue
        pivot = next(iter(row))
        factor = row[pivot]
        row, right = {a: c / factor for a, c in row.items()}, right / factor
        for other, (their, their_right) in list(solved.items()):
            if pivot in their:
                solved[other] = _minus(their, their_right, (row, right), their[pivot])
        solved[pivot] = row, right
    return {pivot: int(right) for pivot, (row, right) in solved.items() if len(row) == 1}


def _minus(
    row: Mapping[Atom, Fraction],
    right: Fraction,
    other: tuple[Mapping[Atom, Fraction], Fraction],
    times: Fraction,
) -> tuple[dict[Atom, Fraction], Fraction]:
    result = dict(row)
    for atom, coefficient in other[0].items():
        changed = result.get(atom, Fraction(0)) - times * coefficient
        if changed:
            result[atom] = changed
        else:
            result.pop(atom, None)
    return result, right - times * other[1]


def _narrow(rows: Sequence[_Row]) -> dict[Atom, int]:
    """Return the atoms whose range, no count being negative, closes on one number."""
    low: dict[Atom, int] = {}
    high: dict[Atom, int] = {}
    for atoms, value in rows:
        for atom in atoms:
            low[atom] = 0
            high[atom] = min(high.get(atom, value), value)
    changed = True
    while changed:
        changed = False
        for atoms, value in rows:
            least, most = sum(low[a] for a in atoms), sum(high[a] for a in atoms)
            for atom in atoms:
                bottom, top = value - (most - high[atom]), value - (least - low[atom])
                if bottom > low[atom]:
                    least += bottom - low[atom]
                    low[atom], changed = bottom, True
                if top < high[atom]:
                    most -= high[atom] - top
                    high[atom], changed = top, True
    return {atom: low[atom] for atom in low if low[atom] == high[atom]}
