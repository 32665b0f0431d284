# SPDX-License-Identifier: AGPL-3.0-or-later
"""Homes in any wording: doors, floors, pitches and numbers of somebody.

`addresses` and `homes` read what is surely an address. What stands here is guessed.
"""

import re
from collections.abc import Iterator, Sequence

from beffroi_privacy.hamlets import find_hamlets
from beffroi_privacy.homes import is_public
from beffroi_privacy.living import is_lived_in, told_homes
from beffroi_privacy.patterns import Stems, figures, holds, lowered, runs
from beffroi_privacy.spans import ADDRESS, ASK, Span
from beffroi_privacy.ways import find_near_ways

_BOX = re.compile(
    r"(?<!\w)(?:b\.?p\.?|bo[îi]te postale|casier|poste restante"
    r"|po box|p\.o\. box)\s?(?:n°\s?)?\d{1,6}(?!\w)"
)
_PITCH = re.compile(
    r"(?<!\w)(?:emplacement|bungalow|caravane|caravan|mobil-?home|chalet|ponton|pontoon|anneau"
    r"|parcelle|pitch|mooring|berth|place|pier)\s(?:n°\s?|num[ée]ro\s)?(?:[a-z]?\d{1,4}|[a-z])(?!\w)"
)
_BOXES = Stems("bp|b.p|postale|casier|restante|box")
_STAYS = Stems("camping|campsite|caravan|niche|houseboat|port|ponton|bungalow|marina")
_STAY = re.compile(r"camping|campsite|caravan|p[ée]niche|houseboat|port\b|ponton|bungalow|marina")
_IS_AT = re.compile(
    r"(?:\b(?:je suis|nous sommes|on est|est|sont|je reste|i am|i'm|we are|we're|is|are|moi|livrer"
    r"|deliver)\s)(?:bien\s|juste\s|toujours\s)?(?:au|at|le)\s(?:n°\s?|num[ée]ro\s|number\s)?"
    r"(?P<number>\d{1,4}(?:\s?(?:bis|ter)\b)?)(?=\s?(?:$|[.,;)\n]|\s(?:et|de la rue|rue)\b))"
)
_WORDED = re.compile(
    r"(?<!\w)num[ée]ro\s(?P<number>(?:vingt|trente|quarante|cinquante|soixante)?[- ]?(?:et[- ])?"
    r"(?:un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
    r"|vingt|trente|quarante|cinquante|soixante))(?!\w)"
)
_UNIT = re.compile(
    r"(?<!\w)(?:(?:logt|lgt|unit|apmt|hall|app)\.?\s?(?:n°\s?)?|(?:villa|bungalow|pavillon)\s"
    r"(?:n°\s?|num[ée]ro\s))\d{1,4}[a-z]?(?!\w)"
)
_UNITS = Stems("logt|lgt|unit|apmt|hall|app|villa|bungalow|pavillon")
_FIELD = re.compile(
    r"(?:n°|num[ée]ro|number)\s(?:de\s(?:la\s)?|dans\s(?:la\s)?|of\s)?(?:voie|rue|maison|house"
    r"|street)\s?[:=]\s*(?P<number>\d{1,4}(?:\s?(?:bis|ter))?)(?!\w)"
)
_SAID_AT = re.compile(
    r"(?<!\d\s)\bau\s(?:n°\s?)?(?P<number>\d{1,3}(?:\s?(?:bis|ter)\b)?)(?=\s?(?:[,;.()\n]|$))"
)
_PLOT = re.compile(
    r"(?<!\w)(?i:lot|villa|maison|pavillon|case|parcelle|bungalow|chalet|mobil-?home|emplacement"
    r"|house|unit|plot|caravan|b[âa]timent|immeuble|tour|entr[ée]e|hall|cage|all[ée]e|mont[ée]e"
    r"|bloc|appartement|appart|porte|boîte|[ée]tage)\s(?:n°\s?|num[ée]ro\s|number\s|no\.?\s)?"
    r"(?P<number>\d{1,4}\s?[A-Za-z]?|[A-Z]\d{0,3}|[IVX]{1,4})(?![\w/]|[.,]\d|\s?(?:€|%|ans|m2))"
)
_SIDE = re.compile(
    r"(?<![\w/.,])(?:\d{1,2}\s?(?:er|e|è|[èe]me|nde?|rd|th|st)|premier|deuxi[èe]me|second"
    r"|troisi[èe]me|quatri[èe]me|cinqui[èe]me|sixi[èe]me|septi[èe]me|dernier|rdc"
    r"|rez[- ]de[- ]chauss[ée]e|first|third|ground|top)\s(?:[ée]tage,?\s|floor,?\s|[ée]t\.\s)?,?\s?"
    r"(?:[àa]\s(?:la\s)?|on the\s|c[ôo]t[ée]\s)?(?:gauche|droite|droit|dte|gche|g(?=[,.])|face|fond"
    r"|porte\s(?:gauche|droite|\d{1,4}|[a-z]\d?(?!\w))|left|right|front|rear)(?!\w)"
)
_SIDES = Stems("gauche|droit|gche|dte|left|right|face|fond|rear")
_NUMBER_OF = re.compile(
    r"(?<!\w)(?:(?:maisons?|pavillons?|portail|portes?|logement|terrasse|jardin|haie|chien|terrain"
    r"|garage|balcon|boîte|cheminée|occupants?|habitants?|voisine?s?|riveraine?s?|gens|famille"
    r"|propriétaire|house|home|garden|dog|hedge|neighbou?rs?|people|gate|fence)\s(?:du|au|de la|of"
    r"|at|from)\s(?:n°\s?|num[ée]ro\s|no\.?\s|number\s)?|(?:chez|at|i live at|live at|lives at)\s"
    r"(?:le\s|au\s|the\s)?(?:n°\s?|num[ée]ro\s|no\.?\s|number\s))"
    r"(?P<number>\d{1,4}(?:\s?(?:bis|ter)\b|\s?[a-d]\b)?)(?![\w/:]|[.,]\d|\s?(?:€|%|[a-zà-ÿ]{2,}"
    r"\s?\d|ans|mois|h\b|km|m\b|janv|f[ée]v|mars|avr|mai|juin|juil|ao[ûu]t|sept|oct|nov|d[ée]c"
    r"|[èe]me|er\b|e\b|january|february|march|april|may|june|july|august))"
)
_ASKED = re.compile(
    r"(?<!\w)(?:au|du|le|devant le|face au|chez le|at|outside|opposite|of)\s(?:n°\s?|n[o°]\.?\s"
    r"|num[ée]ro\s|number\s|no\.?\s)\d{1,4}(?:\s?(?:bis|ter))?(?![\w/]|[.,-]\d|\s?(?:€|%))"
)
_COUNTED = re.compile(r"\b(?:au|du|le|at|of|from|la|n°|n[o°]\.?|num[ée]ro|number) ?\d")
_BEFORE_COUNT = tuple(
    word + gap
    for word in "au du le at of from la n° no n°. no. numéro numero number".split()
    for gap in ("", " ")
)
_POST = re.compile(
    r"courrier|[ée]cri|adress|post|write|mail|send|envo|livr|m\.|mme|monsieur|madame|\n"
)


