# SPDX-License-Identifier: AGPL-3.0-or-later
"""Network addresses: IPv4, IPv6, MAC. The number of a version is none."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from beffroi_privacy.patterns import figures, near_figures
from beffroi_privacy.spans import IP, Span

_V4 = re.compile(r"(?<![\w.-])(?P<octets>\d{1,3}(?:\s?\.\s?\d{1,3}){3})(?!\.?\d)(?![\w-])")
_V6 = re.compile(
    r"(?<![\w:.])(?=[0-9a-f:]{0,38}:[0-9a-f]{0,38}:)[0-9a-f:]{3,39}(?:%\w+)?(?![\w:])",
    re.IGNORECASE,
)
_TWO_COLONS = re.compile(r":[0-9A-Fa-f]{0,38}:")
_MAC = re.compile(
    r"(?<![\w:-])[0-9a-f]{2}(?P<gap>[:-])(?:[0-9a-f]{2}(?P=gap)){4}[0-9a-f]{2}(?![\w:-])",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"\b(?:ips?|ipv[46]|adresses?|h[ôo]te|host|connect\w*|connexions?|depuis|from|logs?|log[ -]?in"
    r"|ping|poste|machine|provenan\w+|venant|attaqu\w*|scan\w*|bloqu\w+|blacklist\w*|visiteurs?"
    r"|bann\w+|attack\w*|blocked|banned)\b",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"(?:\bversions?|\bv\.?|\brelease|\bmises? [àa] jour|\bfirmware|\bbuild|\bjava|\boracle|\bnorme"
    r"|\bchapitre|\bsection|\bparagraphe|\b§|\barticle|\bpoint|\bpatch|\bupdate\w*|\bupgrade\w*"
    r"|\blogiciel"
    r"|\bmicrologiciel|\bpaquet|\bpackage|\bmodule|\bdepuis la|\bpass\w+ (?:en"
    r"|à))\W{0,4}(?:\w+\W{1,3}){0,3}$",
    re.IGNORECASE,
)


def find_addresses_of_machines(text: str) -> Iterator[Span]:
    """Yield the network addresses of a normalised text."""
    if text.count(".") >= 3 and figures(text)[0] > 3:
        for found in near_figures(_V4, text):
            octets = [int(part) for part in re.split(r"\s?\.\s?", found.group("octets"))]
            if max(octets) > 255 or (" " in found.group() and octets[0] < 10):
                continue
            if not _is_version(text, found.start(), octets):
                yield Span(found.start(), found.end(), IP)
    if text.count(":") >= 2 and _TWO_COLONS.search(text):
        for found in _V6.finditer(text):
            if _is_v6(found.group()):
                yield Span(found.start(), found.end(), IP)
    if text.count(":") >= 5 or text.count("-") >= 5:
        for found in _MAC.finditer(text):
            yield Span(found.start(), found.end(), IP)


def _is_version(text: str, start: int, octets: list[int]) -> bool:
    """Say whether four numbers are a version: announced as one, or all of them small."""
    before = text[max(0, start - 45) : start]
    if re.search(r"\bip(?:v4)?\b\W{0,6}(?:\w+\W{1,3}){0,2}$", before, re.IGNORECASE):
        return False
    if _VERSION.search(before):
        return True
    small = octets[0] <= 31 and max(octets) <= 60
    return small and not _CUE.search(before)


def _is_v6(written: str) -> bool:
    groups = [part for part in written.partition("%")[0].split(":") if part]
    if len(groups) < 3 and not written.lower().startswith(("fe80:", "fd", "2001:", "2a0")):
        return False
    if not re.search(r"[a-f]|\d{3}", written, re.IGNORECASE):
        return False
    try:
        IPv6Address(written.partition("%")[0])
    except AddressValueError:
        return False
    return True
