# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for published datasets: kinds of catalogues, what a row must say, high-value data."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from beffroi_web.addresses import check_address
from beffroi_web.words import N_

EVERY = timedelta(days=1)
"""A catalogue is asked for once in this time, whatever became of it."""
KIND_WORDS: Mapping[str, str] = {
    "udata": N_("udata: data.gouv.fr and portals like it"),
    "dcat": N_("DCAT: a catalogue as JSON-LD, JSON or RDF/XML"),
    "ckan": N_("CKAN: a portal, or a search on it"),
    "csv": N_("CSV: a list with a title and an address"),
}
"""The kinds of catalogues, in words; a test compares them with the readers and the setting."""

_TOLD: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), sentence)
    for pattern, sentence in (
        (r"(?P<host>\S+) answered (?P<code>\d+)", N_("%(host)s answered %(code)s.")),
        (r"No connection to (?P<host>\S+):.*", N_("No connection to %(host)s.")),
        (r"(?P<host>\S+) broke off.*", N_("%(host)s broke off before the end.")),
        (
            r"(?P<host>\S+) leads to an address that is not public",
            N_("%(host)s leads to an address that is not public, and is not fetched."),
        ),
        (
            r"(?P<host>\S+) sends on to '(?P<to>[^']*)'.*",
            N_("%(host)s sends on to %(to)s: write that address, if it is right."),
        ),
        (r"The answer took too long", N_("The answer took too long.")),
        (
            r"\S+ sends (more than )?\d+ bytes.*",
            N_("The document is too large."),
        ),
        (
            r"The address is not fetched: .*",
            N_("This address is not fetched: only https:// on a public name, without a port."),
        ),
        (
            r"It goes on after .*|It names more than .*",
            N_("It is longer than what is taken in; the rest was left."),
        ),
        (
            r"It names no dataset that can be taken; .*",
            N_("It names no dataset that can be taken; what was there is kept."),
        ),
        (
            r"The list has no column for: (?P<names>.*)",
            N_("The list has no column for: %(names)s"),
        ),
        (r"no title", N_("it has no title")),
        (r"its address .*", N_("its address is not a public one that begins with https://")),
    )
)
"""What readers say in English, by its shape, as people at the desk read it."""


def told(fault: str) -> tuple[str, dict[str, str]]:
    """Return the marked sentence for what a reader said, and its values; itself if it is none."""
    for pattern, sentence in _TOLD:
        match = pattern.fullmatch(fault)
        if match:
            return sentence, match.groupdict()
    return fault, {}


MOST_DATASETS = 100_000
MOST_PAGES = 1_000
TITLE_LENGTH, SUMMARY_LENGTH, NAME_LENGTH, ID_LENGTH = 300, 2_000, 200, 500

HIGH_VALUE: Mapping[str, str] = {
    "c_ac64a52d": N_("Geospatial"),
    "c_dd313021": N_("Earth observation and environment"),
    "c_164e0bf5": N_("Meteorological"),
    "c_e1da4e07": N_("Statistics"),
    "c_a9135398": N_("Companies and company ownership"),
    "c_b79e35eb": N_("Mobility"),
}
"""The six categories of high-value datasets (Implementing Regulation (EU) 2023/138), by the codes
of the EU vocabulary `http://data.europa.eu/bna/`."""

_HIGH_VALUE_WORDS: Mapping[str, str] = {
    "geospatial": "c_ac64a52d",
    "geospatiales": "c_ac64a52d",
    "earth observation and environment": "c_dd313021",
    "observation de la terre et environnement": "c_dd313021",
    "meteorological": "c_164e0bf5",
    "meteorologiques": "c_164e0bf5",
    "statistics": "c_e1da4e07",
    "statistiques": "c_e1da4e07",
    "companies and company ownership": "c_a9135398",
    "entreprises et propriete d entreprises": "c_a9135398",
    "mobility": "c_b79e35eb",
    "mobilite": "c_b79e35eb",
}
"""How portals spell the categories in keywords, on datasets that carry the keyword `hvd`."""

THEMES = frozenset(
    {"AGRI", "ECON", "EDUC", "ENER", "ENVI", "GOVE", "HEAL", "INTR", "JUST", "REGI", "SOCI", "TECH",
     "TRAN"}
)  # fmt: skip
"""The codes of the EU authority list `data-theme`."""

_TAG = re.compile(r"<[^>]{0,500}>")
_MARKDOWN = re.compile(r"!?\[([^\]]{0,500})\]\([^)]{0,1000}\)|[*_`#>]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}")
_CODE = re.compile(r"[A-Z]{4}")


class BadRow(ValueError):
    """A dataset that is not taken; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A dataset as a catalogue describes it, before anything is checked."""

    id: str
    title: str
    url: str
    description: str = ""
    publisher: str = ""
    licence: str = ""
    keywords: Sequence[str] = ()
    themes: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Described:
    """A dataset as it is kept: plain text, an https address, codes that are known."""

    source_id: str
    title: str
    url: str
    summary: str
    publisher: str
    licence: str
    themes: tuple[str, ...]
    high_value: str | None


def described(raw: Raw) -> Described:
    """Return a dataset as it is kept, or raise BadRow with the reason."""
    title = plain(raw.title, TITLE_LENGTH)
    if not title:
        raise BadRow("no title")
    url = raw.url.strip()
    try:
        check_address(url.partition("#")[0])
    except ValueError as fault:
        raise BadRow(f"its address {fault}") from None
    source_id = raw.id.strip() or url
    if len(source_id) > ID_LENGTH or not source_id.isprintable():
        raise BadRow(f"its identifier is not printable text of at most {ID_LENGTH} characters")
    return Described(
        source_id=source_id,
        title=title,
        url=url,
        summary=plain(raw.description, SUMMARY_LENGTH),
        publisher=plain(raw.publisher, NAME_LENGTH),
        licence=plain(raw.licence, NAME_LENGTH),
        themes=themes_of(raw.themes),
        high_value=high_value_of((*raw.themes, *raw.keywords)),
    )


def plain(words: str, most: int) -> str:
    """Return a description as one line of plain text: no tags, no Markdown, cut at a word."""
    bare = _TAG.sub(" ", html.unescape(words[: most * 8]))
    bare = _MARKDOWN.sub(lambda found: found.group(1) or "", bare)
    line = " ".join("".join(c if c.isprintable() else " " for c in bare).split())
    return line if len(line) <= most else line[: most - 1].rpartition(" ")[0] + "…"


def themes_of(said: Sequence[str]) -> tuple[str, ...]:
    """Return the known theme codes among what a catalogue says, each once."""
    last = (one.rstrip("/").rpartition("/")[2] for one in said)
    return tuple(dict.fromkeys(one for one in last if _CODE.fullmatch(one) and one in THEMES))


def high_value_of(said: Sequence[str]) -> str | None:
    """Return the high-value category that a catalogue names, by its code or in words."""
    for one in said:
        code = one.rstrip("/").rpartition("/")[2]
        if code in HIGH_VALUE:
            return code
    keywords = {re.sub(r"[-_'’ ]+", " ", one.strip().lower()) for one in said}
    if not keywords & {"hvd", "high value dataset"}:
        return None
    spelt = (_HIGH_VALUE_WORDS.get(_unaccented(one)) for one in sorted(keywords))
    return next((code for code in spelt if code), None)


def _unaccented(words: str) -> str:
    return words.translate(str.maketrans("éèêà", "eeea"))
