# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of accounts that are made like one wherever they stand: "ch4tn0ir", "u/lulu", "ext-lo"."""

import re
from collections.abc import Iterator

from beffroi_privacy.account_words import STATES, is_account, is_site, is_written_by
from beffroi_privacy.gazetteer import is_ordinary
from beffroi_privacy.names import FUNCTION
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, has_point_inside, holds, runs
from beffroi_privacy.platforms import NETWORKS
from beffroi_privacy.spans import ASK, USERNAME, Span
from beffroi_privacy.usernames import NOT_NICKNAMES, is_public_handle

_MADE = re.compile(
    r"(?<![\w/.=%:#@-])(?:[A-Za-zÀ-ÿ]{4,20}\.\d{2,5}|[A-Za-zÀ-ÿ\d_]{4,24}-off|(?:ext|adm|usr)-[a-z]{3,20}"
    r"|_*[a-z][a-z\d]*(?:_[a-z\d]+)+\.\d{1,4}|_+[a-z][a-z\d]+(?:[._][a-z\d]+)*_*)(?![\w@/(=-]|\.\w)"
)
"""Words that are made like accounts: "avril.6459", "loup-off", "ext-kowal", "dr_x.13", "_x.y_"."""
_MADE_STEMS = Stems("-off|_|ext-|adm-|usr-|.0|.1|.2|.3|.4|.5|.6|.7|.8|.9")
_CAPITALS = re.compile(r"(?=[A-Z]{3})(?<![\w/.@:-])[A-Z]{3,}\.[A-Z]{4,}(?![\w@/-]|\.\w)")
_LOGGED = re.compile(
    r"(?:^|\n)[ \t]{0,6}(?:\[?\d{1,2}[:h]\d{2}(?::\d\d)?\]?\s)?(?:<(?P<name>[\w.-]{3,30})>\s)"
)
"""A line of a chat: "[12:03] <klapin> bonjour"."""
_ON_STEMS = Stems("je suis|c'est|i am|i'm|appelle|nommé|known")
_BEING = r"(?:je suis|moi c'est|c'est|i am|i'm|on m'appelle|je m'appelle|s'appelle|mon nom est)"
_ON_IT = re.compile(
    rf"(?<!\w)(?:sur|on) (?:le |la |the |mon )?(?:{NETWORKS}|forum)(?: \w+)?,? ?{_BEING} "
    r"\"?(?P<name>[^\W\d_][\w.-]{3,30})"
)
_AS_IT = re.compile(
    rf"(?<!\w){_BEING} \"?(?P<name>[^\W\d_][\w.-]{{3,30}})\"? (?:sur|on) (?:le |la |the |mon )?"
    rf"(?:{NETWORKS}|forum)(?!\w)"
)
_PLUS_ONE = re.compile(r"(?:^|\n)[ \t]{0,6}\+1 (?P<name>[^\W\d_][\w.-]{3,30})\s*(?=\n|$)")
_SHOUTED_LOGIN = re.compile(r"(?<![\w/.=%:#@-])[A-Z]{5,8}\d{2}(?![\w/-]|\.\w)")
_LEET = re.compile(r"(?<![\w/.=%:#@-])(?=\w{5,20}\b)[A-Za-z]+\d[a-z]+\w*(?![\w@/.-]*[/@=])")
_JOINED = re.compile(
    r"(?<![\w/.=%:#@-])_?[a-z\d]+(?:_[a-z\d]+)+_?(?![\w@/(=-]|\.\w)|(?<!\w)_[A-Za-z]{3,}_(?!\w)"
)
_TECHNICAL = re.compile(
    r"colonne|column|champ|field|fichier|\bfile|table|csv|json|xml|api\b|variable|attribut|couche"
    r"|layer|sch[ée]ma|dataset|jeux? de donn|cl[ée]s?\b|sql|requ[êe]te|param|\bid\b|serveur|server"
)
_REDDIT = re.compile(
    r"(?<!\w)u/(?P<name>\w[\w-]{2,30})|(?<!\w)(?P<login>[a-z]{2,12}\\[a-z][\w.-]{2,30})"
)
_WRITTEN_STEMS = Stems(
    "contribution|commentaire|message|post|réponse|question|proposition|avis|comment"
)
_WRITTEN = re.compile(
    r"(?i:\b(?:contribution|commentaire|message|post|réponse|question|proposition|avis|comment)s?)\s"
    r"(?:n°\s?\d{1,4}\s|#\d{1,4}\s)?(?:de|d'|par|by|from)\s?"
    r"(?P<name>[A-ZÀ-Þ][\w'-]+(?: (?:de |du |la |le )?[\w'-]+){0,3}?)"
    r"(?=\s?(?::|\(|$|\n))"
)
_TILDE = re.compile(
    r"(?<![\w/.~])~(?P<name>[A-Za-zÀ-ÿ][\w-]{2,}(?: (?:la|le|les|de|du) [A-ZÀ-Þ][\w-]+)?)(?![\w/~])"
)
_CALLED_UPON = re.compile(
    r"(?:\+1|\bici|merci|bonjour|salut|hello|\bhi|comme dit|demandez [àa]|thanks|calls? me"
    r"|i'm(?: not)?|je suis|c'est|\bcontre|d'accord|bloqu\w+|blocked|insult\w+|reply to)\s$",
    re.IGNORECASE,
)
_DOES = re.compile(
    r"\s(?:a|m'a|nous a|vous a|me|has)\s(?:[ée]crit|dit|commenté|posté|répondu|insult\w+"
    r"|menac\w+|wrote|said)"
    r"|\s:\s|\swrote\b|\sdit\b|\ssaid\b|\ssays\b"
)
HUMPED_BRANDS = frozenset(
    """
    linkedin youtube openstreetmap github gitlab whatsapp postgresql javascript mysql wordpress
    onedrive sharepoint powerpoint openoffice libreoffice openoffice dansmarue franceconnect
    datagouv opendata mcdonald blablacar vinted facetime playstation geojson tiktok
    """.split()
)
_PASSWORD = re.compile(r"(?<![\w/.-])[A-Za-z]{4,}[-_]?\d{2,5}[!*$](?=\s|$|[,;)])")
_CAMEL = re.compile(r"[A-Z](?<=[a-zà-ÿ].)")
_MIXED = re.compile(r"(?<![\w/.=%:#@-])[a-z]{2,}[A-Z][A-Za-z]{2,}(?![\w@/(-]|\.\w)")
_DOTTED = re.compile(
    r"(?<![\w/.=%:#@-])[a-z][a-z\d]*(?:\.[a-z\d]+_\w+|_[a-z\d]+\.[a-z\d]+)(?![\w@/(-]|\.\w)"
)
_HUMPED = re.compile(
    r"(?=[A-Z][a-z\à-ÿ]+[A-Z])(?<![\w/.=%:#@-])[A-Z][a-zà-ÿ]+(?:[A-Z][a-zà-ÿ]*)+(?:[-_]\w+)?(?![\w@/-]|\.\w)"
)


