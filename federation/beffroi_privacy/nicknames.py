# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of accounts by what people do with them: greet, quote, block, answer, sign, speak in turn.

`accounts` looks beside words for an account. Here the sentence itself tells that a name stands in
one place of it ("merci …, pour", "bloqué par …", "as … said", a line of a chat). A word that no
list knows, or that is made like an account, is hidden there; an ordinary word only asks.
"""

import re
from collections.abc import Iterator
from typing import Final

from beffroi_privacy.account_words import is_account, is_site
from beffroi_privacy.gazetteer import SURE, first_name, is_commune, is_ordinary
from beffroi_privacy.handles import HANDLE, weigh
from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, holds, late, runs
from beffroi_privacy.places import FACILITIES, ORGANISATIONS, THINGS
from beffroi_privacy.platforms import NETWORK_WORD, NETWORKS
from beffroi_privacy.spans import ASK, USERNAME, Span
from beffroi_privacy.usernames import DEFAULTS, is_public_handle

_NAME = re.compile(
    r"\"?@?(?P<name>[A-ZÀ-Þ][\w.'-]*(?:\s(?:(?:de|du|des|la|le|les|the|of|à)\s|d'){0,2}"
    r"[A-ZÀ-Þ\d][\w'-]*){0,3}|[^\W\d_][\w.'-]{2,30})(?<![.'-])"
)
_SMALL = re.compile(
    r"\"?(?P<name>[a-zà-ÿ][\w'-]+(?:\s[a-zà-ÿ][\w'-]+){1,2})(?=\s(?:sur|on|et|and|dans)\s|[,.;!?)\"]|$)"
)
"""A name in several small words, behind which the sentence goes on or ends."""

_CALLED = (
    r"se (?:fait|faisait|font) (?:appeler|passer pour)|(?:qui|il|elle) se (?:sur)?nomme"
    r"|conn(?:ue?|us) (?:ici |là-bas |en ligne |partout |sur \w+ )(?:comme|sous le nom(?: de)?)"
    r"|known (?:here |there |everywhere |on \w+ )as"
    r"|call(?:s|ing)? (?:himself|herself|themsel(?:f|ves)|myself)"
    r"|nom (?:affich[ée]|d'affichage|(?:de|du) profil|public|d'internaute|de plume"
    r"|de guerre|en ligne|de joueu(?:r|se)|de (?:ma |sa |la )?cha[iî]ne)\s?(?::|=|est|,)"
    r"|(?:display|profile|player|channel|online|pen) name\s?(?::|=|is|,)"
    r"|pseudo\w* (?:choisie?|souhait[ée]|actuel|demand[ée]|utilis[ée]|retenu|voulu)\s?(?::|=|est|,)"
    rf"|(?:compte|profil) (?:{NETWORKS}) (?:à \w+|en cause|concern[ée]|fautif|suspect)\s?:"
    rf"|(?:d[ée]tenteur|titulaire|propri[ée]taire|auteur) d[ue] (?:compte"
    rf"|profil)(?: (?:{NETWORKS}))?"
    rf"|(?:owner|holder|author) of the (?:account|profile)(?: (?:{NETWORKS}))?"
)
_QUOTED = (
    r"comme (?:l'|le |vous l'|nous l')?(?:a |avait |ont )?(?:[ée]cri\w*|dit|disai\w+"
    r"|signal\w+|expliqu\w+"
    r"|remarqu\w+|propos\w+|sugg[ée]r\w+|soulign\w+|rappel\w+|indiqu\w+|not\w+)"
    r"|(?:mis(?:es?)? en ligne|d[ée]pos[ée]e?s?|pouss[ée]e?s?|t[ée]l[ée]vers[ée]e?s?"
    r"|envoy[ée]e?s?|signal[ée]e?s?"
    r"|ajout[ée]e?s?|supprim[ée]e?s?|r[ée]dig[ée]e?s?|bloqu[ée]e?s?|bannie?s?|insult[ée]e?s?|harcel[ée]e?s?"
    r"|menac[ée]e?s?|modifi[ée]e?s?|film[ée]e?s?|laiss[ée]e?s?|modér[ée]e?s?|anim[ée]e?s?"
    r"|g[ée]r[ée]e?s?) par"
    r"|(?:uploaded|reported|created|submitted|added|pushed|committed|written|left|flagged|banned"
    r"|blocked|run|moderated|insulted|threatened|edited|deleted|shared|filmed) by"
    r"|(?:sign[ée]e?s?|signature)\s?:?|vien(?:t|nent)(?: \w+){0,2} d[e']|parler? au nom d[e']"
    r"|(?:compte|profil)(?: \w+){0,3} au nom d[e']|cha[iî]ne(?: youtube| twitch)? d[e']"
    r"|(?:bloqu|bann|d[ée]nonc|mut|d[ée]masqu)(?:er|[ée]e?s?|ez|ons|ir|ie?s?)"
    r"|(?:blocked|banned|muted|kicked|unmask|unfollowed|followed)|rappeler [àa] l'ordre"
    r"|le compte|the account|l'utilisat(?:eur|rice)|the user|le pseudo"
    r"|(?:choisi|picked|chosen|chose)(?=[^.!?\n]{0,60}(?:inscri|sign|compte|account|profil))"
    r"|back as|back under|revenue? (?:comme|sous|avec)|who is|qui est|derri[èe]re"
)
_GREETED = (
    r"bonjour|bonsoir|salut|coucou|hello|hi|hey|merci|thanks|thank you|bravo|d[ée]sol[ée]e?|sorry"
    r"|chère?|dear|oui|non|ok|yes|no"
)
_ROLED = (
    r"admin\w*|mod[ée]rat\w+|auteure?|autrice|author|vendeu(?:r|se)|seller|cr[ée]at(?:eur|rice)|creator"
    r"|streame\w+|joueu(?:r|se)|membre|member|internaute|utilisat(?:eur|rice)|user"
    r"|contribut(?:eur|rice)|troll|hacker|pirate|influenceu\w+|youtubeu\w+|blogueu\w+|blogger"
)
_BEFORE: Final = tuple(
    (Headed(late(rf"(?<!\w)(?:{words}){tail}"), leads(words)), kind)
    for words, tail, kind in (
        (_CALLED, r"\s?", "called"),
        (_QUOTED, r"(?:\s|(?<='))", "quoted"),
        (_GREETED, r"\s", "greeted"),
        (_ROLED, r"(?:\s[^,.;:\n]{1,40})?,\s", "roled"),
    )
)
_ENDS: Final = {"greeted": re.compile(r"\"?\s?[,!]"), "roled": re.compile(r"\"?\s?,")}
_NOBODY: Final = frozenset(
    """
    beaucoup encore bien infiniment vivement avance tous toutes tout madame monsieur mesdames
    messieurs chers chere cher again everyone everybody there folks team guys neighbours neighbors
    voisins voisines collegues amis equipe merci bonjour donc alors mais quand peut really very
    much indeed problem worries idea course sure thanks anyway please
    """.split()
)
"""Ordinary words that are said to anybody, or to nobody, behind a greeting or a yes."""

_CIVIL: Final = frozenset("m mr mrs ms mme mlle dr me pr sir lady".split()).union(
    "abcdefghijklnopqrstuvwxyz"
)
_ACTS = (
    r"(?:a|ont|avai(?:t|ent)|m'a|nous a|vous a|t'a|m'ont|has|have|had|just)\s"
    r"(?:d[ée]j[àa]\s|encore\s|aussi\s|bien\s|already\s|also\s|just\s)?(?:partag\w+|aim[ée]|lik[ée]\w*|comment\w+"
    r"|post[ée]\w*|publi\w+|laiss[ée]\w*|[ée]crit\w*|r[ée]pondu|vot[ée]\w*|envoy\w+|bloqu\w+|insult\w+|menac\w+"
    r"|shared|left|written|replied|blocked|banni\w*|tagu\w+|mentionn\w+|voted)"
)
_DOES = re.compile(
    r"(?:^|[.!?\n]\s?|(?<!\w)(?:que|et|mais|and|that)\s)(?P<name>@?[^\W\d_][\w.'-]{2,30}"
    r"(?:\s(?:d'|(?:de|du|des|la|le|the|of)\s)?[^\W\d_][\w'-]+)?)"
    rf"(?:\s(?:et|and)\s(?P<other>@?[^\W\d_][\w.-]{{2,30}}))?\s{_ACTS}(?!\w)"
)
_AS_SAID = re.compile(
    r"(?<!\w)as\s@?(?P<name>[^\W\d_][\w.-]{2,30})\s(?:said|wrote|says|writes|points? out"
    r"|pointed out"
    r"|noted|suggested|mentioned|explained|put it|posted|reported)(?!\w)"
)
_AS_SAID_AT = Headed(_AS_SAID, ("as",))
_ACT_STEMS = Stems(
    "partag|aim|lik|comment|post|publi|laiss|crit|répondu|repondu|vot|envoy|bloqu|insult|menac|shared"
    "|left|written|replied|blocked|banni|tagu|mention"
)
_BEING_THERE = re.compile(
    r"(?:[Mm]oi,? c'est|[Mm]oi,? je suis|[Jj]e suis|I am|I'm)\s(?P<name>[A-ZÀ-Þ][\w'-]*"
    r"(?:\s[A-ZÀ-Þ\d][\w'-]*){1,2})\s(?:sur|dans|on|in)\s(?:le|la|l'|ce|cette|votre|the|your|this)\s?"
    r"(?:site|forum|portail|portal|plateforme|platform|appli\w*|app|groupe|group|page|chat|tchat)(?!\w)"
)
_SPEAKS = re.compile(
    r"^[ \t>]{0,4}(?P<time>\[?\d{1,2}[:h]\d{2}(?::\d\d)?\]?[ -]{1,3})?"
    r"(?P<name>[^\W\d_][\w.'-]{2,24}(?: [^\W\d_][\w'-]{2,20})?)\s?:\s(?P<said>\S[^\n]*)$",
    re.MULTILINE,
)
_THANKED = re.compile(
    r"(?<!\w)(?:merci à|r[ée]pond\w* à|excuses à|d'accord avec|remercie|thanks to"
    r"|reply to|replying to)\s"
    r"(?P<name>[a-zà-ÿ]{4,20})(?=[,.;!?)]|\s(?:d'|de\s|pour|for\s|qui\s|who\s)|$)"
)
_THANKED_AT = Headed(_THANKED, leads(r"merci|r[ée]pond|excuses|d'accord|remercie|thanks|reply"))
_TRAILING = re.compile(r"(?<![\w/.=%:#@-])[A-Za-zÀ-ÿ]{3,20}_+(?![\w@/(=*-]|\.\w)")
_COUNTED = re.compile(r"(?<![\w/.=%:#@-])[a-z]{6,20}\d(?![\w@/(=-]|\.\w)")


def find_nicknames(text: str, low: str) -> Iterator[Span]:
    """Yield what is told to be somebody's name on line by the sentence around it."""
    for headed, kind in _BEFORE:
        for found in headed.finditer(low):
            yield from _behind(text, low, found, kind)
    for found in _THANKED_AT.finditer(low):
        if fold(found["name"]) not in _NOBODY and not found["name"].endswith("s"):
            yield from _judged(text, *found.span("name"), sure=False, small=True)
    for found in _TRAILING.finditer(text) if "_" in text else ():
        yield Span(found.start(), found.end(), USERNAME, weak=True)
    for found in _AS_SAID_AT.finditer(low):
        yield from _judged(text, *found.span("name"), sure=False, small=True)
    for found in _DOES.finditer(low) if holds(low, _ACT_STEMS) else ():
        for group in ("name", "other"):
            if found[group]:
                yield from _judged(text, *found.span(group), sure=group == "other", small=True)
    for found in _BEING_THERE.finditer(text) if "suis" in low or "c'est" in low else ():
        yield Span(*found.span("name"), USERNAME, weak=True)
    if ":" in text and "\n" in text:
        yield from _speakers(text)
    if any(
        end - start == 1 and start > 5 and low[start - 1].isalpha() for start, end in runs(text)
    ):
        for found in _COUNTED.finditer(text):
            if weigh(found.group()[:-1]) == HANDLE:
                yield Span(found.start(), found.end(), USERNAME, weak=True)


