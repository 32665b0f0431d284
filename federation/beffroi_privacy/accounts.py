# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of accounts in any wording: what a word for an account, or a network, stands beside.

`usernames` reads fixed phrases. Here every cue of a text is taken ("pseudo", "login", "sur Insta",
"connecté comme") and the nearest word that is made like an account's name is looked for, behind it
and then before it: with digits, underscores, points or capitals inside, in quotes, with an @. A
word of the language in that place only asks for a person.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, any_of, figures, holds, lowered
from beffroi_privacy.spans import ASK, USERNAME, Span
from beffroi_privacy.usernames import NOT_NICKNAMES, is_public_handle

_NETWORKS = (
    r"facebook|fb|insta(?:gram)?|twitter|x|tik ?tok|snap(?:chat)?|discord|telegram|mastodon|github"
    r"|gitlab|linkedin|reddit|youtube|twitch|steam|whats ?app|messenger|skype|bluesky|threads"
    r"|nextdoor|signal|framagit|matrix|pinterest|strava|wikip[ée]dia|openstreetmap|osm|leboncoin"
    r"|vinted|airbnb|blablacar|viber|psn|xbox|data\.gouv(?:\.fr)?|peertube"
)
_WORDS = (
    r"pseudo(?:nyme)?s?|identifiants?|logins?|log-in|alias|handles?|nick(?:name)?s?|surnoms?"
    r"|avatars?|username|user ?names?|user ?ids?|screen ?names?|gamertag|nom d'utilisat(?:eur|rice)"
    r"|noms? de compte|account names?"
)
_LOOSE = (
    r"comptes?|profils?|profiles?|accounts?|membres?"
    r"|members?|contribut(?:eur|rice)s?|abonn[ée]e?s?|blogueu(?:r|se)|youtubeu(?:r|se)|streameur"
    r"|mod[ée]rat(?:eur|rice)s?|troll|auteur|author|posters?|commenter|session|acc[èe]s"
)
_USERS = r"l'utilisat(?:eur|rice)|the user|user|l'internaute|un certain|une certaine"
_DOING = (
    r"connect[ée]e?s? (?:avec|comme|en tant que|sous)|logged in (?:as|with)|sign(?:ed)? in (?:as"
    r"|with)|inscrite?s? (?:comme|sous|avec)|sous le (?:nom|pseudo\w*|compte)(?: de)?"
    r"|under the (?:name|handle)(?: of)?|registered (?:as|under)|go(?:es)? by"
    r"|connue? (?:comme|sous)"
    r"|signe(?:nt)? (?:comme|sous)?|post(?:s|ed|ing) (?:as|under)|(?:post[ée]e?|publi[ée]e?"
    r"|[ée]crite?|comment[ée]e?|partag[ée]e?|sign[ée]e?) (?:par|sous)|posted by|a\.?k\.?a\.?"
)
_ON = rf"(?:sur|on|via|chez|par|en mp sur|dm on) (?:mon |le |la |my |l')?(?:{_NETWORKS})"
_CUE = re.compile(
    rf"(?<![\w@.-])(?:(?P<words>{any_of(_WORDS)})|(?P<doing>{any_of(_DOING)})|(?P<on>{_ON})"
    rf"|(?P<users>{_USERS})|(?P<net>{any_of(_NETWORKS)}|chat|forum)"
    rf"|(?P<loose>{any_of(_LOOSE)}))(?![\w-])"
)
_NAME = re.compile(
    r"(?<![\w/.=%:#@-])@?[A-Za-zÀ-ÿ0-9_][\w.-]*[\w]|(?<!\w)@\w+|\"\s?[^\"\n]{2,30}?\s?\""
)
_SHAPED = re.compile(r"[^\W\d_]+[._-]?\d|\d[._-]?[^\W\d_]|\w_\w|[a-zà-ÿ][A-Z]|^@|^[a-z]+\.[a-z]+$")
_DIRECT = re.compile(
    r"(?: (?:est|is|was|était|c'est|de|d'|sur|on|:|=|-|->|,|\(|suivant|ci-dessous|toujours"
    rf"|bien|donc|:|=|the|s'appelle|se nomme|is called|called|named|nommée?|appelée?|dit|le"
    rf"|{_NETWORKS}|forum|chat"
    r")|\s?[:=,(]|\s?->| c'est)*\s{0,2}"
)
_THING: Final = re.compile(
    r"\b(?:jeu|dataset|fichier|table|champ|colonne|couche|layer|version|march[ée]|arr[êe]t|parcelle"
    r"|rendu|administratif|public|capteur|station|ressource|file|field|column|api|serveur"
    r"|server|host|machine|lampadaire|compteur|produit|modèle|logiciel|poste)\b"
)
_BEHIND = re.compile(
    r"(?<![\w/.=%:#@-])(?P<name>@?[\w][\w.-]{1,38}\w|\"\s?[^\"\n]{2,30}?\s?\")"
    r"(?:\s?(?:,|-|=|:|\()?\s?(?:(?:c'est|est|is|was|était|that's|comme|as|it's|mon|ma|my|le|son|sa"
    r"|his|her|leur|de|du|the|\() ?){1,4}\s?| ?[(,] ?| )$"
)
_STATES = re.compile(r"(?:[ée]e?s?|i|u|ible|able|if|ive|eux|ant|ed|ing|en|oire|[aeiou]l)$")
_DEFAULTS = frozenset(
    """
    admin administrateur administrator root test demo guest invite anonymous anonyme user username
    postgres mysql oracle default system nobody public password login visiteur webmaster support
    """.split()
)
_SEVERAL = re.compile(
    r"[A-ZÀ-Þ~][\w'-]*(?:\s(?:(?:de|du|des|la|le|les|à|au|the|of)\s)*[A-ZÀ-Þ]?[\w'-]+){1,3}"
)
_FIELD = re.compile(r"[:=]\s*$")
_CALLED = re.compile(r"nom|pseudo|name|handle|go(?:es)? by|connu|inscrit")
_ENDS = re.compile(r"\s*(?:$|[\n,;.)|])|\s(?:et|and|qui|sur|on|je|but|mais)\b")
_STOP = re.compile(r"\s*(?:$|[\n,;.)|])")
_STEMS = Stems(
    "pseudo|ident|log|alias|handle|nick|surnom|avatar|user|screen|gamer|utilisat|compte|profil"
    "|account|connect|sign|inscrit|sous |under|regist|goes by|posted|insta|fac|fb|twit|tik|snap"
    "|disc|telegr|mastodon|git|linked|reddit|youtub|twitch|steam|what|mess|skype|bluesky|threads"
    "|nextdoor|internaute|membre|member|forum|chat|publi|posté| par |aka|data.gouv|vinted"
    "|leboncoin| x |contribut"
)
_AFTER: Final = 48
_LONGEST: Final = 40
_DATED = re.compile(r"\d+(?:er|e|[èe]me|nd|h\d*|km|m2?|[a-z])", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]{2,}[a-zà-ÿ]?[A-Z]*s?|[A-Z]+_\d{4}|[a-z]+_[a-z]+(?:_[a-z]+)+")
_CALLING: Final = ("words", "users", "doing", "net")


