# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is found by its own shape or by the word before it, without looking for names.

Each is run only where a cheap look at the text does not rule it out.
"""

import re
from collections.abc import Callable, Iterator

from beffroi_privacy.addresses import find_addresses
from beffroi_privacy.births import find_births
from beffroi_privacy.emails import DOMAIN, PROVIDER, find_emails
from beffroi_privacy.identifiers import find_foreign_plates, find_iban, find_nir, find_plates
from beffroi_privacy.links import find_secrets, find_sure_secrets
from beffroi_privacy.networks import find_addresses_of_machines
from beffroi_privacy.other_ids import find_other_ids
from beffroi_privacy.patterns import Stems, figures, holds, lowered
from beffroi_privacy.phones import find_phones
from beffroi_privacy.protect import find_protected, unprotected
from beffroi_privacy.spans import PERSON, Span

_AT_WORDS = Stems("@|＠|arob|arrob")
_AT_SIGN = re.compile(
    rf"[(\[{{<]\s*(?:at|a|chez)\s*[)\]}}>]|[_-]at[_-]"
    rf"|\s(?:at|chez|à)\s(?:{DOMAIN.pattern}|{PROVIDER.pattern})"
)
_AT_ALONE = frozenset(("at", "chez", "à"))
_NOUGHT = Stems("zéro|zero")
_FIVE = re.compile(r"\d(?:[\W_]{0,4}\d){4}")
_NOUGHT_AND = re.compile(r"\b0\s?\d\b")

_Finder = Callable[[str], Iterator[Span]]
_ON_AT: tuple[_Finder, ...] = (find_emails,)
_ON_NUMBERS: tuple[_Finder, ...] = (find_nir, find_iban, find_phones)
_ON_DIGITS: tuple[_Finder, ...] = (find_plates,)
_ALWAYS: tuple[_Finder, ...] = (find_addresses,)


def find_announced(text: str, *, sure: bool = False) -> Iterator[Span]:
    """Yield dates of birth, network addresses, secrets in links, and numbers of one person.

    These are told by a word before them; what was only guessed is weak. With `sure`, only those
    secrets of links that their own name proves.
    """
    yield from find_births(text)
    yield from find_addresses_of_machines(text)
    yield from (find_sure_secrets if sure else find_secrets)(text)
    yield from find_other_ids(text)
    yield from find_foreign_plates(text)


def find_identifying(text: str) -> list[Span]:
    """Return what identifies a person by itself in a normalised text, and no guesses."""
    found = [*find_shapes(text), *(s for s in find_announced(text, sure=True) if not s.weak)]
    if any(span.weak for span in found):
        found = unprotected(found, list(find_protected(text)))
    return [span for span in found if span.label != PERSON]


def _may_say_at(low: str) -> bool:
    """Say whether a text has a word for the at-sign by itself, in brackets or between dashes."""
    return (
        not _AT_ALONE.isdisjoint(low.split())
        or any(bracket in low for bracket in "([{<")
        or "at-" in low
        or "at_" in low
    )


def find_shapes(text: str) -> Iterator[Span]:
    """Yield the e-mail addresses, telephones, NIR, accounts, plates and numbered addresses."""
    for find in _ALWAYS:
        yield from find(text)
    low = lowered(text)
    if holds(low, _AT_WORDS) or (_may_say_at(low) and _AT_SIGN.search(low)):
        for find in _ON_AT:
            yield from find(text)
    digits = figures(text)[0]
    if digits:
        for find in _ON_DIGITS:
            yield from find(text)
    if (
        (digits > 4 and _FIVE.search(text))
        or holds(low, _NOUGHT)
        or (digits > 1 and _NOUGHT_AND.search(text))
    ):
        for find in _ON_NUMBERS:
            yield from find(text)
