# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pseudonyms, logins and private @handles. Handles of public bodies stay."""

import re
from collections.abc import Iterator

from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.normalise import fold
from beffroi_privacy.spans import USERNAME, Span

_HANDLE = re.compile(
    r"(?<![\w@./])@(?P<name>[A-Za-zÀ-ÿ0-9_][\w.-]{1,40}?)(?=[.,;:!?)]*(?:\s|$|[)\]\"']))"
)
_CUE = re.compile(
    r"(?<!\w)(?:pseudo(?:nyme)?|identifiants?(?: de connexion)?|login|log-in|nom d'utilisateur"
    r"|username"
    r"|user ?name|user ?id|handle|nickname|alias|screen ?name|compte (?:github|gitlab|twitter"
    r"|instagram|insta|facebook|fb"
    r"|discord|telegram|snap(?:chat)?|tiktok|mastodon|x|linkedin|steam|data\.gouv)|(?:github"
    r"|gitlab|twitter|instagram"
    r"|insta|facebook|fb|discord|telegram|snap(?:chat)?|tiktok|mastodon|linkedin|skype|steam"
    r"|messenger)"
    r"(?: account| id)?|mon compte|my account)"
    r"(?P<link>(?:\s?(?:est|is|était|was|c'est|:|=|-|,)|\s(?:sur|on)\s[^\W\d]\w+(?:\s?(?:est|is"
    r"|:))?"
    r"|\s(?:de|du|the|le|suivant"
    r"|ci-joint)\b){0,3}\s{0,2})[\"'(]?@?(?P<name>[A-Za-zÀ-ÿ0-9_][\w.\-]{2,40})",
    re.IGNORECASE,
)
_UNDER = re.compile(
    r"\b(?:sous le (?:pseudo|nom de|pseudonyme)(?: de)?|alias|aka|connecté(?:e)? en tant que"
    r"|logged in as|posted (?:as|by)"
    r"|post[ée] par|publi[ée] par|l'utilisateur|l'internaute|le compte|the user|the account|user)"
    r"\s(?:@|\"|')?(?P<name>[A-Za-z0-9][\w.\-]{2,40})",
    re.IGNORECASE,
)
_TO = re.compile(
    r"\b(?i:r[ée]ponse [àa]|r[ée]pond(?:re|s)? [àa]|en r[ée]ponse [àa]|merci|bonjour|salut"
    r"|d'accord avec|comme dit"
    r"|dixit|selon|@|reply to|replying to|agree with|hi|hello"
    r"|thanks)\s(?P<name>[A-Za-zÀ-ÿ][\w.-]*[A-Za-zÀ-ÿ_.-]\d{2,4}|\w+_\w+)\b"
)
_FIELD = re.compile(
    r"\b(?:user|username|login|uid|account|utilisateur|compte)=(?P<name>[^\s,;&\"']{3,40})",
    re.IGNORECASE,
)
_ON = re.compile(
    r"(?P<name>[\w.-]{3,40}) (?:sur|on) (?:le (?:forum|groupe|chat|site)|the forum|facebook"
    r"|twitter|x\b|insta\w*|discord|mastodon|nextdoor|reddit|telegram)",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"(?:appell?\w*|surnomm\w*|pseudo\w*|connu comme|alias|called|known as|est|suis|i'm"
    r"|am)\s[\"']?$",
    re.IGNORECASE,
)
_SHAPED = re.compile(r"\d|_|[a-z][A-Z]|[a-z]\.[a-z]|^x+|-", re.UNICODE)
_PUBLIC = re.compile(
    r"ville|mairie|metropole|gouv|prefet|prefecture|police|gendarmerie|sncf|ratp|departement"
    r"|region|pompiers|sdis"
    r"|cnil|cada|anssi|ameli|caf_|insee|etalab|datagouv|data_gouv|commune|agglo|communaute"
    r"|ministere|senat|assemblee"
    r"|elysee|impots|service|officiel|official|council|city|gov|nhs|metpolice|university|univ"
    r"|ecole|bibliotheque|mediatheque"
    r"|musee|office|transports?|reseau|info|orange|sfr|bouygues|free_|edf|engie|enedis|veolia|suez"
    r"|suez|laposte|"
    r"meteofrance|vigicrues|afp|lemonde|france|paris|lyon|rennes|nantes|lille|bordeaux|toulouse"
    r"|marseille|strasbourg"
)
_TECHNICAL = frozenset(
    "media import charset param return override everyone here all channel gmail".split()
)
_PRETEST = re.compile(
    r"@|pseudo|r[ée]pon|merci|bonjour|salut|accord|dixit|selon|reply|agree|hi |hello|forum| on "
    r"| sur |identifiant|log|user|utilisateur|handle|nickname|alias|aka|compte|account|git"
    r"|twitter|insta|facebook|fb"
    r"|discord|telegram|snap|tiktok|mastodon|linkedin|skype|steam|messenger|post|publi|internaute"
    r"|screen",
    re.IGNORECASE,
)


def find_usernames(text: str) -> Iterator[Span]:
    """Yield the names by which a normalised text calls an account of a person."""
    if not _PRETEST.search(text):
        return
    if "@" in text:
        for found in _HANDLE.finditer(text):
            if not is_public_handle(found.group("name")):
                yield Span(found.start(), found.end("name"), USERNAME)
    for found in _CUE.finditer(text):
        if _is_given(found.group("name"), found.group("link")):
            yield Span(*found.span("name"), USERNAME)
    for found in _TO.finditer(text):
        if not is_public_handle(found.group("name")):
            yield Span(*found.span("name"), USERNAME, weak=True)
    for found in _FIELD.finditer(text):
        yield Span(*found.span("name"), USERNAME)
    for found in _ON.finditer(text):
        called = _CALLED.search(text, max(0, found.start() - 20), found.start())
        name = found.group("name")
        if not is_public_handle(name) and (called or re.search(r"\d|_", name)):
            yield Span(*found.span("name"), USERNAME, weak=not called)
    for found in _UNDER.finditer(text):
        name = found.group("name").rstrip(".-")
        if _SHAPED.search(name) and not is_public_handle(name) and not _is_words(name):
            yield Span(found.start("name"), found.start("name") + len(name), USERNAME)


def _is_given(name: str, link: str) -> bool:
    """Say whether what follows "pseudo" or "login" is a name rather than the next word."""
    folded = fold(name).rstrip(".-")
    if is_public_handle(name) or len(folded) < 3:
        return False
    said = re.search(r"est|is|:|=|était|was", link) is not None
    if _SHAPED.search(name.rstrip(".-")) and not _is_words(folded):
        return True
    return said and not is_ordinary(folded) and not folded.isdigit()


def _is_words(name: str) -> bool:
    """Say whether a name is ordinary words with hyphens: "mot-de-passe"."""
    parts = [p for p in re.split(r"[-.]", fold(name)) if p]
    return all(is_ordinary(p) or len(p) < 3 for p in parts) and not any(c.isdigit() for c in name)


def is_public_handle(name: str) -> bool:
    """Say whether a handle is the one of a public body, a firm, or no handle at all."""
    folded = fold(name).strip("._-")
    plain = re.sub(r"[._-]", "", folded)
    return (
        _PUBLIC.search(plain) is not None
        or _PUBLIC.search(folded) is not None
        or folded in _TECHNICAL
        or is_commune(folded.replace("_", " "))
        or is_ordinary(folded)
    )
