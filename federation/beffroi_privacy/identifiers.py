# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers that the State or a bank gives to one person: NIR, IBAN (and RIB), plates.

A checksum proves a number; its failure proves nothing, since people mistype. A number whose shape
is clear is therefore found even when its key is wrong.

- NIR: INSEE, 13 characters and a key of two (97 minus the rest modulo 97; 2A and 2B for Corsica).
- IBAN: ISO 13616, key modulo 97; lengths by country from `stdnum`.
- Plates: SIV since 2009 (AA-123-AA), FNI before (1234 AB 35).
"""

import re
from collections.abc import Iterator

from stdnum import iban
from stdnum.fr import nir

from beffroi_privacy.patterns import Stems, figures, holds, lowered, near_figures
from beffroi_privacy.spans import IBAN, NIR, PLATE, Span

_S = r"[ .\-/_]{0,2}"
_NIR = re.compile(
    rf"(?<![\d.,])(?<!\d )(?P<body>[1-478]{_S}\d{{2}}{_S}(?P<month>\d{{2}}){_S}"
    rf"(?P<place>\d{{2}}|2[AB]){_S}\d{{3}}{_S}\d{{3}})"
    rf"(?P<key>\s?(?:\W{{0,3}}cl[ée]\s?:?\s?)?[ .\-/_|]{{0,2}}\d{{2}})?(?!\d)",
    re.IGNORECASE,
)
_NIR_CUE = re.compile(
    r"(?:\bnir\b|s[ée]cu(?:rit[ée])?\b|\binsee\b|\bss\b|\bvitale\b"
    r"|\bimmatriculation\b)[^\d\n]{0,25}$",
    re.IGNORECASE,
)
_IBAN = re.compile(r"(?<![A-Z0-9])([A-Z]{2})(\s?)(\d{2})(?=[ .\-]?[A-Z0-9]{2})", re.IGNORECASE)
_IBAN_LENGTHS = {
    **{"FR": 27, "MC": 27, "BE": 16, "DE": 22, "LU": 20, "CH": 21, "ES": 24, "IT": 27, "PT": 25},
    **{"NL": 18, "GB": 22, "IE": 22, "AT": 20, "PL": 28, "RO": 24, "LT": 20, "MT": 31, "EE": 20},
    **{"LV": 21, "FI": 18, "SE": 24, "DK": 18, "NO": 15, "TN": 24, "AD": 24, "SM": 27, "CY": 28},
    **{"GR": 27, "BG": 22, "HR": 21, "CZ": 24, "SK": 24, "SI": 19, "HU": 28, "MA": 28, "LI": 21},
}
"""Characters of an IBAN by country (the ISO 13616 registry); overseas France uses FR."""

_RIB = re.compile(
    r"(?<!\w)(?P<bank>\d{5})(?P<gap>[ .\-]?)(?P<desk>\d{5})(?P=gap)"
    r"(?P<account>[0-9A-Z]{11})(?P=gap)(?P<key>\d{2})(?!\w)",
    re.IGNORECASE,
)
_NAMED_ACCOUNT = re.compile(
    r"(?<!\w)(?:iban|rib|bban|compte (?:bancaire|courant|n°|num[ée]ro)|bank account"
    r"|account (?:number|no\.?)|domiciliation)"
    r"(?:\s?(?:est|is|:|=|,|\(|-|le|n°|num[ée]ro|suivant|bancaire|nouveau|new)){0,4}\s{0,3}"
    r"(?P<value>(?:[A-Z]{2}\s?\d{2}|\d{4,5})(?:[ .\-/]{0,2}(?:[A-Z]{1,4}(?![a-z])\d*"
    r"|[\dX*]+)){2,12}(?!\w))",
    re.IGNORECASE,
)
_ACCOUNTS = Stems("iban|rib|bban|compte|account|domiciliation")
_SIV = re.compile(
    r"(?<![\w-])(?P<a>[A-HJ-NP-TV-Z]{2})(?P<gap>\s?[-.·]\s?|\s?)(?!000)\d{3}(?P<gap2>\s?[-.·]\s?"
    r"|\s?)"
    r"(?P<b>[A-HJ-NP-TV-Z]{2})(?![^\W\d]|-\w)",
    re.IGNORECASE,
)
_FNI = re.compile(
    r"(?<![\w.,-])(?<!\d )(?P<number>[1-9]\d{1,3})(?P<gap>[ -]?)(?P<letters>[A-HJ-NP-Z]{2,3})"
    r"(?P<gap2>[ -]?)"
    r"(?P<place>0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-6])(?![\w]|-\w|[.,]\d| ?[€%])",
    re.IGNORECASE,
)
_UK = re.compile(r"(?<![\w-])[A-Z]{2}[0-9]{2}\s?[A-Z]{3}(?![\w-])")
_FOREIGN = re.compile(
    r"(?<![\w-])(?:[1-9]-[A-Z]{3}-\d{3}|\d{4}[ -][B-DF-HJ-NP-TV-Z]{3}"
    r"|[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[ -]\d{1,4}"
    r"|[A-Z]{3}[ -]?\d{3,4})(?![\w-])"
)
_ROADS = frozenset(("HWY", "RTE", "RUE", "RCS", "BLD", "PLU", "ZAC", "ISO", "NOR", "TVA", "CVE"))
_AROUND = re.compile(
    r"\b(?:gar[ée]e?s?|stationn\w*|parked|parking|voiture|v[ée]hicule|camion\w*|scooter|moto|car"
    r"|van|truck|vehicle|plate"
    r"|plaque|immatricul\w*|conducteur|chauffard|driver|berline|utilitaire|fourgon\w*|taxi|épave"
    r"|epave|4x4|suv"
    r"|renault|peugeot|citro[ëe]n|dacia|toyota|ford|audi|bmw|mercedes|volkswagen|golf|clio|twingo"
    r"|polo|fiat|opel"
    r"|nissan|kia|hyundai|seat|skoda|tesla|volvo)\b",
    re.IGNORECASE,
)
_VEHICLES = Stems(
    "gar|stationn|park|voiture|hicule|camion|scooter|moto|car|van|truck|vehicle|plate|plaque"
    "|immatricul|conducteur|chauffard|driver|berline|utilitaire|fourgon|taxi|pave|4x4|suv|renault"
    "|peugeot|citro|dacia|toyota|ford|audi|bmw|mercedes|volkswagen|golf|clio|twingo|polo|fiat"
    "|opel|nissan|kia|hyundai|seat|skoda|tesla|volvo"
)
"""Of `_AROUND`."""
_PLATE_CUE = re.compile(
    r"(?:immatric\w*|\bplaques?\b|\bv[ée]hicules?\b|\bvoitures?\b|\bcamionn?e?t?t?e?\b|\bscooter\b"
    r"|\bmoto\b|\bcar\b|\bvan\b|\bplates?\b|\bregist\w+)[^\n]{0,30}$",
    re.IGNORECASE,
)
_NOT_LETTERS = frozenset(
    """
    LE LA DE DU ET EN AU SA MA TA CE SE NE ME TE DES LES SUR PAR RUE BIS TER QUA EUR KWH MWH KM
    KG CM MM ML HA HT TTC KMH JAN FEV MAR AVR MAY JUN SEP DEC NOV AUG ANS VS PM AM RD CR VC CD PR
    AT TO BY IN ON OF EST NET MAX MIN DEL DCM ARR CM BP CS CP TSA NB
    """.split()
)

"""What stands between a number and a department's number without being a plate."""

