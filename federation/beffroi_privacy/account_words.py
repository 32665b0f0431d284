# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a word is made like: the name of an account, a network, a date, the address of a site."""

import re
from functools import lru_cache

from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.names import OFFICES
from beffroi_privacy.normalise import fold
from beffroi_privacy.places import ORGANISATIONS
from beffroi_privacy.usernames import DEFAULTS, NOT_NICKNAMES, is_public_handle

STATES = re.compile(r"(?:[ée]e?s?|i|u|ible|able|if|ive|eux|ant|ed|ing|en|oire|ique|onal|[aeu]l)$")
_SHAPED = re.compile(r"[^\W\d_]+[._-]?\d|\d[._-]?[^\W\d_]|\w_\w|[a-zà-ÿ][A-Z]|^@|^[a-z]+\.[a-z]+$")
_DATED = re.compile(r"\d+(?:er|e|[èe]me|nd|h\d*|km|m2?|[a-z])", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_BREAK = re.compile(r"[\d._-]")
_HUMPED = re.compile(r"[A-Z][a-zà-ÿ]+(?:[A-Z][a-zà-ÿ]+)+")
_SITE = re.compile(
    r"^t\.me$|\.(?:fr|com|org|net|eu|io|gouv|bzh|uk|csv|pdf|jpe?g|png|zip|txt|docx?|xlsx?|json|xml"
    r"|html?|php|exe|py|js|info|be|ch|ca|de|tv|me|app|gov|uk|local|lan|log|conf|odt|ods|example)$"
)
_CODE = re.compile(r"[A-Z]{2,}[a-zà-ÿ]?[A-Z]*s?|[A-Z]+_\d{4}|[a-z]+_[a-z]+(?:_[a-z]+)+")


def is_written_by(name: str) -> bool:
    """Say whether the words between "contribution n° 3 de" and a colon may be a pseudonym."""
    words = name.split()
    return not (
        is_public_handle(name)
        or is_commune(fold(name))
        or any(fold(word) in ORGANISATIONS or fold(word) in OFFICES for word in words)
    )


@lru_cache(maxsize=4096)
def is_account(written: str, *, quoted: bool) -> bool:
    """Say whether a word is made like the name of an account, and of no public body."""
    name = written.strip('" ')
    bare = name.lstrip("@")
    if len(bare) < 3 or bare.isdigit() or fold(bare) in DEFAULTS:
        return False
    if is_public_handle(bare) and not (quoted and _DIGIT.search(bare)):
        return False
    if written.startswith('"'):
        return quoted and not all(is_ordinary(part) for part in fold(name).split())
    head = _BREAK.split(fold(bare), maxsplit=1)[0]
    if head in NOT_NICKNAMES or _is_dated(bare) or _CODE.fullmatch(bare):
        return False
    if _HUMPED.fullmatch(bare):
        return quoted
    return _SHAPED.search(name) is not None and not is_site(bare)


def _is_dated(name: str) -> bool:
    return _DATED.fullmatch(name) is not None


def is_site(name: str) -> bool:
    """Say whether a word is the address of a site, or the name of a file."""
    return "." in name and _SITE.search(name) is not None
