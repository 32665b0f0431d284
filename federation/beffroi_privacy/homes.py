# SPDX-License-Identifier: AGPL-3.0-or-later
"""Homes told without a numbered street: a flat, a door, a hamlet, "the neighbour at 14"."""

import re
from collections.abc import Iterator, Sequence

from beffroi_privacy.gazetteer import is_commune
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, figures, holds, late, lowered
from beffroi_privacy.spans import ADDRESS, Span

_ID = (
    r"(?:n°\s?|no\.?\s|num[ée]ro\s|number\s)?(?:[a-z]{0,2}\d{1,5}[a-z]?|[a-z]\d?)\b(?!['’.]\w"
    r"|\s?(?:ans?|mois|jours?|h\b|€|%|m2|pi[èe]ces?|personnes?|fois))"
)
_GAP = r"(?:\s{1,2}|(?=\d)|(?=n°))"
_FLAT = re.compile(
    rf"(?<!\w)(?P<what>appartements?|appart\.?|appts?\.?|apts?\.?|app\.|flats?|apartments?"
    rf"|logements?|lgt\.?|studio|suite){_GAP}{_ID}"
)
_PART = (
    r"(?:b[âa]timents?|b[âa]t\.?|escaliers?|esc\.?|portes?|hall|entr[ée]e|cage|interphone"
    r"|bo[îi]te(?: aux lettres)?|bal|tour|bloc|block|building|unit"
    rf"|door|stair(?:case)?|villa|pavillon|chambre|room|appartements?|appart\.?|appts?\.?|apts?\.?"
    rf"|flat|logement|studio|box){_GAP}{_ID}"
)
_FLOOR = (
    r"(?:\d{1,2}\s?(?:er|e|è|[èe]me|nd|rd|th|st)|premier|deuxi[èe]me|second|troisi[èe]me"
    r"|quatri[èe]me|cinqui[èe]me|sixi[èe]me|dernier|first|second|third|top|ground)"
    r"\s(?:[ée]tage|floor)(?:\s(?:[àa]\s)?(?:gauche|droite|porte \w+|left|right|face|au fond))?"
    r"|rdc(?:\s(?:gauche|droite))?|rez-de-chauss[ée]e(?:\s(?:gauche|droite))?"
)
_PARTS = late(
    rf"(?<!\w){_PART}(?:\s?[,;-]?\s?(?:et\s|au\s|à\s|dans\s|de\sl'|du\s|l')?(?:{_PART}"
    rf"|{_FLOOR})){{1,5}}|(?<!\w)(?:{_FLOOR})(?:\s?[,;-]?\s?(?:et\s|de\sl'|du\s"
    rf"|dans\sl[ea]\s)?{_PART}){{1,4}}"
)
_ABBREVIATED = re.compile(rf"(?<!\w)(?:b[âa]t\.?|esc\.?|appt\.?){_GAP}{_ID}")
_DOOR = re.compile(
    r"(?<!\w)(?:porte|interphone|bo[îi]te aux lettres|bal|chambre|room"
    r"|digicode)\s(?:n°\s?)?\d{1,4}(?![\w.,]\d|\w)"
)
_SINGLE = late(rf"(?<!\w)(?:{_PART}|{_FLOOR})")
_HOME = (
    r"(?:j'habit\w*|nous habitons|on habite|habite|habitons|habitais|habitant(?=\s(?:au|à|le|la"
    r"|dans))|je vis|vivons|vivant|je loge|log[ée]e?s?\s(?:au|à)"
    r"|r[ée]sid(?:e|ant|ons|ais)\b|demeur(?:e|ant|ons)\b|domicili[ée]e?s?|mon (?:domicile|adresse"
    r"|logement|appartement|appart|entr[ée]e|palier|[ée]tage|immeuble|b[âa]timent)|ma (?:maison"
    r"|porte|r[ée]sidence|fen[êe]tre|bo[îi]te)|chez (?:moi|nous|eux|lui|elle)|adresse\s?:"
    r"|notre (?:maison|logement|appartement|immeuble|domicile)|i live|we live|lives|living"
    r"|(?:notre|ma|leur|sa)(?=\s(?:ferme|moulin|mas|longère|villa|maison|propriété))|my (?:home"
    r"|house|flat|address|door|apartment)|our (?:house|flat|home)|residing)"
)
_HOME_CUE = late(rf"(?<!\w){_HOME}[^.!?\n]{{0,50}}$", re.IGNORECASE)
_NUMBER_ALONE = late(
    rf"(?<!\w)(?P<cue>{_HOME}|(?:mes |ma |mon |le |la |les |un |une |nos )?(?:voisine?s?|gens"
    rf"|locataires?|propri[ée]taires?|occupants?|famille"
    rf")|neighbou?rs?|people|tenants?|man|woman|family)"
    r"\s(?:(?:juste\s)?(?:au|du|à|le|en face au|at|from|of|in)\s)(?:n°\s?|num[ée]ro\s|no\.?\s"
    r"|number\s)?"
    r"(?P<number>\d{1,4}(?:\s?(?:bis|ter|quater)\b|\s?[A-D]\b)?)(?![\w/:]|[.,]\d|\s?(?:ans?|mois"
    r"|jours?|h\b|heures?|€|%|km|m\b|m2|min|e\b|[èe]me|er\b|janv|f[ée]v|mars|avr|mai|juin|juil"
    r"|ao[ûu]t|sept|oct|nov|d[ée]c|january|february|march|april|may|june|july|august|am\b|pm\b"
    r"|o'clock|years|days|kilom|m[èe]tres?|minutes|[/-]\d|étages?|enfants|personnes|familles"
    r"|[a-z]\w+ (?:street|road)))"
)
_FLOOR_OF = re.compile(
    r"(?<!\w)(?:voisine?s?|locataires?|neighbou?rs?|dame|monsieur|gens)\s(?:du|au|on the"
    r"|at the)\s(?P<floor>(?:\d{1,2}\s?(?:er|e|è|[èe]me|nd|rd|th)|premier|deuxi[èe]me|second"
    r"|troisi[èe]me|quatri[èe]me|cinqui[èe]me|rdc)(?:\s(?:[ée]tage|floor))?(?:\s(?:gauche|droite"
    r"|porte\s\w+))?)(?!\w)"
)
_HAMLET = re.compile(
    r"(?P<place>(?i:lieu[- ]?dit|hameau|ferme|moulin|domaine|manoir|ch[âa]teau|mas|villa"
    r"|chemin rural|ld|village)\s?:?\s?(?:\"\s?)?(?i:de\s|du\s|des\s|d'|dit\s){0,2}"
    r"(?:(?:[Ll]es?|[Ll]a|L'|l')\s?)?[A-ZÀ-Þ][\w'-]*(?:[ -](?:(?i:de|du|des|la|le|les|en|sur|aux?"
    r"|es|ès)\s|[dDlL]'){0,2}[A-ZÀ-Þ][\w'-]*){0,4})"
)
_HAMLET_LOWER = re.compile(
    r"(?P<place>(?:lieu[- ]?dit|lieudit)\s:?\s?\"?(?:l[ea]s?\s"
    r"|l')?[^\W\d_]{3,}(?:[ -][^\W\d_]{3,})?)",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(r"\s?[,(]?\s?(?:au |du )?(?=(?i:lieu|hameau|ld\b))" + _HAMLET.pattern)
_YEAR = re.compile(r"(?:logements?|suite|studio)\s(?:19|20)\d\d$")
_BEFORE_CODE = re.compile(
    r",\s(?P<place>(?:(?:Le|La|Les)\s|L')?[A-ZÀ-Þ][\w'-]+(?:\s(?:(?:de|du|des|la"
    r"|en)\s)*[A-ZÀ-Þ][\w'-]+){0,2}),?\s(?=\d{5}\b)"
)
_DIRECT = re.compile(
    r"(?:[Hh]abit\w*|[Dd]omicili[ée]e?s?|[Dd]emeurant|[Rr][ée]sidant)\s(?P<place>(?:Le|La"
    r"|Les)\s[A-ZÀ-Þ][\w'-]+"
    r"(?:\s(?:(?:de|du|des|la|en|au|aux|ès)\s)*[A-ZÀ-Þ][\w'-]+){0,2})"
)
_PUBLIC_OWNER = re.compile(
    r"[^.!?()\n]{0,28}?\s?(?:de la|du|des|de l'|d'|of the|,)\s?"
    r"(?:mairie|coll[èe]ge|lyc[ée]e|[ée]cole|h[ôo]pital"
    r"|gymnase|stade|piscine|gare|universit[ée]|campus|facult[ée]"
    r"|m[ée]diath[èe]que|biblioth[èe]que|pr[ée]fecture|parc|centre|cimeti[èe]re|march[ée]|salle"
    r"|conseil|h[ôo]tel|mus[ée]e|th[ée][âa]tre|town hall|library|school|station|hospital)\b",
    re.IGNORECASE,
)
_PUBLIC_BEFORE = re.compile(
    r"(?:mairie|coll[èe]ge|lyc[ée]e|[ée]cole|h[ôo]pital|gymnase|stade|piscine|gare|universit[ée]"
    r"|campus|m[ée]diath[èe]que|biblioth[èe]que|pr[ée]fecture|centre|library|school|station"
    r"|hospital|town hall|\bsalle|\broom)[^.\n]{0,25}$",
    re.IGNORECASE,
)
_DWELLINGS = Stems(
    "app|apt|apart|flat|logement|lgt|studio|suite |bât|bat|esc|porte|hall|entrée|entree|cage"
    "|interphone|boîte|boite|tour|bloc|block|unit|door|stair|étage|etage|floor|rdc|rez|chambre"
    "|room|villa|building|pavillon|digicode"
)
_NEIGHBOURS = Stems(
    "habit|viv|vis|log|résid|resid|demeur|domicil|chez|adresse|voisin|gens|locataire|propri"
    "|occupant|famille|neighbo|people|tenant| man |woman|family|live|living|dame|monsieur|home"
    "|house|ma |mon |notre |my |our "
)
_LIVED_AT = Stems("habit|domicili|demeurant|sidant")
_HAMLETS = Stems("lieu|hameau|ferme|moulin|domaine|manoir|château|chateau|mas |villa|rural|ld ")


def find_homes(text: str) -> Iterator[Span]:
    """Yield what tells a home in a normalised text without a numbered street."""
    low = lowered(text)
    if holds(low, _DWELLINGS):
        yield from _flats(low)
    if holds(low, _NEIGHBOURS):
        for found in _NUMBER_ALONE.finditer(low) if figures(text)[0] else ():
            yield Span(*found.span("number"), ADDRESS, weak=True)
        for found in _FLOOR_OF.finditer(low):
            yield Span(*found.span("floor"), ADDRESS, weak=True)
    if holds(low, _LIVED_AT):
        yield from _direct(text)
    if holds(low, _HAMLETS):
        for found in (*_HAMLET.finditer(text), *_HAMLET_LOWER.finditer(text)):
            if _HOME_CUE.search(text, max(0, found.start() - 70), found.start()):
                yield Span(*found.span("place"), ADDRESS)


def _direct(text: str) -> Iterator[Span]:
    """Yield "La Ville au Blanc" after "habite", without the "à" that a commune would have."""
    for found in _DIRECT.finditer(text):
        if not is_commune(fold(found.group("place"))):
            yield Span(*found.span("place"), ADDRESS, weak=True)


def homes_of(text: str, persons: Sequence[Span]) -> Iterator[Span]:
    """Yield the hamlets that stand right after the name of a person."""
    for person in persons:
        found = _AFTER_NAME.match(text, person.end) or _BEFORE_CODE.match(text, person.end)
        if found is not None and not is_commune(fold(found.group("place"))):
            yield Span(*found.span("place"), ADDRESS)


def _flats(text: str) -> Iterator[Span]:
    for found in _FLAT.finditer(text):
        if _YEAR.search(text, found.start(), found.end()):
            continue
        if not _PUBLIC_OWNER.match(text, found.end()):
            yield Span(found.start(), found.end(), ADDRESS)
    single = list(_SINGLE.finditer(text))
    for found in _ABBREVIATED.finditer(text) if single else ():
        if not is_public(text, found):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)
    for found in _DOOR.finditer(text) if figures(text)[0] else ():
        if not is_public(text, found):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)
    for found in _PARTS.finditer(text) if single else ():
        if not is_public(text, found):
            yield Span(found.start(), found.end(), ADDRESS)
    for found in single:
        if _HOME_CUE.search(text, max(0, found.start() - 70), found.start()) and not is_public(
            text, found
        ):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)


def is_public(text: str, found: re.Match[str]) -> bool:
    """Say whether a door or a building is one of a public place."""
    return (
        _PUBLIC_OWNER.match(text, found.end()) is not None
        or _PUBLIC_BEFORE.search(text, max(0, found.start() - 40), found.start()) is not None
    )
