# SPDX-License-Identifier: AGPL-3.0-or-later
"""Homes: a house number with its street. A street without a number is a place and stays.

What is hidden of an address is the number and the door, never the street: "[n°] rue des Lilas"
keeps a report useful.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.normalise import normalise
from beffroi_privacy.patterns import (
    Stems,
    any_of,
    figures,
    holds,
    late,
    lowered,
    near_figures,
    runs,
)
from beffroi_privacy.spans import ADDRESS, Span

HIDDEN_NUMBER: Final = "[n°]"

_NUMBER = (
    r"(?i:n°\s?|n[o°]\s|num[ée]ro\s|number\s)?(?!0)\d{1,4}"
    r"(?:\s?(?i:bis|ter|quater)\b|\s?[A-F]\b|[a-f]\b)?"
    r"(?:\s?(?:-|/|à|et)\s?\d{1,4}(?:\s?(?i:bis|ter)\b)?)?"
)
_DOOR = (
    r"(?i:appartement|appart\.?|appt?\.?|apt\.?|flat|b[âa]timent|b[âa]t\.?|porte|[ée]tage|escalier"
    r"|esc\.?|interphone|digicode|code|chambre|logement|lgt\.?|box|bo[îi]te)"
    r"\s?(?i:n°\s?)?(?:[A-Z]?\d{1,5}[A-Z]?|[A-Z])\b"
)
_FLOOR = r"\d{1,2}(?:er|e|ème|è)\s(?i:[ée]tage)"
_STREET_WORDS = (
    r"rue|r\.|r(?=\s(?:de|du|des|d'))|avenue|av\.?|ave\.?|boulevard|boul\.?|bld\.?|bvd\.?|bd\.?"
    r"|impasse|imp\.?|chemin|chem\.?|che\.?|all[ée]e|all\.?|ruelle|venelle|sente|sentier|faubourg"
    r"|fbg\.?|lotissement|lot\.|esplanade|promenade|traverse|mont[ée]e|corniche|rond-point|rpt\.?"
)
_STREET = rf"(?i:{_STREET_WORDS})"
_STREET_AT = Headed(re.compile(rf"\b{any_of(_STREET_WORDS)}\s"), leads(_STREET_WORDS))
_SPOT = (
    r"(?i:place|pl\.?|cours|cour|passage|quai|square|sq\.?|route|rte\.?|voie|villa|cit[ée]"
    r"|r[ée]sidence"
    r"|r[ée]s\.?|hameau|lieu-dit|mail|clos|c[ôo]te|parvis|pont|galerie|parc|domaine|immeuble|porte)"
)
"""Words that are also ordinary ones: only a name with a capital makes a street of them."""

_LINK = r"(?i:de|du|des|la|le|les|aux?|à|en|sur|sous|et)\s{1,3}|(?i:[dl])'\s?"
_OF_NAME = r"(?i:de|du|des|la|le|les)[ ]|(?i:[dl])'[ ]?"
_CAPITAL = r"(?:[A-ZÀ-ÖØ-Þ]\w*(?:[-.']\w+)*|\d{1,4}(?!\d))"
_WORD = r"\w[\w']*(?:-[\w']+)*"
_TAIL = rf"(?:[ ](?:{_OF_NAME}){{0,2}}{_CAPITAL}){{0,5}}"
_NOT_A_NAME = (
    r"(?!(?i:sur|par|ou|où|et|qui|est|dans|pour|en|avec|sans|plus|moins|commer[çc]ante|pi[ée]tonne"
    r"|voisine"
    r"|parall[èe]le|entière|bloqu[ée]e|ferm[ée]e|barr[ée]e|d'eau|à|de stationnement|de parking"
    r"|de crèche|pmr"
    r"|de cinéma|adaptée|réservée|libre|publique|privée|cyclable|concernée?|suivante?)\b)"
)
_LOWER = (
    r"(?i:march[ée]|mairie|[ée]glise|gare|poste|fontaine|port|ch[âa]teau|lavoir|chapelle|bourg"
    r"|moulin)\b"
)
_NAMELESS = r"(?i:grande?|vieille|haute|basse|petite|nouvelle)(?:[- ']\s?)(?i:rue)\b"
_OF = r"(?i:de\sla\s|de\sl'\s?|du\s|de\s|des\s|,\s?)?"

_WAY = (
    rf",?\s{{0,4}}{_OF}(?:{_NAMELESS}"
    rf"|{_STREET}\s{{1,4}}{_NOT_A_NAME}(?:{_LINK}){{0,3}}{_WORD}{_TAIL}"
    rf"|{_SPOT}\s{{1,4}}{_NOT_A_NAME}(?:{_LINK}){{0,3}}(?:{_LOWER}|{_CAPITAL}{_TAIL}))"
    rf"(?:\s?,?\s?-?\s?(?:{_FLOOR},?\s)?{_DOOR}){{0,4}}"
)
_NUMBERED = late(rf"(?=[\dnN])(?<![\w./:#°-])(?<!\d[,\s]){_NUMBER}{_WAY}")
_SPELT = late(
    r"(?<![\w-])(?i:deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze"
    r"|seize|(?:vingt|trente|quarante|cinquante|soixante)(?:[- ](?:et[- ])?\w{2,6})?"
    rf"|cent(?:[- ]\w{{2,9}})?)\b{_WAY}"
)
_SPELT_AT = Headed(
    _SPELT,
    leads(
        r"deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
        r"|vingt|trente|quarante|cinquante|soixante|cent"
    ),
)
_NUMBER_WORD = re.compile(r"n[°o]|num[ée]ro|number")
_SPELT_STEMS = Stems(
    "deux |trois |quatre |cinq |six |sept |huit |neuf |dix |onze |douze |treize |quatorze "
    "|quinze |seize |vingt|trente|quarante|cinquante|soixante|cent "
)
_HINTS_BEFORE: Final = ("au ", "n°", "n° ", "no", "no ", "numéro ", "numero ")
_HINT_BARE = re.compile(r"(?:\s?(?:bis|ter)\b)?(?:\s?[,;)]|\.?\s*$|\.\s)")
_ENGLISH_STEMS = Stems(
    " st| road| rd| lane| ln| ave| dr| sq| court| ct| close| terr| way| cres| gard| gdns| grove"
    "| hill| place| row| mews| green| view| walk| b| parade| quay| rise| circ| mount| park| yard"
    "| wharf| villas| alley| gate| end| the "
)
_HOUSE_STEMS = Stems("cottage|house|farm|lodge|barn|manor|villa")
_DOORS_BEFORE = re.compile(rf"(?<!\w)(?:{_DOOR}[,\s]{{1,3}}){{1,3}}$")
_NUMBER_AFTER = re.compile(
    rf"\b{_STREET}\s{{1,2}}{_NOT_A_NAME}(?:{_LINK}){{0,3}}{_WORD}{_TAIL}"
    r"(?:,\s|\s|\s?\()(?i:au\s(?:n°\s?|num[ée]ro\s)?|n[°o]\s?|num[ée]ro\s)\d{1,4}(?:\s?(?i:bis"
    r"|ter)\b)?"
    r"(?![\w/]|[.,]\d|\s(?i:mars|mai|juin|août|h\b|heures?|janvier|février|avril|juillet"
    r"|septembre|octobre|novembre|décembre))"
)
_ENGLISH_WAY = (
    r"(?i:street|st|road|rd|lane|ln|avenue|ave|drive|dr|square|sq|court|ct|close|terrace|way"
    r"|crescent"
    r"|cres|gardens|gdns|grove|hill|place|row|mews|green|view|walk|boulevard|blvd|parade|quay|rise"
    r"|circle|circus|mount|park|yard|wharf|villas|alley|gate|end)"
)
_BARE_AFTER = re.compile(
    rf"\b{_STREET}\s{{1,2}}{_NOT_A_NAME}(?:{_LINK}){{0,3}}(?!\d|(?i:du|des?|la|les?"
    rf"|aux?)\b){_WORD}(?:\s[A-ZÀ-Þ]\w+){{0,2}}"
    rf"\s\d{{1,3}}"
    r"(?:\s?(?i:bis|ter)\b)?(?=\s?[,;)]|\.?\s*$|\.\s[A-ZÀ-Þ])"
)
_NAMED_HOUSE = re.compile(
    r"\b(?:The\s)?[A-Z][a-z]+(?:\s[A-Z][a-z]+)?\s(?:Cottage|House|Farm|Lodge|Barn|Manor|Villa)"
    rf",?\s(?:[A-Z][\w'-]*\s){{1,3}}{_ENGLISH_WAY}\b"
)
_ENGLISH = re.compile(
    rf"(?=\d)(?:(?<![\w.,/:#°-])\d{{1,4}}[A-Fa-f]?,?\s(?:[A-Z][\w'-]*\s){{1,3}}{_ENGLISH_WAY}\b"
    r"|(?<![\w.,/:#°-])\d{1,4}[a-f]?,?\s(?!(?:the|a|to|of|in|and|cars?|on)\b)"
    r"(?:[a-z][\w'-]*\s){1,2}"
    r"(?:street|road|rd|lane|avenue|drive|crescent|terrace|gardens|grove|mews)\b"
    r"|(?<![\w.,/:#°-])\d{1,4}[A-Fa-f]?,?\s[Tt]he\s(?:[A-Z][\w'-]*\s)?[A-Z][\w'-]+)"
)
_YEAR_BEFORE = re.compile(
    r"(?i:\b(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
    r"|en|depuis|année|fin|début|été|hiver|printemps|automne|since|in|of|en date de))\s$"
)
_DOOR_BEFORE = re.compile(
    r"(?i:\b(?:appartement|appart\.?|appt?\.?|apt\.?|flat|apartment|b[âa]t\.?|porte|bo[îi]te))\s?$"
)
_HEAD = re.compile(rf"^(?P<doors>(?:{_DOOR}[,\s]{{1,3}}){{0,3}})(?P<number>{_NUMBER})")
_SPELT_HEAD = re.compile(
    rf"^(?P<doors>(?:{_DOOR}[,\s]{{1,3}}){{0,3}})(?P<number>[^\W\d]+(?:[- ](?:et[- ])?[^\W\d]+)?)"
    rf",?\s(?={_OF}(?:{_STREET}|{_SPOT})\s)"
)
_FOOT = re.compile(
    r"(?i:au\s(?:n°\s?|num[ée]ro\s)?|n[°o]\s?|num[ée]ro\s)?(?P<value>\b\d{1,4}(?:\s?(?i:bis"
    r"|ter))?)$"
)
_DOOR_VALUE = re.compile(
    rf"\b(?={_DOOR})[^\W\d]+\.?\s?(?i:n°\s?)?(?P<value>[A-Z]?\d{{1,5}}[A-Z]?|[A-Z])\b"
)


def find_addresses(text: str) -> Iterator[Span]:
    """Yield the numbered addresses of a normalised text, with their streets and doors."""
    low = lowered(text)
    for pattern in _worth_trying(text, low):
        for found in _finds(pattern, text, low):
            if pattern is _SPELT or not (_is_year(text, found) or is_door(text, found.start())):
                yield Span(_start(text, found), found.end(), ADDRESS)


def _finds(pattern: re.Pattern[str], text: str, low: str) -> Iterator[re.Match[str]]:
    """Yield what a pattern finds; one that begins with a street is tried at streets only."""
    if pattern is _ENGLISH or (pattern is _NUMBERED and not _NUMBER_WORD.search(low)):
        yield from near_figures(pattern, text)
        return
    if pattern is _SPELT:
        yield from _SPELT_AT.finditer(low, text)
        return
    if pattern is not _NUMBER_AFTER and pattern is not _BARE_AFTER:
        yield from pattern.finditer(text)
        return
    for street in _STREET_AT.finditer(low):
        found = pattern.match(text, street.start())
        if found is not None:
            yield found


def _worth_trying(text: str, low: str) -> Iterator[re.Pattern[str]]:
    """Yield the patterns that a cheap look at a text in small letters does not rule out."""
    if figures(text)[0]:
        yield _NUMBERED
        if any(low.endswith(_HINTS_BEFORE, 0, start) for start, _ in runs(text)):
            yield _NUMBER_AFTER
        if any(
            end - start < 4 and low[start - 1 : start].isspace() and _HINT_BARE.match(low, end)
            for start, end in runs(text)
        ):
            yield _BARE_AFTER
        if holds(low, _ENGLISH_STEMS):
            yield _ENGLISH
    if holds(low, _HOUSE_STEMS):
        yield _NAMED_HOUSE
    if holds(low, _SPELT_STEMS):
        yield _SPELT


def _start(text: str, found: re.Match[str]) -> int:
    """Return where an address begins: at the doors told before its number, if any."""
    if found.re in (_NUMBER_AFTER, _BARE_AFTER, _NAMED_HOUSE):
        return found.start()
    doors = _DOORS_BEFORE.search(text, max(0, found.start() - 60), found.start())
    return doors.start() if doors else found.start()


def is_door(text: str, start: int) -> bool:
    """Say whether the number belongs to the door before it: "(apt. 8, impasse du Moulin)"."""
    return _DOOR_BEFORE.search(text, max(0, start - 18), start) is not None


def _is_year(text: str, found: re.Match[str]) -> bool:
    """Say whether the number is a year that ends one sentence's date before a street begins."""
    return re.match(r"(?:19|20)\d\d\D", found.group()) is not None and bool(
        _YEAR_BEFORE.search(text, max(0, found.start() - 15), found.start())
    )


