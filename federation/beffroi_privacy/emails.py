# SPDX-License-Identifier: AGPL-3.0-or-later
"""E-mail addresses of persons, also written so that robots miss them.

An address is read outwards from its at-sign, whatever form that has: `@`, `(at)`, `[arobase]`,
`arobase`, or a bare `at` where the domain is spelt too. Boxes of an office (`contact@`, `mairie@`,
`dpo@`) are nobody's and stay.
"""

import re
from collections.abc import Iterator

from beffroi_privacy.gazetteer import first_name, is_ordinary, is_surname_too
from beffroi_privacy.normalise import fold
from beffroi_privacy.spans import EMAIL, Span

_WINDOW = 100  # an address' longest half that is read; RFC 5321 allows a local part of 64 octets

_DOT = r"(?:\.|\s?[(\[{]\s?(?:dot|point|\.)\s?[)\]}]\s?|\s(?:dot|point)\s)"
_AT = re.compile(
    r"(?P<sign>\s{0,2}[@＠]\s{0,2})"
    r"|(?P<bracket>\s{0,2}[(\[{<]\s{0,2}(?:at|arob+ase?|arob|chez|a|@)\s{0,2}[)\]}>]\s{0,2})"
    r"|(?P<word>\s(?:arr?ob+ase?)\s)"
    r"|(?P<bare>\s(?:at|chez|à)\s|[_-]at[_-])",
    re.IGNORECASE,
)
_LOCAL = re.compile(rf"(?<![\w.+%'-])[\w.+%'-]++(?:{_DOT}[\w.+%'-]+){{0,4}}$", re.IGNORECASE)
_ENDS_LOCAL = re.compile(r"[\w.+%'-]")
_LOCAL_SPACED = re.compile(r"(?<![\w.+%'-])[\w.+%'-]+(?:\s[.\-_]\s[\w+%'-]+){1,4}$")
DOMAIN = re.compile(rf"[^\W_][\w-]*(?:{_DOT}[\w-]+){{0,4}}{_DOT}[^\W\d_]{{2,24}}\b", re.IGNORECASE)
_DOMAIN_SPACED = re.compile(
    r"[^\W_][\w-]*(?:(?:\s?\.\s?|,)[\w-]+){0,3}(?:\s?\.\s?|,)[^\W\d_]{2,6}\b"
)
_DOMAIN_COMMA = re.compile(r"[^\W_][\w-]*(?:[.,][\w-]+){0,3},[^\W\d_]{2,6}\b")
PROVIDER = re.compile(
    r"(?:gmail|googlemail|orange|wanadoo|free|sfr|laposte|hotmail|outlook|live|yahoo|icloud"
    r"|bbox|numericable|aliceadsl|neuf|club-internet|proton(?:mail)?|msn|gmx|aol|mailo)"
    r"(?:[.,]\w{2,6})?\b",
    re.IGNORECASE,
)
_LETTERED = re.compile(r"[\d\s-]*[^\W\d]")
_SHAPED = re.compile(r"[._\d]|\w{3}-\w{3}|\b(?:dot|point)\b", re.IGNORECASE)
_SPELT_DOT = re.compile(r"dot|point", re.IGNORECASE)

_OFFICE = frozenset(
    """
    abuse accessibilite accueil admin administratif administration aide archives assainissement
    assistance association bibliotheque bureau cabinet cada campagne cantine ccas cert cimetiere
    civil cnil communication compta comptabilite concertation conseil contact contacts courrier
    csirt culture cyber data dechets diffusion direction donnees dpd dpo dsi eau ecole election
    elections enfance environnement equipe espaces etat etatcivil facturation factures finances
    formation gestion hello help hotline info information informations infos inscription
    inscriptions internet jeunesse juridique letitre maire mairie marches mediatheque mediation
    moderation multi municipale musee ne nepasrepondre newsletter no noreply nuisances numerique
    open opendata participation participer pas periscolaire petite piscine plu police population
    postmaster prada presse privacy proprete protection publics publiques qualite question
    questions reclamation reclamations recrutement ref relations rencontre reply repondre
    reservation reservations restauration rgpd rh rssi scolaire scolaires secretariat securite
    security service services signalement signalements site sport sports standard stat
    statistiques stats support tourisme transport transports travaux tri urbanisme velo verts
    vie ville voirie webmaster webmestre www
    """.split()
)
_SEAT = frozenset(
    "mairie commune ville village prefecture metropole agglo agglomeration departement region "
    "bureau cellule pole communaute service direction ecole ccas mediatheque bibliotheque".split()
)
"""What may open the box of an office whose other words name the place: `mairie.cesson@…`."""

_POINT = re.compile(r"\s?[(\[{]?\s?\b(?:dot|point)\b\s?[)\]}]?\s?")
_ELSE = re.compile(r"[^a-z0-9]+")
_JOINTS = re.compile(r"[._-]")