_NOT_PAIRS = frozenset("LE LA DE DU ET EN AU SA MA TA CE SE NE KM KG CM MM HA HT RD RN".split())
"""Two letters in capitals around a number that are words or units, in a text all in capitals."""


def find_nir(text: str) -> Iterator[Span]:
    """Yield the national identification numbers of a normalised text."""
    for found in near_figures(_NIR, text) if figures(text)[0] > 11 else ():
        body = re.sub(r"[^0-9AB]", "", found.group("body").upper())
        key = re.sub(r"\D", "", found.group("key") or "")
        if not _is_nir(body, key, found.group("body")) and not (
            _NIR_CUE.search(text, max(0, found.start() - 40), found.start())
        ):
            continue
        proved = not key or nir.is_valid(body + key)
        yield Span(found.start(), found.end(), NIR, doubt="" if proved else "checksum")


def _is_nir(body: str, key: str, written: str) -> bool:
    """Say whether 13 characters and their key, if any, are a NIR or look like a mistyped one."""
    if key and nir.is_valid(body + key):
        return True
    if body[0] not in "12" or body[5:7] == "00":
        return False
    groups = len(re.findall(r"[ .\-/_]+", written))
    month = int(body[3:5])
    return (
        1 <= month <= 12
        or (20 <= month <= 42 and groups > 0)
        or (groups == 5 and key != "")  # spelt like one to the last space
    )


def find_iban(text: str) -> Iterator[Span]:
    """Yield the bank accounts of a normalised text, as IBAN or as the older French RIB."""
    digits = figures(text)[0]
    if digits < 8:
        return
    for found in near_figures(_IBAN, text, 3):
        end = _iban_end(text, found)
        if end is not None:
            proved = iban.is_valid(text[found.start() : end])
            yield Span(found.start(), end, IBAN, doubt="" if proved else "checksum")
    if holds(lowered(text), _ACCOUNTS):
        yield from _after_name(text)
    for found in near_figures(_RIB, text) if digits > 11 else ():
        if found.group("gap") or _is_rib(found):
            proved = not found.group("account").isdigit() or _is_rib(found)
            yield Span(found.start(), found.end(), IBAN, doubt="" if proved else "checksum")


