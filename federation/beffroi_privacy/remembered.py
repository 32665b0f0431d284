# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was found out about words that come again, kept where a look costs least."""

from collections.abc import Callable
from typing import Final, TypeVar

_LONGEST: Final = 30
"""Characters of a word above which nothing is kept about it."""
_MANY: Final = 20_000
"""Words about which something is kept at most; then it begins anew."""


_T = TypeVar("_T")


class Remembered(dict[str, _T]):
    """A dictionary that asks `read` about a word that is not in it, and keeps the answer."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[str], _T]) -> None:
        """Begin with nothing; `read` depends on nothing but the word."""
        super().__init__()
        self._read = read

    def __missing__(self, word: str) -> _T:
        """Read a word that is not kept."""
        found = self._read(word)
        if len(word) <= _LONGEST:
            if len(self) >= _MANY:
                self.clear()
            self[word] = found
        return found
