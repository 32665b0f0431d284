# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of accounts by what is near, however the sentence goes.

`usernames` and `accounts` read what follows a cue at once. Here a word that no list knows, or that
is made like an account's name, counts wherever it stands in the clause of a cue; and there are
sentences that only such a name completes ("je suis … sur votre site", "reply to …:").
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from beffroi_privacy.account_shapes import HUMPED_BRANDS
from beffroi_privacy.account_words import STATES, is_account, is_site
from beffroi_privacy.gazetteer import (
    NO_NAME,
    first_name,
    gazetteer,
    is_commune,
    is_ordinary,
    is_surname_too,
)
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, has_point_inside, holds
from beffroi_privacy.places import FACILITIES, ORGANISATIONS, THINGS
from beffroi_privacy.platforms import NETWORK_WORD
from beffroi_privacy.spans import ASK, USERNAME, Span
from beffroi_privacy.usernames import DEFAULTS, is_public_handle

NOTHING: Final = 0
DOUBTFUL: Final = 1
HANDLE: Final = 2

_TOKEN = re.compile(r"(?<![\w/.=%:#@*'-])@?[A-Za-zÀ-ÿ0-9_][\w.-]*[\w](?![\w'/=@:]*[/=@'\\*])")
_DERIVED = re.compile(
    r"(?:ites?|ments?|iels?|ielles?|aires?|eurs?|euses?|trices?|ables?|ibles?|tions?|ismes?|istes?"
    r"|iques?|logies?|ing|ness|ly|ents|ed|ality|isees?|ifs?|ives?)$"
)
"""How words end that are made of others: whoever invents a name seldom takes such a one."""

_BEGINNINGS: Final = (
    "b[lr]|c[hlrzt]|d[rj]|f[lrjt]|g[hlnrw]|k[lnrhw]|m[nc]|p[fhlnrst]|r[h]|s[bcfghklmnpqtvwr]"
    "|t[hrwsz]|v[lr]|w[hr]|z[dw]|n[g]|l[l]|x[x]|yt"
)
LOGIN: Final = re.compile(
    rf"(?=[b-df-hj-np-tv-z][b-df-hj-np-tv-xz])(?!{_BEGINNINGS})(?:[a-z]*[aeiouy]){{2}}"
)
"""Two vowels behind a beginning of no French or English word: an initial and a surname."""

_PRODUCTS = frozenset("magnus sedit".split())
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_SEPARATORS: Final = re.compile(r"[._-]")
_FIGURES: Final = re.compile(r"\d[\d.,-]*[a-z]{0,3}|v\d[\w.]*|[a-z]\d{1,2}")
_SHORTEST: Final = 5
"""Letters of a word that no list knows, from which it is taken for a name in small letters."""

