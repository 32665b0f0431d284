# SPDX-License-Identifier: AGPL-3.0-or-later
"""A copy of a text that is easier to match on, and the way back to the text as it was written.

Detectors read the copy; whatever they find is told in characters of the original. The copy is in
NFC, its spaces, quotes, dashes and full-width digits are the plain ones, characters that nobody
sees are gone, what HTML writes as "&eacute;" is that letter, and the letter o typed for a zero
between digits is a zero.
"""

import re
import unicodedata
from functools import lru_cache
from html import unescape
from typing import NamedTuple

from beffroi_privacy.patterns import runs

_PLAIN = {
    **dict.fromkeys("\u00a0\u202f\u2007\u2009\u200a\u3000", " "),
    **dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201f\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
}
_ACCENTS = str.maketrans("àâäáãåçéèêëîïíìñôöóõòùûüúýÿ", "aaaaaaceeeeiiiinooooouuuuyy")
_UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e"
_UNSEEN_ANY = re.compile(f"[{_UNSEEN}]")
_ODD = re.compile(r"[^\x00-_a-\x7f\u00c0-\u017e]")
"""What may have a plainer form: no letter of Western Europe, no ASCII but the accent grave."""
_ENTITY = re.compile(
    r"&(?:amp;){0,3}(?:(?:#\d{2,7}|#[xX][\da-fA-F]{2,6}|[A-Za-z]{2,31}\d{0,2});"
    r"|#0{0,4}(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])(?![\d;]))"
)
"""A character as HTML writes it, also written twice over ("&amp;#64;"); one of ASCII without its
semicolon is read by every browser too."""
_O = frozenset("oO")
_O_FOR_ZERO = re.compile(r"(?<![^\W\d_])[oO](?=[1-9][ .\-/]{0,2}\d)|(?<=\d)[oO](?=\d)")


class Normalised(NamedTuple):
    """The copy to match on; `offsets[i]` is where character i of it starts in the original."""

    text: str
    offsets: tuple[int, ...] | None
    """None when the copy has the original's offsets; else one more entry than characters."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return a half-open range of the copy as a range of the original."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end]


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """Return the plain form of one character, always one character."""
    if character in _PLAIN:
        return _PLAIN[character]
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


def _plain_of(found: re.Match[str]) -> str:
    return _plain(found.group())


def normalise(text: str) -> Normalised:
    """Return the copy of a text to match on, with the way back to its characters."""
    if "&" in text and _ENTITY.search(text):
        return _composed(text)
    if text.isascii():
        return Normalised(_zeros(text), None)
    if _ODD.search(text) is None:
        return Normalised(_zeros(text), None)
    if unicodedata.is_normalized("NFC", text) and not _UNSEEN_ANY.search(text):
        return Normalised(_zeros(_ODD.sub(_plain_of, text)), None)
    return _composed(text)


def _zeros(text: str) -> str:
    for start, end in runs(text):
        if text[start - 1 : start] in _O or text[end : end + 1] in _O:
            return _O_FOR_ZERO.sub("0", text)
    return text


def _composed(text: str) -> Normalised:
    """Compose letter and accent, drop what is not seen, and remember where each came from."""
    characters: list[str] = []
    offsets: list[int] = []
    start = 0
    while start < len(text):
        cluster, end = _one(text, start)
        while end < len(text) and (following := _one(text, end)):
            if not all(map(unicodedata.combining, following[0])):
                break
            cluster, end = cluster + following[0], following[1]
        cluster = "".join(c for c in cluster if c not in _UNSEEN)
        for character in unicodedata.normalize("NFC", cluster):
            characters.append(_plain(character))
            offsets.append(start)
        start = end
    offsets.append(len(text))
    return Normalised(_zeros("".join(characters)), tuple(offsets))


def _one(text: str, at: int) -> tuple[str, int]:
    """Return what stands at a place, a character or what one of HTML stands for, and its end."""
    found = _ENTITY.match(text, at) if text[at] == "&" else None
    return (_meant(found.group()), found.end()) if found else (text[at], at + 1)


def _meant(written: str) -> str:
    """Return what a character as HTML writes it stands for, however often it was written over."""
    plain = unescape(written)
    while plain != written:
        written, plain = plain, unescape(plain)
    return plain


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Return a word in lower case without accents, for comparing; lengths may differ."""
    return fold_text(text)


def fold_text(text: str) -> str:
    """Do the same for a whole text, and keep nothing of it."""
    folded = text.casefold().translate(_ACCENTS)
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFD", folded)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
