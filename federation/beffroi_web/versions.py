# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which state of the data a page was made from: one short value that every change replaces.

A reader who comes again with the value that still stands is answered without reading anything else.
Whatever writes to one of the tables that are named, by the session or by the driver, is noticed by
its statement; the unit of work then puts a new random value as its last act, so it becomes visible
with the change and on PostgreSQL nobody waits for the row longer than a commit takes. Random and
not counted: a restored database can never meet a value again that stood for something else.

Who makes a page reads the value first and the rows after it: newer rows under an older value cost
one answer too many, the other way round would be a page that stays wrong.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, Engine, MetaData, String, Table, event

from beffroi_web.database import open_unit
from beffroi_web.reading import Reader

_READ = "SELECT token FROM data_version WHERE name = ?"


def version_table(metadata: MetaData) -> Table:
    """Return the table of values; there is no row before the first change."""
    return Table(
        "data_version",
        metadata,
        Column("name", String(16), primary_key=True),
        Column("token", String(36), nullable=False),
    )


class Versions:
    """The values of one application: `tables` names, of each table that shows, its value."""

    def __init__(self, db: SQLAlchemy, tables: Mapping[str, str]) -> None:
        self._db, self._tables = db, tables
        self._writes = re.compile(
            r"\b(?:INSERT INTO|UPDATE|DELETE FROM|COPY)\s+\"?"
            rf'({"|".join(tables)})"?(?![\w"])',
            re.IGNORECASE,
        )
        self._name = lru_cache(maxsize=1024)(self._named)

    def watch(self, engine: Engine) -> None:
        """Notice what is written through SQLAlchemy on an engine."""
        event.listen(engine, "before_cursor_execute", self._before)

    def note(self, statement: str) -> None:
        """Notice a statement that changes what pages show; outside a unit nothing commits."""
        name = self._name(statement)
        if name is not None:
            unit = open_unit(self._db)
            if unit is not None:
                unit.last_acts[name] = _renew

    def _named(self, statement: str) -> str | None:
        found = self._writes.search(statement)
        return self._tables[found[1].lower()] if found else None

    def _before(
        self, _connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any,
        _many: bool,
    ) -> None:  # fmt: skip
        if statement[:6].upper() != "SELECT":
            self.note(statement)


def token(kept: Reader, name: str) -> str:
    """Return the value that stands now; empty before the first change."""
    found = kept.rows(_READ, (name,))
    return str(found[0][0]) if found else ""


def _renew(cursor: Any, name: str, *, marked: bool) -> None:
    fresh = "lower(hex(randomblob(16)))" if marked else "CAST(gen_random_uuid() AS text)"
    mark = "?" if marked else "%s"
    cursor.execute(
        f"INSERT INTO data_version (name, token) VALUES ({mark}, {fresh})"
        " ON CONFLICT (name) DO UPDATE SET token = excluded.token",
        (name,),
    )
