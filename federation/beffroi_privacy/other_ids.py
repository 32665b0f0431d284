# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers by which an office, a bank or a firm knows one person, found by the word before them.

Tax, family benefits, foreigners' files, passports, licences, pupils, doctors, staff, cards,
customers, fines, door codes. Numbers of things (tickets, lamps, datasets, parcels) stay.
"""

import re
from collections.abc import Iterator

from stdnum import luhn

from beffroi_privacy.patterns import any_of, holds, lowered
from beffroi_privacy.spans import OTHER_ID, Span

_NUMBER = (
    r"(?:n[°ºo]s?\.?|num[ée]ros?|no\.|nr\.?|number|id|r[ée]f(?:[ée]rence|\.)?s?|code|identifiant)"
)
_WHAT = (
    r"fisc\w+|imp[ôo]ts?|spi|t[ée]l[ée]d[ée]clarant|contribuable|allocataires?|caf|msa|mdph|apl"
    r"|rsa|p[ôo]le emploi|france travail"
    r"|demandeur d'emploi|[ée]tranger|agdref|titre de s[ée]jour|r[ée]c[ée]piss[ée]"
    r"|carte de s[ée]jour|carte de r[ée]sident|visa"
    r"|passe?ports?|carte (?:nationale )?d'identit[ée]|pi[èe]ce d'identit[ée]|cni|cin|identit[ée]"
    r"|permis(?: de conduire)?|neph"
    r"|ine|ina|[ée]tudiant(?:e)?|[ée]l[èe]ve|rpps|adeli|matricule|numen|agent|badge|employ[ée]"
    r"|salari[ée]|personnel"
    r"|carte(?: (?:bancaire|bleue|de cr[ée]dit|vitale|de bus|de transport|korrigo|navigo|jeune"
    r"|senior|d'abonn[ée]|de cantine"
    r"|de biblioth[èe]que|de m[ée]diath[èe]que|d'usager|d'adh[ée]rent|d'[ée]lecteur|[ée]lectorale"
    r"|mobilit[ée]|d'invalidit[ée]|grise))?"
    r"|cb|cvv|iban|clients?|abonn[ée]e?s?|abonnement|adh[ée]rent(?:e)?|usager|lecteur|assur[ée]e?"
    r"|police|contrat|sinistre|mutuelle"
    r"|pdl|prm|pce|point de livraison|compteur(?: linky)?|linky|pv|proc[èe]s[- ]verbal"
    r"|contravention|amende|avis de contravention"
    r"|t[ée]l[ée]paiement|fps|forfait post-stationnement|plainte|main courante|[ée]crou|patient"
    r"|ipp|nss|licence|licenci[ée]e?"
    r"|[ée]lecteur|d'[ée]lecteur|locataire|bail|dossier (?:caf|mdph|m[ée]dical|retraite|fsl|dalo"
    r"|logement|de surendettement|rsa|apa|aah)"
    r"|demande de logement|num[ée]ro unique|retraite|carsat|cpam|imei|puce|icao|siv|formule"
    r"|national insurance|nino|ni|nhs|ssn|social security|passport|driv\w+ licen[cs]e|licen[cs]e"
    r"|student|pupil|employee|staff|payroll"
    r"|custom+er|residence permit|account|member(?:ship)?|card|credit card|debit card|tax|utr"
    r"|council tax|tenancy"
    r"|tenant|policy|claim|pcn|penalty charge(?: notice)?"
    r"|patient|medical record|mrn|crime|visa|alien|green card|oyster|library card|meter|mprn|mpan"
    r"|housing benefit|benefit"
)
_VALUE = (
    r"(?=[a-z]{0,5}[ .\-/]?[a-z0-9*.\-/]*\d)(?![a-z]{3,5} )"
    r"[a-z0-9*]+(?:[ .\-/_]{0,2}[a-z0-9*]*\d[a-z0-9*]*|[ .\-/][a-z]{1,3}(?![\w']))*"
)
_CUED = re.compile(
    rf"(?<![\w-])(?P<before>{_NUMBER}\s?(?:de\s|d'|du\s|of\s)?(?:ma\s|mon\s|la\s|l'"
    rf"|my\s)?)?(?P<what>{any_of(_WHAT)})s?\b"
    rf"(?P<number>[^\S\n]?{_NUMBER})?"
    rf"(?P<link>(?:[^\S\n]?(?:est|is|était|porte|le|la|de|du|:|=|-|,|\(|#|n[°ºo]|num[ée]ro|number"
    rf"|{_NUMBER}|suivant|avis|mon|my))"
    rf"{{0,4}}[^\S\n]{{0,2}})(?P<value>{_VALUE})"
)
_WEAK_WHAT = re.compile(
    r"(?:agent|client|abonn|permis|contrat|police|personnel|compteur|identit|licence|card|account"
    r"|carte|member|tenant|staff"
    r"|usager|lecteur|patient|puce|eleve|élève|plainte|locataire|bail|tax|imp|claim|student|claim"
    r"|policy|crime|visa|meter|formule|siv|retraite|ina|ni)"
)
_DOOR = re.compile(
    r"(?<!\w)(?:digicode|interphone|code (?:d'entr[ée]e|d'acc[èe]s|de la porte|porte|du portail"
    r"|portail|de l'immeuble"
    r"|immeuble|du hall|hall|parking|d'immeuble|d'ouverture|pin|secret|wi-?fi|du garage|alarme"
    r"|de l'alarme)|vigik|door ?code|gate code|entry code"
    r"|access code|key ?code|alarm code|pin(?: code)?)"
    r"(?:\s?(?:est|is|:|=|,|\(|-|le|n°|c'est|the|qui est)){0,3}\s?(?P<value>(?=[a-z]{0,3}[ ]?\d"
    r"|\d)[a-z0-9#*][a-z0-9#* ]{1,9}[a-z0-9#*])(?!\w)"
)
_PASSWORD = re.compile(
    r"(?<!\w)(?:mot de passe|mdp|password|passwd|pwd|passphrase|mot secret)\s?(?:est|is|:|="
    r"|provisoire|temporaire|actuel|\s){1,4}"
    r"[\"']?(?P<value>(?=\S*[\d!#$%&*+_@])[^\s\"',;]{5,40}?)(?=[\"',;.]*(?:\s|$))"
)
_HAS_NUMBER = re.compile(r"\d[^\d\n]?\d")
_DOOR_STEMS = ("code", "interphone", "vigik", "pin")
_PASSWORD_STEMS = ("mot de passe", "mdp", "passw", "pwd", "passphrase", "mot secret")
_SMALL_WORD = re.compile(r"[a-zà-ÿ]{1,5} ")
_SMALL_TAIL = re.compile(r"(?: [a-zà-ÿ]{1,5})+$")
_CARD = re.compile(
    r"(?<![\w.,-])(?<!\d )[3-6]\d{3}(?P<gap>[ .-]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{3,4}(?![\w-])"
    r"(?! \d)"
)
_NINO = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT"
    r"|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D](?!\w)"
)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_INE = re.compile(r"(?<!\w)(?:\d{9}[A-HJKNP-Z][A-Z]|\d{10}[A-HJKNP-Z])(?!\w)")
_PUPIL = re.compile(
    r"\b(?:ine|[ée]l[èe]ve|[ée]tudiante?|scolarit[ée]|parcoursup|crous)\b", re.IGNORECASE
)
_NEARBY = re.compile(
    r"\b(?:carte|cb|card|visa|mastercard|pay\w*|bancaire|d[ée]bit\w*|credit)\b", re.IGNORECASE
)
_DATE = re.compile(
    r"\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?$|(?:19|20)\d\d(?:\s?[-/]\s?(?:19|20)\d\d)?$"
    r"|\d{1,2}h\d{0,2}$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s?(?:€|%|(?:euros?|jours?|mois|ans?|heures?|h|km|m2|m²|fois|personnes?|x|days?|years?"
    r"|months?"
    r"|hours?|min|minutes?)\b)",
    re.IGNORECASE,
)


def find_other_ids(text: str) -> Iterator[Span]:
    """Yield the numbers of a normalised text that stand for one person; doubtful ones are weak."""
    low = lowered(text)
    if _HAS_NUMBER.search(low):
        for found in _CUED.finditer(low):
            judged = _judge(text, found)
            if judged is not None:
                yield judged
    for pattern, stems in ((_DOOR, _DOOR_STEMS), (_PASSWORD, _PASSWORD_STEMS)):
        for found in pattern.finditer(low) if holds(low, stems) else ():
            if not _UNIT.match(text, found.end("value")):
                yield Span(*found.span("value"), OTHER_ID)
    if _HAS_NUMBER.search(low):
        yield from _by_shape(text)


def _judge(text: str, found: re.Match[str]) -> Span | None:
    """Return the span of a cued number, or None where it is a date, an amount or a count."""
    start, end = found.span("value")
    while start < end and (lead := _SMALL_WORD.match(text, start, end)):
        start = lead.end()
    value = _SMALL_TAIL.sub("", text[start:end]).rstrip(" .-/")
    end = start + len(value)
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isupper() for c in value)
    numbered = (
        found.group("number") is not None
        or found.group("before") is not None
        or re.search(r"[:#=°º]|num|number|est|is", found.group("link"), re.IGNORECASE)
    )
    if not numbered and found.group(0)[: found.start("link") - found.start()].endswith("s"):
        return None  # "les allocataires, 6 839": several people and their count
    sure = _WEAK_WHAT.match(found.group("what")) is None
    if digits + (letters if digits > 1 else 0) < (4 if numbered or sure else 5) or digits < 2:
        return None
    if _DATE.match(value) or _UNIT.match(text, end):
        return None
    if not sure and not numbered and digits < 7:
        return None
    weak = not numbered and digits < 7
    return Span(start, end, OTHER_ID, weak=weak)


def _by_shape(text: str) -> Iterator[Span]:
    """Yield numbers that their own shape or key tells: cards, INE, NINO, SSN."""
    for found in _CARD.finditer(text):
        valid = luhn.is_valid("".join(c for c in found.group() if c.isdigit()))
        cued = _NEARBY.search(text, max(0, found.start() - 50), found.start()) is not None
        if valid or cued:
            yield Span(found.start(), found.end(), OTHER_ID, doubt="" if valid else "checksum")
        elif found.group("gap"):
            yield Span(found.start(), found.end(), OTHER_ID, weak=True, doubt="checksum")
    for pattern in (_NINO, _SSN):
        for found in pattern.finditer(text):
            yield Span(found.start(), found.end(), OTHER_ID, weak=True)
    for found in _INE.finditer(text):
        if _PUPIL.search(text, max(0, found.start() - 60), found.start()):
            yield Span(found.start(), found.end(), OTHER_ID, weak=True)
