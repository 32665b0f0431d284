# SPDX-License-Identifier: AGPL-3.0-or-later
"""Detectors of what has a shape of its own: addresses, telephones, keys, plates, streets.

Each is run only where a cheap look at the text does not rule it out.
"""

import re
from collections.abc import Callable, Iterator

from beffroi_privacy.addresses import find_addresses
from beffroi_privacy.emails import find_emails
from beffroi_privacy.identifiers import find_iban, find_nir, find_plates
from beffroi_privacy.phones import find_phones
from beffroi_privacy.spans import Span

_HAS_AT = re.compile(r"@|arr?ob|[(\[{<]\s*(?:at|a|chez)\s*[)\]}>]|\sat\s", re.IGNORECASE)
_HAS_DIGIT = re.compile(r"\d")
_HAS_NUMBER = re.compile(r"\d(?:[\W_]{0,4}\d){4}|z[ée]ro\b|\b0\s?\d\b", re.IGNORECASE)

_Finder = Callable[[str], Iterator[Span]]
_ON_AT: tuple[_Finder, ...] = (find_emails,)
_ON_NUMBERS: tuple[_Finder, ...] = (find_nir, find_iban, find_phones)
_ON_DIGITS: tuple[_Finder, ...] = (find_plates, find_addresses)


def find_shapes(text: str) -> Iterator[Span]:
    """Yield the e-mail addresses, telephones, NIR, accounts, plates and numbered addresses."""
    if _HAS_AT.search(text):
        for find in _ON_AT:
            yield from find(text)
    if _HAS_DIGIT.search(text):
        for find in _ON_DIGITS:
            yield from find(text)
    if _HAS_NUMBER.search(text):
        for find in _ON_NUMBERS:
            yield from find(text)
