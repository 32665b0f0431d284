# SPDX-License-Identifier: AGPL-3.0-or-later
"""Telephone numbers of persons, as French people write them, overseas and abroad too.

Three roads, from sure to cautious: the French shape (ten digits, or nine after 33) in any grouping,
half in words too; an international prefix, judged by `phonenumbers`; and, only after a word such as
`tél.` or `portable`, whatever looks like a number. Not a person's, so left alone: short service
numbers (3975, 112), 08 numbers (value-added services of organisations in Arcep's numbering plan),
amounts, dates, SIREN and SIRET.
"""

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
from stdnum.fr import siren, siret

from beffroi_privacy.patterns import Stems, figures, holds, lowered
from beffroi_privacy.spans import PHONE, Span

REGIONS: Final = (
    *("FR", "GP", "RE", "MQ", "GF", "YT", "NC", "PF", "PM", "WF"),
    *("BE", "CH", "LU", "GB", "ES", "IT", "PT", "DE", "MA", "DZ", "TN"),
)
"""Whose national numbers are recognised after a word such as `tél.`."""

_ZERO_LED: Final = ("BE", "CH", "GB", "MA", "DZ", "IT", "GP", "RE", "MQ", "GF", "YT")
"""Whose national numbers start with 0 and are recognised without such a word."""

_GAP = r"[ .\-/_,·•]{0,3}"
_FRENCH = re.compile(
    rf"(?=[\d+(])(?:(?:(?<!\d)(?<!\d[.,])(?:\+|00){_GAP}33{_GAP}(?:\(\s?0\s?\)|0)?{_GAP}[1-79]"
    rf"|(?<!\d)(?<!\d[.,])(?<!\+)(?:0|\(0\)\s?|0 (?=[67] ?\d\d )|33{_GAP}(?=[67]))[1-79]\)?)"
    rf"(?:{_GAP}\d){{8}}(?!\d)"
    r"|(?<![\d:])0[1-79](?::\d\d){4}(?![\d:])"
    r"|(?<![\w.,+/-])(?<!\d )07\d{3} \d{6}(?!\d))"
)
_ABROAD = re.compile(
    r"(?<![\w.+])(?<!\d )(?:\+\s?|00\s?)[1-9]\d{0,2}(?:[ .\-/_]{0,2}\(?\d\)?){6,12}(?!\d)"
)
_ZERO = re.compile(r"(?<![\w.,+/-])(?<!\d )0\d{1,4}(?:[ .\-/]{1,2}\d{2,4}){2,4}(?![\d-])")
_CUE = re.compile(
    r"(?:\b(?:t(?:[ée]l(?:[ée]phon\w*)?\b|elephone\b|ext me\b)|p(?:ortable|hone)\b|mobile\b|gsm\b"
    r"|fax\b|whatsapp\b|c(?:ell|all me)\b|jo(?:ign\w*|indre\b)|r?appele[rz]\b|sms\b)|☎|📞)"
    r"[^\d\n]{0,20}?(?P<number>\+?\(?\d(?:[ .\-/()]{0,2}\d){5,14})(?!\d)"
)
_WORD = (
    r"(?:z[ée]ro|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze"
    r"|quinze|seize|vingt|trente|quarante|cinquante|soixante|et|cent)s?"
)
_HALF_SPELT = re.compile(
    rf"(?<!\w)(?:z[ée]ro[ -]{_WORD}|0\s?[1-79])(?:[ .,\-]{{1,2}}(?:\d{{1,2}}(?!\d)|{_WORD}\b))"
    rf"{{4,16}}"
)
_CUE_STEMS = Stems(
    "tél|tel|portable|mobile|gsm|fax|whatsapp|phone|cell|joign|joindre|appele|rappele|call me"
    "|text me|sms|☎|📞"
)
_SPELT_STEMS = Stems(
    "zéro|zero|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze"
    "|seize|vingt|trente|quarante|cinquante|soixante|cent"
)
_SPELT = re.compile(r"[a-zé]{3}", re.IGNORECASE)
_DATE = re.compile(r"(?:0[1-9]|[12]\d|3[01])[ ./\-](?:0[1-9]|1[0-2])[ ./\-](?:19|20)\d\d(?!\d{3})")
_SHORT_DATES = re.compile(r"\d\d([./-])\d\d\1\d{2,4}\D{1,3}\d\d([./-])\d\d\2\d{2,4}")
_QUANTITY = re.compile(
    r"\s?(?:€|euros?\b|eur\b|k€|m€|%|hab|m2\b|m²|kwh|mwh|tonnes?\b|km\b|millions?\b|fcfa|\$|£)",
    re.IGNORECASE,
)
_REFERENCE_CUE = re.compile(
    r"\b(?:rfp|rfq|file|folder|roll|permit|dossier|ticket|r[ée]f\w*|march[ée]|orders?|lot|case"
    r"|claim)s?"
    r"\W{0,3}(?:no|n°|num[ée]ro|number)?\W{0,5}(?:s:?\s)?$",
    re.IGNORECASE,
)
_IN_PAIRS = re.compile(r"\W*(?:\d{2}(?:\W{1,3}|$)){5}")
_BUSINESS_CUE = re.compile(
    r"\b(?:siren|siret|rcs|tva|naf|finess|cerfa|rna)\b\W{0,12}$", re.IGNORECASE
)


