# SPDX-License-Identifier: AGPL-3.0-or-later
"""The description of an export: a Data Package, from which the export is also read again.

Source of the format: Frictionless Data Package and Table Schema (https://specs.frictionlessdata.io),
with one member of our own, `beffroi`. Each table is a file of JSON lines, one object a row; a field
is what its type says:

    integer number boolean string   as JSON has them
    datetime                        ISO 8601 in UTC: 2027-01-12T11:00:00+00:00
    date                            2027-01-12
    any                             JSON of its own
    string, format binary           bytes in base64
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beffroi.backups.rules import Log, Manifest, Member
from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

FORMAT, VERSION = "beffroi-export", 1
PACKAGE, README, SETTINGS = "datapackage.json", "README.md", "settings.json"
TABLES, FILES, SHEETS, PUBLIC = "tables", "files", "sheets", "public"

DERIVED: Mapping[str, str] = {
    "alembic_version": "the schema is made anew, at the newest version",
    "data_version": "which state a page was made from: the first change gives a new one",
    "case_item": "what the lists give of a case: put together anew from its released texts",
    "nearby_stem": "how many texts hold a word: counted anew from the released texts",
    "case_search": "the index of words: made anew from the released texts",
    "nearby_case": "what resembles a request: made anew from the released texts",
    "nearby_street": "what resembles a report: made anew from the released texts",
    "nearby_dataset": "what resembles a dataset: made anew from the datasets",
}
"""Tables that are made anew at the import, and from what."""
LEFT_OUT: Mapping[str, str] = {
    "web_session": "who is signed in now: everybody signs in again",
}
"""Tables that stay behind, and why."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FILE = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
TAGS = {"datetime": "t", "date": "d", "any": "j"}


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table: its name and the type of its values."""

    name: str
    type: str
    format: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """A table of an export: what it is, its columns, keys, rows, and the SHA-256 of its file."""

    name: str
    about: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    points_to: tuple[tuple[str, str], ...]
    member: Member


def path_of(table: str) -> str:
    """Return where a table stands in an export."""
    return f"{TABLES}/{table}.jsonl"


def spelt(tagged: Any) -> Any:
    """Return a value of a backup as an export has it: without its tag, for the field has a type."""
    if isinstance(tagged, dict):
        [inner] = tagged.values()
        return inner
    return tagged


def tagged(value: Any, field: Field) -> Any:
    """Return a value of an export as a backup has it: see `beffroi.backups.queries.encode`."""
    if value is None:
        return None
    tag = "b" if field.format == "binary" else TAGS.get(field.type)
    return {tag: value} if tag else value


def package_of(manifest: Manifest, tables: Sequence[Described]) -> bytes:
    """Return the description of an export as JSON."""
    members = {
        "profile": "data-package",
        "name": f"{FORMAT}-{manifest.siren}",
        "title": manifest.name,
        "created": manifest.made_at,
        "beffroi": {
            "format": FORMAT,
            "v": VERSION,
            "version": manifest.version,
            "revision": manifest.revision,
            "siren": manifest.siren,
            "log": {
                "origin": manifest.log.origin,
                "epoch": manifest.log.epoch,
                "vkeys": list(manifest.log.vkeys),
                "size": manifest.log.size,
                "root": manifest.log.root,
            },
            "files": {name: member.sha256 for name, member in sorted(manifest.files.items())},
            "derived": dict(DERIVED),
            "left_out": dict(LEFT_OUT),
        },
        "resources": [_resource(table) for table in tables],
    }
    return json.dumps(members, ensure_ascii=False, indent=1).encode()


def _resource(table: Described) -> dict[str, Any]:
    fields = [
        {"name": one.name, "type": one.type, **({"format": one.format} if one.format else {})}
        for one in table.fields
    ]
    keys = [
        {"fields": [column], "reference": {"resource": other, "fields": ["id"]}}
        for column, other in table.points_to
    ]
    return {
        "name": table.name,
        "path": path_of(table.name),
        "format": "jsonl",
        "encoding": "utf-8",
        "description": table.about,
        "hash": f"sha256:{table.member.sha256}",
        "rows": table.member.rows,
        "schema": {
            "fields": fields,
            "primaryKey": list(table.key),
            **({"foreignKeys": keys} if keys else {}),
        },
    }


def parse_package(data: bytes) -> tuple[Manifest, dict[str, tuple[Field, ...]]]:
    """Return what a description says: as a manifest, and the fields of each table.

    Raises Invalid for one that this version does not know.
    """
    try:
        members: dict[str, Any] = json.loads(data)
        ours = members["beffroi"]
        if ours["format"] != FORMAT or ours["v"] != VERSION:
            raise not_an_export()
        tables, fields = {}, {}
        for one in members["resources"]:
            name, digest = one["name"], one["hash"].removeprefix("sha256:")
            if not _NAME.fullmatch(name) or not _SHA256.fullmatch(digest):
                raise ValueError("a table's name or hash is not in its format")
            tables[name] = Member(digest, int(one["rows"]))
            fields[name] = tuple(
                Field(str(f["name"]), str(f["type"]), str(f.get("format", "")))
                for f in one["schema"]["fields"]
            )
        manifest = Manifest(
            made_at=str(members["created"]),
            version=str(ours["version"]),
            revision=str(ours["revision"]),
            siren=str(ours["siren"]),
            name=str(members["title"]),
            log=Log.read(ours["log"]),
            tables=tables,
            files={_stored(name): Member(_hash(value)) for name, value in ours["files"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise not_an_export() from error
    return manifest, fields


def _stored(name: str) -> str:
    if not _FILE.fullmatch(name):
        raise ValueError("the name of a file is not in its format")
    return name


def _hash(value: str) -> str:
    if not _SHA256.fullmatch(value):
        raise ValueError("a hash is not in its format")
    return value


def not_an_export() -> Invalid:
    """Return the refusal of a folder that is no export, or one of a format not known here."""
    return Invalid(N_("This folder is not an export of Beffroi, or not a whole one."))
