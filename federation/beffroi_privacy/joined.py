# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts made of a first name and a surname without a gap: "kowaljacqueline", "AlainKowal"."""

from collections.abc import Container, Iterator, Sequence
from functools import lru_cache
from typing import Final

from beffroi_privacy.gazetteer import SURE, first_name, is_commune, is_ordinary, is_surname_too
from beffroi_privacy.places import ORGANISATIONS
from beffroi_privacy.spans import USERNAME, Span
from beffroi_privacy.usernames import is_public_handle
from beffroi_privacy.words import Word

_SHORTEST: Final = 10
_LONGEST: Final = 26
_NAME: Final = 5
"""Letters of the first name; shorter ones are a part of too many words."""
_REST: Final = 4


def find_joined(words: Sequence[Word], blocked: Container[int]) -> Iterator[Span]:
    """Yield the words that no list knows and that begin or end with a first name."""
    for at, word in enumerate(words):
        if not _SHORTEST <= len(word.text) <= _LONGEST or at in blocked:
            continue
        if is_joined(word.folded) and not word.gap.startswith("."):
            yield Span(word.start, word.end, USERNAME, weak=True)


@lru_cache(maxsize=4096)
def is_joined(folded: str) -> bool:
    """Say whether a folded word is a first name and something that no list knows, without a gap."""
    if not folded.isalpha() or is_ordinary(folded) or is_commune(folded) or first_name(folded):
        return False
    if folded in ORGANISATIONS or is_surname_too(folded) or is_public_handle(folded):
        return False
    if any(is_commune(folded[:cut]) for cut in range(_NAME, len(folded))):
        return False
    for cut in range(_REST, len(folded) - _REST + 1):
        head, tail = folded[:cut], folded[cut:]
        if len(head) >= _NAME and first_name(head) == SURE and not is_ordinary(head):
            if not _is_ending(tail):
                return True
        if len(tail) >= _NAME and first_name(tail) == SURE and not is_ordinary(tail):
            return True
    return False


def _is_ending(tail: str) -> bool:
    """Say whether what follows a name may make a common word of it: "napoléonienne"."""
    return tail.rstrip("s") in _ENDINGS or any(tail.startswith(end) for end in ("isation", "ement"))


_ENDINGS: Final = frozenset(
    "ienne isme iste iques ique aine ette elle erie ement ville court mont bourg eaux iere".split()
)