_BEFORE: Final = 40
_AFTER: Final = 48
_CLAUSE = re.compile(r"[!?;\n]|\.(?=\s|$)")
_NO_ACCOUNT = re.compile(
    r"\b(?:jeux? de donn|dataset|fichier|tables?\b|champs?\b|colonne|couche|layer|version|march[ée]"
    r"|arr[êe]t[ée]|parcelle|capteur|field|column|api\b|serveur|server|csv|json|xml|url\b|schema"
    r"|sch[ée]ma|variable|administratif|bancaire|logiciel|software)"
)
_JARGON = frozenset(
    """
    wifi captcha webmail spam spams spammeur spammeurs hashtag hashtags smartphone smartphones
    login logins avatar avatars nickname nicknames username usernames chatbot bot bots cookie
    cookies browser desktop mdp mail mails email emails courriel courriels tchat tchats tuto
    tutos podcast podcasts vlog vlogs streaming twitto followers follower likes liker retweet
    retweets screenshot screenshots emoji emojis selfie selfies backup malware phishing
    hameçonnage ransomware antivirus firewall backend frontend webinaire visio visios appli
    applis dont tweet tweets sexto sextos instagramer youtubeur youtubeuse influenceuse
    influenceur cyberharcelement doxing doxxing trolls modo modos admin admins sysadmin
    superadmin wiki wikis newsletter mobil-home googlemaps svp stp
    """.split()
)
_BEING = (
    r"(?:je suis|je poste en tant que|moi c'est|c'est|je m'appelle|on m'appelle|mon nom est|i'm"
    r"|i am|i go by|my name is|i post as|elle est|il est|she's|he's)"
)
_PLACE = (
    r"(?:sur|on|dans|in)\s(?:votre|vos|your|cette|notre|our|les?|la|l'|the|ce|mon|my)\s?"
    r"(?:[\w-]+\s)?(?:plateforme|platform|site|portail|portal|forum|appli\w*|app|board|server"
    r"|serveur|wiki|blog|groupe|group|chat|tchat|page|espace|space|marketplace)(?!\w)"
)
_X = r"\"?\s?(?P<name>@?[^\W\d_][\w.-]{2,30})(?<![.-])\"?"
_WORDINGS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!\w){_BEING}\s{_X}\s{_PLACE}",
        rf"(?<!\w){_PLACE}[^.!?\n]{{0,20}}?,?\s{_BEING}\s{_X}",
        r"(?<!\w)(?:mon|ma|son|sa|leur|my|his|her|their)\s(?:petit\s|vrai\s|faux\s)?(?:nom|name)\s"
        r"(?:là-bas|la-bas|en ligne|online|dessus|there|(?:sur|on)\s[^.:!?\n]{2,40}?)\s?"
        rf"(?:est|is|:|c'est|was|était|=)\s?{_X}",
    )
)
_WORDING_STEMS = Stems("je suis|c'est|appelle|nom |name |i'm|i am|i go|post|elle est|il est|he's")
_WORDS_FOR_PLACE = Stems(
    "plateforme|platform|site|portail|portal|forum|appli|app|board|server|serveur|wiki|blog|groupe"
    "|group|chat|page|espace|space|market|là-bas|la-bas|ligne|online|dessus|there"
)
_ANSWERED = re.compile(
    r"(?<!\w)(?:reply(?:ing)? to|(?:r[ée]ponse|r[ée]pond(?:re|s|ez)?) [àa]|(?:commentaire|message"
    r"|r[ée]ponse|publication|post|tweet|avis|comment|reply|review|vid[ée]o|story|photo)s?"
    r"(?: \w+)? (?:de|par|by|from|left by))\s@?(?P<name>[^\W\d_][\w.-]{2,30})(?<![.-])"
)
_ANSWERED_STEMS = Stems(
    "repl|répon|repon|commentaire|message|publication|post|tweet|avis|comment|review|vidéo|video"
    "|story|photo"
)
_HEADED = re.compile(
    r"(?:^|\n)[ \t>*-]{0,6}(?:de|[àa]|from|to|auteurs?|author|utilisat(?:eur|rice)|user|membre"
    r"|member|par|by|post[ée] par|posted by|exp[ée]diteur|destinataire|cc|contribut\w+|abonn[ée]e?)"
    r"\s?:\s?@?(?P<name>[^\W\d_][\w.-]{2,30})[ \t]*(?=\n|$)"
)
_OPENING = re.compile(
    r"(?:^|[.!?\n]\s)(?P<name>[a-z][\w.-]{3,30}),\s(?:qui|who)\s(?:a|avait|has|had|first|keeps|also"
    r"|reported|posted|said|wrote|commented|poste|écrit|répond|insulte|signale|dit)\s"
)
_ROLED = re.compile(
    r"(?<!\w)(?:mod[ée]rat(?:eur|rice|or)|admin\w*|vendeu(?:r|se)|seller|auteur\w*|author"
    r"|joueu(?:r|se)|gamer|player|streameu\w+|streamer|blogueu\w+|blogger|troll|poster|acheteu\w+"
    r"|buyer)\s\(\s?@?\"?(?P<name>[^\W\d_][\w.-]{2,30})\"?\s?\)"
)
_ROLE_STEMS = Stems(
    "modér|moder|admin|vend|seller|aut|joueu|gamer|player|stream|blog|troll|poster|achet|buyer"
)
_LIVE = re.compile(r"(?<![\w/.])(?P<name>live:[\w.-]{3,40})(?<![.-])")
_INITIALLED = re.compile(r"(?<![\w@/.:'-])[a-z]\.(?P<last>[a-z]{4,20})\d{0,3}(?![\w@/'-]|\.\w)")
_GIT = re.compile(r"(?<![\w-])git(?:hub|lab)\.com/(?P<name>[\w-]{3,39})/\w")
_FEIGNED = re.compile(
    r"\b(?:faux|fausse|fake|parodi\w*|usurp\w*|bidon|spoof\w*)\s(?:profil\w*|comptes?|accounts?"
    r"|pages?)[^.!?\n]{0,24}?\s\"?(?P<name>@?\w+_\w[\w.-]+)(?<![.-])"
)
_FEIGNED_STEMS = Stems("faux|fausse|fake|parodi|usurp|bidon|spoof")


