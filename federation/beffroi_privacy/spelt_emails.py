# SPDX-License-Identifier: AGPL-3.0-or-later
"""E-mail addresses told as one says them: "jean tiret martin arobase exemple point fr".

`emails` reads addresses that are still made like one. What stands here is guessed from the words
for the signs (point, tiret, underscore) on both sides of a word for the at-sign, or from an
address with gaps and broken lines.
"""

import re
from collections.abc import Iterator

from beffroi_privacy.emails import PROVIDER, is_listed_office, is_office
from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.names import FUNCTION
from beffroi_privacy.normalise import fold
from beffroi_privacy.patterns import Stems, holds, lowered
from beffroi_privacy.spans import EMAIL, Span

_AT = re.compile(
    r"(?:(?P<sure>[@＠]|\barr?ob+(?:ase?|aze|as)\b|arobase(?!s)|[(\[{<]\s?(?:at|arr?ob\w*|chez|a)"
    r"\s?[)\]}>]|[*_/-](?:at|chez)[*_/-]|\bat-sign\b|\ba commercial\b|\bat sign\b)"
    r"|(?P<bare>\b(?:at|chez|à)\b))\s{0,2}"
)
_SIGNS = Stems("@|＠|arob|arrob|-chez-|a commercial|at sign")
_SPELT_SIGNS = Stems("point|dot")
_SAID = re.compile(r"\b(?:point|dot)\b")
_WORTH = re.compile(
    r"[_*/-]at[_*/-]"
    r"|(?:a(?<!\wa)t|c(?<!\wc)hez|à(?<!\wà))\s\S+[.,]\S|[(\[{<]\s?(?:at|a|chez)"
)
_SIGN = (
    r"(?:\s?[(\[{]\s?(?:dot|point|pt|tiret|dash|underscore|\.)\s?[)\]}]\s?"
    r"|\s(?:dot|point|pt|tiret(?: du)?(?: (?:bas|6|8|six|huit))?|under ?scores?|dash|hyphen"
    r"|trait d'union|soulign[ée]|plus)\s|\s?[._]\s?|[+_-]\n?|\s?,\s?(?=\w+\s?(?:$|[\s.,;)])))"
)
_PART = r"[^\W_]{1,40}+"
_LOCAL = re.compile(rf"(?<![^\W_]){_PART}(?:{_SIGN}{_PART}){{0,7}}$", re.IGNORECASE)
_DOMAIN = re.compile(
    rf"{_PART}(?:{_SIGN}{_PART}){{0,4}}?{_SIGN}"
    r"(?P<end>fr|com|org|net|eu|bzh|be|ch|de|uk|co uk|io|info|gouv|lu|ca|it|es|pt|re|nc|example"
    r"|test|pro|me)\b",
    re.IGNORECASE,
)
_SPACED_END = re.compile(r"[^\W_][\w-]{1,30}\s\(?(?:fr|com|org|net)\b\)?", re.IGNORECASE)
_MISTYPED_STEMS = Stems("@|#|%40")
_MISTYPED = re.compile(
    r"(?<![\w.+%@/:=#-])(?P<local>[^\W_][\w.+-]{1,39}[^\W_])(?:@{1,2}|%40|#(?=(?:[^\W_][\w-]*\.)+[a-z]{2,8}\b))"
    r"(?P<domain>[^\W_][\w-]*(?:\.{1,2}[\w-]+)*)(?![\w@])"
)
_LETTER_BY_LETTER = re.compile(
    r"(?<!\w)\w(?: [\w.-]){2,30} ?@(?: [\w-]){2,30} ?(?:\.|\bpoint\b)"
    r" ?[^\W\d_](?: ?[^\W\d_]){1,3}(?!\w)"
)
_DOMAIN_AHEAD = re.compile(
    rf"{_DOMAIN.pattern}|{_SPACED_END.pattern}|{PROVIDER.pattern}", re.IGNORECASE
)
_DISGUISE = re.compile(r"arr?ob|[(\[{<]\s?at\b")
_LABEL = re.compile(r"[^\W\d_][\w-]{2,40}(?![\w@])")
"""The name of a host without its ending."""
_SPELT = re.compile(r"\b(?:dot|point|pt|tiret|underscore|dash|hyphen)\b", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.-]@[\w-]+\.\w")
_WINDOW = 90


