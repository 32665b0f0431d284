# SPDX-License-Identifier: AGPL-3.0-or-later
"""Homes in any wording: streets of all regions, numbers behind them, doors, names of houses.

`addresses` and `homes` read what is surely an address. What stands here is guessed: a number near
a word for a way that is also something else, a floor with its side, a place with a capital after
"j'habite", "chez moi", "notre ferme".
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from beffroi_privacy.addresses import is_door
from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.homes import is_public
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import holds, lowered
from beffroi_privacy.spans import ADDRESS, ASK, PERSON, Span

_WAY = (
    r"(?:rue|r\.|avenue|av\.?|ave|boulevard|bd|bld|bvd|boul\.?|impasse|imp\.?|chemin|ch\.|che?m\.?"
    r"|all[ée]es?|all\.|ruelle|venelle|sentier?|faubourg|fbg?|lotissement|lot\.?|esplanade"
    r"|promenade|traverse|mont[ée]e|corniche|place|pl\.?|cours|cour|passage|quai|square|sq\.?"
    r"|route|rte\.?|voie|villas?|cit[ée]|r[ée]sidence|r[ée]s\.?|hameau|mail|clos|c[ôo]te|parvis"
    r"|quartier|qu?\.|chauss[ée]e|dr[èe]ve|ravine|morne|cale|lev[ée]e|rampe|carriè?re|draille"
    r"|chasse|charri[èe]re|cavée|traboule|calade|carraire|cami(?:n|no)?|carrer|strada|straed"
    r"|stread|str[ée]at|hent|plasenn|karrika|bidea|habitation|anse|trace|servitude|bourg|gasse"
    r"|strasse|straat|rang|rocade|degr[ée]s|escaliers?|placette|placître|hlm|domaine|immeuble|imm"
    r"|parc|lieu[- ]?dit|ld|vc|chemin rural|cr)"
)
_NO = r"(?:n°\s?|n[o°]\.?\s|num[ée]ro\s|num\.?\s|no\.\s|nr\.?\s)"
_N = rf"(?:{_NO})?(?!0)\d{{1,4}}(?:\s?(?:bis|ter|quater|quinquies)\b|\s?[a-f]\b)?"
_RANGE = rf"{_N}(?:\s?(?:-|/|à|et|au|&)\s?{_N})?"
_NAME = r"(?:(?:de|du|des|la|le|les|aux?|en|sur)[ ]|[dl]'[ ]?){0,3}[^\W\d_][\w'-]*+"
_REST = r"(?:[ ](?:(?:de|du|des|la|le|les|aux?|en|et|sur)[ ]|[dl]'){0,2}[A-ZÀ-Þ][\w'-]*+){0,4}"
_END = (
    r"(?=\s*(?:$|[,;.)\n(-]|\b\d{5}\b|[àa]\s[A-ZÀ-Þ]"
    r"|\b(?:bât|bat|appt?|apt|porte|étage|esc)))"
)
_FRONT = re.compile(
    rf"(?<![\w.,/:#°€-])(?<!\d\s)(?P<number>(?i:{_RANGE}))\s?,?\s{{0,3}}(?i:(?:de\s(?:la|l')"
    rf"|du|de|des)\s?)?(?i:{_WAY})\s(?P<name>(?i:{_NAME}){_REST})(?P<stop>(?i:{_END}))?"
)
_BACK = re.compile(
    rf"(?<!\w)(?i:{_WAY})\s(?P<name>(?i:{_NAME}){_REST}),?[ ]{{1,2}}\(?(?P<number>(?i:(?:au\s)?"
    rf"{_RANGE}))(?![\w/]|[.,]\d|\s?(?:€|%|[a-zà-ÿ]{{2,}}))"
)
_ENGLISH_BACK = re.compile(
    r"(?<![\w-])(?:[A-Z][\w'-]{1,30}\s){1,3}(?:Street|St|Road|Rd|Lane|Avenue|Ave|Drive|Close|Terrace|Way|Row"
    r"|Crescent|Gardens|Grove|Hill|Place|Mews|Square|Park|Court)\b[,\s(]{1,3}(?:at\s)?"
    r"(?P<number>(?i:number|no\.?|n°|house|#)\s?\d{1,4}[A-Fa-f]?)(?![\w/]|[.,]\d)"
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
    r"|rez[- ]de[- ]chauss[ée]e|first|third|ground|top)\s(?:[ée]tage\s|floor\s|[ée]t\.\s)?,?\s?"
    r"(?:[àa]\s(?:la\s)?|on the\s|c[ôo]t[ée]\s)?(?:gauche|droite|droit|dte|gche|g(?=[,.])|face|fond"
    r"|porte\s\w{1,4}|left|right|front|rear)(?!\w)"
)
_HOME = (
    r"(?:j'habit\w*|nous habitons|on habite|habit(?:e|ons|ais|ant|ants)|je vis|vivons|nous vivons"
    r"|je loge|log[ée]e?s?\s[àa]|r[ée]sid(?:e|ant|ons|ais)|demeur(?:e|ant|ons)|domicili[ée]e?s?"
    r"|(?:mon|notre|son|leur)\s(?:domicile|adresse|logement|appartement|studio|pavillon|moulin"
    r"|mas|jardin|terrain|chalet|chez-moi|b[âa]timent|immeuble)|(?:ma|notre|sa|leur)\s(?:maison"
    r"|ferme|porte|r[ée]sidence|longère|villa|propri[ée]t[ée]|cour|b[âa]tisse|grange|boîte)"
    r"|chez\s(?:moi|nous|eux|lui|elle|mes parents|ma m[èe]re|mon p[èe]re|mamie)|adresse"
    r"|i live|we live|lives|living|residing|(?:my|our|his|her|their)\s(?:home|house|flat|address"
    r"|door|apartment|farm|cottage|garden|place|yard))"
)
_HOME_CUE = re.compile(rf"(?<!\w){_HOME}(?!\w)[^.!?\n]{{0,45}}$", re.IGNORECASE)
_CAP = r"[A-ZÀ-Þ][\w']*+(?:-[\w']++)*+"
_PLACE = re.compile(
    rf"(?<!\w)(?i:{_HOME})(?!\w)(?:\s?[:(,-])?\s(?P<link>(?:ici\s|là\s|toujours\s|seule?\s)?"
    r"(?:depuis\s\d+ ans\s|depuis toujours\s)?(?:est\s|is\s|se trouve\s|à côté de\s)?"
    r"(?:à|au|aux|a|dans|sur|at|in|de|du|,|:|le hameau|lieu[- ]dit|au lieu[- ]dit|l'ancienne?"
    r"|(?:le|la) lieu|village de|ferme de|la ferme|le moulin|moulin)?\s?(?:de\s|du\s|des\s|d')?)"
    rf"(?P<place>(?:(?:Le|La|Les|le|la|les|L'|l')\s?)?{_CAP}(?:[ ](?:(?:de|du|des|la|le|les|en"
    rf"|sur|aux?|ar|an|ès|es|the|of)[ ]|[dl]'){{0,2}}{_CAP}){{0,4}})"
    r"(?!\s?\(?\d{2,5}\)?|\s[a-z]+\s\d{5})"
)
_BRACKETED = re.compile(
    rf"(?i:{_HOME})\s?\((?P<place>(?:(?:Le|La|Les|L')\s?)?{_CAP}(?:[ ](?:(?:de|du|des|la|le|les"
    rf"|en|ar|ès)[ ]|[dl]'){{0,2}}{_CAP}){{0,4}})\)"
)
_ARTICLE = re.compile(r"(?:Le|La|Les|L')\s?[A-ZÀ-Þ]|(?:Ker|Pen|Ty|Ti|Coat|Mas|Plas|Lan|Goas)[a-z ]")
_LINE = re.compile(
    rf"(?:^|[,\n]\s?)(?P<place>(?:(?:Le|La|Les|L')\s?)?{_CAP}(?:[ ](?:(?:de|du|des|la|le|les|en"
    rf"|sur|aux?|ar|an|ès)[ ]|[dl]'){{0,2}}{_CAP}){{0,3}})\s?[,\n]\s?(?=\d{{5}}\s[A-ZÀ-Þ])"
)
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
_NO_HOME = frozenset(
    """
    mairie ecole college lycee prefecture hotel hopital carrefour leclerc lidl france bretagne
    normandie alsace corse europe ville commune agglo metropole quartier rue avenue boulevard place
    paris centre zone zac za residence saint sainte nord sud est ouest monsieur madame internet
    facebook ici departement region pays bourgogne provence savoie auvergne vendee anjou picardie
    ireland england scotland wales boston london street road north south east west bonjour merci
    cordialement vous je il elle nous on et mais car donc que qui the this and but since
    """.split()
)
_STEMS: Final = ("habit", "viv", "vis", "log", "sid", "demeur", "domicil", "mon ", "notre ", "son ")
_STEMS_TOO: Final = (*("ma ", "sa ", "leur ", "chez", "adresse", "live", "living", "my ", "our "),)
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_TIME = re.compile(
    r"(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|en"
    r"|depuis|article|art\.?|lot|bus|ligne|le|les|des|ces|nos|page|parcelle|section|dans|aux)\s$",
    re.IGNORECASE,
)


def find_dwellings(text: str, others: Sequence[Span]) -> Iterator[Span]:
    """Yield the homes that are only guessed, and as `ASK` numbers that may be one's."""
    low = lowered(text)
    if _DIGIT.search(low):
        yield from _numbered(text)
        yield from _doors(text, low)
    elif holds(low, ("gauche", "droit", "left", "right", "rdc", "étage", "floor")):
        yield from _sides(low)
    if holds(low, _STEMS) or holds(low, _STEMS_TOO):
        for found in (*_PLACE.finditer(text), *_BRACKETED.finditer(text)):
            if _is_home(text, found):
                yield Span(*found.span("place"), ADDRESS, weak=True)
    if any(span.label == PERSON for span in others):
        for found in _LINE.finditer(text):
            if _is_unknown(found.group("place")):
                yield Span(*found.span("place"), ADDRESS, weak=True)