@lru_cache(maxsize=1024)
def generalise(address: str) -> str:
    """Return an address without house number and doors: "12 bis rue X, appt 4" as "[n°] rue X…".

    The text between is kept as written. What has no number where one is expected, or a second
    address, is hidden whole.
    """
    copy = normalise(address)
    parts: list[str] = []
    done = 0
    for start, end in (copy.original(*place) for place in _numbers(copy.text)):
        parts += (address[done:start], HIDDEN_NUMBER)
        done = end
    shown = "".join(parts) + address[done:]
    if not parts or any(find_addresses(normalise(" ".join(shown.split())).text)):
        return "[adresse]"
    return shown


def _numbers(text: str) -> list[tuple[int, int]]:
    """Return where the house number and the doors of a normalised address stand, in order."""
    head, foot = _HEAD.match(text) or _SPELT_HEAD.match(text), _FOOT.search(text)
    if head is not None:
        doors = [m.span("value") for m in _DOOR_VALUE.finditer(text)]
        start, end = head.span("number")
        return sorted([(start, end), *(d for d in doors if d[1] <= start or d[0] >= end)])
    doors = [m.span("value") for m in _DOOR_VALUE.finditer(text)]
    if foot is not None and foot.span("value") not in doors:
        doors.append(foot.span("value"))
    return sorted(doors)