def find_shaped(text: str, low: str) -> Iterator[Span]:
    """Yield words that are made like accounts wherever they stand: "ch4tn0ir", "u/lulu"."""
    patterns = []
    if "u/" in low or "\\" in low:
        patterns.append(_REDDIT)
    if any("a" <= low[start - 1 : start] <= "z" for start, _ in runs(text)):
        patterns.append(_LEET)
    for pattern in patterns:
        for found in pattern.finditer(text):
            name = found.group(found.lastgroup or 0)
            if pattern is _REDDIT or is_account(name, quoted=True):
                yield Span(*found.span(found.lastgroup or 0), USERNAME, weak=True)
    technical = "_" in text and _TECHNICAL.search(low) is not None
    for found in _JOINED.finditer(text) if "_" in text else ():
        if not is_public_handle(found.group()):
            yield Span(found.start(), found.end(), ASK if technical else USERNAME, weak=True)
    if holds(low, _ON_STEMS):
        yield from _on_networks(text, low)
    for found in _LOGGED.finditer(text) if "\n" in text or "<" in text else ():
        if not (is_public_handle(found["name"]) or is_ordinary(fold(found["name"]))):
            yield Span(*found.span("name"), USERNAME, weak=True)
    for found in _PLUS_ONE.finditer(text) if "+1" in text else ():
        yield Span(*found.span("name"), USERNAME, weak=True)
    for found in (
        _CAPITALS.finditer(text) if has_point_inside(text) and text != text.upper() else ()
    ):
        if not is_public_handle(found.group()):
            yield Span(found.start(), found.end(), USERNAME, weak=True)
    if holds(low, _WRITTEN_STEMS):
        for found in _WRITTEN.finditer(text):
            if is_written_by(found.group("name")):
                yield Span(*found.span("name"), USERNAME, weak=True)
    for found in _TILDE.finditer(text) if "~" in text else ():
        yield Span(*found.span("name"), USERNAME, weak=True)
    if holds(low, _MADE_STEMS):
        for found in _MADE.finditer(text):
            head = fold(found.group()).split(".")[0]
            if not (is_public_handle(found.group()) or head in NOT_NICKNAMES):
                yield Span(found.start(), found.end(), USERNAME, weak=True)
    if any(end - start == 2 and "A" <= text[start - 1 : start] <= "Z" for start, end in runs(text)):
        for found in _SHOUTED_LOGIN.finditer(text):
            if not (is_ordinary(fold(found.group()[:-2])) or is_public_handle(found.group())):
                yield Span(found.start(), found.end(), ASK, weak=True)
    if "*" in text or "!" in text or "$" in text:
        for found in _PASSWORD.finditer(text):
            yield Span(found.start(), found.end(), ASK, weak=True)
    for found in _DOTTED.finditer(text) if "_" in text and has_point_inside(text) else ():
        if not (is_public_handle(found.group()) or is_site(found.group())):
            yield Span(found.start(), found.end(), ASK if technical else USERNAME, weak=True)
    camel = _CAMEL.search(text) is not None
    for found in _MIXED.finditer(text) if camel else ():
        if not is_public_handle(found.group()):
            yield Span(found.start(), found.end(), ASK, weak=True)
    for found in _HUMPED.finditer(text) if camel else ():
        if not is_public_handle(found.group()) and fold(found.group()) not in HUMPED_BRANDS:
            called = _CALLED_UPON.search(text, max(0, found.start() - 14), found.start()) or (
                _DOES.match(text, found.end())
            )
            yield Span(found.start(), found.end(), USERNAME if called else ASK, weak=True)


def _on_networks(text: str, low: str) -> Iterator[Span]:
    """Yield what somebody says to be on a network: "sur Steam je suis X", "X sur le forum"."""
    for pattern in (_ON_IT, _AS_IT):
        for found in pattern.finditer(low):
            start, end = found.span("name")
            name, folded = text[start:end], fold(text[start:end])
            if folded in FUNCTION or STATES.search(folded) or is_public_handle(name):
                continue
            sure = not is_ordinary(folded) or any(c.isupper() for c in name)
            yield Span(start, end, USERNAME if sure else ASK, weak=True)