def find_phones(text: str) -> Iterator[Span]:
    """Yield the telephone numbers of a normalised text."""
    digits = figures(text)[0]
    roads = ((_FRENCH, _is_french), (_ABROAD, _is_abroad), (_ZERO, _is_zero_led))
    for pattern, judge in roads if digits > 6 else ():
        if pattern is _ABROAD and "+" not in text and "00" not in text:
            continue
        for found in pattern.finditer(text):
            if judge(found.group()) and not _is_something_else(text, found.start(), found.end()):
                yield Span(found.start(), found.end(), PHONE)
    low = lowered(text)
    for found in _CUE.finditer(low) if digits > 5 and holds(low, _CUE_STEMS) else ():
        start, end = found.span("number")
        if _is_cued(found.group("number")) and not _is_something_else(text, start, end):
            yield Span(start, end, PHONE)
    for found in _HALF_SPELT.finditer(low) if holds(low, _SPELT_STEMS) else ():
        if _SPELT.search(found.group()) and _spelt_digits(found.group()) >= 5:
            yield Span(found.start(), found.end(), PHONE)


def _digits(written: str) -> str:
    return "".join(c for c in written if c.isdigit())


def _is_french(written: str) -> bool:
    """Nothing left to doubt but a date whose digits happen to have the shape."""
    return not _DATE.match(written) and not _SHORT_DATES.match(written)


def _is_abroad(written: str) -> bool:
    number = _parsed("+" + _digits(written).removeprefix("00"), None)
    return number is not None and (
        phonenumbers.is_possible_number_with_reason(number)
        == phonenumbers.ValidationResult.IS_POSSIBLE
    )


def _is_zero_led(written: str) -> bool:
    if not 9 <= len(_digits(written)) <= 11 or _DATE.match(written) or written.startswith("08"):
        return False
    return any(_is_valid(written, region) for region in _ZERO_LED)


def _is_cued(written: str) -> bool:
    digits = _digits(written)
    if _DATE.match(written) or digits.startswith(("08", "3308", "338")):
        return False
    return len(digits) >= 9 or any(_is_valid(written, region) for region in REGIONS)


def _is_valid(written: str, region: str) -> bool:
    number = _parsed(written, region)
    return number is not None and phonenumbers.is_valid_number(number)


def _parsed(written: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None


def _is_something_else(text: str, start: int, end: int) -> bool:
    """Say whether digits are an amount, or a SIREN or SIRET that checks or is announced as one."""
    if _QUANTITY.match(text, end) or _BUSINESS_CUE.search(text, max(0, start - 30), start):
        return True
    if _REFERENCE_CUE.search(text, max(0, start - 25), start) and not _IN_PAIRS.match(
        text[start:end]
    ):
        return True
    run = re.match(r"[\d ]+", text[start : start + 20])
    digits = _digits(run.group()) if run else ""
    return (len(digits) == 14 and siret.is_valid(digits)) or (
        len(digits) == 9 and siren.is_valid(digits)
    )


def _spelt_digits(written: str) -> int:
    """Return how many groups of digits, in figures or words, a half-spelt number has."""
    return len(re.findall(rf"\d{{1,2}}|{_WORD}", written, re.IGNORECASE))
