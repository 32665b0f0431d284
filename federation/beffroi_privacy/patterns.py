# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patterns with many words in them, written so that they are found fast.

Python tries the alternatives of a pattern one after another at every place of a text. Grouped by
their first letter, a hundred words cost what their initials cost. Small letters on both sides cost
half of what `re.IGNORECASE` does, hence `lowered`.
"""

from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=4)
def lowered(text: str) -> str:
    """Return a text in small letters, each character in its place: lengths never differ."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def any_of(alternatives: str) -> str:
    """Return the alternatives of a pattern, grouped by first letter.

    White space around a `|` does not count. Alternatives keep their order within a letter, so a
    longer one before a shorter one stays there; letters themselves cannot be confused.
    """
    groups: dict[str, list[str]] = {}
    for one in _split(alternatives):
        first = one[0] if one[0].isalpha() and one[1:2] not in ("?", "*", "{") else ""
        groups.setdefault(first, []).append(one[len(first) :])
    branches = [
        first + (rest[0] if len(rest) == 1 else f"(?:{'|'.join(rest)})")
        if first
        else "|".join(rest)
        for first, rest in groups.items()
    ]
    return f"(?:{'|'.join(branches)})"


def _split(alternatives: str) -> Iterable[str]:
    """Yield the alternatives at the outermost level of a pattern."""
    depth, one = 0, ""
    for at, c in enumerate(alternatives):
        escaped = at > 0 and alternatives[at - 1] == "\\"
        depth += (c in "([") - (c in ")]") if not escaped else 0
        if c == "|" and depth == 0 and not escaped:
            yield one.strip()
            one = ""
        else:
            one += c
    yield one.strip()


def holds(low: str, stems: Iterable[str]) -> bool:
    """Say whether a text in small letters holds a stem: the cheap look before a pattern."""
    return any(map(low.__contains__, stems))
