# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers by which an office, a bank or a firm knows one person, found by the word before them.

Tax, family benefits, foreigners' files, passports, licences, pupils, doctors, staff, cards,
customers, fines, door codes. Numbers of things (tickets, lamps, datasets, parcels) stay.
"""

import re
from collections.abc import Iterator

from stdnum import luhn

from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.patterns import Stems, any_of, figures, holds, late, lowered, near_figures
from beffroi_privacy.spans import OTHER_ID, Span

_NUMBER = (
    r"(?:n[°ºo]s?\.?|num[ée]ros?|no\.|nr\.?|number|id|r[ée]f(?:[ée]rence|\.)?s?|code|identifiant)"
)
_WHAT = (
    r"fisc\w+|imp[ôo]ts?|spi|d[ée]clarante?|t[ée]l[ée]d[ée]clarant|contribuable|allocataires?|caf"
    r"|msa|mdph|apl"
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
    r"|mobilit[ée]|d'invalidit[ée]|grise|famille|loisirs|jeunes|pass|piscine))?"
    r"|cb|cvv|iban|clients?|abonn[ée]e?s?|abonnement|adh[ée]rent(?:e)?|usager|lecteur|assur[ée]e?"
    r"|police|contrat|sinistre|mutuelle"
    r"|pdl|prm|pce|point de livraison|compteur(?: linky)?(?! v[ée]lo| de passage)|linky"
    r"|pv|proc[èe]s[- ]verbal"
    r"|contravention|amende|avis de contravention"
    r"|t[ée]l[ée]paiement|fps|forfait post-stationnement|plainte|main courante|[ée]crou|patient"
    r"|ipp|nss|licence|licenci[ée]e?"
    r"|[ée]lecteur|d'[ée]lecteur|locataire|bail|dossier (?:caf|mdph|m[ée]dical|retraite|fsl|dalo"
    r"|logement|de surendettement|rsa|apa|aah)"
    r"|demande de logement|num[ée]ro unique|retraite|carsat|cpam|imei|puce|icao|siv|formule"
    r"|national insurance|nino|ni(?= (?:number|no))|nhs|ssn|social security|passport"
    r"|driv\w+ licen[cs]e|licen[cs]e"
    r"|student|pupil|employee|staff|payroll"
    r"|custom+er|residence permit|account|member(?:ship)?|card|credit card|debit card|tax|utr"
    r"|council tax|tenancy"
    r"|tenant|policy|claim|pcn|penalty charge(?: notice)?"
    r"|patient|medical record|mrn|crime|visa|alien|green card|oyster|library card|meter|mprn|mpan"
    r"|niss|dni|nie|codice fiscale|avs|pesel|ofii|ofpra|cnda|guda|sia|admission|hospitalisation"
    r"|pension|pensionn[ée]e?|rum|foyer|foyer fiscal|identifiant national|brp|ucas|universal credit"
    r"|hospital|prescription|share code|payroll|warrant card|collar|v5c|dvla|carte [ée]tudiante?"
    r"|housing benefit|benefit|blue badge|disabled badge|parking permit|season ticket|pass|railcard"
    r"|vehicle|insurance|mortgage|loan|bank account|sort code|payment reference"
    r"|t[ée]l[ée]service|famille|compte famille|compte(?: (?:client|usager|citoyen|bancaire|ameli"
    r"|edf"
    r"|engie))?|dossier famille|espace famille|candidat|inscription|inscrit|concours|bourse|crous"
    r"|parcoursup|ameli|urssaf|ircantec|cnracl|sdis|mutualiste|b[ée]n[ée]ficiaire|titulaire"
    r"|ch[èe]que|carnet|chip|tatouage|identification|icad|colis|suivi|abonnement|forfait"
    r"|garantie|assurance|attestation|vignette|macaron|pass(?: navigo)?|navigo|korrigo|titre"
    r"|autorisation de s[ée]jour|carte pmi|cmi|csu|ald|aah|apa|agent recenseur|tuteur|curateur"
    r"|dossier mdph|ddass|ase|notification|redevable|d[ée]biteur|rôle|role d'eau|eau"
)
_VALUE = (
    r"(?=[a-z]{0,5}[ .\-/]?[a-z0-9*.\-/]*\d)(?![a-z]{3,5} )"
    r"[a-z0-9*]+(?:[ .\-/_]{0,2}[a-z0-9*]*\d[a-z0-9*]*|[ .\-/][a-z]{1,3}(?![\w']))*"
)
_CUED = late(
    rf"(?<![\w-])(?P<before>{_NUMBER}\s?(?:de\s|d'|du\s|of\s)?(?:ma\s|mon\s|la\s|l'"
    rf"|my\s)?)?(?P<what>{any_of(_WHAT)})s?\b"
    rf"(?P<number>[^\S\n]?{_NUMBER})?"
    rf"(?P<link>(?:[^\S\n]?(?:est|is|était|porte|le|la|de|du|:|=|-|,|\(|#|n[°ºo]|num[ée]ro|number"
    rf"|{_NUMBER}|suivant|avis|mon|my))"
    rf"{{0,4}}[^\S\n]{{0,2}})(?P<value>{_VALUE})"
)
_FAR = late(
    rf"(?<![\w-])(?P<what>{any_of(_WHAT)})s?\b(?P<link>(?:\s[\w'./-]{{1,16}}){{1,3}}?\s?"
    rf"(?:n[°ºo]\.?|num[ée]ro|number|no\.|:|=)\s{{0,2}})(?P<value>{_VALUE})"
)
_NUMBER_OF = late(
    rf"(?<!\w)(?:num[ée]ro|n°|number|r[ée]f[ée]rence|identifiant|code)\s?(?:de\s|d'|du\s|of\s)"
    rf"(?:l'|la\s|the\s|ma\s|mon\s|my\s)?"
    rf"(?P<thing>[^\W\d_][\w'-]*(?:\s[^\W\d_][\w'-]*){{0,3}}?)(?P<link>\s?(?:est|is|:|=|\(|le|n°"
    rf"|\s){{1,4}}?)(?P<value>{_VALUE})"
)
_OWN = re.compile(
    r"(?<!\w)(?P<whose>mon|ma|mes|son|sa|notre|nos|my|his|her|our)\s"
    r"(?P<thing>[^\W\d_][\w'-]*(?:\s[^\W\d_][\w'-]*){0,4}?)"
    rf"(?P<link>\s?(?:est|is|était|was|porte|:|=|\(|,|n[°ºo]\.?|{_NUMBER}|le|the|suivant"
    rf"|\s){{1,5}}?)"
    rf"(?P<value>{_VALUE})"
)
_THING = re.compile(
    r"signal|demande|ticket|incident|dossier|requ[êe]te|message|courrier|mail|rue|t[ée]l|portable"
    r"|mobile"
    r"|phone|num[ée]ro|maison|adresse|quartier|report|request|complaint|case|street|road|house"
    r"|parcel"
    r"|ann[ée]e|date|rdv|rendez|budget|commune|ville|avis|loyer|facture|somme|prime|amende|rappel"
    r"|march[ée]|d[ée]lib|arr[êe]t[ée]|permis de|parcelle|section|lot\b|lampadaire|mat|candélabre"
    r"|poteau|borne"
    r"|siren|siret|tva|insee|postal|commune|cerfa|loi|d[ée]cret|article|page|ligne|bus|version"
    r"|s[ée]rie|jeu"
    r"|dataset|station|arr[êe]t|[ée]quipement|asset|tender|contract|lamp|streetlight|planning|order"
    r"|devis|voiture|v[ée]hicule|car|bus|train|vol|flight|rent|bill|version|navigateur|ordinateur"
)
_WEAK_WHAT = re.compile(
    r"(?:agent|client|abonn|permis|contrat|police|personnel|compteur|identit|licence|card|account"
    r"|carte|member|tenant|staff"
    r"|usager|lecteur|patient|puce|eleve|élève|plainte|locataire|bail|tax\b|imp[ôo]|claim|student"
    r"|claim"
    r"|policy|crime|visa|meter|formule|siv\b|retraite|ina\b|famille|compte|candidat|inscri"
    r"|concours"
    r"|bourse|order|booking"
    r"|pass\b|vehicle|insurance|loan|b[ée]n[ée]fici|titul|ch[èe]que|carnet|chip|identification"
    r"|colis"
    r"|suivi|forfait|garantie|assurance|attestation|vignette|macaron|titre|tuteur|curateur"
    r"|admission|hospital|pension|foyer|prescription|notification|eau\b|r[ôo]le|season)"
)
_CUED_AT = Headed(_CUED, leads(f"{_NUMBER}|{_WHAT}"))
_FAR_AT = Headed(_FAR, leads(_WHAT))
_NUMBER_OF_AT = Headed(_NUMBER_OF, leads(r"num[ée]ro|n°|number|r[ée]f[ée]rence|identifiant|code"))
_OWN_AT = Headed(_OWN, leads(r"mon|ma|mes|son|sa|notre|nos|my|his|her|our"))
_DOOR = re.compile(
    r"(?<!\w)(?:cvv2?|cvc2?|cryptogramme(?: visuel)?|code (?:sms|de confirmation|de validation"
    r"|carte bleue|cb)"
    r"|otp|digicode|interphone|bo[îi]te [àa] cl[ée]s?|key ?(?:box|safe|pad)|keypad|combination"
    r"|le code(?! postal| insee| commune| de la route| civil)|the code|code(?=\s?:)"
    r"|code (?:d'entr[ée]e|d'acc[èe]s|de la porte|porte|du portail"
    r"|portail|de l'immeuble"
    r"|immeuble|du hall|hall|parking|d'immeuble|d'ouverture|pin|secret|wi-?fi|du garage|alarme"
    r"|de l'alarme)|vigik|door ?code|gate code|entry code"
    r"|access code|key ?code|alarm code|pin(?: code)?)"
    r"(?:\s?(?:est|is|:|=|,|\(|-|le|n°|c'est|the"
    r"|qui est)){0,3}\s?(?P<value>(?=[#*]?[a-z]{0,3}[ ]?\d"
    r"|\d)[a-z0-9#*][a-z0-9#* ]{1,9}[a-z0-9#*])(?!\w)"
)
_PASSWORD = re.compile(
    r"(?<!\w)(?:mot de passe|mdp|password|passwd|pwd|passphrase|mot secret)\s?(?:est|is|:|="
    r"|provisoire|temporaire|actuel|\s){1,4}"
    r"[\"']?(?P<value>(?=\S*[\d!#$%&*+_@])[^\s\"',;]{5,40}?)(?=[\"',;.]*(?:\s|$))"
)
_HOME = re.compile(
    r"porte|immeuble|portail|entr[ée]e|\bhall\b|digicode|interphone|cl[ée]s?\b|badge|livreur"
    r"|parking|garage|portillon"
    r"|r[ée]sidence|b[âa]timent|appart|sonne|gate|door|building|flat|lobby|deliver|wi-?fi|alarm"
    r"|coffre|cadenas"
)
_HAS_NUMBER = re.compile(r"\d\w*[^\n]?\w*\d")
_DOOR_STEMS = Stems("cvv|cvc|cryptogramme|otp|key|code|interphone|vigik|pin")
_PASSWORD_STEMS = Stems("mot de passe|mdp|passw|pwd|passphrase|mot secret")
_SMALL_WORD = re.compile(r"[a-zà-ÿ]{1,5} ")
_SMALL_INSIDE = re.compile(r"\s[a-zà-ÿ]{2,5}(?=\s|$)")
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
    digits, longest = figures(text)
    numbered = longest > 1 or (digits > 1 and _HAS_NUMBER.search(low) is not None)
    if numbered:
        for found in _CUED_AT.finditer(low):
            judged = _judge(text, found)
            if judged is not None:
                yield judged
        for found in _FAR_AT.finditer(low) if digits > 4 else ():
            start, end = _trimmed(text, *found.span("value"))
            if _is_long(text, start, end):
                yield Span(start, end, OTHER_ID, weak=True)
        if digits > 4:
            yield from _own(text, low)
    for pattern, stems in ((_DOOR, _DOOR_STEMS), (_PASSWORD, _PASSWORD_STEMS)):
        for found in pattern.finditer(low) if holds(low, stems) else ():
            start, end = _trimmed(text, *found.span("value"))
            loose = found.group().startswith(("le code", "the code", "code"))
            if end <= start or _UNIT.match(text, end):
                continue
            if not loose or _HOME.search(low, max(0, start - 70), end + 50):
                yield Span(start, end, OTHER_ID)
    if numbered:
        yield from _by_shape(text)


def _own(text: str, low: str) -> Iterator[Span]:
    """Yield the numbers that somebody calls theirs, whatever they are: "ma carte 12345678"."""
    for found in (*_OWN_AT.finditer(low), *_NUMBER_OF_AT.finditer(low)):
        if _THING.search(found.group("thing")) and not _PERSONAL.search(found.group("thing")):
            continue
        start, end = _trimmed(text, *found.span("value"))
        if _is_long(text, start, end):
            yield Span(start, end, OTHER_ID, weak=True)


def _is_long(text: str, start: int, end: int) -> bool:
    """Say whether a value has five digits and is no date, amount or count."""
    value = text[start:end]
    if sum(map(str.isdigit, value)) < 5 or _DATE.match(value):
        return False
    return _UNIT.match(text, end) is None


_PERSONAL = re.compile(
    r"carte|card|client|abonn|contrat|allocat|assur|adh[ée]r|badge|compte|account"
)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a value without the small words at its ends: "in 2010 by" has none left."""
    while start < end and (lead := _SMALL_WORD.match(text, start, end)):
        start = lead.end()
    inner = _SMALL_INSIDE.search(text, start, end)
    value = text[start : inner.start() if inner else end]
    return start, start + len(_SMALL_TAIL.sub("", value).rstrip(" .-/"))


