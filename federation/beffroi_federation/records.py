# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records: all that may ever leave a town, and how a nation reads them.

Writing and reading are two different things here.

* A `PublicRecord` is a record on its way out. Only `beffroi_federation.anonymise` makes one.
* `read_record` reads the bytes of somebody else's record. Members and kinds that version 1 does
  not know stay in the verified bytes, which are kept as they came, and are never returned: nobody
  can show, index or export what nobody has looked at.

The guard of `PublicRecord`: its constructor wants a token that this module keeps and that
`anonymise` alone takes from it; there is no subclass, no copy and no pickle of one. Python cannot
stop a program that wants to get round this; it stops every way of doing it by mistake, and a test
reads all our sources for a second user of the token.

    python -m beffroi_federation.records --json-schema DIR     writes the schemas as JSON Schema
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Never, final

from marshmallow import EXCLUDE, ValidationError

from beffroi_federation import canonical
from beffroi_federation.errors import Malformed, OverLimit
from beffroi_federation.record_json_schema import json_schema_files
from beffroi_federation.record_schemas import SCHEMAS, reasons
from beffroi_federation.vocabulary import delay_band, support_band

__all__ = [
    "CONTENT_BYTES",
    "UNKNOWN",
    "VERSION",
    "PublicRecord",
    "ReadRecord",
    "delay_band",
    "main",
    "read_record",
    "support_band",
]

VERSION = 1
UNKNOWN = "unknown"  # the kind that is told of a record of another version or an unlisted kind
CONTENT_BYTES = 16_384

_TOKEN = object()  # taken by beffroi_federation.anonymise, and by nothing else


@final
class PublicRecord:
    """A record that may leave the town: its kind and its bytes (RFC 8785 JSON), nothing else."""

    __slots__ = ("_content", "_kind")

    def __init__(self, kind: str, content: bytes, *, token: object) -> None:
        if token is not _TOKEN:
            raise TypeError("only beffroi_federation.anonymise makes a PublicRecord")
        self._kind = kind
        self._content = content

    @property
    def kind(self) -> str:
        """Return the kind of the record."""
        return self._kind

    @property
    def content(self) -> bytes:
        """Return the bytes that are committed to and served."""
        return self._content

    def __init_subclass__(cls, **kwargs: object) -> Never:
        """Refuse to be derived from: a subclass could leave the constructor out."""
        raise TypeError("PublicRecord has no subclasses")

    def __reduce_ex__(self, protocol: object) -> Never:
        """Refuse to be copied or pickled: what comes back would not have passed the gate."""
        raise TypeError("a PublicRecord is neither copied nor pickled; keep its content")

    def __repr__(self) -> str:
        """Return kind and length; the content stays out of log lines."""
        return f"PublicRecord({self._kind!r}, {len(self._content)} bytes)"


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record as a reader may use it.

    `kind` is one of the four, or `unknown`. `known` holds the members that version 1 lists, or is
    None for an unknown kind or version. `fields` names the members in `known`, sorted; `left` is
    how many members of the content were left aside.
    """

    kind: str
    known: Mapping[str, object] | None
    fields: tuple[str, ...]
    left: int


def read_record(content: bytes) -> ReadRecord:
    """Read the verified bytes of a record that somebody else published.

    Raises OverLimit beyond 16,384 bytes. Raises Malformed for what is not canonical JSON (RFC
    8785), not an object with a whole number `v` and a text `kind`, or of a known kind with a member
    that does not fit its schema: `details["reasons"]` names the members and never quotes a value.
    """
    if len(content) > CONTENT_BYTES:
        raise OverLimit("A record is longer than 16,384 bytes", bytes=len(content))
    value = canonical.parse_canonical(content) or _parse(content)
    version, kind = value.get("v"), value.get("kind")
    if not isinstance(version, int) or isinstance(version, bool) or not isinstance(kind, str):
        raise Malformed("A record names its version `v` and its `kind`, and this does not")
    schema = _READERS.get(kind) if version == VERSION else None
    if schema is None:
        return ReadRecord(UNKNOWN, None, (), len(value))
    try:
        known = schema.load(value, unknown=EXCLUDE)
    except ValidationError as error:
        sentence = f"A {kind} record does not fit version {VERSION} of its schema"
        raise Malformed(sentence, reasons=reasons(error)) from None
    names = tuple(sorted(known))
    return ReadRecord(kind, MappingProxyType(known), names, len(value) - len(names))


_READERS = {kind: schema() for kind, schema in SCHEMAS.items()}


def _parse(content: bytes) -> dict[str, canonical.Json]:
    """Return the members of a record, or raise why it is no canonical JSON object."""
    value = canonical.parse(content)
    if not isinstance(value, dict):
        raise Malformed("A record is a JSON object, and this is none")
    if not _canonical(value, content):
        raise Malformed("A record is not spelt as RFC 8785 says")
    return value


def _canonical(value: canonical.Json, content: bytes) -> bool:
    """Tell whether the content is the one spelling of its value."""
    try:
        return canonical.encode(value) == content
    except ValueError:  # half of a surrogate pair, written as an escape
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the JSON Schema files; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m beffroi_federation.records")
    parser.add_argument("--json-schema", metavar="DIR", type=Path, required=True)
    folder: Path = parser.parse_args(arguments).json_schema
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in json_schema_files().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