def _numbered(text: str) -> Iterator[Span]:
    """Yield numbers before or behind a way."""
    for found in _FRONT.finditer(text):
        named = found.group("name")
        home = _HOME_CUE.search(text, max(0, found.start() - 60), found.start()) is not None
        if (
            is_door(text, found.start())
            or _YEAR.fullmatch(found.group("number"))
            or _TIME.search(text, max(0, found.start() - 12), found.start())
        ):
            continue
        capital = any(c.isupper() for c in named)
        if (
            home
            or capital
            or _NUMBERED.match(found.group("number"))
            or found.group("stop") is not None
        ):
            if capital or home or not is_ordinary(fold(named.split()[-1])) or _OF.match(named):
                yield Span(found.start(), found.end("name"), ADDRESS, weak=True)
    for found in _ENGLISH_BACK.finditer(text):
        yield Span(*found.span("number"), ADDRESS, weak=True)
    for found in _BACK.finditer(text):
        if not _YEAR.match(found.group("number")) and any(c.isupper() for c in found.group("name")):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)


_NUMBERED = re.compile(rf"(?i:{_NO})")
_OF = re.compile(r"(?i:du|des|de la|de l'|aux?)\b")


def _doors(text: str, low: str) -> Iterator[Span]:
    """Yield doors, lots and floors of a home, and bare house numbers of somebody."""
    for found in _PLOT.finditer(text):
        home = _HOME_CUE.search(text, max(0, found.start() - 60), found.start())
        if home and not is_public(text, found):
            yield Span(found.start(), found.end(), ADDRESS, weak=True)
    yield from _sides(low)
    for found in _NUMBER_OF.finditer(low):
        yield Span(*found.span("number"), ADDRESS, weak=True)
    for found in _ASKED.finditer(low):
        yield Span(found.start(), found.end(), ASK, weak=True)


