# SPDX-License-Identifier: AGPL-3.0-or-later
"""When a person has to look at a masked text, and why."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from beffroi_privacy.acting import acting_words
from beffroi_privacy.announced import announces_more
from beffroi_privacy.calling import called_words
from beffroi_privacy.doubts import fragments, leftovers
from beffroi_privacy.emails import is_listed_office
from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.links import opaque_parts
from beffroi_privacy.patterns import any_of, figures, lowered, near_figures, runs
from beffroi_privacy.reasons import REASONS
from beffroi_privacy.remains import unexplained
from beffroi_privacy.spans import EMAIL, OTHER_ID, PERSON, USERNAME, Cover, Span
from beffroi_privacy.words import within

if TYPE_CHECKING:
    from beffroi_privacy.engine import Reading

TRUSTED_LENGTH: Final = 20_000
"""Characters; a longer text is always looked at by a person."""

LONG_NUMBER = re.compile(
    r"(?<![\w/.,-])\d(?:[ .]?\d){7,}(?![\w/])"
    r"|(?<![\w/.,+-])(?<!\d )\d{6,7}(?![\w/-]|[.,]\d|\s?[\d€%])"
)
CODE = re.compile(
    r"(?<![\w/.,:@=&?%#-])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])"
    r"(?=(?:\w*\d){3})[A-Za-z0-9]{6,}(?![\w/.-]*[/@])"
)
_BOX = re.compile(r"@\w[\w-]*\.\w")
_LOCAL = re.compile(r"[\w.+-]+$")
_SENSITIVE_WORDS = (
    r"malad\w+|handicap\w*|cancer\w*|hospitalis\w+|d[ée]press\w+|psychiatr\w+|schizophr\w+"
    r"|autis\w+|alzheimer"
    r"|diab[èe]t\w+|[ée]pileps\w+|ivre|alcool\w*|drogu\w+|toxico\w+|enceinte|avortement"
    r"|s[ée]ropositi\w+|vih|suicid\w+|m[ée]dicament\w*"
    r"|plaintes?|plaignant\w*|agress\w+|viol(?:s|[ée]e?s?|ences?)?|harc[èe]l\w+|menac\w+|insult\w+"
    r"|frapp\w+|battu\w*|coups"
    r"|maltrait\w+|attouchement\w*|racis\w+|discrimin\w+|garde [àa] vue|condamn\w+|prison"
    r"|sans[- ]papiers|mineure?s?"
    r"|placement|aide sociale|signalement au procureur|curatelle|tutelle|surendett\w+|expuls\w+"
    r"|disab\w+|illness|depress\w+|drunk|abus\w+|harass\w+|assault\w*|threat\w*|violen\w+"
    r"|pregnan\w+|diabet\w+"
    r"|epilep\w+|autis\w+|dementia|suicid\w+|racist|complaint against"
)
_SENSITIVE = Headed(re.compile(rf"\b{any_of(_SENSITIVE_WORDS)}\b"), leads(_SENSITIVE_WORDS))
_ACCOUNTS: Final = (USERNAME, EMAIL, OTHER_ID)
_NEAR: Final = 80


def reasons_of(
    text: str, reading: "Reading", spans: Sequence[Span], *, left: bool
) -> tuple[str, ...]:
    """Return the codes for which a person has to look, in the order of `REASONS`."""
    found = set(_of_reading(reading))
    if len(text) > TRUSTED_LENGTH:
        found.add("too long")
    if left:
        found.add("second pass")
    found.update(span.doubt for span in spans if span.doubt)
    if _is_sensitive(text, spans):
        found.add("sensitive")
    return tuple(code for code in REASONS if code in found)


def _of_reading(reading: "Reading") -> Iterator[str]:
    """Yield the reasons that the words and numbers left over give."""
    text = reading.copy.text
    digits = figures(text)[0]
    masked = Cover(reading.spans)
    known = Cover([*reading.spans, *reading.protected])
    for found in near_figures(LONG_NUMBER, text) if digits > 5 else ():
        if not known.touches(*found.span()):
            yield "long number"
    for found in _codes(text) if digits > 2 else ():
        if not known.touches(*found.span()):
            yield "long number"
    accounts = Cover(span for span in reading.spans if span.label in _ACCOUNTS)
    if announces_more(text, masked, accounts) or any(
        not known.touches(one.start, one.end) for one in reading.asked
    ):
        yield "announced"
    for found in _BOX.finditer(text) if "@" in text else ():
        local = _LOCAL.search(text, max(0, found.start() - _NEAR), found.start())
        if local and not known.touches(local.start(), found.end()):
            if not is_listed_office(local.group()):
                yield "announced"
    yield from unexplained(text, known)
    covered = within(reading.words, reading.spans)
    yield from leftovers(reading.words, reading.free | covered)
    persons = [span for span in reading.spans if span.label == PERSON]
    if persons:
        yield from fragments(reading.words, reading.free | covered, within(reading.words, persons))
    yield from called_words(reading.words, covered, reading.free)
    yield from acting_words(reading.words, covered, reading.free)
    if reading.author_doubtful:
        yield "author's name"
    if reading.disputed:
        yield "model disagrees"
    if opaque_parts(text, masked):
        yield "opaque link"


def _codes(text: str) -> Iterator[re.Match[str]]:
    """Yield what `CODE` finds; it begins with the letters before the first digit of a word."""
    done = 0
    for start, _ in runs(text):
        at = start
        while at > done and text[at - 1].isalpha() and text[at - 1].isascii():
            at -= 1
        found = CODE.match(text, at) if at >= done else None
        if found is not None:
            yield found
            done = found.end()


def _is_sensitive(text: str, spans: Sequence[Span]) -> bool:
    """Say whether a person is named beside words about health, violence or a complaint."""
    named = Cover(span for span in spans if span.label == PERSON)
    if not named:
        return False
    return any(
        named.touches(found.start() - _NEAR, found.end() + _NEAR)
        for found in _SENSITIVE.finditer(lowered(text))
    )
