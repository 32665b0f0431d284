# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers and codes that are nobody's: laws, firms, tenders, amounts, places on a map.

What stands here wins over a weak detection, never over a strong one (a checksum, a word that says
what the number is). It also explains a long number, so that nobody has to look at it.
"""

import re
from collections.abc import Iterator
from typing import Final

from stdnum.fr import siren, siret

from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.patterns import (
    Stems,
    any_of,
    figures,
    holds,
    lowered,
    near_figures,
    signed_starts,
    tried_at,
)
from beffroi_privacy.spans import Cover, Span

NUMBER: Final = "number"

_CODE = r"[a-z0-9][\w./*#-]*\d[\w./*#-]*"
_OF = r"\s?(?:(?:n°|n[o°]\b|num[ée]ro|no\.|number|r[ée]f\.?|id|#|:)\s?){0,3}"
NUMBERED_THINGS: Final = (
    r"march[ée]s?(?:\sp\w+)?|d[ée]lib[ée]rations?|d[ée]lib\.?|arr[êe]t[ée]s?|lots?"
    r"|bons? de commande"
    r"|conventions?|appels? d'offres|consultations?|permis de (?:construire|d[ée]molir|am[ée]nager)"
    r"|pc|dp|dcm|cerfa|tickets?|signalements?|datasets?|jeux? de donn[ée]es|lampadaires?|mats?"
    r"|mâts?"
    r"|cand[ée]labres?|points? lumineux|poteaux?|bornes?|armoires?|stations?|[ée]quipements?"
    r"|assets?|issues?|bugs?|incidents?|finess|uai|rna|rcs|insee|lois?|d[ée]crets?|ordonnances?"
    r"|circulaires?|directives?|r[èe]glements?|nor|version|avis cada|avis|conseil|cada|iso|nf|en"
    r"|rfc"
    r"|isbn|issn|parcelles?|sections?|cadastr\w*|bus|lignes?|conteneurs?|bennes?|abris?|arbres?"
    r"|bouches?|vannes?|t[ée]l[ée]service|formulaires?|contract|tender|streetlight|pole|lamp"
    r"|asset tag|case|request|work order|permit|planning application|application"
)
"""Things that have numbers, as alternatives of a pattern on small letters."""

_CODES = re.compile(r"\bcve-\d{4}-\d{4,7}\b|\bcwe-\d+\b|\bark:/\d+/[\w/.-]+")
_CODE_STEMS = Stems("cve-|cwe-|ark:/")
_ARTICLES = re.compile(
    r"\b[lrda]\.?\s?\*?\s?\d{1,4}(?:-\d+)+\b|\bart(?:icle|\.)s?\s(?:[lrda]\.?\s?\*?)?\s?\d[\d-]*"
)
_HASHES = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\b(?=[a-f]*\d)[0-9a-f]{7}(?:[0-9a-f]{17}|[0-9a-f]{25}|[0-9a-f]{33}|[0-9a-f]{57})\b"
)
_LONG_HEX = re.compile(r"(?<!\w)[0-9a-f]{8}")
_FIGURES = re.compile(
    r"(?:(?<![\d.,])-?(?=\d)|\b(?=\d))(?:\d{1,3}[.,]\d{3,8}\s?[,;/ ]\s?-?\d{1,3}[.,]\d{3,8}(?!\d)"
    r"|\b(?:10\.\d{4,9}/[^\s,;]+|0\d{6}[a-z]\b|2[ab]\d{3}\b"
    r"|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})\b|\d{4}-\d\d-\d\d(?:t[\d:]+z?)?\b"
    r"|0\s?8\d\d?(?:[ .]?\d\d?\d?){2,4}\b|(?<![#\w*])3[0-9]\s?\d\d\b(?!\s\d)(?=\s|[.,;)]|$)"
    r"|\d{10,13}(?=\.(?:jpe?g|png|pdf|csv|zip))))"
)
_NAMED = Headed(
    re.compile(rf"\b{any_of(NUMBERED_THINGS)}\b{_OF}\(?(?P<code>{_CODE})"), leads(NUMBERED_THINGS)
)
_AMOUNT = re.compile(
    r"(?<![\w.,])\d{1,3}(?:[ .,]\d{3})*(?:,\d+)?\s?(?:€|euros?\b|eur\b|k€|m€|%|hab|m2\b|m²|m3\b|kwh"
    r"|mwh|tonnes?\b|km\b|millions?\b|milliards?\b|fcfa|\$|£)|(?<!\w)[$£€]\s?\d[\d,.]*"
)
_UNITS = Stems("€|%|eur|hab|m2|m²|m3|kwh|mwh|tonne|km|million|milliard|fcfa|$|£")
_FIRM = re.compile(r"(?<![\d.,])(?<!\d )\d{3}[ .]?\d{3}[ .]?\d{3}(?:[ .]?\d{5})?(?!\d|[A-Z]{2}\b)")
_FIRM_CUE = re.compile(r"\b(?:siren|siret|rcs|tva|fr\d\d)\b[^\d\n]{0,20}$", re.IGNORECASE)


def find_protected(text: str) -> Iterator[Span]:
    """Yield the numbers and codes of a normalised text that are nobody's."""
    low = lowered(text)
    if not figures(text)[0]:
        return
    for pattern in _worth_trying(low):
        finds = tried_at(pattern, low, signed_starts(low)) if pattern is _FIGURES else None
        for found in pattern.finditer(low) if finds is None else finds:
            yield Span(found.start(), found.end(), NUMBER)
    for found in _NAMED.finditer(low):
        yield Span(*found.span("code"), NUMBER)
    for found in near_figures(_FIRM, text) if figures(text)[0] > 8 else ():
        if is_firm(found.group()) or _FIRM_CUE.search(
            text, max(0, found.start() - 30), found.start()
        ):
            yield Span(found.start(), found.end(), NUMBER)


def _worth_trying(low: str) -> Iterator[re.Pattern[str]]:
    """Yield the patterns that a cheap look at a text in small letters does not rule out."""
    yield _FIGURES
    if holds(low, _UNITS):
        yield _AMOUNT
    yield _ARTICLES
    if holds(low, _CODE_STEMS):
        yield _CODES
    if _LONG_HEX.search(low):
        yield _HASHES


def is_firm(written: str) -> bool:
    """Say whether digits are the SIREN or SIRET of a firm, by their checksum."""
    digits = re.sub(r"\D", "", written)
    return siren.is_valid(digits) if len(digits) == 9 else siret.is_valid(digits)


def unprotected(spans: list[Span], protected: list[Span]) -> list[Span]:
    """Return the spans less the weak ones that touch something protected."""
    if not protected:
        return spans
    cover = Cover(protected)
    return [s for s in spans if not (s.weak and cover.touches(s.start, s.end))]