def _judge(text: str, found: re.Match[str]) -> Span | None:
    """Return the span of a cued number, or None where it is a date, an amount or a count."""
    start, end = _trimmed(text, *found.span("value"))
    value = text[start:end]
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isupper() for c in value)
    numbered = (
        found.group("number") is not None
        or found.group("before") is not None
        or re.search(r"[:#=°º]|num|number|est|is", found.group("link"), re.IGNORECASE)
    )
    several = text[found.start("what") : found.start("link")].rstrip()
    if not numbered and len(several) > 4 and several.endswith("s"):
        return None  # "les allocataires, 6 839": several people and their count
    sure = _WEAK_WHAT.match(found.group("what")) is None
    if digits + (letters if digits > 1 else 0) < (4 if numbered or sure else 5) or digits < 2:
        return None
    if _DATE.match(value) or _UNIT.match(text, end):
        return None
    if not sure and not numbered and digits < 7:
        return None
    weak = not sure or (not numbered and digits < 4)
    return Span(start, end, OTHER_ID, weak=weak)


def _by_shape(text: str) -> Iterator[Span]:
    """Yield numbers that their own shape or key tells: cards, INE, NINO, SSN."""
    digits, longest = figures(text)
    for found in near_figures(_CARD, text) if digits > 14 else ():
        valid = luhn.is_valid("".join(c for c in found.group() if c.isdigit()))
        cued = _NEARBY.search(text, max(0, found.start() - 50), found.start()) is not None
        if valid or cued:
            yield Span(found.start(), found.end(), OTHER_ID, doubt="" if valid else "checksum")
        elif found.group("gap"):
            yield Span(found.start(), found.end(), OTHER_ID, weak=True, doubt="checksum")
    for pattern, least, back in ((_NINO, 6, 3), (_SSN, 9, 0)):
        for found in near_figures(pattern, text, back) if digits >= least else ():
            yield Span(found.start(), found.end(), OTHER_ID, weak=True)
    for found in near_figures(_INE, text) if longest > 8 else ():
        if _PUPIL.search(text, max(0, found.start() - 60), found.start()):
            yield Span(found.start(), found.end(), OTHER_ID, weak=True)
