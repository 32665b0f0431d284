# SPDX-License-Identifier: AGPL-3.0-or-later
"""How well the words that somebody typed fit a street, and which number they mean. Plain Python.

What a street's name shares with the words is weighed both ways: how much of the words it explains,
and how much of the name was said. The order of words counts for nothing but a tie. What they weigh
was chosen by trial; tests hold what they are to do.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from beffroi.places.rules.words import (
    SAYING,
    WAYS,
    is_number,
    is_postcode,
    is_suffix,
    tokens,
)

WAY, WORD, UNKNOWN, INITIAL = 0.3, 1.0, 0.3, 0.5
"""What a kind of street weighs, a word of a name, a word that no street has, a single letter."""
ASKED, NAMED = 0.6, 0.4
"""What it weighs that the words are explained, and that the name was said whole."""
LEAST = 0.6
"""From which score on a street is offered."""
SPAN = 0.25
"""How far below the best one a street may be to be offered beside it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Some words as they are compared: `alike` says which known words each may mean, how surely.

    A word that is in `alike` with nothing is one that no street has.
    """

    words: tuple[str, ...]
    alike: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, said: str) -> "Asked":
        """Return the words of a text, none of which was looked up."""
        return cls(tuple(tokens(said)))

    def sought(self) -> list[str]:
        """Return the words by which a street can be found: those of a name, each once."""
        named = [w for w in self.words if _can_name(w) and w not in WAYS]
        named = named or [w for w in self.words if is_number(w)]
        return list(dict.fromkeys(named))


def _can_name(word: str) -> bool:
    return len(word) > 1 and not word.isdecimal() and word not in SAYING


@dataclass(frozen=True, slots=True)
class Street:
    """A street that may be meant: the words of its name, and what else may be said of it."""

    id: int
    name: tuple[str, ...]
    beside: frozenset[str]
    """Words of its commune, of an older commune, of a place name, and its postcode."""
    numbers: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """A street, how well it fits, and which number on it is meant: `suffix` may be none of its."""

    street: Street
    score: float
    number: int = 0
    suffix: str = ""


def match(asked: Asked, street: Street, beside: Collection[str] = ()) -> Match | None:
    """Return how a street fits some words; None where it shares no word of a name with them.

    `beside` are words that say where other streets lie: whoever writes one of those does not mean
    a street that lies elsewhere.
    """
    used = _taken(asked, street)
    if not used:
        return None
    if not any(asked.words[place] not in WAYS for place in used) and len(used) < len(street.name):
        return None
    whole_name = sum(_weight(word) for word in street.name)
    gained = sum(_weight(name) * quality for name, quality in used.values())
    number, suffix, rest = _numbered(asked.words, used)
    missed = sum(_missed(asked, asked.words[place], street, beside) for place in rest)
    asked_whole = missed + sum(_weight(name) for name, _ in used.values())
    score = ASKED * gained / asked_whole + NAMED * gained / whole_name
    score *= 0.95 + 0.05 * _closeness(used, number, asked.words)
    score += 0.02 * sum(asked.words[place] in street.beside for place in rest)
    return Match(street, min(score, 1.0), number, suffix)


def _weight(word: str) -> float:
    return WAY if word in WAYS else WORD


def _taken(asked: Asked, street: Street) -> dict[int, tuple[str, float]]:
    """Return which asked word stands for which word of the name, by place, and how surely.

    Of two equal figures the later one is the name's: in "8 rue du 8 mai" the first is the house.
    """
    left = list(street.name)
    used: dict[int, tuple[str, float]] = {}
    order = sorted(range(len(asked.words)), key=lambda p: -p if is_number(asked.words[p]) else p)
    for place in order:
        word = asked.words[place]
        if word in left:
            used[place] = word, 1.0
            left.remove(word)
    for place, word in enumerate(asked.words):
        if place in used or not left:
            continue
        likely = asked.alike.get(word, {})
        name = max(left, key=lambda known: likely.get(known, 0.0))
        if likely.get(name, 0.0) > 0:
            used[place] = name, likely[name]
            left.remove(name)
    _initials(asked.words, left, used)
    return used


def _initials(words: Sequence[str], left: list[str], used: dict[int, tuple[str, float]]) -> None:
    """Take single letters for the names that they begin, unless they stand behind a number."""
    for place, word in enumerate(words):
        behind = place > 0 and is_number(words[place - 1]) and place - 1 not in used
        if place in used or len(word) != 1 or not word.isalpha() or behind:
            continue
        name = next((n for n in left if n.startswith(word) and n not in WAYS), None)
        if name is not None:
            used[place] = name, INITIAL
            left.remove(name)


def _numbered(words: Sequence[str], used: Collection[int]) -> tuple[int, str, list[int]]:
    """Return number and suffix of the house that some words mean, and the places of the others."""
    rest = [place for place in range(len(words)) if place not in used]
    first = next((p for p in rest if is_number(words[p]) and int(words[p])), None)
    others = [p for p in rest if not is_number(words[p]) and words[p] not in SAYING]
    if first is None:
        return 0, "", [p for p in others if len(words[p]) > 1]
    suffix = words[first + 1] if first + 1 in rest and is_suffix(words[first + 1]) else ""
    said = first + 1 if suffix else -1
    return int(words[first]), suffix, [p for p in others if p != said and len(words[p]) > 1]


def _missed(asked: Asked, word: str, street: Street, beside: Collection[str]) -> float:
    """Return what it costs that a street's name does not have a word."""
    if word in street.beside:
        return 0.0
    if word in WAYS:
        return WAY
    if is_postcode(word):
        return WORD if word in beside else UNKNOWN
    known = word in beside or bool(asked.alike.get(word, {word: 1.0}))
    return WORD if known else UNKNOWN


def _closeness(used: Collection[int], number: int, words: Sequence[str]) -> float:
    """Return how near to each other the words of a name stand, and the number before them."""
    span = max(used) - min(used) + 1
    near = 1.0 if not number or str(number) in words[max(0, min(used) - 2) : min(used)] else 0.5
    return 0.8 * len(used) / span + 0.2 * near


def best(found: Sequence[Match], most: int) -> tuple[list[Match], bool]:
    """Return the likeliest streets, and whether others fit as well as the last of them."""
    ranked = sorted(
        (one for one in found if one.score >= LEAST),
        key=lambda one: (-one.score, -one.street.numbers, one.street.id),
    )
    if not ranked:
        return [], False
    near = [one for one in ranked if one.score >= ranked[0].score - SPAN]
    more = len(near) > most and near[most].score >= near[0].score - 0.02
    return near[:most], more
