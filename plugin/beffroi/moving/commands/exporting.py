# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi export FOLDER`: everything a town put in, in open formats, with a README.

The folder is built beside its place and renamed when it is whole. Web and worker may go on; the
tables are as they were at one moment.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    Float,
    Integer,
    LargeBinary,
    Table,
    func,
    select,
    text,
)
from sqlalchemy.engine import Connection

from beffroi import __version__
from beffroi.backups import queries
from beffroi.backups.rules import Log, Manifest, Member
from beffroi.cases.adapters.files import FolderStore
from beffroi.cases.queries import stored_names
from beffroi.config import Settings
from beffroi.feed import commands as feed
from beffroi.kernel.db import MIGRATIONS, Base, Model, db
from beffroi.kernel.errors import Conflict
from beffroi.moving.adapters.folder import FolderWriter
from beffroi.moving.adapters.public import Asked, bulk_row
from beffroi.moving.rules import package
from beffroi.moving.rules.package import DERIVED, LEFT_OUT, Described, Field
from beffroi.moving.rules.readme import readme
from beffroi.moving.rules.sheets import BULK, SHEETS
from beffroi_web.database import UtcDateTime
from beffroi_web.migrating import current_and_head
from beffroi_web.words import N_

UNSAID = frozenset({"database_url", "mail_url", "providers", "open311_forward", "cert_taxii"})
"""Settings that hold a password or a key somewhere inside."""
ABOUT: Mapping[str, str] = {
    "account": "Who has signed in: the provider's name and the subject there.",
    "nightly": "When each nightly work was done last.",
    "linked_identity": "A further way in to an account.",
    "role_grant": "A role that was given, by subject or address.",
}
"""What the tables hold that no model describes."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi export`."""
    parser.add_argument("folder", type=Path, help="a new folder")


def run(args: argparse.Namespace, settings: Settings, *, now: datetime) -> int:
    """Carry out `beffroi export`."""
    with force_locale(settings.languages[0]):
        manifest = export(settings, args.folder, now=now)
        print(
            gettext(
                "%(folder)s: %(cases)d cases, %(rows)d rows, %(files)d files, %(size)d entries of"
                " the log. It holds personal data before any masking; README.md says what is what"
                " and how the log goes on.",
                folder=args.folder,
                cases=manifest.cases,
                rows=manifest.rows,
                files=len(manifest.files),
                size=manifest.log.size,
            )
        )
    return 0


def export(settings: Settings, folder: Path, *, now: datetime) -> Manifest:
    """Write everything a town put in into a new folder; return what it holds.

    FileExistsError if there is such a folder; Conflict if the schema is not the newest.
    """
    revision, head = current_and_head(MIGRATIONS, settings.database_url)
    if revision is None or revision != head:
        raise Conflict(N_("The database is not at the newest schema. Run `beffroi init` first."))
    names = stored_names()
    db.session.rollback()
    with FolderWriter(folder) as writer:
        with queries.one_moment(db.engine) as moment:
            inside = feed.log_inside(settings, moment)
            described = [_table(writer, moment, table) for table in tables()]
            sheets = {s.name: _sheet(writer, moment, s.name, s.statement) for s in SHEETS}
            begun = moment.scalar(select(func.min(Base.metadata.tables["case"].c.received_at)))
        manifest = Manifest(
            made_at=now.isoformat(timespec="seconds"),
            version=__version__,
            revision=revision,
            siren=settings.siren,
            name=settings.name,
            log=Log(inside.origin, inside.epoch, inside.vkeys, inside.size, inside.root),
            tables={table.name: table.member for table in described},
            files=dict(_files(writer, settings, names)),
        )
        _public(writer, settings, manifest, begun=begun or now, now=now)
        writer.add(package.SETTINGS, [_settings(settings)])
        writer.add(package.README, [readme(manifest, described, sheets).encode()])
        writer.add(package.PACKAGE, [package.package_of(manifest, described)])
        writer.finish()
    return manifest


