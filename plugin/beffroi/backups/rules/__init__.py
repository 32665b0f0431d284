# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an archive says of itself, and when it may be restored here. Plain Python.

An archive is a ZIP file, in this order:

    tables/<table>.jsonl    a line of column names, then one line a row
    files/<name>            uploaded files, under the names that their rows have
    manifest.json           what the others are: written last, so that half an archive has none

The rows are of no database in particular: what was written from SQLite can be read into PostgreSQL.
Neither the signer's seed nor its memory is in it: a memory that comes back from a backup is how a
log forks.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from beffroi.kernel.errors import Conflict, Invalid
from beffroi_web.words import N_

FORMAT, VERSION = "beffroi-backup", 1
MANIFEST = "manifest.json"
MAX_MANIFEST = 64 * 1_048_576
LEFT_OUT = frozenset({"alembic_version", "web_session", "nearby_stem", "data_version", "case_item"})
"""Tables that are not in an archive: the schema is made anew, nobody stays signed in, words are
counted anew, and the first change gives lists a version that never was."""

_TABLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FILE = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Log:
    """The log as the archive has it: its public facts, and the served checkpoint's size and root.

    `root` is standard base64, "" while nothing was signed.
    """

    origin: str
    epoch: int
    vkeys: tuple[str, ...]
    size: int
    root: str

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Log":
        """Return the facts that a manifest holds; KeyError, ValueError or TypeError if not."""
        return cls(
            str(said["origin"]),
            int(said["epoch"]),
            tuple(str(key) for key in said["vkeys"]),
            int(said["size"]),
            str(said["root"]),
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A table or a file: its rows (a table's), and the SHA-256 of its bytes in hex."""

    sha256: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds. `made_at` is ISO 8601 in UTC, `revision` that of the schema."""

    made_at: str
    version: str
    revision: str
    siren: str
    name: str
    log: Log
    tables: Mapping[str, Member] = field(default_factory=dict)
    files: Mapping[str, Member] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return how many rows the archive has."""
        return sum(table.rows for table in self.tables.values())

    @property
    def cases(self) -> int:
        """Return how many cases the archive has."""
        return self.tables["case"].rows if "case" in self.tables else 0


def table_path(name: str) -> str:
    """Return where a table stands in an archive."""
    return f"tables/{name}.jsonl"


def file_path(name: str) -> str:
    """Return where an uploaded file stands in an archive."""
    return f"files/{name}"


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as JSON."""
    members = {"format": FORMAT, "v": VERSION, **asdict(manifest)}
    return json.dumps(members, ensure_ascii=False, indent=1, sort_keys=True).encode()


def parse_manifest(data: bytes) -> Manifest:
    """Return the manifest of an archive; Invalid for one that this version does not know."""
    try:
        members: dict[str, Any] = json.loads(data)
        if members["format"] != FORMAT or members["v"] != VERSION:
            raise Invalid(N_("This backup is of a format that this version does not know."))
        return Manifest(
            made_at=str(members["made_at"]),
            version=str(members["version"]),
            revision=str(members["revision"]),
            siren=str(members["siren"]),
            name=str(members["name"]),
            log=Log.read(members["log"]),
            tables=_members(members["tables"], _TABLE),
            files=_members(members["files"], _FILE),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise not_a_backup() from error


def _members(given: Mapping[str, Any], name: re.Pattern[str]) -> dict[str, Member]:
    """Return the members of a manifest; ValueError for names or hashes that none has."""
    found = {}
    for key, value in given.items():
        if not name.fullmatch(key) or not _SHA256.fullmatch(value["sha256"]):
            raise ValueError("a member of a manifest is not in its format")
        found[key] = Member(str(value["sha256"]), int(value["rows"]))
    return found


def not_a_backup() -> Invalid:
    """Return the refusal of a file that is no archive, or only half of one."""
    return Invalid(N_("This file is not a backup of Beffroi, or not a whole one. Nothing changed."))


def not_for_this_key() -> Invalid:
    """Return the refusal of an encrypted archive that was written for other keys."""
    return Invalid(
        N_("None of the given keys opens this backup: it was made for others. Nothing changed.")
    )


def cut_or_changed() -> Invalid:
    """Return the refusal of an encrypted archive that is not as it was written."""
    return Invalid(
        N_("This backup is damaged or cut off: its encryption shows it. Nothing changed.")
    )


def key_needed() -> Invalid:
    """Return the refusal of an encrypted archive for which no key was given."""
    return Invalid(
        N_(
            "This backup is encrypted: give the file with its secret key (--identity FILE, or"
            " --identity - to have it read from the input). Nothing changed."
        )
    )


def no_room(where: str) -> Conflict:
    """Return the refusal where a disk is full."""
    return Conflict(
        N_(
            "There is not enough room on the disk (%(where)s). Nothing changed, and nothing half"
            " written is left."
        ),
        where=where,
    )


def damaged(what: str) -> Invalid:
    """Return the refusal of an archive in which something is not what its manifest says."""
    return Invalid(N_("This backup is damaged (%(what)s). Nothing changed."), what=what)


def check_ours(manifest: Manifest, *, siren: str) -> None:
    """Return if an archive is of this body; Invalid otherwise."""
    if manifest.siren != siren:
        raise Invalid(
            N_("This backup is of another body: %(name)s (%(siren)s). Nothing changed."),
            name=manifest.name,
            siren=manifest.siren,
        )
