# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words in small letters that no list knows: logins by their letters, and what may be anybody.

No French or English word begins with "gp" or "rc"; an initial before a surname often makes such a
beginning. Another unknown word is hidden where somebody is spoken of ("d'accord avec …", "the
inbox of …"), and else a person has to look.
"""

import re
from collections.abc import Iterator
from typing import Final

from beffroi_privacy.account_words import is_site
from beffroi_privacy.gazetteer import SURE, first_name
from beffroi_privacy.handles import HANDLE, LOGIN, weigh
from beffroi_privacy.patterns import has_point_inside
from beffroi_privacy.spans import ASK, PERSON, USERNAME, Span
from beffroi_privacy.usernames import is_public_handle

_WORD: Final = re.compile(
    r"(?<![\w/.=%:#@*'\"&?+$~-])[a-z]{6,20}(?![\w/=@*'\"&(%~-]|\.\w|:\w)(?<!ss)"
)
_DOTTED: Final = re.compile(
    r"(?<![\w/.=%:#@*'\"&?+$~-])(?P<first>[a-z]{2,14})\.(?P<rest>[a-z](?![a-z])|[a-z]{3,14}(?:\.[a-z]{2,14})?\d{0,3})"
    r"(?![\w/=@*'\"&(%~:-]|\.\w)"
)
_SPOKEN_OF: Final = re.compile(
    r"(?:\bavec|\bwith|\bselon|\bcontre|\bpar|\bby|dixit|disai(?:t|ent)|\bdi[st]|\bsaid|\bwrote"
    r"|\b[ée]crit|demandeu\w+|requester|coll[èe]gue|(?:bo[îi]te|session|compte|poste|acc[èe]s|access|droits"
    r"|mail|profil|inbox|account|login|password|mailbox) (?:de|of|for)|parle[rz]? à|[ée]crire à"
    r"|répondre à|merci à|thanks to|what|invalid user|pour l'utilisateur|for user"
    r"|\bà|d'apr[èe]s|according to|\bboth|\bni|\bchez|autoris[ée]|allow(?:ed)?"
    r"|n'est pas|n'[ée]tait pas|is not|isn't|(?:bloque|signale|remercie|cite"
    r"|contacte)[rz]?|\bban|\bblock|\bask|\btold"
    r"|\bpour|\binstead of)\s@?$"
)
_DOES: Final = re.compile(
    r"\s(?:a|m'a|n'a|t'a|l'a|nous a|vous a|avait|est|n'est|dit|[ée]crit|r[ée]pond|raconte"
    r"|refuse|affirme"
    r"|continue|pense|veut|has|had|is|was|still|says|said|keeps|wants|never|always)(?![\w'])"
)
_DETERMINED: Final = re.compile(
    r"\b(?:le|la|les|un|une|des|du|ce|cette|ces|mon|ma|mes|votre|vos|notre|nos|leur|leurs|son|sa|ses|the|an|this"
    r"|that|my|your|our|their|de|d'|l'|en|très|plus|of|tout|chaque|aucune?|quel\w*)\s?(?:[\w-]+\s)?$"
)
_BACK: Final = 26
_FOREIGN: Final = 6
"""Unknown words above which a text is taken for one in another language."""

_AND: Final = re.compile(r"(?:,|\bet|\band|\bou|\bor|&)\s$")


def find_strangers(text: str, *, caseless: bool) -> Iterator[Span]:
    """Yield what may be a login among the words in small letters of a normalised text.

    In a text without capitals nobody is asked about the others, for `person_small` does that.
    """
    if has_point_inside(text):
        yield from _dotted(text, caseless=caseless)
    if HANDLE not in map(weigh, _WORD.findall(text)):
        return
    unknown = [found for found in _WORD.finditer(text) if weigh(found.group()) == HANDLE]
    last = -1
    for found in unknown:
        start, end = found.span()
        spoken = _SPOKEN_OF.search(text, max(0, start - _BACK), start) is not None
        told = _stands_alone(text, start, end)
        follows = 0 <= last <= start and start - last < 7 and _AND.search(text, last, start)
        if len(unknown) <= _FOREIGN and (spoken or told or follows or LOGIN.match(found.group())):
            last = end
            yield Span(start, end, USERNAME, weak=True)
        elif not caseless:
            yield Span(start, end, ASK, weak=True)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Say whether a word is the subject of a verb or in brackets, with nothing said before it."""
    if text[start - 1 : start] == "(" and text[end : end + 1] == ")":
        return True
    if not _DOES.match(text, end):
        return False
    before = text[max(0, start - _BACK) : start]
    return not before.rstrip() or before.rstrip()[-1] in ".!?:,(" or not _DETERMINED.search(before)


def _dotted(text: str, *, caseless: bool) -> Iterator[Span]:
    """Yield words joined by points that are no site: unknown ones or three are an account."""
    for found in _DOTTED.finditer(text):
        name = found.group()
        if is_site(name) or is_public_handle(name):
            continue
        parts = [part for part in re.split(r"[.\d]", name) if part]
        if len(parts) > 2 or name[-1].isdigit() or any(weigh(part) == HANDLE for part in parts):
            yield Span(*found.span(), USERNAME, weak=True)
        elif any(len(part) > 3 and first_name(part) == SURE for part in parts):
            yield Span(*found.span(), PERSON, weak=True)
        elif not caseless:
            yield Span(*found.span(), ASK, weak=True)
