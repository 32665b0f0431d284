# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which words are spelt almost alike: by what is left when a letter is taken out. Plain Python.

Two words that differ by one letter too many, too few, wrong or swapped have a form in common among
those with one letter less. So a mistyped word is found by a few exact look-ups, wherever in it the
slip is, and no list of words is ever read through (the idea of SymSpell, W. Garbe, 2012).
"""

SHORTEST = 4
"""Letters from which a word may be mistyped; shorter ones would mean too much."""
LONG = 8
"""Letters from which two slips are forgiven."""


def forms(word: str) -> frozenset[str]:
    """Return a word and all that is left of it when one letter is taken out; {} for short ones."""
    if len(word) < SHORTEST or any(letter.isdecimal() for letter in word):
        return frozenset()
    return frozenset({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


def likeness(typed: str, known: str) -> float:
    """Return how much a typed word is a known one: 1 the same, 0 too far away for a slip."""
    most = 2 if min(len(typed), len(known)) >= LONG else 1
    slips = _distance(typed, known)
    return 0.0 if slips > most else 1.0 - 0.15 * slips


def _distance(one: str, other: str) -> int:
    """Return how many letters were added, dropped, changed or swapped (optimal alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