def find_accounts(text: str) -> Iterator[Span]:
    """Yield the names of accounts that a cue stands beside, and as `ASK` words that may be one."""
    low = lowered(text)
    yield from _shaped(text, low)
    if not holds(low, _STEMS):
        return
    for cue in _CUE.finditer(low):
        found = _behind(text, low, cue) or _before(text, low, cue)
        if found is not None:
            yield found


_LEET = re.compile(r"(?<![\w/.=%:#@-])(?=\w{5,20}\b)[A-Za-z]+\d[a-z]+\w*(?![\w@/.-]*[/@=])")
_JOINED = re.compile(
    r"(?<![\w/.=%:#@-])_?[a-z\d]+(?:_[a-z\d]+)+_?(?![\w@/(=-]|\.\w)|(?<!\w)_[a-z]{3,}_(?!\w)"
)
_TECHNICAL = re.compile(
    r"colonne|column|champ|field|fichier|\bfile|table|csv|json|xml|api\b|variable|attribut|couche"
    r"|layer|sch[ée]ma|dataset|jeux? de donn|cl[ée]s?\b|sql|requ[êe]te|param|\bid\b|serveur|server"
)
_REDDIT = re.compile(
    r"(?<!\w)u/(?P<name>\w[\w-]{2,30})|(?<!\w)(?P<login>[a-z]{2,12}\\[a-z][\w.-]{2,30})"
)
_CALLS = re.compile(
    r"(?:\+1|ici|merci|bonjour|salut|hello|hi|à|avec|comme dit|d'accord avec|par|by|with|ask|thanks"
    r"|et|demandez à|calls? me)\s$",
    re.IGNORECASE,
)
_HAS_DIGIT = re.compile(r"[a-z]\d")
_HUMPED = re.compile(r"(?<![\w/.=%:#@-])[A-Z][a-zà-ÿ]+(?:[A-Z][a-zà-ÿ]*)+(?:[-_]\w+)?(?![\w@/.-])")