def _after_name(text: str) -> Iterator[Span]:
    """Yield what follows the words IBAN, RIB or bank account, whatever its shape."""
    for found in _NAMED_ACCOUNT.finditer(text):
        start, end = found.span("value")
        digits = sum(c.isdigit() for c in text[start:end])
        if digits >= 9:
            yield Span(start, end, IBAN, doubt="checksum")


def _is_rib(found: re.Match[str]) -> bool:
    """Say whether the key of a RIB written in digits only checks (rest modulo 97)."""
    if not found.group("account").isdigit():
        return False
    weights = {"bank": 89, "desk": 15, "account": 3, "key": 1}
    return sum(w * int(found.group(name)) for name, w in weights.items()) % 97 == 0


def _iban_end(text: str, found: re.Match[str]) -> int | None:
    """Return where the IBAN that starts here ends; None if there is none."""
    length = _IBAN_LENGTHS.get(found.group(1).upper(), 0)
    taken, written = found.start(), ""
    for character in text[found.start() : found.start() + 60]:
        if character.isalnum() and character.isascii():
            written += character.upper()
        elif character not in " .-":
            break
        taken += 1
        if written and len(written) == length and _stops(text, taken):
            break
        if len(written) > 34:
            return None
    if len(written) == length and _stops(text, taken):
        digits = sum(c.isdigit() for c in written[4:])
        announced = not found.group(2) and (found.group(1).isupper() or digits >= 16)
        if iban.is_valid(written) or (announced and digits * 2 >= length - 4):
            return taken
    return _broken_end(text, found)


def _stops(text: str, at: int) -> bool:
    return at >= len(text) or not text[at].isalnum()


def _broken_end(text: str, found: re.Match[str]) -> int | None:
    """Return the end of an IBAN with a digit too few or too many: sixteen digits and more."""
    if found.group(1).upper() not in _IBAN_LENGTHS or not found.group(1).isupper():
        return None
    run = re.compile(r"\s?\d{2}(?:[ .\-]?\d){14,30}(?:[ .\-]?[A-Z]?\d{1,3})?(?!\w)").match(
        text, found.start() + 2
    )
    return run.end() if run and not found.group(2) else None


def find_plates(text: str) -> Iterator[Span]:
    """Yield the French number plates of a normalised text."""
    if figures(text)[0] < 3:
        return
    siv = near_figures(_SIV, text, 5) if figures(text)[1] > 2 else ()
    for found in (*siv, *near_figures(_FNI, text)):
        if found.re is _FNI and found.group("letters").upper() in _NOT_LETTERS:
            continue
        cued = _PLATE_CUE.search(text, max(0, found.start() - 50), found.start()) is not None
        around = cued or _is_near_vehicle(text, found)
        shown = _is_siv(found, cued, around) if found.re is _SIV else _is_fni(found, cued, around)
        if shown:
            yield Span(found.start(), found.end(), PLATE, weak=not cued and _is_loose(found))


def find_foreign_plates(text: str) -> Iterator[Span]:
    """Yield plates of other countries, which only words about a vehicle tell from other codes."""
    if not holds(lowered(text), _VEHICLES):
        return
    for pattern in (_UK, _FOREIGN):
        for found in pattern.finditer(text):
            if found.group()[:3] not in _ROADS and _is_near_vehicle(text, found):
                yield Span(found.start(), found.end(), PLATE, weak=True)


def _is_near_vehicle(text: str, found: re.Match[str]) -> bool:
    """Say whether words about a vehicle stand close before or after."""
    return _AROUND.search(text, max(0, found.start() - 70), found.end() + 40) is not None


def _is_loose(found: re.Match[str]) -> bool:
    """Say whether a plate has no hyphens, so that it may also be the number of something else."""
    return not (found.group("gap").strip() and found.group("gap2").strip())


def _is_siv(found: re.Match[str], cued: bool, around: bool) -> bool:
    a, b = found.group("a"), found.group("b")
    if "SS" in (a.upper(), b.upper()):
        return False  # never issued
    if cued or (found.group("gap").strip() and found.group("gap2").strip()):
        return True
    if found.group("gap") != found.group("gap2") and not (a + b).isupper():
        return False
    if found.group("gap") == "":
        return found.group("gap2") == ""
    if _NOT_PAIRS & {a.upper(), b.upper()}:
        return around and (a + b).isupper() and not {a, b} <= _NOT_PAIRS
    return (a + b).isupper() or around


def _is_fni(found: re.Match[str], cued: bool, around: bool) -> bool:
    letters = found.group("letters")
    if cued:
        return True
    year = len(found.group("number")) == 4 and found.group("number")[:2] in ("19", "20")
    even = found.group("gap") == found.group("gap2")
    if not even or year:
        return False
    return (around or letters.isupper()) and len(found.group("number")) >= 3
