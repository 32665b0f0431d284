# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a text tells of somebody's home: "j'habite", "ma maison", "chez nous", "my flat"."""

import re
from bisect import bisect_right
from typing import Final

from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.patterns import Stems, any_of, holds

_HOMES = (
    r"j'habit\w*|nous habitons|on habite|habit(?:e|ons|ais|ant|ants)|je vis|vivons|nous vivons"
    r"|je loge|log[ée]e?s?\s[àa]|r[ée]sid(?:e|ant|ons|ais)|demeur(?:e|ant|ons)|domicili[ée]e?s?"
    r"|(?:mon|notre|son|leur)\s(?:domicile|adresse|logement|appartement|studio|pavillon|moulin"
    r"|mas|jardin|terrain|chalet|chez-moi|b[âa]timent|immeuble)|(?:ma|notre|sa|leur)\s(?:maison"
    r"|ferme|porte|r[ée]sidence|longère|villa|propri[ée]t[ée]|cour|b[âa]tisse|grange|boîte)"
    r"|chez\s(?:moi|nous|eux|lui|elle|mes parents|ma m[èe]re|mon p[èe]re|mamie)|adresse"
    r"|i live|we live|lives|living|residing|(?:my|our|his|her|their)\s(?:home|house|flat|address"
    r"|door|apartment|farm|cottage|garden|place|yard)"
)
LIVING: Final = Headed(re.compile(rf"(?<!\w){any_of(_HOMES)}(?!\w)"), leads(_HOMES))
"""Words of living, in a text in small letters."""

_STEMS = Stems(
    "habit|vis|viv|loge|logé|sid|demeur|domicil|adresse|appartement|studio|pavillon|moulin|mas"
    "|jardin|terrain|chalet|chez|timent|immeuble|maison|ferme|porte|longère|villa|propri|cour"
    "|tisse|grange|boîte|live|living|home|house|flat|address|door|apartment|farm|cottage|garden"
    "|place|yard"
)
_REACH: Final = 60
_STOPS = re.compile(r"[.!?\n]")


def told_homes(low: str) -> list[int]:
    """Return where the words of living of a text in small letters end."""
    return [found.end() for found in LIVING.finditer(low)] if holds(low, _STEMS) else []


def is_lived_in(text: str, start: int, lived: list[int]) -> bool:
    """Say whether a word of living stands in the sentence before a place of the text."""
    last = bisect_right(lived, start) - 1
    if last < 0 or start > lived[last] + _REACH:
        return False
    return _STOPS.search(text, lived[last], start) is None
