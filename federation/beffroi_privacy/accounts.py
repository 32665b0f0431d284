# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of accounts in any wording: what a word for an account, or a network, stands beside.

`usernames` reads fixed phrases. Here every cue of a text is taken ("pseudo", "login", "sur Insta",
"connecté comme") and the nearest word that is made like an account's name is looked for, behind it
and then before it: with digits, underscores, points or capitals inside, in quotes, with an @. A
word of the language in that place only asks for a person.
"""

import re
from collections.abc import Iterator
from typing import Final

from beffroi_privacy.account_shapes import find_shaped
from beffroi_privacy.account_words import STATES, is_account, is_written_by
from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.handles import find_near, find_told
from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.names import FUNCTION, OFFICES
from beffroi_privacy.nicknames import find_nicknames
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, any_of, holds, late, lowered
from beffroi_privacy.places import FACILITIES, ORGANISATIONS
from beffroi_privacy.platforms import NETWORK_WORD, NETWORKS
from beffroi_privacy.spans import ASK, USERNAME, Span
from beffroi_privacy.strangers import find_strangers
from beffroi_privacy.usernames import DEFAULTS, is_public_handle

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
    r"|conn(?:ue?|a[iî]t|aissent) (?:comme|sous)|known (?:online )?as"
    r"|(?:commentaire|message|avis|t[ée]moignage|post|comment) (?:sign[ée]e?|signed)"
    r"|signe(?:nt)? (?:comme|sous)?|post(?:s|ed|ing)? (?:as|under)|(?:post[ée]e?|publi[ée]e?"
    r"|[ée]crite?|comment[ée]e?|partag[ée]e?|sign[ée]e?) (?:par|sous)|posted by|a\.?k\.?a\.?"
)
_MORE = (
    r"utilisat(?:eur|rice)s|users|cha[îi]ne|channel|jeux? en ligne|online game|d[ée]sactiv\w+"
    r"|r[ée]activ\w+|bann\w+|locked out|password for|mot de passe pour|plays? as"
    r"|joue(?:nt)? (?:sous|avec)|messages? priv[ée]s?|private messages?|tagu[ée]e?s?|tagged"
    r"|ajoute[rz]?|suivez|follow|gagnante?|winner|id"
)
"""Words beside which an account is only looked for in the same clause."""
_ON = rf"(?:sur|on|via|chez|par|en mp sur|dm on) (?:mon |le |la |my |l')?(?:{NETWORKS})"
_CUE = late(
    rf"(?<![\w@.-])(?:(?P<words>{any_of(_WORDS)})|(?P<doing>{any_of(_DOING)})|(?P<on>{_ON})"
    rf"|(?P<users>{_USERS})|(?P<net>{any_of(NETWORKS)}|chat|forum)"
    rf"|(?P<loose>{any_of(_LOOSE)})|(?P<more>{any_of(_MORE)}))(?![\w-])"
)
_CUE_AT = Headed(
    _CUE,
    leads(f"{_WORDS}|{_DOING}|{_USERS}|{NETWORKS}|{_LOOSE}|{_MORE}|chat|forum")
    | leads("sur|on|via|chez|par|en mp|dm"),
)
_NAME = re.compile(
    r"(?<![\w/.=%:#@-])@?[A-Za-zÀ-ÿ0-9_][\w.-]*[\w]|(?<!\w)@\w+|\"\s?[^\"\n]{2,30}?\s?\""
)
_DIRECT = re.compile(
    r"(?: (?:(?:est|is|was|était|c'est|de|sur|on|suivant|ci-dessous|toujours|bien|donc|the"
    r"|s'appelle|se nomme|is called|called|named|nommée?|appelée?|dit|le"
    rf"|{NETWORKS}|forum|chat)(?!\w)|d'|:|=|->|-|,|\()|\s?[:=,(]|\s?->)*\s{{0,2}}"
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
_SEVERAL = re.compile(
    r"[A-ZÀ-Þ~][\w'-]*(?:\s(?:(?:de|du|des|la|le|les|à|au|the|of)\s)*[A-ZÀ-Þ]?[\w'-]+){1,3}"
)
_FIELD = re.compile(r"[:=]\s*$")
_CALLED = re.compile(r"nom|sign|known|pseudo|name|handle|go(?:es)? by|connu|inscrit")
_ENDS = re.compile(r"\s*(?:$|[\n,;.)|])|\s(?:et|and|qui|sur|on|je|but|mais)\b")
_WORDS_TOO = re.compile(r"signal|x|matrix|threads|steam|chat|forum|snap")
_MANY = re.compile(r"(?:compte|profil|account|membre|member)\w*s")
_NICKS = re.compile(r"pseudo|alias|handle|nick|surnom|user|screen|gamertag")
_LOGGED_IN = re.compile(
    r"(?:connect|logged|sign(?:ed)? in|inscrit|registered)\w*.*(?:comme|que|sous|as)$"
)
_LEADING = re.compile(r"(?:comme|sous|as|by|under|que|pseudo\w*|name|handle)$")
_BYLINE_ENDS = re.compile(r"\s?(?:$|[\n,.;:)|(\"])|\s(?:le|on|il y a|at|à)\s(?:\d|\w+day|hier)")
_STOP = re.compile(r"\s*(?:$|[\n,;.)|])")
_STEMS = Stems(
    "pseudo|ident|log|alias|handle|nick|surnom|avatar|user|screen|gamer|utilisat|compte|profil"
    "|account|connect|sign|inscrit|sous |under|regist|goes by|posted|insta|fac|fb|twit|tik|snap"
    "|disc|telegr|mastodon|git|linked|reddit|youtub|twitch|steam|what|mess|skype|bluesky|threads"
    "|nextdoor|internaute|membre|member|forum|chat|publi|posté| par |aka|data.gouv|vinted"
    "|leboncoin| x |contribut|chaîne|chaine|channel|jeu|game|désactiv|desactiv|réactiv"
    "|reactiv"
    "|bann|locked|password|passe|play|joue|privé|prive|private|tag|ajoute|suivez|follow|gagn|winner"
    "|id"
)
_SENTENCE_END: Final = re.compile(r"[!?;\n]|\.(?=\s|$)")
_AFTER: Final = 48
_LONGEST: Final = 40
_CALLING: Final = ("words", "users", "doing", "net", "loose", "on")


def find_accounts(text: str) -> Iterator[Span]:
    """Yield the names of accounts that a cue stands beside, and as `ASK` words that may be one."""
    low = lowered(text)
    yield from find_shaped(text, low)
    yield from find_told(text, low)
    yield from find_strangers(text, caseless=text == low)
    yield from find_nicknames(text, low)
    if not holds(low, _STEMS):
        return
    cues = _CUE_AT.finditer(low)
    for cue in cues:
        if cue.lastgroup == "more":
            continue
        found = _behind(text, low, cue) or _before(text, low, cue)
        if found is not None:
            yield found
    yield from find_near(text, low, cues)


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
        if is_account(found.group(), quoted=direct or cue.lastgroup == "words"):
            if direct or cue.lastgroup in ("words", "doing") or "_" in found.group():
                return _span(text, *found.span())
            if _is_near(text, cue.end(), found.start()):
                return _span(text, *found.span())
        if direct and found.end() > found.start() + 1 and cue.lastgroup in _CALLING:
            told = _told(text, low, cue, found)
            if told is not None:
                return told
    return None


def _told(text: str, low: str, cue: re.Match[str], found: re.Match[str]) -> Span | None:
    """Return a plain word right after a cue: masked if it is no ordinary one, else asked about."""
    folded = fold(found.group())
    if folded.strip('" ') in DEFAULTS:
        return None
    said = (
        re.search(r"est|is\b|was|[:=]|c'est|appel|nomm|call", low[cue.end() : found.start()])
        is not None
    )
    if found.group().startswith('"') and cue.lastgroup == "words":
        return _span(text, *found.span())
    called = cue.lastgroup == "doing" and _CALLED.search(cue.group()) is not None
    several = _several(text, found.start(), ends=not called)
    if folded == "holder" or (len(folded) < 3 and not (several and (called or said))):
        return None
    if several and cue.group().startswith("sign") and not is_written_by(several.group()):
        return None
    if several and (called or said):
        return _span(text, *several.span())
    if cue.lastgroup == "doing" and "nom" in cue.group() and not found.group()[0].isupper():
        return Span(*found.span(), ASK, weak=True)
    if not found.group().isalpha() or is_public_handle(found.group()):
        return None
    if cue.lastgroup == "doing" and _is_byline(text, cue, found):
        return _span(text, *found.span())
    if cue.lastgroup == "doing" and _LOGGED_IN.match(cue.group()) and len(folded) > 3:
        if not (STATES.search(folded) or folded in FUNCTION or folded in OFFICES):
            return _span(text, *found.span())
    if cue.lastgroup == "doing" and _LEADING.search(cue.group()) and len(folded) > 3:
        if found.group()[0].isupper() and not is_ordinary(folded) and _could_be_nick(folded):
            return _span(text, *found.span())
    if cue.lastgroup in ("doing", "loose"):
        return None if _MANY.fullmatch(cue.group()) else _unknown(found)
    sure = said or (len(folded) > 3 and not cue.group().startswith("identif"))
    if cue.lastgroup in ("net", "on"):
        return None if _WORDS_TOO.fullmatch(cue.group()) else _unknown(found)
    if not is_ordinary(folded) and sure and not is_commune(folded):
        return Span(*found.span(), USERNAME, weak=True)
    if cue.lastgroup == "words" and _FIELD.search(text, cue.end(), found.start()):
        if found.group()[:1].isupper() and _STOP.match(text, found.end()):
            return Span(*found.span(), USERNAME, weak=True)
    capital = found.group()[:1].isupper()
    if len(folded) > 3 and (capital or (said and not STATES.search(folded))):
        named = cue.lastgroup == "words" and (
            (capital and _NICKS.match(cue.group()) and _could_be_nick(folded))
            or (said and _STOP.match(text, found.end()))
        )
        return Span(*found.span(), USERNAME if named else ASK, weak=True)
    return None


def _could_be_nick(folded: str) -> bool:
    """Say whether a word with a capital right after "pseudo" is no body's and no place's."""
    return not (
        folded in ORGANISATIONS
        or folded in OFFICES
        or folded in FACILITIES
        or folded in FUNCTION
        or is_commune(folded)
    )


def _is_byline(text: str, cue: re.Match[str], found: re.Match[str]) -> bool:
    """Say whether a word with a capital ends "posted by …", "publié par … le 3 mars"."""
    folded = fold(found.group())
    if not found.group()[0].isupper() or not re.search(r"(?:par|by|as|sous)\b", cue.group()):
        return False
    if folded in ORGANISATIONS or folded in OFFICES or folded in FACILITIES or is_commune(folded):
        return False
    if folded in FUNCTION:
        return False
    return len(folded) > 2 and _BYLINE_ENDS.match(text, found.end()) is not None


def _several(text: str, start: int, *, ends: bool) -> re.Match[str] | None:
    """Return a name in several words; with `ends`, one behind which the sentence may go on."""
    if not ends:
        return _SEVERAL.match(text, start)
    whole = _SEVERAL.match(text, start)
    while whole is not None and not _ENDS.match(text, whole.end()):
        last = text.rfind(" ", start, whole.end())
        whole = _SEVERAL.match(text, start, last) if last > start else None
    return whole


def _unknown(found: re.Match[str]) -> Span | None:
    """Return a word that no list knows as a name: masked in small letters, else asked about."""
    folded = fold(found.group())
    if len(folded) < 4 or is_commune(folded) or folded in ORGANISATIONS:
        return None
    if is_public_handle(found.group()) or NETWORK_WORD.fullmatch(folded):
        return None
    if is_ordinary(folded):
        plain = found.group().islower() or folded in FUNCTION or folded in OFFICES
        return None if plain or folded in FACILITIES else Span(*found.span(), ASK, weak=True)
    if found.group().islower():
        return Span(*found.span(), USERNAME, weak=True)
    return Span(*found.span(), ASK, weak=True)


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
    if is_account(name, quoted=quoted):
        return _span(text, *found.span("name"))
    named = cue.lastgroup == "words" and re.search(r"est |is |mon |my |c'est|son ", link)
    if named and name.isalpha() and not is_ordinary(fold(name)) and not is_public_handle(name):
        return _span(text, *found.span("name"))
    return None


def _end_of_sentence(low: str, start: int) -> int:
    stop = _SENTENCE_END.search(low, start, start + _AFTER)
    return stop.start() if stop else min(len(low), start + _AFTER)


def _span(text: str, start: int, end: int) -> Span:
    written = text[start:end]
    lead = len(written) - len(written.lstrip('" '))
    return Span(start + lead, start + lead + len(written.strip('" ')), USERNAME, weak=True)