def tables() -> list[Table]:
    """Return the tables of an export, each after those that it points to."""
    return [t for t in Base.metadata.sorted_tables if t.name not in {*DERIVED, *LEFT_OUT}]


def _table(writer: FolderWriter, moment: Connection, table: Table) -> Described:
    """Write a table as JSON lines, and say what it is."""
    rows = 0
    names = [column.name for column in table.columns]

    def lines() -> Iterator[bytes]:
        nonlocal rows
        every = queries.lines(moment, table)
        next(every)
        for line in every:
            rows += 1
            values = [package.spelt(value) for value in json.loads(line)]
            row = dict(zip(names, values, strict=True))
            yield json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    digest = writer.add(package.path_of(table.name), lines())
    return Described(
        name=table.name,
        about=_about(table.name),
        fields=tuple(_field(column) for column in table.columns),
        key=tuple(column.name for column in table.primary_key.columns),
        points_to=tuple(
            (key.parent.name, key.column.table.name)
            for column in table.columns
            for key in column.foreign_keys
        ),
        member=Member(digest, rows),
    )


def _field(column: Any) -> Field:
    """Return how the values of a column are spelt."""
    kind = column.type
    if isinstance(kind, LargeBinary):
        return Field(column.name, "string", "binary")
    for types, name in (
        (JSON, "any"),
        (UtcDateTime, "datetime"),
        (Date, "date"),
        (Boolean, "boolean"),
        (Integer, "integer"),
        (Float, "number"),
    ):
        if isinstance(kind, types):
            return Field(column.name, name)
    return Field(column.name, "string")


def _about(table: str) -> str:
    """Return what a table holds, in the first line of its model's story."""
    for mapper in Model.registry.mappers:
        if mapper.local_table is not None and mapper.local_table.description == table:
            return (mapper.class_.__doc__ or "").strip().splitlines()[0]
    return ABOUT.get(table, "")


def _sheet(writer: FolderWriter, moment: Connection, name: str, statement: str) -> int:
    """Write a sheet; return its number of lines."""
    found = moment.execution_options(yield_per=queries.AT_ONCE).execute(text(statement))
    path = f"{package.SHEETS}/{name}.csv"
    return writer.sheet(path, list(found.keys()), (tuple(row) for row in found))


def _files(
    writer: FolderWriter, settings: Settings, names: set[str]
) -> Iterator[tuple[str, Member]]:
    """Copy the uploaded files; give their names and hashes."""
    store = FolderStore(settings.data_dir / "files")
    for name in sorted(names):
        with suppress(FileNotFoundError):  # erased since its name was read
            data = store.get(name)
            yield name, Member(writer.add(f"{package.FILES}/{name}", [data]))


def _public(
    writer: FolderWriter, settings: Settings, manifest: Manifest, *, begun: datetime, now: datetime
) -> None:
    """Copy what everyone may read."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    asked = Asked(app, settings.public_url)
    for path, body in asked.copies(manifest.log.size):
        writer.add(path, body)
    first = begun if begun.tzinfo else begun.replace(tzinfo=UTC)
    place = f"{package.PUBLIC}/open311"
    writer.add(f"{place}/requests.json", _array(asked.reports(first, now)))
    writer.sheet(f"{place}/bulk.csv", BULK, map(bulk_row, asked.reports(first, now)))


def _array(rows: Iterable[Any]) -> Iterator[bytes]:
    """Yield a JSON array, one row a line; never all of it at once."""
    yield b"["
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n").encode() + json.dumps(row, ensure_ascii=False).encode()
    yield b"\n]\n"


def _settings(settings: Settings) -> bytes:
    """Return the settings as JSON, without those that are or hold secrets."""
    said = {
        one.name: getattr(settings, one.name)
        for one in fields(settings)
        if one.repr and one.name not in UNSAID
    }
    return json.dumps(said, default=str, ensure_ascii=False, indent=1).encode()