def _behind(text: str, low: str, cue: re.Match[str], kind: str) -> Iterator[Span]:
    """Yield the name that follows a cue."""
    at = cue.end()
    if at < len(text) and text[at] == " ":
        at += 1
    small = _SMALL.match(text, at) if kind == "called" else None
    found = small or _NAME.match(text, at)
    if found is None:
        return
    ends = _ENDS.get(kind)
    if ends is not None and not ends.match(text, found.end()):
        return
    if kind == "greeted" and fold(found["name"]) in _NOBODY:
        return
    ordinary = kind in ("called", "greeted", "roled") or "au nom" in cue.group()
    name = found["name"]
    unknown = kind == "roled" and name[0].isupper() and not is_ordinary(fold(name))
    yield from _judged(text, *found.span("name"), sure=unknown or kind == "called", small=ordinary)


def _judged(text: str, start: int, end: int, *, sure: bool, small: bool) -> Iterator[Span]:
    """Yield a name to hide or to ask about, where it is nobody's known.

    With `sure`, ordinary words are hidden too; with `small`, small letters are asked about.
    """
    name = text[start:end]
    capital = name[0].isupper()
    words = [word for word in re.split(r"[\s'.]+", fold(name)) if word]
    several = capital and len(words) > 1
    if not words or (words[0] in FUNCTION and not several) or any(map(_is_nobodys, words)):
        return
    if several and not sure and (words[0] in _CIVIL or first_name(words[0]) == SURE):
        return  # a person's, which `persons` reads
    if is_commune(fold(name)) or NETWORK_WORD.fullmatch(fold(name)):
        return
    if is_public_handle(name):
        if re.search(r"[\w-]_[\w-]|\w\.\w", name) and not is_site(fold(name)):
            yield Span(start, end, ASK, weak=True)
    elif is_account(name, quoted=True) or weigh(name) == HANDLE or (sure and len(words[-1]) > 2):
        yield Span(start, end, USERNAME, weak=True)
    elif _is_compound(name) or (several and not name.split()[-1].islower()):
        yield Span(start, end, USERNAME, weak=True)
    elif (capital or small) and len(words[0]) > 3 and words[-1] not in FUNCTION:
        yield Span(start, end, ASK, weak=True)


