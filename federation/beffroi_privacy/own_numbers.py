# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers of one person in any wording: the number first, then what is said around it.

`other_ids` reads fixed phrases from a cue to its number. Here every number or code of a text is
taken, and the noun that it hangs on is looked for: before it, behind it ("4512 is my account"), in
brackets, on the line above. A noun for a card, a customer or a licence
makes it somebody's; a noun for a lamp or a tender makes it nobody's; "dossier", "référence" or
"numéro" alone say nothing, unless something personal is near. What stays open asks for a person.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from beffroi_privacy.patterns import any_of, figures, late, lowered, near_figures
from beffroi_privacy.protect import NUMBERED_THINGS
from beffroi_privacy.spans import ASK, OTHER_ID, Cover, Span

_TOKEN = re.compile(
    r"(?<![\w@/\\&?=%+€$£.,'-])(?<!\d )[*#]?(?:[A-Za-z]{1,5}[-_./]?|[A-Z]{1,5} )?\d[0-9A-Za-z*]*"
    r"(?:[-_./ ]?[0-9A-Za-z*]*\d[0-9A-Za-z*]*|[-_./ ][A-Z]{1,3}(?![\w']))*(?![\w@]|[.,]\d|://)"
)
_SURE = any_of(
    r"(?:avis d')?impositions?|impots?|fiscale?|contribuable|spi|allocataires?|caf|msa|mdph|apl|rsa"
    r"|demandeurs? d'emploi|france travail|pole emploi|etrangers?|agdref|sejour|recepisse|visas?"
    r"|resident|passe?ports?|identite|cni|permis(?! (?:de (?:construire|demolir|louer|stationn)"
    r"|d'amenager))|neph|ine|etudiante?s?|eleves?|matricules?|numen|badges?|salarie|employe|rpps"
    r"|adeli|cartes? (?:de|d') ?(?:bus|car|train|transport|stationnement)"
    r"|cartes?(?! (?:scolaires?|interactive|ign|des|du|communale))|cb"
    r"|clients?|clientele|abonnee?s?|abonnements?|adherente?s?|adhesion|usagers?|lecteurs?"
    r"|lectrice|assuree?|societaire|contrats?(?! (?:de ville|de plan))|sinistres?|mutuelle|pdl|prm"
    r"|pce|linky|point de livraison|contravention|amende|locataires?|baux|bail|quittance"
    r"|ecrou|patiente?s?"
    r"|ipp|licences?|licenciee?|electeurs?|electrice|electorale|electoral|retraites?|carsat|cpam"
    r"|candidate?s?|candidature|parcoursup|crous|bourse|boursier|beneficiaires?|titulaires?|puce"
    r"|tatouage|vitale|famille|foyer|usagere|redevable|compte (?:client|usager|famille|citoyen"
    r"|ameli)"
    r"|membres?|navigo|korrigo|titre(?! \d)|benevole|inscription|inscrite?|ticket de caisse"
    r"|customers?|clients?|accounts?|members?|memberships?|tenants?|tenancy|passports?|licen[cs]es?"
    r"|badge|student|pupil|employee|staff|payroll|patient|policy|nhs|insurance|tax|card|cards"
    r"|visa|permit holder|prescription|benefits?|pension|subscriber|subscription|library card"
    r"|agente?s?(?! (?:de la|du|des))|nur|numero unique|ameli|colissimo|chronopost|concession"
    r"|digi(?:code)?s?|naturalisation|meter(?: point)?s?|parcel|shipment|carte europeenne"
    r"|boite a cles?|cles?|acte de naissance|cmi|laissez-passer|formation|stagiaire|apprenti"
    r"|driver|driving|residence permit|national id|identity|voter|booking|loyalty"
)
_VAGUE = any_of(
    r"dossiers?|compte(?! (?:rendu|administratif|public))|references?|refs?|numeros?|num|n[°o]"
    r"|nos|nr|no|number|numbers|identifiants?|id|ids"
    r"|codes?|file|reference|case file|suivi|immatriculation|enregistrement|registration"
    r"|recommandee?|colis|parcel number"
)
_THING = (
    NUMBERED_THINGS + r"|postale?s?|postal|insee|communes?|cedex|bp|cs|tsa|rue|routes?"
    r"|avenue|siren|siret|rcs|tva|articles?|alineas?|pages?|lois?|dates?|annees?|an|budgets?"
    r"|exercices?|cotes?|parcelles?|serie|modeles?|types?|versions?|ports?|puits|transformateurs?"
    r"|feux?|feu|panneaux?|bancs?|poubelles?|corbeilles?|horodateurs?|parcmetres?|equipement"
    r"|dossier de presse|aire|jeux?|lot|ouvrage|pont|passage a niveau|pk|km|borne|sirene|bodacc"
    r"|factures? (?!de)|invoice|ordonnance|jugement|arret|requete|procedure|saisine|instance"
    r"|codes? (?:postal|insee|commune|couleur|ape|naf|de la route|civil|penal|ral)|road|house"
    r"|compteurs? (?:velo|pieton|de passage)|pei|agrements?|decisions?|recettes?|bordereaux?"
    r"|bordereau|ean|gtin|qr code|inventaire|saisie|demandes?|commandes?|livraison|orders?"
    r"|mandats?|motion|bill|item|agenda|minutes|zip|postcode|bus"
    r"|train|vol|tram"
)
_NOUN = late(
    rf"(?<![\w])(?:(?P<sure>{_SURE})|(?P<thing>(?!en\b){any_of(_THING)})|(?P<vague>{_VAGUE}))(?!\w)"
)
_LINK = re.compile(
    r"(?:[^\w.!?€%]|(?<=n)\.|(?<=no)\.|(?<=nr)\.|(?<=num)\.|(?<=ref)\.|\b(?:n[°o]?|nos|nr|num"
    r"|numeros?|numbers?|refs?|references?|ids?|identifiants?|codes?|est|is|was|etait|sont|are|le"
    r"|la|les|l|the|de|du|des|d|of|mon|ma|mes|my|votre|vos|your|son|sa|suivante?|following|ci"
    r"|dessous|c|ce|it|porte|portant|qui|sous|under|enregistre|nationale?|personnel|personnelle"
    r"|bien|donc|actuel|ancien|ancienne|nouveau|nouvelle|new|old)\b)*"
)
_NUMBERED = re.compile(r"(?:[:=#°]|\b(?:n[°o]|nr|num|numeros?|number|refs?|reference)\b\.?)\s*$")
_FEW_WORDS = re.compile(r"(?: [\w'-]+){0,4}[ ,(:]{1,3}")
_FAR_WORDS = re.compile(r"[^.!?\n]{0,40}")
_OWN = re.compile(r"\b(?:mon|ma|mes|my|notre|nos|our|son|sa|ses|his|her|leurs?|their)\s(?:\S+\s)?$")
_OF_SOMEBODY = re.compile(r"\b(?:de|d'|pour|of|for)\s(?:m\.|mr|mme|mlle|monsieur|madame|mrs|ms)\b")
_DOORS = re.compile(
    r"\b(?:entrer|entree|porte|portail|immeuble|hall|interphone|gate|door|alarm\w*)\b"
)
_OPENS = re.compile(r"\b(?:s'ouvre|ouvre|opens|deverrouille\w*|unlocks?) (?:avec|with)(?: le)? $")
_BEHIND = re.compile(
    r"\s?(?:[(,:=-]|est\b|c'est\b|is\b|etant\b|comme\b|as\b|qui est\b|correspond a\b|that's\b|\|)"
    r"{1,2}[^.!?\n]{0,32}"
)
_DATE = re.compile(
    r"\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?|(?:19|20)\d\d(?:[ -/]*(?:19|20)\d\d)?|\d{1,2}h\d{0,2}"
    r"|\d{1,2}:\d\d|(?:19|20)\d\d-\d\d(?:-\d\d)?|\d{1,2}(?:er|e|eme|nd|th|st|rd)\b.*",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"[ ]?(?:€|%|euros?\b|eur\b|ans?\b|mois\b|jours?\b|heures?\b|h\b|km\b"
    r"|m2\b|m²|kwh\b|fois\b|[xm]\b"
    r"|years?\b|days?\b|(?:[a-z]{4,}(?:s|x)\b(?! (?:est|sont|is)\b)))"
)
_BEFORE: Final = 70
_ACCENTS: Final = str.maketrans("àâäáãçéèêëîïíñôöóõùûüúÿ", "aaaaaceeeeiiinoooouuuuy")