def _shaped(text: str, low: str) -> Iterator[Span]:
    """Yield words that are made like accounts wherever they stand: "ch4tn0ir", "u/lulu"."""
    patterns = []
    if "u/" in low or "\\" in low:
        patterns.append(_REDDIT)
    if figures(text)[0] and _HAS_DIGIT.search(low):
        patterns.append(_LEET)
    for pattern in patterns:
        for found in pattern.finditer(text):
            name = found.group(found.lastgroup or 0)
            if pattern is _REDDIT or _is_account(name, quoted=True):
                yield Span(*found.span(found.lastgroup or 0), USERNAME, weak=True)
    if "_" in text and not _TECHNICAL.search(low):
        for found in _JOINED.finditer(text):
            if not is_public_handle(found.group()):
                yield Span(found.start(), found.end(), USERNAME, weak=True)
    for found in _HUMPED.finditer(text):
        if _CALLS.search(text, max(0, found.start() - 14), found.start()):
            if not is_public_handle(found.group()):
                yield Span(found.start(), found.end(), ASK, weak=True)


def _behind(text: str, low: str, cue: re.Match[str]) -> Span | None:
    """Return the name that follows a cue: a shaped word near it, or any word right after it."""
    stop = _end_of_sentence(low, cue.end())
    link = _DIRECT.match(low, cue.end(), stop)
    first = link.end() if link else cue.end()
    for found in _NAME.finditer(text, cue.end(), stop + _LONGEST):
        if found.start() >= stop:
            break
        if _THING.search(low, cue.end(), found.start()):
            return None
        direct = first <= found.start() <= first + 1
        if _is_account(found.group(), quoted=direct or cue.lastgroup == "words"):
            if direct or cue.lastgroup in ("words", "doing") or "_" in found.group():
                return _span(text, *found.span())
            if _is_near(text, cue.end(), found.start()):
                return _span(text, *found.span())
        if direct and found.end() > found.start() + 2 and cue.lastgroup in _CALLING:
            told = _told(text, low, cue, found)
            if told is not None:
                return told
    return None