def _is_compound(name: str) -> bool:
    """Say whether a word in small letters is joined of two, of which one is a first name's."""
    parts = fold(name).split("-")
    return (
        len(parts) == 2
        and name.islower()
        and any(first_name(part) == SURE and not is_ordinary(part) for part in parts)
    )


def _is_nobodys(word: str) -> bool:
    return (
        word in OFFICES
        or word in ORGANISATIONS
        or word in FACILITIES
        or word in THINGS
        or word in CALENDAR
        or word in DEFAULTS
    )


def _speakers(text: str) -> Iterator[Span]:
    """Yield who speaks in the lines of a chat; a form has ordinary words there."""
    lines = list(_SPEAKS.finditer(text))
    if len(lines) < 2 and not any(line["time"] for line in lines):
        return
    strange = [line for line in lines if line["time"] or not _is_field(line["name"])]
    for line in strange:
        if line["time"] or len(strange) == len(lines):
            words = [fold(word) for word in line["name"].split()]
            if not any(map(_is_nobodys, words)) and not is_public_handle(line["name"]):
                yield Span(*line.span("name"), USERNAME, weak=True)


def _is_field(name: str) -> bool:
    """Say whether what stands before a colon is made of ordinary words, as a form's field is."""
    return all(is_ordinary(word) or word in FUNCTION for word in fold(name).split())
