# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers of houses near a way of any kind: "4 quartier X", "rue X, le 12", "14 Hohlgass".

`addresses` reads what is surely an address. What stands here is guessed: streets of all regions, a
number behind its street, a way that is also something else.
"""

import re
from collections.abc import Iterator
from typing import Final

from beffroi_privacy.addresses import is_door
from beffroi_privacy.gazetteer import is_ordinary
from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.living import is_lived_in
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, any_of, holds, late
from beffroi_privacy.spans import ADDRESS, Span

_WAYS = (
    r"rue|r\.|avenue|av\.?|ave|boulevard|bd|bld|bvd|boul\.?|impasse|imp\.?|chemin|ch\.|che?m\.?"
    r"|all[ée]es?|all\.|ruelle|venelle|sentier?|faubourg|fbg?|lotissement|lot\.?|esplanade"
    r"|promenade|traverse|mont[ée]e|corniche|place|pl\.?|cours|cour|passage|quai|square|sq\.?"
    r"|route|rte\.?|voie|villas?|cit[ée]|r[ée]sidence|r[ée]s\.?|hameau|mail|clos|c[ôo]te|parvis"
    r"|quartier|qu?\.|chauss[ée]e|dr[èe]ve|ravine|morne|cale|lev[ée]e|rampe|carriè?re|draille"
    r"|chasse|charri[èe]re|cavée|traboule|calade|carraire|cami(?:n|no)?|carrer|strada|straed"
    r"|stread|str[ée]at|hent|plasenn|karrika|bidea|habitation|anse|trace|servitude|bourg|gasse"
    r"|strasse|straat|rang|rocade|degr[ée]s|escaliers?|placette|placître|hlm|domaine|immeuble|imm"
    r"|parc|lieu[- ]?dit|ld|vc|chemin rural|cr|ligne|port|trav\.?|sent\.?|prom\.?|esp\.?"
    r"|pass\.?|quart\.?|ham\.?|mtée\.?|rpt\.?|carref\.?"
)
_WAY = rf"(?:{any_of(_WAYS)})"
_WAY_WORD = Headed(re.compile(rf"(?<!\w){_WAY}\s"), leads(_WAYS))
_NO = r"(?:n°\s?|n[o°]\.?\s|num[ée]ro\s|num\.?\s|no\.\s|nr\.?\s)"
_N = rf"(?:{_NO})?(?!0)\d{{1,4}}(?:\s?(?:bis|ter|quater|quinquies)\b|\s?-?\s?[a-ft]\b)?"
_RANGE = rf"{_N}(?:\s?(?:-|/|à|et|au|&)\s?{_N})?"
_NAME = (
    r"(?:(?:de|du|des|la|le|les|aux?|en|sur)[ ]|[dl]'[ ]?){0,3}"
    r"(?:[^\W\d_][\w'-]*+|\d{1,2}(?:er)?[ -][^\W\d_]{3,9}(?:[ -]\d{4})?)"
)
_REST = r"(?:[ ](?:(?:de|du|des|la|le|les|aux?|en|et|sur)[ ]|[dl]'){0,2}[A-ZÀ-Þ][\w'-]*+){0,4}"
_END = (
    r"(?=\s*(?:$|[,;.)\n(-]|\b\d{5}\b|[àa]\s[A-ZÀ-Þ]"
    r"|\b(?:bât|bat|appt?|apt|porte|étage|esc)))"
)
_FRONT = late(
    rf"(?<![\w./:#°€-])(?<!\d[,\s])(?P<number>(?i:{_RANGE}))\s?,?\s{{0,3}}(?i:(?:de\s(?:la|l')"
    rf"|du|de|des)\s?)?(?i:{_WAY})\s(?P<name>(?i:{_NAME}){_REST})(?P<stop>(?i:{_END}))?"
)
_BACK = late(
    rf"(?<!\w)(?i:{_WAY})\s(?P<name>(?i:{_NAME}){_REST})[ ]?[,-]?[ ]{{1,2}}\(?"
    r"(?P<number>(?i:(?:(?:au|le)\s)?"
    rf"{_RANGE}))(?![\w/]|[.,]\d|[ ]?(?:€|%|[a-zà-ÿ]{{2,}}))"
)
_ENGLISH_BACK = late(
    r"(?<![\w-])(?:[A-Z][\w'-]{1,30}\s){1,3}(?:Street|St|Road|Rd|Lane|Avenue|Ave|Drive|Close|Terrace|Way"
    r"|Row|Crescent|Gardens|Grove|Hill|Place|Mews|Square|Park|Court)\b[,\s(]{1,3}(?:at\s)?"
    r"(?P<number>(?i:number|no\.?|n°|house|#)\s?\d{1,4}[A-Fa-f]?)(?![\w/]|[.,]\d)"
)
_GERMAN = re.compile(
    r"(?<![\w-])(?:(?P<a>\d{1,4}(?:[a-f]|\s?(?:bis|ter|quater))?),?\s(?:du\s|de la\s)?)?"
    r"(?:[^\W\d_]{3,14}(?:gasse?|weg"
    r"|strasse|straße|straat|laan))(?(a)(?!\w)|(?:\s-)?\s\d{1,4}(?!\w|[.,]\d))"
)
_BOTH = re.compile(rf"(?<!\w)entre le\s(?P<number>\d{{1,4}})\set le\s(?=\d{{1,4}}\s{_WAY}\b)")
_GERMAN_ENDS = Stems("gass|weg|straße|stra|laan")
_ENGLISH_STREETS: Final = re.compile(r"number|no|n°|house|#")
_ENGLISH_WAYS = Stems(
    "street| st|road| rd|lane|ave|drive|close|terrace|way|row|crescent|gardens|grove|hill|place"
    "|mews|square|park|court"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_TIME = re.compile(
    r"(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|en"
    r"|depuis|article|art\.?|lot|bus|ligne|les|des|ces|nos|page|parcelle|section|dans|aux)\s$",
    re.IGNORECASE,
)
_DAY = re.compile(r"\ble\s$", re.IGNORECASE)
_NUMBERED = re.compile(rf"(?i:{_NO})")
_OF = re.compile(r"(?i:du|des|de la|de l'|aux?)\b")


def find_near_ways(text: str, low: str, lived: list[int]) -> Iterator[Span]:
    """Yield numbers before or behind a way; `lived` are the places where homes are told of."""
    ways = [found.start() for found in _WAY_WORD.finditer(low)]
    if ways:
        for found in _FRONT.finditer(text):
            if _is_front(text, found, lived):
                yield Span(found.start(), found.end("name"), ADDRESS, weak=True)
    for start in ways:
        behind = _BACK.match(text, start)
        if behind is not None and not _YEAR.match(behind.group("number")):
            if any(c.isupper() for c in behind.group("name")):
                yield Span(start, behind.end(), ADDRESS, weak=True)
    if holds(low, _ENGLISH_WAYS) and _ENGLISH_STREETS.search(low):
        for found in _ENGLISH_BACK.finditer(text):
            yield Span(*found.span("number"), ADDRESS, weak=True)
    if holds(low, _GERMAN_ENDS):
        for found in _GERMAN.finditer(low):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)
    for found in _BOTH.finditer(low) if "entre le" in low else ():
        yield Span(*found.span("number"), ADDRESS, weak=True)


def _is_front(text: str, found: re.Match[str], lived: list[int]) -> bool:
    """Say whether a number before a way is a house's, and no year, day, door or count."""
    number, named, start = found.group("number"), found.group("name"), found.start()
    if is_door(text, start) or _YEAR.fullmatch(number):
        return False
    if _TIME.search(text, max(0, start - 12), start):
        return False
    if number.isdigit() and _DAY.search(text, max(0, start - 4), start):
        return False
    capital = any(c.isupper() for c in named)
    home = is_lived_in(text, start, lived)
    told = home or capital or _NUMBERED.match(number) or found.group("stop") is not None
    named_so = not is_ordinary(fold(named.split()[-1])) or _OF.match(named)
    return bool(told and (capital or home or named_so))
