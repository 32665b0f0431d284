# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pseudonyms, logins and private @handles. Handles of public bodies stay."""

import re
from collections.abc import Iterator

from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import any_of, holds, lowered
from beffroi_privacy.spans import USERNAME, Span

_HANDLE = re.compile(
    r"(?<![\w@./])@(?P<name>[A-Za-zÀ-ÿ0-9_][\w.-]{1,40}?)(?=[.,;:!?)]*(?:\s|$|[)\]\"']))"
)
_CUE = re.compile(
    r"(?<![\w-])(?:pseudo(?:nyme)?|identifiants?(?: de connexion)?|login|log-in|nom d'utilisateur"
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
    r"(?P<name>[\w.-]{3,40}) (?:sur|on) (?:le (?:forum|groupe|chat|site)|the forum|facebook|twitter"
    r"|insta|discord|mastodon|nextdoor|reddit|telegram)"
)
_CALLED = re.compile(
    r"(?:appell?\w*|surnomm\w*|pseudo\w*|connu comme|alias|called|known as|suis|i'm"
    r"|am)\s[\"']?$",
    re.IGNORECASE,
)
_SHAPED = re.compile(r"\d|_|[a-z][A-Z]|[a-z]\.[a-z]|^x+|-", re.UNICODE)
_PUBLIC = re.compile(
    any_of(
        r"ville|mairie|metropole|gouv|prefet|prefecture|police|gendarmerie|sncf|ratp|departement"
        r"|sdis"
        r"|pompiers|cnil|cada|anssi|insee|etalab|datagouv|commune|agglo|communaute|ministere|senat"
        r"|assemblee|elysee|impots|officiel|council|nhs|bibliotheque|mediatheque|musee|transport"
        r"|bouygues|enedis|veolia|laposte|meteofrance|vigicrues|lemonde|france"
    )
)
_PUBLIC_PARTS = frozenset(
    """
    ameli caf service services official city gov university univ ecole office reseau info infos
    orange sfr free edf engie suez afp region asso association paris lyon rennes nantes lille
    bordeaux toulouse marseille strasbourg media import charset param return override here
    all channel gmail
    """.split()
)
_CUES = (
    *(
        "pseudo",
        "identifiant",
        "log",
        "user",
        "utilisateur",
        "handle",
        "nickname",
        "alias",
        "compte",
    ),
    *(
        "account",
        "git",
        "twitter",
        "insta",
        "facebook",
        "fb",
        "discord",
        "telegram",
        "snap",
        "tiktok",
    ),
    *("mastodon", "linkedin", "skype", "steam", "messenger", "screen"),
)
_FORUMS = ("forum", "groupe", "chat", "site", *_CUES[9:], "nextdoor", "reddit")
_NAMING = (
    "sous le",
    "alias",
    "aka ",
    "connecté",
    "logged",
    "posté",
    "poste par",
    "posted",
    "publi",
)
_NAMING_TOO = ("utilisateur", "internaute", "compte", "user", "account")
_ANSWERS = (
    *("répon", "repon", "merci", "bonjour", "salut", "accord", "dit ", "dixit", "selon", "reply"),
    *("replying", "agree", "hi ", "hello", "thanks"),
)


def find_usernames(text: str) -> Iterator[Span]:
    """Yield the names by which a normalised text calls an account of a person."""
    low = lowered(text)
    if "@" in text:
        for found in _HANDLE.finditer(text):
            if not is_public_handle(found.group("name")):
                yield Span(found.start(), found.end("name"), USERNAME)
    if holds(low, _CUES):
        yield from _after_cues(text)
    if holds(low, _ANSWERS) and any(c.isdigit() or c == "_" for c in text):
        for found in _TO.finditer(text):
            if not is_public_handle(found.group("name")):
                yield Span(*found.span("name"), USERNAME, weak=True)
    if holds(low, (" sur ", " on ")) and holds(low, _FORUMS):
        yield from _on_forums(text, low)
    if holds(low, _NAMING) or holds(low, _NAMING_TOO):
        for found in _UNDER.finditer(text):
            name = found.group("name").rstrip(".-")
            if _SHAPED.search(name) and not is_public_handle(name) and not _is_words(name):
                yield Span(found.start("name"), found.start("name") + len(name), USERNAME)


def _after_cues(text: str) -> Iterator[Span]:
    for found in _CUE.finditer(text):
        if _is_given(found.group("name"), found.group("link")):
            yield Span(*found.span("name"), USERNAME)
    if "=" in text:
        for found in _FIELD.finditer(text):
            yield Span(*found.span("name"), USERNAME)


def _on_forums(text: str, low: str) -> Iterator[Span]:
    for found in _ON.finditer(low):
        called = _CALLED.search(low, max(0, found.start() - 20), found.start())
        name = text[found.start("name") : found.end("name")]
        if not is_public_handle(name) and (called or re.search(r"\d|_", name)):
            yield Span(*found.span("name"), USERNAME, weak=not called)


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
    if name.isupper() and len(name) <= 6:
        return True
    folded = fold(name).strip("._-")
    plain = re.sub(r"[._-]", "", folded)
    parts = set(re.split(r"[._\d-]+", folded))
    return (
        _PUBLIC.search(plain) is not None
        or not _PUBLIC_PARTS.isdisjoint(parts)
        or is_commune(folded.replace("_", " "))
        or is_ordinary(folded)
        or folded in ("all", "here", "everyone", "mac")
    )