def find_emails(text: str) -> Iterator[Span]:
    """Yield the personal e-mail addresses of a normalised text."""
    for at in _AT.finditer(text):
        if at.group("bare") is not None and not (
            DOMAIN.match(text, at.end()) or PROVIDER.match(text, at.end())
        ):
            continue
        found = _around(text, at)
        if found is not None and not is_office(found[2], text[at.end() : found[1]]):
            yield Span(found[0], found[1], EMAIL)


def _around(text: str, at: re.Match[str]) -> tuple[int, int, str] | None:
    """Return start, end and local part of the address around an at-sign, or None."""
    after = text[at.end() : at.end() + _WINDOW]
    if not _ENDS_LOCAL.match(text, at.start() - 1) or not any(
        pattern.match(after) for pattern in (DOMAIN, PROVIDER, _DOMAIN_SPACED, _DOMAIN_COMMA)
    ):
        return None  # the cheap looks first: most at-signs of a hostile text end here
    before = text[max(0, at.start() - _WINDOW) : at.start()]
    local = (_LOCAL_SPACED.search(before) if _is_spaced(at) else None) or _LOCAL.search(before)
    if local is None:
        return None
    lead = len(local.group()) - len(local.group().lstrip(".'-%+"))
    written = local.group()[lead:]
    end = _domain_end(text, at, shaped=bool(_SHAPED.search(written)), named=_is_named(written))
    if end is None or not written:
        return None
    domain = text[at.end() : end]
    if not _LETTERED.match(domain) or (_is_spaced(at) and _is_plain(written)):
        return None
    return at.start() - len(written), end, written


def _is_spaced(at: re.Match[str]) -> bool:
    return at.group("sign") is not None and at.group().startswith(" ")


def _is_plain(written: str) -> bool:
    """Say whether a local part is one ordinary word: "any @exemple.fr" is no mailbox."""
    return written.isalpha() and is_ordinary(fold(written))


def _is_named(written: str) -> bool:
    """Say whether a local part is two words that are no ordinary ones: "mehmet-demir"."""
    parts = [p for p in _JOINTS.split(fold(written)) if p]
    return len(parts) > 1 and not all(is_ordinary(part) for part in parts)


def _domain_end(text: str, at: re.Match[str], *, shaped: bool, named: bool = False) -> int | None:
    """Return where the domain after an at-sign ends; None where there is none to believe in.

    `shaped` says that what stands before looks like a mailbox (a dot, a digit) and not like a
    plain word: "merci @orange" is a handle, "look at orange.fr" a web site.
    """
    after = text[at.end() : at.end() + _WINDOW]
    provider, domain = PROVIDER.match(after), DOMAIN.match(after)
    if at.group("bare") is not None:
        if domain is None or not (_SPELT_DOT.search(domain.group()) or named):
            domain = None
            provider = provider if shaped else None
    elif _is_spaced(at) or at.group("sign") is None:
        provider = provider if shaped else None
        if at.group("sign") is None or at.group().endswith(" "):
            domain = domain or _DOMAIN_SPACED.match(after)
    else:
        domain = domain or _DOMAIN_COMMA.match(after)
    ends = [m.end() for m in (domain, provider) if m is not None]
    return at.end() + max(ends) if ends else None


def is_office(local: str, domain: str) -> bool:
    """Say whether a local part names an office rather than a person."""
    spelt = _POINT.sub(".", fold(local))
    words = [w for w in _ELSE.split(spelt) if w]
    if not words:
        return False
    labels = set(_ELSE.split(fold(domain)))
    if labels.isdisjoint(_PROVIDERS) and not any(first_name(w) > 0 for w in words):
        if any(len(w) > 3 and w in labels for w in words):
            return True
        if all(is_ordinary(w) and not is_surname_too(w) for w in words) and (
            len(words) > 1
            or any(w in _OFFICE or w in _SEAT for w in words)
            or not _BODIES.isdisjoint(labels)
        ):
            return True
    known = [w in _OFFICE or w in _SEAT or w in _LINKS or w.isdigit() for w in words]
    return all(known) or (words[0] in _SEAT and len(words) > 1)


def is_listed_office(local: str) -> bool:
    """Say whether a local part holds a word that only the box of an office has."""
    words = re.split(r"[^a-z]+", fold(local))
    return any(word in _OFFICE or word in _SEAT for word in words if word)


_PROVIDERS = frozenset(
    """
    gmail googlemail orange wanadoo free sfr laposte hotmail outlook live yahoo icloud bbox neuf
    numericable aliceadsl protonmail proton msn gmx aol mailo
    """.split()
)


_BODIES = frozenset(
    """
    gouv mairie ville commune metropole agglo agglomeration prefecture departement region cc ccas
    sncf academie ac chu police gendarmerie city council town county nhs gov asso
    """.split()
)
"""Labels of a domain whose unlisted boxes, if they are ordinary words, are of an office too."""
_LINKS = frozenset("de des du la le les l d a au aux et".split())
