# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pseudonyms, logins and private @handles. Handles of public bodies stay."""

import re
from collections.abc import Iterator
from functools import lru_cache

from beffroi_privacy.gazetteer import SURE, first_name, is_commune, is_ordinary
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, any_of, holds, lowered, runs
from beffroi_privacy.platforms import NETWORK_WORD
from beffroi_privacy.protect import NUMBERED_THINGS
from beffroi_privacy.spans import ASK, USERNAME, Span

_HANDLE = re.compile(
    r"(?<![\w@./])@(?P<name>[A-Za-zÀ-ÿ0-9_][\w.-]{1,40}?)(?=[.,;:!?)]*(?:\s|$|[)\]\"'])|[?!,;][A-ZÀ-Þ])"
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
    r"(?: account| id)?|mon compte|my account)(?!\w)"
    r"(?P<link>(?:\s?(?:est|is|était|was|c'est|:|=|-|,)|\s(?:sur|on)\s[^\W\d]\w+(?:\s?(?:est|is"
    r"|:))?"
    r"|\s(?:de|du|the|le|suivant"
    r"|ci-joint)\b){0,3}\s{0,2})[\"'(]?@?(?P<name>[a-zà-ÿ0-9_][\w.\-]{2,40})"
)
_UNDER_WHAT = (
    r"sous le (?:pseudo|nom de|pseudonyme)(?: de)?|alias|aka|connecté(?:e)? en tant que"
    r"|logged in as|posted (?:as|by)|post[ée] par|publi[ée] par|l'utilisateur|l'internaute"
    r"|le compte|the user|the account|user"
)
_UNDER = re.compile(rf"\b{any_of(_UNDER_WHAT)}\s(?:@|\"|')?(?P<name>[a-z0-9][\w.\-]{{2,40}})")
_TO = re.compile(
    r"\b(?i:r[ée]ponse [àa]|r[ée]pond(?:re|s)? [àa]|en r[ée]ponse [àa]|merci|bonjour|salut"
    r"|d'accord avec|comme dit"
    r"|dixit|selon|@|reply to|replying to|agree with|hi|hello"
    r"|thanks)\s(?:à\s|to\s)?(?P<name>[A-Za-zÀ-ÿ][\w.-]*[A-Za-zÀ-ÿ_.-]\d{1,4}|\w+_\w+)\b"
)
_FIELD = re.compile(
    r"\b(?:user(?:_?(?:id|name))?|login|uid|account|utilisateur|compte|pseudo|handle|nick)=(?P<name>[^\s,;&\"']{3,40})",
    re.IGNORECASE,
)
_ON = re.compile(
    r"(?P<name>[\w.-]{3,40}) (?:sur|on) (?:le (?:forum|groupe|chat|site)|the forum|facebook|twitter"
    r"|insta|discord|mastodon|nextdoor|reddit|telegram)"
)
_QUOTED = re.compile(
    r"(?:pseudo\w*|alias|surnom\w*|identifiant|login|utilisateur|utilisatrice|compte|profil|user"
    r"|username|handle|nickname"
    r"|appel\w+|nomm[ée]e?|internaute|membre|member)\s?(?:est|is|:|=|,|de|c'est"
    r"|\s){0,3}\s?\"\s?(?P<name>[^\"\n]{2,30}?)\s?\"",
    re.IGNORECASE,
)
_NICKED = re.compile(r"pseudo|alias|surnom|login|user|handle|nick|appeler", re.IGNORECASE)
_TAGGED = re.compile(r"(?<![\w#])[\w.]{2,30}#\d{4}(?!\w)")
_NETWORK = re.compile(
    r"(?<!\w)(?:ig|insta|snap|tiktok|discord|telegram|twitter|skype|psn|gamertag|steam|twitch"
    r"|signal|whatsapp|utilisateur|user)"
    r"\s?[:=]\s?@?(?P<name>[\w.-]{3,30})",
    re.IGNORECASE,
)
_LINE = re.compile(
    r"(?:^|\n|[-*•] )[ \t]{0,6}(?:facebook|fb|insta(?:gram)?|twitter|snap(?:chat)?|tiktok|discord"
    r"|telegram|twitch|skype|mastodon|youtube|steam|psn|xbox|pseudo)\s?[:=]\s?"
    r"(?P<name>[^\W\d_][\w' -]{2,28}[\w])(?=\s*(?:\n|$|/\s|\|))",
    re.IGNORECASE,
)
_PROFILE = re.compile(
    r"(?<![\w-])(?:facebook|fb|twitter|x|instagram|tiktok|github|gitlab|linkedin|youtube|t"
    r"|snapchat|twitch"
    r"|pinterest|reddit|flickr|soundcloud|mastodon\.\w+|framapiaf|strava|medium)\.(?:com|me|net"
    r"|org|fr|tv|social)"
    r"/(?:in/|user/|users/|u/|c/|channel/|add/|profile/|people/|@)?@?(?P<name>[\w.-]{3,40})"
    r"(?![\w.-]|/\w)",
    re.IGNORECASE,
)
_MACHINE = re.compile(
    r"(?:[A-Z][A-Z0-9-]{2,14}\\|[Cc]:\\[Uu]sers\\|[Uu]sers\\|/home/|/Users/|~)"
    r"(?P<name>[a-z][\w.-]{2,30})"
)
_THINGS = re.compile(any_of(NUMBERED_THINGS) + r"|salle|bureau|chambre|classe|etage|annexe|capteur")
DEFAULTS = frozenset(
    """
    admin administrateur administrator root test demo guest invite anonymous anonyme user username
    postgres mysql oracle default system nobody public password login visiteur webmaster support
    """.split()
)
_NICKNAME = re.compile(
    r"(?<![\w@./:#=-])(?P<letters>[A-Za-zÀ-ÿ]{3,}(?:[._-][A-Za-zÀ-ÿ]{2,}){0,2})(?P<gap>[._-]?)"
    r"(?P<digits>\d{2,5})(?![\w@]|[.,:/-]\w)"
)
_JOINED = re.compile(r"(?<![\w@./:#=-])[A-Za-zÀ-ÿ]+(?:_[A-Za-zÀ-ÿ0-9]+){1,3}(?![\w@/(-]|\.\w)")
_AS = re.compile(
    r"(?:connect[ée]e?s? en tant que|logged in as|signed in as"
    r"|inscrite?s? sous(?: le nom(?: de)?)?|sous le pseudo(?:nyme)?(?: de)?"
    r"|registered as|connue? sous(?: le nom de)?|(?<!\w)le compte|the account|l'utilisateur"
    r"|the user)\s[\"'@]?(?P<name>[a-z][\w.-]{3,30})"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DIRECT = re.compile(r"(?:login|log-in|user ?name|pseudo)", re.IGNORECASE)
_ENDS_IN_DIGITS = re.compile(r"[a-zà-ÿ_.-]\d")
NOT_NICKNAMES = frozenset(
    """
    covid windows win python lambert office euro iphone galaxy rgf wgs utf iso html http sha base
    top photoshop drupal php java debian ubuntu centos word excel access sql mysql sncf cee crit
    epsg insee version art article lot bus ligne tram route chemin parcelle zone annee num code mac
    ios android ipad mpeg mp4 pdf csv bac cap bep cerfa form page fig tab annexe note point item ref
    loi rue dep dept cp bp tsa cs boeing airbus type modele model site build release agenda horizon
    objectif budget plu scot sage ppri pcaet urba web erp crm file room flat unit apt box bat lgt
    delib arrete dossier avis conseil cada cnil rgpd gdpr covd sars ipv tls ssl wpa usb hdmi rj jan
    feb mar apr may jun jul aug sep oct nov dec janv fevr avr juil sept
    """.split()
)
_AUTHOR = re.compile(
    r"(?:^|\n)[ \t>]{0,6}(?P<name>[\w.-]{3,30})\s(?:a écrit|a dit|wrote|said|dit|says)\s?:",
    re.IGNORECASE,
)
_WRITER = re.compile(
    r"(?:^|\n)[ \t>]{0,6}(?:le .{4,20}, )?(?P<name>[A-ZÀ-Þ][\w.'-]+"
    r"(?: (?:de |du |la |le )?[\w.'-]+){1,3})"
    r"\s(?:a écrit|a commenté|a posté|wrote|commented|posted)\s?(?::|\n|\")"
)
_BODIES = frozenset(
    "mairie maire commune ville service conseil agence prefecture administration equipe".split()
)
_CALLED = re.compile(
    r"(?:appell?\w*|surnomm\w*|pseudo\w*|connu comme|alias|called|known as|suis|i'm"
    r"|am)\s[\"']?$",
    re.IGNORECASE,
)
_SHAPED = re.compile(r"\d|_|[a-z][A-Z]|[a-z]\.[a-z]|^x+|-", re.UNICODE)
_PUBLIC = re.compile(
    any_of(
        r"mairie|metropole|gouv|prefet|prefecture|police|gendarmerie|sncf|ratp|departement"
        r"|sdis"
        r"|pompiers|cnil|cada|anssi|insee|etalab|datagouv|commune|agglo|communaute|ministere|senat"
        r"|assemblee|elysee|impots|officiel|council|nhs|bibliotheque|mediatheque|musee|transport"
        r"|bouygues|enedis|veolia|laposte|meteofrance|vigicrues|lemonde"
    )
)
_PUBLIC_START = re.compile(
    r"ville(?!neu|min|dieu|rs|t)|france(?!tt|sc|lin)|ccas|office(?:de)?tour|defenseur"
)
_BREAK = re.compile(r"[._-]+")
_HUMP = re.compile(r"[A-Z]?[a-zà-ÿ]+|[A-Z]{2,}(?![a-z])")
_NOBODY = frozenset(
    "tous toutes accueil technique service services equipe direction secretariat "
    "t.me all here everyone mac property media override import charset channel return param".split()
)
_PUBLIC_PARTS = frozenset(
    """
    ameli caf service services official city gov university univ ecole office reseau info infos
    orange sfr free edf engie suez afp region asso association paris lyon rennes nantes lille
    bordeaux toulouse marseille strasbourg gmail ville france metro agence agency ter
    tourisme office defenseur droits sncf
    """.split()
)
_CUES = Stems(
    "pseudo|identifiant|log|user|utilisateur|handle|nickname|alias|compte|account|git|twitter"
    "|insta|facebook|fb|discord|telegram|snap|tiktok|mastodon|linkedin|skype|steam|messenger"
    "|screen"
)
_FORUMS = Stems(
    "forum|groupe|chat|site|account|git|twitter|insta|facebook|fb|discord|telegram|snap|tiktok"
    "|mastodon|linkedin|skype|steam|messenger|screen|nextdoor|reddit"
)
_NAMING = Stems("sous le|alias|aka |connecté|logged|posté|poste par|posted|publi")
_NAMING_TOO = Stems("utilisateur|internaute|compte|user|account")
_ANSWERS = Stems(
    "répon|repon|merci|bonjour|salut|accord|dit |dixit|selon|reply|replying|agree|hi |hello|thanks"
)

_NETWORKS = Stems(
    "ig|insta|snap|tiktok|discord|telegram|twitter|skype|psn|gamertag|steam|twitch|signal"
    "|whatsapp|user|utilisateur"
)
_CALLING = Stems(
    "pseudo|alias|surnom|identifiant|login|utilisat|compte|profil|user|handle|nickname|appel|nomm"
    "|internaute|member|membre"
)
_PREPOSITIONS = Stems(" sur | on ")
_PATHS = Stems("/|~|\\")
_SAYING = Stems("crit|dit|wrote|said|says")
_CONNECTED = Stems(
    "connect|logged|signed in|inscrit|sous |registered|compte|user|account|utilisateur"
)


def find_usernames(text: str) -> Iterator[Span]:
    """Yield the names by which a normalised text calls an account of a person."""
    low = lowered(text)
    if "@" in text:
        for found in _HANDLE.finditer(text):
            name = found.group("name")
            private = name[-2:].isdigit() and not (_is_bodys(name) or name.isupper())
            if private or not is_public_handle(name):
                yield Span(found.start(), found.end("name"), USERNAME)
            elif _may_be_somebodys(name):
                yield Span(found.start(), found.end("name"), ASK, weak=True)
    if holds(low, _CUES):
        yield from _after_cues(text, low)
    if holds(low, _ANSWERS) and ("_" in text or _ENDS_IN_DIGITS.search(low)):
        for found in _TO.finditer(text):
            if not _is_nobodys(found.group("name")):
                yield Span(*found.span("name"), USERNAME, weak=True)
    if holds(low, _PREPOSITIONS) and holds(low, _FORUMS):
        yield from _on_forums(text, low)
    yield from _by_shape(text, low)
    yield from _by_words(text, low)
    if holds(low, _NAMING) or holds(low, _NAMING_TOO):
        for found in _UNDER.finditer(low):
            name = text[found.start("name") : found.end("name")].rstrip(".-")
            if (
                name.isdigit()
                or _is_nobodys(name)
                or _is_words(name)
                or NETWORK_WORD.fullmatch(fold(name))
            ):
                continue
            if _SHAPED.search(name):
                yield Span(found.start("name"), found.start("name") + len(name), USERNAME)


def _may_be_somebodys(name: str) -> bool:
    """Say whether a handle that looks like a body's holds a first name as well."""
    parts = _BREAK.split(fold(name)) + [fold(part) for part in _HUMP.findall(name)]
    others = [part for part in parts if len(part) > 3 and not _is_bodys(part)]
    return (len(parts) > 3 and any(not is_commune(part) for part in others[:-1])) or any(
        first_name(part) == SURE and not is_commune(part) for part in parts
    )


def _is_bodys(name: str) -> bool:
    """Say whether a name holds the word for a public body, and not only that of a place."""
    plain = "".join(_BREAK.split(fold(name)))
    return _PUBLIC.search(plain) is not None or _PUBLIC_START.match(plain) is not None


def _has_digits_behind(text: str) -> bool:
    """Say whether two digits stand behind a letter, or behind a sign that does."""
    for start, end in runs(text):
        if start and end - start > 1:
            before = text[start - 1]
            if before.isalnum() or (before in "._-" and text[start - 2 : start - 1].isalnum()):
                return True
    return False


def _by_shape(text: str, low: str) -> Iterator[Span]:
    """Yield accounts in addresses of networks and machines, and words that end in digits."""
    if holds(low, _PATHS):
        for pattern in (_PROFILE, _MACHINE):
            for found in pattern.finditer(text):
                if not _is_nobodys(found.group("name")):
                    yield Span(*found.span("name"), USERNAME, weak=True)
    for found in _NICKNAME.finditer(text) if _has_digits_behind(text) else ():
        letters = fold(found.group("letters"))
        if letters.split(".")[0] in NOT_NICKNAMES or found.group("letters").isupper():
            continue
        if _YEAR.fullmatch(found.group("digits")):
            continue
        if is_public_handle(found.group("letters")):
            continue
        if not (is_ordinary(letters.strip("._-")) or _is_words(letters)):
            yield Span(found.start(), found.end(), USERNAME, weak=True)
        elif not found.group("gap") and len(letters) > 4 and not _THINGS.fullmatch(letters):
            yield Span(found.start(), found.end(), USERNAME, weak=True)
    for found in _WRITER.finditer(text) if holds(low, _SAYING) else ():
        words = [fold(word) for word in re.findall(r"[^\W\d_]+", found.group("name"))]
        if not any(word in _BODIES for word in words) and not is_public_handle(found["name"]):
            yield Span(*found.span("name"), USERNAME, weak=True)
    if holds(low, _SAYING):
        for found in _AUTHOR.finditer(text):
            if not _is_nobodys(found.group("name")):
                yield Span(*found.span("name"), USERNAME, weak=True)


def _by_words(text: str, low: str) -> Iterator[Span]:
    """Yield names joined by underscores, and what somebody is said to be connected as."""
    if '"' in text:
        for found in _QUOTED.finditer(text) if holds(low, _CALLING) else ():
            if not _is_nobodys(found.group("name")) and fold(found["name"]) not in DEFAULTS:
                sure = not _all_ordinary(found.group("name")) or _NICKED.match(found.group())
                yield Span(*found.span("name"), USERNAME if sure else ASK, weak=True)
    if ":" in text or "=" in text or "#" in text:
        for found in _TAGGED.finditer(text) if "#" in text else ():
            yield Span(found.start(), found.end(), USERNAME, weak=True)
        for found in _LINE.finditer(text) if holds(low, _NETWORKS) else ():
            if not is_public_handle(found.group("name")):
                yield Span(*found.span("name"), USERNAME, weak=True)
        for found in _NETWORK.finditer(text) if holds(low, _NETWORKS) else ():
            name = found.group("name").rstrip(".-")
            if not (_is_nobodys(name) or name.isdigit()):
                yield Span(found.start("name"), found.start("name") + len(name), USERNAME)
    yield from _joined_or_connected(text, low)


def _joined_or_connected(text: str, low: str) -> Iterator[Span]:
    if "_" in text:
        for found in _JOINED.finditer(text):
            parts = found.group().split("_")
            named = any(first_name(fold(part)) == SURE and len(part) > 3 for part in parts)
            if (named or (parts[0][:1].isupper() and not parts[0].isupper())) and not (
                _is_nobodys(found.group())
            ):
                yield Span(found.start(), found.end(), USERNAME, weak=True)
    if holds(low, _CONNECTED):
        for found in _AS.finditer(text):
            name = found.group("name").rstrip(".-")
            if not _is_nobodys(name) and not _is_words(name):
                yield Span(
                    found.start("name"), found.start("name") + len(name), USERNAME, weak=True
                )


def _all_ordinary(name: str) -> bool:
    return all(is_ordinary(part) or len(part) < 3 for part in re.split(r"[\W_]+", fold(name)))


def _after_cues(text: str, low: str) -> Iterator[Span]:
    for found in _CUE.finditer(low):
        name = text[found.start("name") : found.end("name")]
        if _is_given(name, found.group("link"), found.group()):
            yield Span(*found.span("name"), USERNAME)
    if "=" in text:
        for found in _FIELD.finditer(text):
            yield Span(*found.span("name"), USERNAME)


def _on_forums(text: str, low: str) -> Iterator[Span]:
    for found in _ON.finditer(low):
        called = _CALLED.search(low, max(0, found.start() - 20), found.start())
        name = text[found.start("name") : found.end("name")]
        if not _is_nobodys(name) and (called or re.search(r"\d|_", name)):
            yield Span(*found.span("name"), USERNAME, weak=not called)


def _is_given(name: str, link: str, written: str) -> bool:
    """Say whether what follows "pseudo" or "login" is a name rather than the next word."""
    folded = fold(name).rstrip(".-")
    shaped = re.search(r"[\d_]", name) is not None
    if len(folded) < 3 or (_is_bodys(name) if shaped else _is_nobodys(name)):
        return False
    said = re.search(r"est|is|:|=|était|was", link) is not None
    if name.isdigit() or folded in DEFAULTS or NETWORK_WORD.fullmatch(folded.split(".")[0]):
        return False
    if _SHAPED.search(name.rstrip(".-")) and not _is_words(folded):
        return True
    known = is_ordinary(folded) or folded.isdigit()
    direct = len(folded) > 3 and not link.strip() and folded.isalpha()
    return not known and (said or (direct and _DIRECT.match(written) is not None))


def _is_nobodys(name: str) -> bool:
    """Say whether a name without an @ is a public body's, or an ordinary word."""
    return is_public_handle(name) or is_ordinary(fold(name).strip("._-"))


def _is_words(name: str) -> bool:
    """Say whether a name is ordinary words with hyphens: "mot-de-passe"."""
    parts = [p for p in re.split(r"[-.]", fold(name)) if p]
    return all(is_ordinary(p) or len(p) < 3 for p in parts) and not any(c.isdigit() for c in name)


@lru_cache(maxsize=4096)
def is_public_handle(name: str) -> bool:
    """Say whether a handle is the one of a public body, a firm, or no handle at all."""
    if name.isupper() and len(name) <= 6 and name.isalpha():
        return True
    folded = fold(name).strip("._-")
    broken = _BREAK.split(folded)
    parts = {*broken, *map(fold, _HUMP.findall(name))}
    plain = "".join(broken)
    return (
        _PUBLIC.search(plain) is not None
        or _PUBLIC_START.match(plain) is not None
        or not _PUBLIC_PARTS.isdisjoint(parts)
        or is_commune(folded.replace("_", " "))
        or folded in _NOBODY
    )