def find_spelt_emails(text: str) -> Iterator[Span]:
    """Yield the addresses of a normalised text that are told in words, mistyped or with gaps."""
    low = lowered(text)
    yield from _mistyped(text, low)
    if not (
        holds(low, _SIGNS) or (holds(low, _SPELT_SIGNS) and _SAID.search(low)) or _WORTH.search(low)
    ):
        return
    for at in _AT.finditer(low):
        if "@" in at.group() and _PLAIN.match(text, at.start() - 1):
            continue
        if at.group("bare") is not None and not (
            _DOMAIN.match(text, at.end()) or PROVIDER.match(text, at.end())
        ):
            continue
        if not (0 < at.start() and _has_domain(text, at)):
            continue
        lead = text[max(0, at.start() - _WINDOW) : at.start()]
        before = at.start() - len(lead) + len(lead.rstrip())
        local = _LOCAL.search(text, max(0, before - _WINDOW), before)
        if local is None:
            continue
        end = _end(text, at, local.group())
        if end is not None:
            written = _without_sentence(local.group(), text[before:end])
            if not is_office(written, text[at.end() : end]):
                yield Span(before - len(written), end, EMAIL, weak=True)


def _has_domain(text: str, at: re.Match[str]) -> bool:
    """Say whether a domain, or behind a sign that is disguised any word, follows an at-sign."""
    if _DOMAIN_AHEAD.match(text, at.end(), at.end() + _WINDOW):
        return True
    return _label_behind(text, at) is not None


def _label_behind(text: str, at: re.Match[str]) -> re.Match[str] | None:
    """Return the word behind an at-sign that somebody took care to disguise."""
    if not _DISGUISE.search(at.group()):
        return None
    label = _LABEL.match(text, at.end())
    return None if label is None or fold(label.group()) in FUNCTION else label


def _mistyped(text: str, low: str) -> Iterator[Span]:
    """Yield what is no address by the letter: "a@b", "a@@b.fr", "a#b.fr", "a%40b.fr", "a @ b"."""
    if not holds(low, _MISTYPED_STEMS):
        return
    for found in _MISTYPED.finditer(text):
        local, domain = found.group("local"), found.group("domain")
        if not (is_office(local, domain) or is_listed_office(local)):
            yield Span(found.start(), found.end(), EMAIL, weak=True)
    for found in _LETTER_BY_LETTER.finditer(text):
        yield Span(found.start(), found.end(), EMAIL, weak=True)


def _end(text: str, at: re.Match[str], local: str) -> int | None:
    """Return where the domain behind an at-sign ends; None where there is none to believe in."""
    stop = at.end() + _WINDOW
    shaped = re.search(r"\d|[._]", local) is not None or _SPELT.search(local) is not None
    domain, plain = _DOMAIN.match(text, at.end(), stop), is_ordinary(fold(local))
    if at.group("bare") is not None:
        several = domain is not None and domain.group().count(".") > 1
        if domain and (shaped or ((several or _SPELT.search(domain.group())) and not plain)):
            return domain.end()
        unknown = local.isalpha() and len(local) > 3 and not (plain or is_commune(fold(local)))
        if unknown and domain and not at.group("bare").startswith("à"):
            return domain.end()
        provider = PROVIDER.match(text, at.end(), stop)
        told = _SPELT.search(local) or (unknown and at.group("bare") == "at")
        return provider.end() if provider and told else None
    if "@" in at.group() and plain and not shaped:
        return None
    if domain is not None:
        return domain.end()
    spaced = _SPACED_END.match(text, at.end(), stop) or PROVIDER.match(text, at.end(), stop)
    if spaced and (shaped or not plain):
        return spaced.end()
    label = _label_behind(text, at) if shaped else None
    return label.end() if label else None


def _without_sentence(local: str, rest: str) -> str:
    """Return a local part without the end of the sentence that stands before it."""
    if not _SPELT.search(local) and re.search(r"[.,]\s", local) and "\n" not in local:
        return re.split(r"[.,]\s", local)[-1] if "@" in rest else local
    return local