def _told(text: str, low: str, cue: re.Match[str], found: re.Match[str]) -> Span | None:
    """Return a plain word right after a cue: masked if it is no ordinary one, else asked about."""
    folded = fold(found.group())
    if folded.strip('" ') in _DEFAULTS:
        return None
    said = (
        re.search(r"est|is\b|was|[:=]|c'est|appel|nomm|call", low[cue.end() : found.start()])
        is not None
    )
    if found.group().startswith('"') and cue.lastgroup == "words":
        return _span(text, *found.span())
    several = _SEVERAL.match(text, found.start())
    called = cue.lastgroup == "doing" and _CALLED.search(cue.group()) is not None
    if several and (called or (said and _ENDS.match(text, several.end()))):
        return _span(text, *several.span())
    if cue.lastgroup == "doing" and "nom" in cue.group() and not found.group()[0].isupper():
        return Span(*found.span(), ASK, weak=True)
    if cue.lastgroup == "doing" or not found.group().isalpha() or is_public_handle(found.group()):
        return None
    sure = said or (len(folded) > 3 and not cue.group().startswith("identif"))
    if cue.lastgroup == "net":
        return None
    if not is_ordinary(folded) and sure and not is_commune(folded):
        return Span(*found.span(), USERNAME, weak=True)
    if cue.lastgroup == "words" and _FIELD.search(text, cue.end(), found.start()):
        if found.group()[:1].isupper() and _STOP.match(text, found.end()):
            return Span(*found.span(), USERNAME, weak=True)
    if said and len(folded) > 3 and not _STATES.search(folded):
        return Span(*found.span(), ASK, weak=True)
    return None


def _is_near(text: str, start: int, end: int) -> bool:
    """Say whether at most two words stand between a loose cue and a name."""
    return len(text[start:end].split()) <= 2 and not re.search(r"[,;:]", text[start:end])


def _before(text: str, low: str, cue: re.Match[str]) -> Span | None:
    """Return the name that a cue follows: "madmax est mon pseudo", "lulu35 (sur Discord)"."""
    first = max(0, cue.start() - 60)
    found = _BEHIND.search(text, first, cue.start())
    if found is None or cue.lastgroup == "doing":
        return None
    name, link = found.group("name"), text[found.end("name") : found.end()]
    if cue.lastgroup in ("loose", "net", "users") and not link.strip():
        return None
    if _THING.search(low, first, found.start("name")):
        return None
    quoted = cue.lastgroup in ("words", "on")
    if _is_account(name, quoted=quoted):
        return _span(text, *found.span("name"))
    named = cue.lastgroup == "words" and re.search(r"est |is |mon |my |c'est|son ", link)
    if named and name.isalpha() and not is_ordinary(fold(name)) and not is_public_handle(name):
        return _span(text, *found.span("name"))
    return None


@lru_cache(maxsize=4096)
def _is_account(written: str, *, quoted: bool) -> bool:
    """Say whether a word is made like the name of an account, and of no public body."""
    name = written.strip('" ')
    bare = name.lstrip("@")
    if len(bare) < 3 or bare.isdigit() or fold(bare) in _DEFAULTS:
        return False
    if is_public_handle(bare) and not (quoted and re.search(r"\d", bare)):
        return False
    if written.startswith('"'):
        return quoted and not all(is_ordinary(part) for part in fold(name).split())
    head = re.split(r"[\d._-]", fold(bare))[0]
    if head in NOT_NICKNAMES or _is_dated(bare) or _CODE.fullmatch(bare):
        return False
    if re.fullmatch(r"[A-Z][a-zà-ÿ]+(?:[A-Z][a-zà-ÿ]+)+", bare):
        return quoted
    return _SHAPED.search(name) is not None and not _is_site(bare)


def _is_dated(name: str) -> bool:
    return _DATED.fullmatch(name) is not None


def _is_site(name: str) -> bool:
    return re.search(r"\.(?:fr|com|org|net|eu|io|gouv|bzh|uk|csv|pdf|jpe?g|png)$", name) is not None


def _end_of_sentence(low: str, start: int) -> int:
    stop = re.compile(r"[!?;\n]|\.(?=\s|$)").search(low, start, start + _AFTER)
    return stop.start() if stop else min(len(low), start + _AFTER)


def _span(text: str, start: int, end: int) -> Span:
    written = text[start:end]
    lead = len(written) - len(written.lstrip('" '))
    return Span(start + lead, start + lead + len(written.strip('" ')), USERNAME, weak=True)
