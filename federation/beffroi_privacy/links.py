# SPDX-License-Identifier: AGPL-3.0-or-later
"""Secrets in links: the token, not the site. The host and the readable path of a link stay.

A part of a link is taken for secret by its name (`token=`, `jeton=`, `/reset/…`), by its host (a
file sharing service) or because it is long and means nothing. What looks opaque but is, as far as
one can tell, the number of a public thing, only asks for a person.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import log2
from typing import Final

from beffroi_privacy.patterns import Stems, holds, lowered
from beffroi_privacy.spans import PERSON, URL_TOKEN, Cover, Span

LINK = re.compile(
    r"(?:https?\s?:\s?//|www\.)[^\s<>\"')\]]+"
    r"|(?<![@\w.-])(?:[a-z0-9-]+\.)+(?:fr|com|org|net|eu|io|info|gouv|app|dev|me|bzh|uk|ie)(?:/"
    r"|\?)[^\s<>\"')\]]+",
    re.IGNORECASE,
)
_ENDINGS: Final = "fr com org net eu io info gouv app dev me bzh uk ie".split()
_LINKS = Stems("http|www.|" + "|".join(f".{end}/|.{end}?" for end in _ENDINGS))
"""Of `LINK`."""
_SECRET_KEYS: Final = frozenset(
    """
    token jeton tok t k key cle clef session sessionid sess sid phpsessid jsessionid auth authkey
    authorization access access_token accesstoken refresh_token id_token sig signature hash h secret
    password passwd pwd pass mdp code otp ticket jwt nonce state csrf csrf_token apikey api_key
    appkey invite invitation resetkey reset reset_token magic confirm confirmation
    confirmation_token verif verification activation activate unsubscribe uuid uid user_id userid
    customer dossier suivi share sharekey resourcekey s p cid client_id xtor tk identifiant acces
    lien usr
    """.split()
)
_PERSONAL_KEYS: Final = frozenset(
    "nom name prenom firstname lastname user username login pseudo utilisateur tel phone".split()
)
_SHARING = re.compile(
    r"(?:drive|docs)\.google\.|wetransfer|we\.tl|dropbox|1drv|onedrive|sharepoint|framadrop"
    r"|framadate"
    r"|framaforms|lufi|nextcloud|owncloud|zoom\.us|teams\.|meet\.google|jitsi|doodle|transfer|smash"
    r"|grosfichiers|fromsmash|icloud|photos\.app|partage|cloud",
    re.IGNORECASE,
)
_SECRET_STEPS: Final = frozenset(
    """
    token jeton reset reset-password confirm confirmation activate activation invite invitation
    verify verification unsubscribe desinscription session suivi dossier acces lien partage share s
    v p t r dl magic auth login password mot-de-passe espace mon-compte compte account user recover
    valider validation
    """.split()
)
_PUBLIC_STEPS: Final = frozenset(
    """
    dataset datasets resources ressources resource r commit commits blob tree raw doi article
    articles deliberations documents files uploads static assets css js img images photos media
    medias organizations organization reuses discussions ark jorf jorftext legitext legiarti codes
    loda affichtexte posts wiki download explore catalog catalogue geonetwork records metadata
    fiche fiches actualites
    """.split()
)
_SURE_BEFORE = re.compile(
    r"(?<![^\W_])(?:\w*token|jeton|\w*sess(?:ion)?(?:[_-]?id)?|sid|auth(?:key|orization)?|access"
    r"|sig|signature|secret"
    r"|passw(?:or)?d|pwd|pass|mdp|otp|jwt|api[_ -]?key|resetkey|sharekey|cl[ée](?: d'api)?|key"
    r"|bearer)[\s:=\"']{1,4}$"
    r"|/(?:token|jeton|reset|reset-password|confirm|confirmation|activate|activation|invite"
    r"|invitation|verify|verification"
    r"|session|magic|auth|recover|unsubscribe|desinscription|mot-de-passe|password)/$|//$",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"[A-Za-z0-9_\-~.=%+]{8,}")
_JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_HARMLESS = re.compile(r"[a-z]+(?:[-_.%+]+[a-z0-9]+)*(?:\.\w{2,5})?", re.IGNORECASE)
_FILE = re.compile(
    r"\.(?:tar|bz2|gz|png|jpe?g|gif|svg|pdf|csv|xlsx?|docx?|od[st]|zip|json|geojson|xml|html?|do"
    r"|php|txt)\b",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_DATED = re.compile(r"(?:JORF|LEGI|CETA|CNIL)[A-Z]*\d+|[A-Z]{4}\d{7}[A-Z]", re.IGNORECASE)
_TOKENS = Stems("token|jeton|api|session|bearer")
_TOKEN_OUTSIDE = re.compile(
    r"\b(?:token|jeton|api[ _-]?key|cl[ée] d'api|session(?:[ _-]?id)?|bearer)\b[\s:=\"']{1,4}"
    r"(?P<value>[A-Za-z0-9_\-~.+/=]{12,})",
    re.IGNORECASE,
)


_COOKIE = re.compile(
    r"(?<![\w?&;/])(?:phpsessid|jsessionid|sid|sess(?:ion)?(?:_?id)?|token|jeton|auth|api_?key"
    r"|access_token|key|cl[ée]|code)"
    r"=(?P<value>[^\s;&\"',]{8,})",
    re.IGNORECASE,
)


def find_secrets(text: str) -> Iterator[Span]:
    """Yield the secret parts of the links of a normalised text, and tokens that are called so."""
    if holds(lowered(text), _LINKS):
        for link in LINK.finditer(text):
            yield from _in_link(text, link.start(), link.end())
    for found in _TOKEN_OUTSIDE.finditer(text) if holds(lowered(text), _TOKENS) else ():
        if _looks_random(found.group("value"), 12):
            yield Span(*found.span("value"), URL_TOKEN)
    for found in _COOKIE.finditer(text) if "=" in text else ():
        yield Span(*found.span("value"), URL_TOKEN)
    for found in _JWT.finditer(text) if "eyJ" in text else ():
        yield Span(found.start(), found.end(), URL_TOKEN)


def find_sure_secrets(text: str) -> Iterator[Span]:
    """Yield those secrets whose own name leaves no doubt: `token=`, `/reset/`, a password.

    The address of a published thing is full of numbers that mean nothing to a reader; what is only
    likely to be a secret must not keep it from being published.
    """
    for span in find_secrets(text):
        if not span.weak and span.label == URL_TOKEN:
            begins = text.startswith("eyJ", span.start)
            if begins or _SURE_BEFORE.search(text, max(0, span.start - 40), span.start):
                yield span


def _in_link(text: str, start: int, end: int) -> Iterator[Span]:
    while end > start and text[end - 1] in ".,;:!?…":
        end -= 1
    link = text[start:end]
    head = re.match(
        r"(?:https?\s?:\s?//)?(?P<login>[^/@?#\s]+:[^/@?#\s]+@)?(?P<host>[^/?#]*)", link
    )
    if head is None:
        return
    if head.group("login"):
        at = start + head.start("login")
        yield Span(at, at + len(head.group("login")) - 1, URL_TOKEN)
    rest = start + head.end()
    path_end = next((i for i in range(rest, end) if text[i] in "?#"), end)
    yield from _in_path(text, rest, path_end, head.group("host"))
    yield from _in_query(text, path_end, end)


def _in_path(text: str, start: int, end: int, host: str) -> Iterator[Span]:
    steps = [m.span() for m in re.finditer(r"[^/;]+", text[start:end])]
    sharing = _SHARING.search(host) is not None
    before = ""
    for first, last in steps:
        step = text[start + first : start + last]
        named = re.match(r"(?P<key>[a-z_]+)=(?P<value>.{6,})", step, re.IGNORECASE)
        if named and named.group("key").lower() in _SECRET_KEYS:
            yield Span(start + first + named.start("value"), start + last, URL_TOKEN)
        elif (before not in _PUBLIC_STEPS and not _FILE.search(step)) or sharing:
            secret = before in _SECRET_STEPS or len(before) == 1 or sharing
            if _is_secret_step(step, secret):
                yield Span(start + first, start + last, URL_TOKEN, weak=not secret)
        before = step.lower()


def _is_secret_step(step: str, announced: bool) -> bool:
    if _DATED.fullmatch(step) or (
        step.count("-") > 3 and _HARMLESS.fullmatch(step) and not announced
    ):
        return False
    if announced:
        return _looks_random(step, 8) or (len(step) >= 5 and step.isdigit()) or _is_noise(step)
    return _looks_random(step, 16) or (len(step) >= 10 and _is_noise(step))


def _is_noise(step: str) -> bool:
    """Say whether letters follow one another as in no language: few vowels, case at random."""
    if len(step) < 9 or not step.isalnum():
        return False
    vowels = sum(c in "aeiouyAEIOUY" for c in step)
    changes = sum(a.islower() and b.isupper() for a, b in pairwise(step))
    return vowels * 4 < len(step) or (changes >= 2 and any(c.isdigit() for c in step))


def _in_query(text: str, start: int, end: int) -> Iterator[Span]:
    for found in re.finditer(r"[?&#;]?(?P<key>[\w\[\].-]+)=(?P<value>[^&#;]+)", text[start:end]):
        key, value = found.group("key").lower(), found.group("value")
        place = start + found.start("value"), start + found.end("value")
        if key in _PERSONAL_KEYS and re.search(r"[a-z]{2}|\d{6}", value, re.IGNORECASE):
            yield Span(*place, PERSON, weak=True)
        elif key in _SECRET_KEYS or key.endswith(("token", "key", "_id", "jeton", "hash", "sess")):
            if len(value) >= 16 or _is_code(value) or key in ("pwd", "password", "mdp", "otp"):
                yield Span(*place, URL_TOKEN)
        elif _looks_random(value, 16) and not _DATED.match(value) and not _FILE.search(value):
            yield Span(*place, URL_TOKEN, weak=True)
    if start < end and text[start] == "#" and "=" not in text[start:end]:
        if _looks_random(text[start + 1 : end], 20) and "_" not in text[start:end]:
            yield Span(start + 1, end, URL_TOKEN, weak=True)


def _is_code(value: str) -> bool:
    """Say whether a short value mixes letters and digits, or is a longish number."""
    digits = sum(c.isdigit() for c in value)
    return len(value) >= 6 and digits >= 2 and (digits < len(value) or len(value) >= 8)


def _looks_random(value: str, shortest: int) -> bool:
    """Say whether a value is long, mixed and uneven enough to mean nothing to a reader."""
    value = _ESCAPED.sub("-", value)
    if len(value) < shortest or not _OPAQUE.fullmatch(value):
        return False
    stem = re.sub(
        r"\.(?:html?|php|pdf|csv|json|xml|png|jpe?g|aspx?|zip|xlsx?|docx?)$",
        "",
        value,
        flags=re.IGNORECASE,
    )
    digits = sum(c.isdigit() for c in stem)
    upper = sum(c.isupper() for c in stem)
    letters = sum(c.isalpha() for c in stem)
    if not letters or len(stem) < shortest:
        return False
    changes = sum(a.islower() and b.isupper() for a, b in pairwise(stem))
    if digits < 2 and not (upper >= 3 and upper < letters * 0.8 and changes >= 2):
        return False
    parts = [part for part in re.split(r"[-_.+]|%20", stem) if part]
    if (
        all(
            part.isdigit() or (part.isalpha() and (part.islower() or part.istitle()))
            for part in parts
        )
        and len(parts) > 1
    ):
        return False  # words and dates with hyphens
    if len(parts) == 1 and re.fullmatch(r"[A-Za-z]+\d{1,8}|\d{1,8}[A-Za-z]+", stem) and upper < 4:
        return False
    return _entropy(stem) >= 2.7


def _entropy(value: str) -> float:
    """Return the bits a character of a value carries, by how often each occurs in it."""
    counts = Counter(value).values()
    return -sum(n / len(value) * log2(n / len(value)) for n in counts)


def opaque_parts(text: str, covered: Cover) -> bool:
    """Say whether a link keeps a long part that means nothing to a reader."""
    for link in LINK.finditer(text) if holds(lowered(text), _LINKS) else ():
        for part in re.finditer(r"[A-Za-z0-9_~-]{20,}", link.group()):
            start, end = link.start() + part.start(), link.start() + part.end()
            if not _looks_random(part.group(), 20) or re.fullmatch(
                r"[0-9a-f]{24}|[0-9a-f-]{36}", part.group()
            ):
                continue
            if not covered.touches(start, end):
                return True
    return False