def find_near(text: str, low: str, cues: Sequence[re.Match[str]]) -> Iterator[Span]:
    """Yield accounts in the clauses of the cues of a text."""
    for cue in cues:
        if cue.lastgroup != "net" or _is_sure(cue):
            yield from _near(text, low, cue)


def find_told(text: str, low: str) -> Iterator[Span]:
    """Yield accounts in sentences that only the name of one completes."""
    if holds(low, _WORDING_STEMS) and holds(low, _WORDS_FOR_PLACE):
        for pattern in _WORDINGS:
            for found in pattern.finditer(low):
                yield from _completing(text, found)
    if holds(low, _ANSWERED_STEMS):
        yield from _unknown_in(_ANSWERED, text, low)
    yield from _lines(text, low)


def _lines(text: str, low: str) -> Iterator[Span]:
    """Yield accounts in headers, in brackets behind a part that is played, and those of a form."""
    if ":" in low:
        yield from _unknown_in(_HEADED, text, low)
        for found in _LIVE.finditer(low) if "live:" in low else ():
            yield Span(*found.span("name"), USERNAME, weak=True)
    if ", qui " in low or ", who " in low:
        yield from _unknown_in(_OPENING, text, text)
    for found in _GIT.finditer(low) if "git" in low else ():
        if weigh(found.group("name")) == HANDLE:
            yield Span(*found.span("name"), USERNAME, weak=True)
    if "(" in low and holds(low, _ROLE_STEMS):
        yield from _unknown_in(_ROLED, text, low, ordinary=ASK)
    for found in _INITIALLED.finditer(low) if has_point_inside(text) else ():
        last = fold(found.group("last"))
        if not (is_ordinary(last) or is_commune(last) or last in _PRODUCTS):
            yield Span(found.start(), found.end(), USERNAME, weak=True)
    if "_" in low and holds(low, _FEIGNED_STEMS):
        for found in _FEIGNED.finditer(low):
            yield Span(*found.span("name"), USERNAME, weak=True)


def _is_sure(cue: re.Match[str]) -> bool:
    """Say whether the name of a network is no word of the language."""
    return cue.group() not in ("x", "signal", "snap", "threads", "steam", "matrix", "forum", "chat")


def _near(text: str, low: str, cue: re.Match[str]) -> Iterator[Span]:
    """Yield what may be an account's name in the clause of a cue."""
    start, end = _clause(low, cue)
    if _NO_ACCOUNT.search(low, start, end):
        return
    for found in _TOKEN.finditer(text, start, end + _AFTER):
        if found.start() >= end:
            break
        if found.start() < cue.end() and found.end() > cue.start():
            continue
        name = found.group()
        if cue.group().startswith("identif") and name.isalpha():
            continue
        if weigh(name) == HANDLE:
            yield Span(*found.span(), USERNAME, weak=True)


def _clause(low: str, cue: re.Match[str]) -> tuple[int, int]:
    """Return where the part of a sentence around a cue begins, at a word, and ends."""
    start = max(0, cue.start() - _BEFORE)
    for stop in _CLAUSE.finditer(low, start, cue.start()):
        start = stop.end()
    while 0 < start < cue.start() and not low[start - 1].isspace():
        start += 1
    stop_after = _CLAUSE.search(low, cue.end(), cue.end() + _AFTER)
    return start, stop_after.start() if stop_after else min(len(low), cue.end() + _AFTER)


