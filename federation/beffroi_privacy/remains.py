# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers and marks that nothing explained: not enough to hide, enough to ask."""

import re
from collections.abc import Iterator
from typing import Final

from beffroi_privacy.gazetteer import is_commune
from beffroi_privacy.homes import is_public
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, any_of, figures, holds, lowered, near_figures
from beffroi_privacy.spans import Cover

_FIVE = re.compile(
    r"(?<![\w/.,+:#°-])(?<!\d )(?<!n° )\d{5}(?![\w/.,-]\w|[\w/]|\s?(?:€|%|euros?|hab|m2|m²|km|\d))"
)
_TOWN_AFTER = re.compile(r"\)?[ ,-]{0,3}(?P<name>[^\W\d_][\w' -]{1,40})?")
_POST_CODE = re.compile(
    r"(?:code postal|postal|cp|zip|insee|commune|d[ée]partement)\W{0,12}$", re.I
)
_LETTERED = re.compile(
    r"(?<![\w/.,:@=&?%#-])(?![NMR]\d|[DA]\d{1,4}\b)(?:[A-Z]{1,3}-?|[a-z]-)\d{4,6}(?![\w/]|[.-]\w)"
    r"|(?<![\w/.,:-])\d{1,4}(?:-\d{2,4}){3,}(?![\w/-])"
)
_MARKS = Stems("$|!|#|*|§")
_MARKED = re.compile(r"(?<![\w/.@:=&?%-])\w{4,20}[$!#*§]+(?!\w)")
_NAMED_HERE = re.compile(
    r"(?<!\w)(?:siren|siret|rcs|tva|soci[ée]t[ée]|entreprise|sarl|sas|association|firme|company|firm)"
)
_NINE = re.compile(r"(?<![\w.,/-])(?<!\d )\d{9}(?![\w/]| \d|[.,-]\d)")
_WAY_WORDS: Final = (
    r"rue|avenue|boulevard|impasse|chemin|all[ée]e|ruelle|venelle|sentier|place|quai|route|cours"
    r"|passage|square|ligne|ravine|mont[ée]e|rampe|carri[èe]ra?|crs|clos|rond[- ]point|cit[ée]"
    r"|parvis|faubourg|hameau|lotissement|r[ée]sidence|port"
)
_BEHIND_WAY = re.compile(
    rf"(?<!\w){any_of(_WAY_WORDS)}\s[^\n,;:.!?]{{3,40}}?,?\s(?:(?:le|au|n°)\s?)?\d{{1,4}}"
    r"(?:\s?(?:bis|ter))?(?=\s*(?:$|[\n,;)]|\.\s|\.$))"
)
_BEFORE_WAY = re.compile(
    rf"(?=\d)(?<![\w./:#°€-])(?<!\d[,\s])\d{{1,4}}(?:\s?(?:bis|ter)|\s?[a-h])?(?:\s[a-h])?,?\s{any_of(_WAY_WORDS)}\s(?!(?:est|sont)\b)"
)
_WAYS = Stems(
    "rue|avenue|boulevard|impasse|chemin|allée|allee|ruelle|venelle|sentier|place|quai|route|cours"
    "|passage|square|ligne|ravine|mont|rampe|carri|crs|clos|rond|cit|parvis|faubourg|hameau"
    "|lotissement|sidence|port"
)
_BEFORE_SHORT = re.compile(
    r"(?=\d)(?<![\w./:#°€-])(?<!\d[,\s])\d{1,4}(?:\s?(?:bis|ter)|\s?[a-h])?,?\s"
    r"(?:r|av|bd|bld|imp|all|pl|rte|sq|crs|ch)\.?\s(?:(?:de|du|des|la|le|les)\s|[dl]')*[a-zà-ÿ]{3,}"
)
_YEAR = re.compile(r"(?:19|20)\d\d$")
_PART = re.compile(
    r"(?<!\w)(?i:b[âa]timent|b[âa]t\.?|escalier|immeuble|logement|appartement)\s(?:n°\s?)?"
    r"(?:[A-Z]\d{0,3}|\d{1,4})(?![\w'])"
)
_PARTS = Stems("bât|bat|escalier|immeuble|logement|appartement")
_HAMLET = re.compile(
    r"(?i:lieu[- ]?dit)\s:?\s?\w|\b[àa]\s(?:[Ll]es?)\s[A-ZÀ-Þ]"
    r"|\bdepuis\s[Ll][ae]\s[A-ZÀ-Þ]\w+\s[A-ZÀ-Þ]"
)
_HAMLETS = Stems("dit|depuis|à le|a le")
_QUOTED_TAG = re.compile(r"\"\s?(?P<tag>[A-Z][A-Z\d]{1,9} ?(?=[A-Z\d]*\d)[A-Z\d]{1,6})\s?\"")
_MAILBOX = re.compile(
    r"(?<!\w)(?:(?:mon|my|son|sa|his|her)\s(?:adresse\s)?(?:e-?mail|mail|m[ée]l|courriel|gmail"
    r"|adresse (?:mail|e-?mail|[ée]lectronique))|adresse (?:mail|e-?mail|gmail|[ée]lectronique))"
    r"\s?(?:est|is|:|=|c'est|,){1,2}\s?\S"
)
_PAIRS = re.compile(r"(?<!\d)0[1-9](?:[^\w:./,-]{1,8}\d\d){4}(?!\d)")
"""A telephone number between whose pairs stands what no telephone number is written with."""
_MAILS = Stems("mail|mél|mel|courriel|électronique|electronique")