def find_numbers(text: str, persons: Sequence[Span]) -> Iterator[Span]:
    """Yield numbers that what stands around makes somebody's, and as `ASK` those that may be."""
    folded, near = "", Cover(persons)
    for found in near_figures(_TOKEN, text, 7) if figures(text)[0] > 1 else ():
        start, end = found.span()
        if not _is_long(found.group()):
            continue
        folded = folded or _folded(text)
        kind = _kind(folded, start, end) or _kind_inside(folded, start, end)
        vague = kind == "vague"
        if vague:
            owned = _is_somebodys(folded, start, end) or near.touches(start - 40, end + 30)
            kind = "sure" if owned else "ask"
        if kind == "sure":
            yield Span(start, end, OTHER_ID, weak=vague)
        elif kind == "ask" and sum(map(str.isdigit, found.group())) > 4:
            yield Span(start, end, ASK, weak=True)


def _folded(text: str) -> str:
    """Return a text in small letters without accents, each character in its place."""
    low = lowered(text)
    return low if low.isascii() else low.translate(_ACCENTS)


def _is_long(token: str) -> bool:
    """Say whether a number has four digits, or letters and two; a date or a year has not."""
    digits = sum(map(str.isdigit, token))
    letters = sum(map(str.isalpha, token))
    if digits < 2 or digits + letters < 4 or (digits < 4 and digits + letters < 5):
        return False
    return _DATE.fullmatch(token) is None