def _completing(text: str, found: re.Match[str]) -> Iterator[Span]:
    """Yield what completes a sentence that asks for a name: unknown, or with a capital."""
    start, end = found.span("name")
    name, folded = text[start:end], fold(text[start:end])
    if folded in FUNCTION or folded in DEFAULTS or is_public_handle(name):
        return
    if weigh(name) == HANDLE or (name[:1].isupper() and not NETWORK_WORD.fullmatch(folded)):
        yield Span(start, end, USERNAME, weak=True)
    elif not STATES.search(folded) and not is_ordinary(folded):
        yield Span(start, end, ASK, weak=True)


def _unknown_in(
    pattern: re.Pattern[str], text: str, read: str, ordinary: str = ""
) -> Iterator[Span]:
    """Yield the names in what a pattern finds that no list knows; others as `ordinary`, if told."""
    for found in pattern.finditer(read):
        start, end = found.span("name")
        name = text[start:end]
        if weigh(name) == HANDLE or _ends_in_digit(name):
            yield Span(start, end, USERNAME, weak=True)
        elif ordinary and not is_public_handle(name) and name.islower() and len(name) > 3:
            yield Span(start, end, ordinary, weak=True)


def _ends_in_digit(name: str) -> bool:
    """Say whether a word with a capital has one figure behind it: "Custard2"."""
    return (
        len(name) > _SHORTEST
        and name[-1].isdigit()
        and name[:-1].isalpha()
        and name[0].isupper()
        and not name[1:-1].isupper()
        and not is_public_handle(name[:-1])
    )


@lru_cache(maxsize=8192)
def weigh(written: str) -> int:
    """Say how much a word beside a cue looks like an account: `NOTHING`, `DOUBTFUL`, `HANDLE`."""
    folded = fold(written).strip("@._-")
    if written.isalpha() and written.islower() and not _is_strange(folded):
        return NOTHING  # most words: nothing below says otherwise
    if (
        folded in DEFAULTS
        or folded in _JARGON
        or folded in HUMPED_BRANDS
        or NETWORK_WORD.fullmatch(folded)
    ):
        return NOTHING
    if is_public_handle(written.lstrip("@")):
        return NOTHING
    if is_site(folded) or (written.upper() == written and "_" not in written):
        return NOTHING
    if is_account(written, quoted=True):
        return HANDLE if not _is_figures(folded) else NOTHING
    parts = [part for part in _SEPARATORS.split(folded) if part]
    if not written.islower() or not parts or any(not part.isalpha() for part in parts):
        return NOTHING
    if is_commune(folded):
        return NOTHING
    strange = [part for part in parts if _is_strange(part)]
    if not strange:
        return NOTHING
    word = strange[0]
    if not written.isascii() or (len(parts) == 1 and is_slip(word)):
        return DOUBTFUL
    if len(parts) > 1 or LOGIN.match(word):
        return HANDLE
    return DOUBTFUL if _DERIVED.search(word) else HANDLE


def _is_figures(folded: str) -> bool:
    """Say whether a word is a quantity, a time or a version and no name."""
    return _FIGURES.fullmatch(folded) is not None


def _is_strange(part: str) -> bool:
    return not (
        len(part) < _SHORTEST
        or is_ordinary(part)
        or part in FUNCTION
        or part in OFFICES
        or part in FACILITIES
        or part in ORGANISATIONS
        or part in THINGS
        or part in CALENDAR
        or part in _JARGON
        or is_commune(part)
        or is_surname_too(part)
        or first_name(part) != NO_NAME
    )


@lru_cache(maxsize=8192)
def is_slip(folded: str) -> bool:
    """Say whether a word is one letter away from an ordinary one: more, less, other or turned."""
    halves = [(folded[:at], folded[at:]) for at in range(len(folded) + 1)]
    near = [head + tail[1:] for head, tail in halves]
    near += [head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1]
    if any(map(is_ordinary, near)) or is_ordinary(folded):
        return True
    words = gazetteer().ordinary
    stems = (folded, folded[:-1]) if folded[-1] in "sx" else (folded,)
    return folded[:-1] in words or any(
        not words.isdisjoint([head + c + tail for c in _LETTERS])
        or not words.isdisjoint([head + c + tail[1:] for c in _LETTERS])
        for stem in stems
        for head, tail in [(stem[:at], stem[at:]) for at in range(len(stem) + 1)]
    )