def find_dwellings(text: str, others: Sequence[Span]) -> Iterator[Span]:
    """Yield the homes that are only guessed, and as `ASK` numbers that may be one's."""
    low = lowered(text)
    lived = told_homes(low)
    if figures(text)[0]:
        yield from find_near_ways(text, low, lived)
        yield from _doors(text, low, lived)
    elif lived:
        yield from _plots(text, lived)
    if holds(low, _SIDES):
        for found in _SIDE.finditer(low):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)
    yield from find_hamlets(text, low, lived, others)
    for found in _WORDED.finditer(low) if "num" in low else ():
        yield Span(*found.span("number"), ADDRESS, weak=True)


def _plots(text: str, lived: list[int]) -> Iterator[Span]:
    for found in _PLOT.finditer(text):
        if is_lived_in(text, found.start(), lived) and not is_public(text, found):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)


def _doors(text: str, low: str, lived: list[int]) -> Iterator[Span]:
    """Yield doors, lots and floors of a home, and bare house numbers of somebody."""
    if lived:
        yield from _plots(text, lived)
    counted = _may_count(low) and _COUNTED.search(low) is not None
    yield from _elsewhere(low, counted=counted)
    if not counted:
        return
    for found in _NUMBER_OF.finditer(low):
        yield Span(*found.span("number"), ADDRESS, weak=True)
    for found in _ASKED.finditer(low):
        yield Span(found.start(), found.end(), ASK, weak=True)


def _may_count(low: str) -> bool:
    """Say whether a run of digits stands behind the end of one of the words of `_COUNTED`."""
    return any(low.endswith(_BEFORE_COUNT, 0, start) for start, _ in runs(low))


def _elsewhere(low: str, *, counted: bool) -> Iterator[Span]:
    """Yield boxes, pitches of a camp site, moorings, and numbers at which somebody is."""
    if counted and len(said := list(_SAID_AT.finditer(low))) > 1:
        yield from (Span(*one.span("number"), ADDRESS, weak=True) for one in said)
    for pattern in _elsewhere_tried(low, counted=counted):
        for found in pattern.finditer(low):
            if not is_public(low, found):
                start, end = found.span("number" if "number" in pattern.groupindex else 0)
                yield Span(start, end, ADDRESS, weak=True)
    for found in _BOX.finditer(low) if holds(low, _BOXES) else ():
        if _POST.search(low, max(0, found.start() - 60), found.start()):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)
    if holds(low, _STAYS) and _STAY.search(low):
        for found in _PITCH.finditer(low):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)


def _elsewhere_tried(low: str, *, counted: bool) -> Iterator[re.Pattern[str]]:
    if counted:
        yield _IS_AT
    if ":" in low or "=" in low:
        yield _FIELD
    if holds(low, _UNITS):
        yield _UNIT
