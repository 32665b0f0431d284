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