def _kind(folded: str, start: int, end: int) -> str:
    """Return what the nouns around a number make of it: sure, vague, thing, or nothing."""
    kind = ""
    before = max(0, start - _BEFORE)
    if not _COUNTED.match(folded, end) or _NUMBERED.search(folded, before, start):
        kind = _kind_before(folded, before, start, bare=_is_bare(folded[start:end]))
    if kind in ("sure", "thing"):
        return kind
    return _kind_behind(folded, end) or kind


def _kind_inside(folded: str, start: int, end: int) -> str:
    """Return what the letters before a number say that were read as a part of it: "NUR 75…"."""
    noun = _NOUN.match(folded, start, end)
    if noun is not None and folded[noun.end()] in " ./-":
        return noun.lastgroup or ""
    return "sure" if _OPENS.search(folded, max(0, start - 20), start) else ""


def _is_bare(token: str) -> bool:
    """Say whether a token is few digits and nothing else, so that it may be a count."""
    return len(token) < 7 and token.replace(" ", "").isdigit()


def _kind_behind(folded: str, end: int) -> str:
    """Return what is said of a number behind it: "(customer number)", "is my file"."""
    behind = _BEHIND.match(folded, end)
    if behind is None:
        return ""
    nouns = list(_NOUN.finditer(folded, end, behind.end()))
    kinds = [noun.lastgroup or "" for noun in nouns[:2]]
    if "sure" in kinds and kinds[0] != "thing":
        return "sure"
    if kinds[:1] == ["vague"] and _OWN.search(folded[end : nouns[0].start()]):
        return "sure"
    return ""


def _kind_before(folded: str, first: int, until: int, *, bare: bool) -> str:
    """Return what the nouns before a number make of it; the nearest that says something decides."""
    kind, numbered = "", _NUMBERED.search(folded, first, until) is not None
    for noun in reversed(list(_NOUN.finditer(folded, first, until))):
        between = folded[noun.end() : until]
        linked = _LINK.fullmatch(folded, noun.end(), until) is not None
        far = _FAR_WORDS.fullmatch(between) is not None and (
            kind == "vague" or numbered or (not bare and _FEW_WORDS.fullmatch(between) is not None)
        )
        if not (linked or far) or between.count("\n") > 1:
            return kind
        if noun.lastgroup != "vague":
            several = bare and kind == "" and not numbered and noun.group().endswith("s")
            return "" if several else noun.lastgroup or ""
        kind, until = "vague", noun.start()
    return kind


def _is_somebodys(folded: str, start: int, end: int) -> bool:
    """Say whether a number with an unspecific noun is called mine, or that of Mr So-and-so."""
    before = folded[max(0, start - _BEFORE) : start]
    noun = next(iter(_NOUN.finditer(before)), None)
    if _DOORS.search(folded, max(0, start - 60), end + 40) and "code" in before:
        return True
    if noun is not None and any(
        _OWN.search(before[: n.start()]) for n in _NOUN.finditer(before) if n.lastgroup == "vague"
    ):
        return True
    return _OF_SOMEBODY.search(folded, max(0, start - 50), end + 30) is not None
