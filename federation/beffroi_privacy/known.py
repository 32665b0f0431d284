# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known of a text's author, wherever it stands in the text.

An account has a name, an e-mail address and perhaps a telephone number: nothing has to be guessed
to hide them. A name is hidden whole in either order, and each of its words where it has a capital;
the same word in small letters may be an ordinary one (petit, rose), so it only asks for a person.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from beffroi_privacy.normalise import fold, fold_text, normalise
from beffroi_privacy.patterns import figures
from beffroi_privacy.spans import EMAIL, PERSON, PHONE, Span

_PARTICLES = frozenset("de du des la le les von van der den el al ben di da dos d l".split())
_ACCENTS = {
    "a": "aàâäáã", "c": "cç", "e": "eéèêë", "i": "iîïí", "n": "nñ", "o": "oôöóõ", "u": "uùûüú",
    "y": "yÿ",
}  # fmt: skip
_FAR_LETTERS = re.compile(r"[\u0130\u0131\u017f-\U0010ffff]")
"""Letters that may equal another one when case is ignored, though folded they differ."""
_HUMP = re.compile(r"[^\W\d_A-ZÀ-Þ][A-ZÀ-Þ]")
_PLAIN = {accented: plain for plain, several in _ACCENTS.items() for accented in several}


def find_known(text: str, known: Sequence[str]) -> tuple[list[Span], bool]:
    """Return where a normalised text names its author, and whether a doubtful word remains."""
    spans: list[Span] = []
    doubtful = False
    for one in known:
        value = normalise(one).text.strip()
        if "@" in value:
            spans.extend(_literal(text, value, EMAIL))
            local = value.partition("@")[0]
            if len(local) >= 4:
                spans.extend(_literal(text, local, PERSON))
        elif sum(c.isdigit() for c in value) >= 6:
            spans.extend(_number(text, value))
        elif value:
            found, uncertain = _name(text, value)
            spans.extend(found)
            doubtful = doubtful or uncertain
    return spans, doubtful


def pattern_of(word: str) -> str:
    """Return a pattern for a word with or without its accents."""
    return "".join(
        f"[{_ACCENTS[_PLAIN[c]]}]" if c in _PLAIN else re.escape(c) for c in word.casefold()
    )


@lru_cache(maxsize=4)
def _folded(text: str) -> str:
    """Return a text folded, or nothing where a letter may equal one that it is not folded to."""
    return "" if _FAR_LETTERS.search(text) else fold_text(text)


def places_of(text: str, words: Sequence[str]) -> Iterator[re.Match[str]]:
    """Yield where words stand in a normalised text one after another, in any case, any accents.

    Without anything between them they count where a capital tells them apart: "CamilleExemple".
    A pattern costs as much to put together as a text to read, so it is made only if all are there.
    """
    folded = _folded(text)
    if folded and not all(_FAR_LETTERS.search(one) or fold(one) in folded for one in words):
        return
    whole = r"[\s,._-]{0,3}".join(map(pattern_of, words))
    joined = sum(map(len, words))
    for found in re.finditer(rf"(?<!\w){whole}(?!\w)", text, re.IGNORECASE):
        if len(words) == 1 or len(found.group()) > joined or _HUMP.search(found.group()):
            yield found


def _literal(text: str, value: str, label: str) -> Iterator[Span]:
    for found in places_of(text, (value,)):
        yield Span(found.start(), found.end(), label)


def _number(text: str, value: str) -> Iterator[Span]:
    """Find a known telephone number by its last nine digits, whatever stands between them."""
    digits = [c for c in value if c.isdigit()][-9:]
    if figures(text)[0] < len(digits):
        return
    body = r"[\W_]{0,8}".join(digits)
    for found in re.finditer(rf"(?:\+?\d{{0,4}}[\s.\-/()]{{0,3}})?{body}(?!\d)", text):
        yield Span(found.start(), found.end(), PHONE)


def _name(text: str, value: str) -> tuple[list[Span], bool]:
    words = [w for w in re.split(r"[\s,]+", value) if w]
    spans: list[Span] = []
    for order in (words, words[::-1]):
        for found in places_of(text, order) if len(words) > 1 else ():
            spans.append(Span(found.start(), found.end(), PERSON))
    doubtful = False
    covered = [(s.start, s.end) for s in spans]
    for word in words:
        if len(word) < 2 or word.casefold() in _PARTICLES:
            continue
        for found in places_of(text, (word,)):
            if found.group()[0].isupper():
                spans.append(Span(found.start(), found.end(), PERSON))
            elif not any(start <= found.start() < end for start, end in covered):
                doubtful = True
    return spans, doubtful
