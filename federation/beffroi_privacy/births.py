# SPDX-License-Identifier: AGPL-3.0-or-later
"""Dates of birth: a date after a word that says so, or beside the name of a child.

Every other date stays, also the birth of an association or of a law.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.patterns import Stems, holds, late, lowered
from beffroi_privacy.spans import DOB, Span

_MONTH = (
    r"(?:janv(?:ier|\.)?|f[ée]vr?(?:ier|\.)?|mars|avr(?:il|\.)?|mai|juin|juil(?:let|\.)?|ao[ûu]t"
    r"|sept?(?:embre|\.)?|oct(?:obre|\.)?|nov(?:embre|\.)?|d[ée]c(?:embre|\.)?"
    r"|january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sep)"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19|20)\d\d"
DATE: Final = (
    rf"(?:{_DAY}\s?[/.\-]\s?(?:0?[1-9]|1[0-2])\s?[/.\-]\s?(?:{_YEAR}|\d\d)(?!\d)"
    rf"|{_DAY}\s(?:0[1-9]|1[0-2])\s(?:{_YEAR})(?!\d)"
    rf"|(?:0?[1-9]|1[0-2])/{_DAY}/(?:{_YEAR})(?!\d)"
    rf"|{_YEAR}[/.\-](?:0[1-9]|1[0-2])[/.\-](?:0[1-9]|[12]\d|3[01])(?!\d)"
    rf"|{_DAY}(?:\s?er|st|nd|rd|th)?\s(?:of\s|de\s)?{_MONTH},?\s(?:{_YEAR}|'?\d\d(?!\d))"
    rf"|{_MONTH}\s{_DAY}(?:st|nd|rd|th)?,?\s{_YEAR}"
    rf"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d(?!\d))"
)
_ROUGH = rf"(?:{_MONTH}\s{_YEAR}|(?:0[1-9]|1[0-2])/{_YEAR}(?!\d)|{_DAY}(?:er)?\s{_MONTH}\b)"
_BORN = late(
    r"(?<![^\W_])(?P<cue>n[ée]e?s?(?=\s(?:[\w'-]+\s){0,3}(?:le|en|à|a|au|aux|les)\b|\s?:|\s\d)"
    r"|n[ée]\(e\)s?"
    r"|naissances?|ddn"
    r"|d\.d\.n\.?|date\sde\snaiss\.?|nais\.|born|d\.?o\.?b\.?|birth\s?date|birthday|birth"
    r"|anniversaire)"
    r"(?P<between>[^\n;!?]{0,48}?)"
    rf"(?<![\d/.])(?P<date>{DATE}|{_ROUGH})"
)
_BORN_AT = Headed(_BORN, leads(r"n[ée]|naiss|ddn|d\.|date|nais|born|do|bi|anniversaire"))
_YEAR_OF_BIRTH = late(
    rf"\b(?:je suis|il est|elle est|i was|was|mari|femme|fils|fille|\)|,|\()\s?(?:n[ée]e?"
    rf"|born)\s(?:en|in)\s"
    rf"(?P<date>{_YEAR})\b"
)
_STOPS = re.compile(r"\.\s[A-ZÀ-Þ]|\b(?:depuis|mais|car|qui|signal\w*|constat\w*|habite)\b")
_NOT_A_PERSON = re.compile(
    r"\b(?:association|asso|collectif|entreprise|soci[ée]t[ée]|projet|id[ée]e|loi|commune|syndicat"
    r"|club|festival|structure|[ée]cole|service|programme|dispositif|mouvement|initiative|site"
    r"|plateforme|journal|march[ée]|tradition|f[êe]te|entreprise|compagnie|mairie|m[ée]tropole"
    r"|association|company|charity|project|movement)\b[^.\n]{0,30}$",
    re.IGNORECASE,
)
_CHILD = re.compile(
    r"\b(?:fils|filles?|enfants?|[ée]l[èe]ves?|b[ée]b[ée]|petit-fils|petite-fille|jumeaux|jumelles"
    r"|son"
    r"|daughter|child|children|kids?|pupil|inscri\w+|scolaris\w+|cr[èe]che|cantine)\b",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(rf"\s?[,(:-]?\s?\(?(?:le\s)?(?P<date>{DATE})", re.IGNORECASE)
_STEMS = Stems("né|nee|ne |ne(|nes |nais|ddn|d.d|born|birth|dob|d.o.b|anniv")


def find_births(text: str) -> Iterator[Span]:
    """Yield the dates of birth of a normalised text that a word announces."""
    low = lowered(text)
    if not holds(low, _STEMS):
        return
    for found in _BORN_AT.finditer(low):
        if _STOPS.search(text[found.start("between") : found.end("between")]):
            continue
        if _NOT_A_PERSON.search(text, max(0, found.start() - 60), found.start()):
            continue
        if _is_newborn_rule(found):
            continue
        yield Span(*found.span("date"), DOB)
    for found in _YEAR_OF_BIRTH.finditer(low):
        if not _NOT_A_PERSON.search(text, max(0, found.start() - 60), found.start()):
            yield Span(*found.span("date"), DOB, weak=True)


def _is_newborn_rule(found: re.Match[str]) -> bool:
    """Say whether the words speak of everybody born in a time: "les enfants nés avant le …"."""
    return re.search(
        r"\b(?:avant|apr[èe]s|entre|depuis|before|after|between|since)\b",
        found.group("between"),
        re.IGNORECASE,
    ) is not None and found.group("cue").lower().endswith("s")


def births_of(text: str, persons: Sequence[Span]) -> Iterator[Span]:
    """Yield the dates that stand right after the name of a child, or in a row with a name.

    A letter is dated after its signature too; so beside other names only a date counts that is
    long past, or one that more of the row follows.
    """
    for person in persons:
        found = _AFTER_NAME.match(text, person.end)
        if found is None:
            continue
        child = _CHILD.search(text, max(0, person.start - 60), person.start)
        if child or (found.group()[:1] in ",( " and _is_long_past(found.group("date"))):
            yield Span(*found.span("date"), DOB)


def _is_long_past(date: str) -> bool:
    year = re.findall(r"(?:19|20)\d\d|(?<!\d)\d\d(?!\d)", date)[-1]
    if re.match(r"(?:19|20)\d\d", date):
        year = date[:4]
    return int(year) <= 2012 if len(year) == 4 else not 12 < int(year) <= 30