def _sides(low: str) -> Iterator[Span]:
    for found in _SIDE.finditer(low):
        yield Span(found.start(), found.end(), ADDRESS, weak=True)


def _is_home(text: str, found: re.Match[str]) -> bool:
    """Say whether a place after "j'habite" is a house or a hamlet and no town."""
    place = found.group("place")
    link = found.groupdict().get("link") or ""
    telling = _TELLING.search(link) is not None or _HOUSE.search(place) is not None
    if not _is_unknown(place, telling=telling):
        return False
    if place.startswith(("Le ", "La ", "Les ", "L'")):
        return True
    return telling or ("-" not in place and re.search(r"\b(?:de|d'|du|des|in) ?$", link) is None)


_TELLING = re.compile(r"hameau|lieu|ferme|moulin|\baux?\b", re.IGNORECASE)
_HOUSE = re.compile(r"\b(?:Cottage|House|Farm|Lodge|Barn|Manor|Villa|Croft|Mill)$")


def _is_unknown(place: str, *, telling: bool = False) -> bool:
    """Say whether a place is no commune and not made of words for something public."""
    folded = fold(place)
    words = re.findall(r"[^\W\d_]+", folded)
    names = [w for w in words if len(w) > 2 and w not in ("les", "des", "sur")]
    article = _ARTICLE.match(place) is not None and len(words) > 1
    public = _NO_HOME.intersection(words) - ({"ville"} if article and len(words) > 2 else set())
    if is_commune(folded) or not names or public:
        return False
    return telling or article or not all(is_ordinary(w) or is_commune(w) for w in names)
