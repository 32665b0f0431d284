# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mapping of a register: which column is what, and which of its words mean which of ours.

It is read whole before the first row, and the first fault is named. Nothing is guessed: a word that
no table translates has to be one of ours, and a key that is not known is refused.
"""

import codecs
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from beffroi.cases.rules import REQUEST_STATUSES
from beffroi.data_requests.rules import OBJECTS, OUTCOMES, THEMES

NEEDED = ("id", "title", "received")
COLUMNS = (
    *("id", "title", "wanted", "received", "answered", "status", "outcome", "object", "theme"),
    *("language", "answer", "url", "planned"),
)
"""The fields of a request that a column can be."""
CODES: Mapping[str, tuple[str, ...]] = {
    "status": REQUEST_STATUSES,
    "outcome": tuple(OUTCOMES),
    "object": tuple(OBJECTS),
    "theme": tuple(THEMES),
    "language": (),
}
"""The fields whose words can be translated, with ours; a language is two letters."""
ENCODINGS = ("utf-8", "windows-1252", "iso-8859-1", "iso-8859-15")
WORDS = ("citizen", "institution")
_FILE = ("name", "encoding", "delimiter", "dates", "language", "words")
MOST_BYTES = 2**20
_NONE: Mapping[str, str] = MappingProxyType({})


class MappingRefused(ValueError):
    """A mapping cannot be used; the sentence names its first fault."""


@dataclass(frozen=True, slots=True)
class RegisterMapping:
    """How a register is read; without a file its columns are called as our fields are."""

    name: str = ""
    encoding: str = "utf-8-sig"
    delimiter: str | None = None
    dates: str | None = None
    language: str = ""
    official: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    authors: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    def code(self, name: str, cell: str) -> str:
        """Return our word for a cell of a column of codes; empty where the cell is."""
        known = self.values.get(name, _NONE)
        found = known.get(cell.strip(), cell.strip()) or self.defaults.get(name, "")
        if found and name != "language" and found not in CODES[name]:
            raise ValueError(f"{name}: a word that the mapping does not translate")
        return found


def read_mapping(path: Path) -> RegisterMapping:
    """Return the mapping in a TOML file; raise MappingRefused with its first fault."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise MappingRefused(f"{path.name}: more than {MOST_BYTES} bytes")
        given = tomllib.loads(text.decode("utf-8-sig"))
    except MappingRefused:
        raise
    except (ValueError, RecursionError) as error:
        raise MappingRefused(f"{path.name}: not TOML: {error}") from error
    try:
        return _mapping(given)
    except MappingRefused as error:
        raise MappingRefused(f"{path.name}: {error}") from None


def _known(table: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in allowed:
            raise MappingRefused(f"{where}: “{key}” is not known; {', '.join(allowed)} are")


def _table(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = given.get(name, {})
    if not isinstance(table, dict):
        raise MappingRefused(f"[{name}]: a table was expected")
    return table


def _texts(table: Mapping[str, Any], where: str) -> dict[str, str]:
    for key, value in table.items():
        if not isinstance(value, str) or not value.strip():
            raise MappingRefused(f"{where}: “{key}”: a text was expected")
    return {key: value.strip() for key, value in table.items()}


def _mapping(given: Mapping[str, Any]) -> RegisterMapping:
    _known(given, ("file", "columns", "values", "defaults"), "top level")
    of_file = _file(_table(given, "file"))
    columns = dict(_table(given, "columns"))
    authors = columns.pop("authors", [])
    if not isinstance(authors, list) or not all(isinstance(a, str) and a for a in authors):
        raise MappingRefused("[columns]: “authors”: a list of columns was expected")
    _known(columns, (*COLUMNS, "authors"), "[columns]")
    named = _texts(columns, "[columns]")
    for needed in NEEDED:
        if needed not in named:
            raise MappingRefused(f"[columns]: “{needed}” is missing: say which column it is")
    for author in authors:
        if author in named.values():
            raise MappingRefused(f"[columns]: “{author}” is an author's, and is never brought in")
    defaults = _texts(_table(given, "defaults"), "[defaults]")
    _known(defaults, ("status", "object", "theme"), "[defaults]")
    for key, code in defaults.items():
        _code(key, code, "[defaults]")
    return RegisterMapping(
        **of_file,
        columns=named,
        authors=tuple(authors),
        values=_values(_table(given, "values"), named),
        defaults=defaults,
    )


def _file(table: Mapping[str, Any]) -> dict[str, Any]:
    _known(table, _FILE, "[file]")
    given = dict(table)
    delimiter = given.pop("delimiter", None)
    if delimiter not in {None, ",", ";", "\t", "|"}:
        raise MappingRefused("[file]: “delimiter”: one of , ; | and \\t was expected")
    texts = _texts(given, "[file]")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", texts.get("name", "")):
        raise MappingRefused(
            "[file]: “name”: a name of the register was expected (small letters, figures, hyphens):"
            " its rows are known by it when it is read again"
        )
    encoding = texts.get("encoding", "utf-8").lower()
    if encoding not in ENCODINGS:
        raise MappingRefused(f"[file]: “encoding”: one of {', '.join(ENCODINGS)} was expected")
    if texts.get("words") not in WORDS:
        raise MappingRefused(
            "[file]: “words”: say whose words title and wish are: citizen (they wait for an agent)"
            " or institution (they pass the gate)"
        )
    if not re.fullmatch("[a-z]{2}", texts.get("language", "")):
        raise MappingRefused("[file]: “language”: two small letters were expected, such as fr")
    dates = texts.get("dates")
    if dates is not None and not all(mark in dates for mark in ("%d", "%m")):
        raise MappingRefused("[file]: “dates”: a form such as %d/%m/%Y was expected")
    return {
        "name": texts["name"],
        "encoding": "utf-8-sig" if encoding == "utf-8" else codecs.lookup(encoding).name,
        "delimiter": delimiter,
        "dates": dates,
        "language": texts["language"],
        "official": texts["words"] == "institution",
    }


def _values(
    table: Mapping[str, Any], columns: Mapping[str, str]
) -> Mapping[str, Mapping[str, str]]:
    _known(table, tuple(CODES), "[values]")
    found = {}
    for name in table:
        if name not in columns:
            raise MappingRefused(f"[values.{name}]: [columns] does not say which column it is")
        found[name] = _texts(_table(table, name), f"[values.{name}]")
        for code in found[name].values():
            _code(name, code, f"[values.{name}]")
    return found


def _code(name: str, code: str, where: str) -> None:
    allowed = CODES[name]
    if allowed and code not in allowed:
        raise MappingRefused(f"{where}: “{code}” is no {name}; {', '.join(allowed)} are")
    if not allowed and not re.fullmatch("[a-z]{2}", code):
        raise MappingRefused(f"{where}: “{code}”: two small letters were expected")
