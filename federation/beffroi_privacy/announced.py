# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words that announce something personal, after which nothing was found.

"Mon pseudo" without a pseudonym, "j'habite" without a home: either there is nothing, or it is told
in a way that no rule reads. A person looks.
"""

import re
from typing import Final

from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, any_of, figures, holds, lowered
from beffroi_privacy.spans import Cover

_REACH: Final = 70
"""Characters after an announcement in which what it announces is looked for."""

_NUMBER_AFTER = re.compile(
    r"(?:[^.!?\n]{0,40}?|[^.!?\n]{0,14}[.!?]\s(?:le |la |les )?(?:voici|voilà|c'est)\s?:?\s?)"
    r"(?<![\d,.])[\w/-]*\d[\w/-]*\d[\w/-]*"
)
_NAMES = re.compile(
    r"(?<!\w)"
    + any_of(
        r"pseudo(?:nyme)?|mon identifiant|son identifiant|mon login|login\s?:|username|user name"
        r"|nom d'utilisateur|mon compte (?:facebook|insta|twitter)|my (?:login|handle|account name)"
    )
    + r"(?!\w)"
)
_NUMBER_WORDS = (
    r"iban|rib|bic|digicode|code d'(?:entr[ée]e|acc[èe]s)|code (?:du portail|de l'immeuble"
    r"|porte)"
    r"|mot de passe|mdp|password|matricule|passe?port|carte d'identit[ée]|cni"
    r"|permis de conduire"
    r"|allocataire|num[ée]ro (?:fiscal|client|d'abonn[ée]|d'adh[ée]rent|de s[ée]cu\w*|de carte"
    r"|de compte)"
    r"|mon num[ée]ro|ma carte|mon contrat|mon matricule|titre de s[ée]jour|rpps"
    r"|num[ée]ro \w{1,12} de mon|num[ée]ro de (?:locataire|dossier|contrat|bail|badge)"
    r"|my (?:number|card|account|licen[cs]e|badge)|ma plaque|immatricul[ée]e?|licence plate"
    r"|gate code|door code"
    r"|date de naissance|n[ée]\(?e?\)? le|born on|num[ée]ro personnel|mon (?:t[ée]l|portable)"
    r"|my phone"
)
_NUMBERS = Headed(re.compile(rf"(?<!\w){any_of(_NUMBER_WORDS)}(?!\w)"), leads(_NUMBER_WORDS))
_NETWORKS = re.compile(
    r"(?<![\w./@-])(?:facebook|insta(?:gram)?|twitter|tik ?tok|snap(?:chat)?|discord|telegram"
    r"|mastodon|reddit|twitch|steam|messenger|skype|nextdoor|strava|vinted|leboncoin|youtube"
    r"|fortnite|minecraft|roblox|whats ?app|linkedin)(?![\w./-]\w)"
    r"(?!\s(?:de |du |des )?(?:la |l'|the |our |notre )?(?:mairie|ville|commune|conseil"
    r"|m[ée]tropole|m[ée]diath[èe]que|d[ée]partement|r[ée]gion|pr[ée]fecture|office|service|council|town))"
)
_NETWORK_STEMS = Stems(
    "facebook|insta|twitter|tik|snap|discord|telegram|mastodon|reddit|twitch|steam|messenger|skype"
    "|nextdoor|strava|vinted|leboncoin|youtube|fortnite|minecraft|roblox|what|linkedin"
)
_QUOTED = re.compile(
    r"\b(?:[àa]|avec|par|with|by|as|nomm[ée]e?|surnomm[ée]e?|appel[ée]e?|dit|called)\s"
    r"\"\s?(?P<name>[^\W\d_][\w'-]*(?:\s[\w'-]+){0,2})\s?\""
)
_AROUND: Final = 50
_FIELDS = re.compile(
    r"(?:^|[\n;/|])\s{0,6}(?:nom|pr[ée]noms?|name|surname|first name|last name)"
    r"(?: d'usage| de \w{4,12}| complet| et pr[ée]noms?)?\s?:\s?(?P<value>[^\W\d])"
)
_HOMES = re.compile(
    r"(?<!\w)(?:j'habite|nous habitons|habitant au|domicili[ée]e?s?|demeurant|mon adresse"
    r"|son adresse|i live|my address"
    r"|qui habite|elle habite|il habite|lieu[- ]dit)(?!\w)"
)
_PLACE_AFTER = re.compile(r"[^.!?\n]{0,30}?(?:(?P<name>(?<![.\w])[A-ZÀ-Þ][\w'-]{2,})|\d)")
_NAME_STEMS = Stems("pseudo|identifiant|login|user|utilisateur|mon compte|my ")
_FIELD_STEMS = Stems("nom|name")
_HOME_STEMS = Stems("habit|domicili|demeurant|adresse|live|address|lieu")


def announces_more(text: str, spans: Cover, accounts: Cover) -> bool:
    """Say whether a normalised text announces something personal that no span holds.

    `accounts` are those of the spans that may answer for the name of an account.
    """
    low = lowered(text)
    if holds(low, _NAME_STEMS):
        if any(not _is_near(found.end(), accounts) for found in _NAMES.finditer(low)):
            return True
    if holds(low, _NETWORK_STEMS):
        for found in _NETWORKS.finditer(low):
            if not accounts.touches(found.start() - _AROUND, found.end() + _REACH):
                return True
    for found in _QUOTED.finditer(low) if '"' in low else ():
        if not spans.touches(*found.span("name")):
            return True
    if ":" in low and holds(low, _FIELD_STEMS):
        if any(not _is_filled(low, found.start("value"), spans) for found in _FIELDS.finditer(low)):
            return True
    for found in _NUMBERS.finditer(low) if figures(text)[0] > 1 else ():
        if _NUMBER_AFTER.match(low, found.end()) and not _is_near(found.end(), spans):
            return True
    for found in _HOMES.finditer(low) if holds(low, _HOME_STEMS) else ():
        place = _PLACE_AFTER.match(text, found.end())
        if place and not _is_near(found.end(), spans) and _is_unknown(place.group("name")):
            return True
    return False


def _is_unknown(name: str | None) -> bool:
    return name is None or not (is_commune(fold(name)) or is_ordinary(fold(name)))


def _is_filled(low: str, start: int, spans: Cover) -> bool:
    """Say whether anything is hidden between where a field's value begins and its line ends."""
    end = low.find("\n", start, start + _REACH)
    return spans.touches(start, end if end > 0 else start + _REACH)


def _is_near(end: int, spans: Cover) -> bool:
    return spans.touches(end - 20, end + _REACH)
