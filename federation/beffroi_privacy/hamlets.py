# SPDX-License-Identifier: AGPL-3.0-or-later
"""Houses and hamlets by their name: "j'habite Kerzerho", "notre ferme, La Touche"."""

import re
from collections.abc import Iterator, Sequence

from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, holds
from beffroi_privacy.spans import ADDRESS, ASK, PERSON, Span

_CAP = r"[A-ZÀ-Þ][\w']*+(?:-[\w']++)*(?!-[\w'])"
_PLACE = re.compile(
    r"(?:\s?[:(,-])?\s(?P<link>(?:ici\s|là\s|toujours\s|seule?\s)?"
    r"(?:depuis\s\d+ ans\s|depuis toujours\s)?"
    r"(?:est\s|is\s|était\s|serait\s|se trouve\s|à côté de\s)?"
    r"(?:à|au|aux|a|dans|sur|at|in|de|du|,|:|le hameau|lieu[- ]dit|au lieu[- ]dit|l'ancienne?"
    r"|(?:le|la) lieu|village de|ferme de|la ferme|le moulin|moulin)?\s?(?:de\s|du\s|des\s|d')?)"
    rf"(?P<place>(?:(?:Le|La|Les|le|la|les|L'|l')\s?)?{_CAP}(?:[ ](?:(?:de|du|des|la|le|les|en"
    rf"|sur|aux?|ar|an|ès|es|the|of)[ ]|[dl]'){{0,2}}{_CAP}){{0,4}})"
    r"(?!\s?\(?\d{2,5}\)?|\s[a-z]+\s\d{5})"
)
_BRACKETED = re.compile(
    rf"\s?\((?P<place>(?:(?:Le|La|Les|L')\s?)?{_CAP}(?:[ ](?:(?:de|du|des|la|le|les"
    rf"|en|ar|ès)[ ]|[dl]'){{0,2}}{_CAP}){{0,4}})\)"
)
_ARTICLE = re.compile(r"(?:Le|La|Les|L')\s?[A-ZÀ-Þ]|(?:Ker|Pen|Ty|Ti|Coat|Mas|Plas|Lan|Goas)[a-z ]")
_LINE = re.compile(
    rf"(?:^|[,\n]\s?)(?P<place>(?:(?:Le|La|Les|L')\s?)?{_CAP}(?:[ ](?:(?:de|du|des|la|le|les|en"
    rf"|sur|aux?|ar|an|ès)[ ]|[dl]'){{0,2}}{_CAP}){{0,3}})\s?[,\n]\s?(?=\d{{5}}\s[A-ZÀ-Þ])"
)
_HAMLET = re.compile(
    r"(?i:lieu[- ]?dit|hameau)\s(?:de\s|du\s|d')?\"?\s?(?P<place>(?:(?:[Ll]es?|[Ll]a)\s|[Ll]')?"
    r"[^\W\d_][\w'-]+(?:\s(?:(?:de|du|des|la|aux?|en|à)\s){0,2}[A-ZÀ-Þ][\w'-]+){0,3})"
)
_LIVED_IN = re.compile(
    r"maison|facteur|courrier|chez|voisin|habit|famille|propri[ée]t|demeur|domicil|ferme|house|live"
    r"|adresse|volets|colis|livr",
    re.IGNORECASE,
)
_SENT_TO = re.compile(
    r"(?i:write to (?:us|me) at|[ée]cri\w+ (?:plutôt )?(?:à|au)|courrier (?:à|:)|adresse\s?:|livrer"
    r"(?: à)?|post to|send (?:it )?to)\s(?P<place>[^\W\d_][\w' -]{2,40}?),?\s(?=\d{5}\s)"
)
_FARM = re.compile(
    r"\b(?i:la|notre|ma|sa|leur)\s(?i:ferme|longère|métairie|borde|bergerie)\s(?:de\s|du\s|d')"
    r"(?:la\s)?(?P<place>[A-ZÀ-Þ][\w'-]+)"
)
_HAMLETS = Stems("lieu|hameau")
_FARMS = Stems("ferme|longère|métairie|borde|bergerie")
_NO_HOME = frozenset(
    """
    mairie ecole college lycee prefecture hotel hopital carrefour leclerc lidl france bretagne
    normandie alsace corse europe ville commune agglo metropole quartier rue avenue boulevard place
    paris centre zone zac za residence saint sainte nord sud est ouest monsieur madame internet
    facebook telegram messenger skype signal discord mastodon mail email courriel ici
    departement region pays bourgogne provence savoie auvergne vendee anjou picardie
    ireland england scotland wales boston london street road north south east west bonjour merci
    cordialement vous je il elle nous on et mais car donc que qui the this and but since
    """.split()
)
_TELLING = re.compile(r"hameau|lieu|ferme|moulin|\baux?\b", re.IGNORECASE)
_HOUSE = re.compile(r"\b(?:Cottage|House|Farm|Lodge|Barn|Manor|Villa|Croft|Mill)$")


def find_hamlets(
    text: str, low: str, lived: Sequence[int], others: Sequence[Span]
) -> Iterator[Span]:
    """Yield places that are somebody's home; `lived` are where words of living end."""
    for end in lived:
        found = _PLACE.match(text, end) or _BRACKETED.match(text, end)
        if found is not None and _is_home(found):
            yield Span(*found.span("place"), ADDRESS, weak=True)
    yield from _by_words(text, low)
    if any(span.label == PERSON for span in others):
        for found in _LINE.finditer(text):
            if _is_unknown(found.group("place")):
                yield Span(*found.span("place"), ADDRESS, weak=True)


def _by_words(text: str, low: str) -> Iterator[Span]:
    """Yield hamlets with words of living around them, and places that post is sent to."""
    if holds(low, _HAMLETS):
        for found in _HAMLET.finditer(text):
            if _LIVED_IN.search(text, max(0, found.start() - 60), found.end() + 60):
                yield Span(*found.span("place"), ADDRESS, weak=True)
    for found in _SENT_TO.finditer(text) if holds(low, _POSTING) else ():
        yield Span(*found.span("place"), ADDRESS, weak=True)
    if holds(low, _FARMS):
        for found in _FARM.finditer(text):
            if _is_unknown(found.group("place")):
                yield Span(*found.span("place"), ASK, weak=True)


_POSTING = Stems("write to|crire|crivez|courrier|adresse|livrer|post to|send ")


def _is_home(found: re.Match[str]) -> bool:
    """Say whether a place after "j'habite" is a house or a hamlet and no town."""
    place = found.group("place")
    link = found.groupdict().get("link") or ""
    telling = _TELLING.search(link) is not None or _HOUSE.search(place) is not None
    if not _is_unknown(place, telling=telling):
        return False
    if place.startswith(("Le ", "La ", "Les ", "L'")):
        return True
    return telling or ("-" not in place and re.search(r"\b(?:de|d'|du|des|in) ?$", link) is None)


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