def unexplained(text: str, known: Cover) -> Iterator[str]:
    """Yield why what stands in a normalised text beside all known places may be somebody's."""
    low = lowered(text)
    digits, longest = figures(text)
    if digits > 9 and any(not known.touches(*found.span()) for found in near_figures(_PAIRS, text)):
        yield "long number"
    if longest > 4 and _is_number_left(text, low, known):
        yield "long number"
    if (longest > 3 or (digits > 7 and text.count("-") > 2)) and any(
        not known.touches(*found.span()) for found in near_figures(_LETTERED, text, 4)
    ):
        yield "long number"
    if (
        digits
        and holds(low, _MARKS)
        and any(
            _is_mixed(found.group()) and not known.touches(*found.span())
            for found in _MARKED.finditer(text)
        )
    ):
        yield "long number"
    if digits and _is_house_left(low, known):
        yield "announced"
    if holds(low, _PARTS) and any(
        not (known.touches(*found.span()) or is_public(low, found))
        for found in _PART.finditer(text)
    ):
        yield "announced"
    if holds(low, _HAMLETS) and any(
        not known.touches(found.start(), found.end() + 30) for found in _HAMLET.finditer(text)
    ):
        yield "announced"
    if '"' in text and any(
        not known.touches(*found.span("tag")) for found in _QUOTED_TAG.finditer(text)
    ):
        yield "announced"
    if holds(low, _MAILS) and any(
        not known.touches(found.start(), found.end() + 40) for found in _MAILBOX.finditer(low)
    ):
        yield "announced"


def _is_mixed(word: str) -> bool:
    """Say whether a word before a mark has a digit and three letters, as a password may."""
    return any(map(str.isdigit, word)) and sum(map(str.isalpha, word)) > 2


def _is_number_left(text: str, low: str, known: Cover) -> bool:
    """Say whether five digits are no post code, or nine a firm's that nothing calls one."""
    for found in near_figures(_FIVE, text):
        if known.touches(*found.span()):
            continue
        if _POST_CODE.search(low, max(0, found.start() - 30), found.start()):
            continue
        after = _TOWN_AFTER.match(text, found.end())
        name = (after.group("name") or "") if after else ""
        if not (name[:1].isupper() or _is_town(name)):
            return True
    return any(
        not _NAMED_HERE.search(low, max(0, found.start() - 60), found.end() + 40)
        for found in near_figures(_NINE, text)
    )


def _is_town(name: str) -> bool:
    words = fold(name).split()
    return any(is_commune(" ".join(words[:length])) for length in (1, 2, 3, 4))


def _is_house_left(low: str, known: Cover) -> bool:
    """Say whether a number stands before or behind a way as that of a house would."""
    behind = (_BEHIND_WAY,) if holds(low, _WAYS) else ()
    for pattern in (*behind, _BEFORE_WAY, _BEFORE_SHORT):
        finds = pattern.finditer(low) if pattern is _BEHIND_WAY else near_figures(pattern, low)
        for found in finds:
            number = re.sub(r"\D+$", "", found.group())
            year = pattern is _BEHIND_WAY and _YEAR.search(number) is not None
            if not year and not known.touches(*found.span()):
                return True
    return False
