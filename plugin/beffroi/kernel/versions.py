# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which state of the data a page was made from: one short value that every change replaces.

A reader who comes again with the value that still stands is answered without reading anything else.
Whatever writes to a table of `TABLES`, by the session or by the driver, is noticed by its
statement; the unit of work then puts a new random value as its last act, so it becomes visible
with the change and on PostgreSQL nobody waits for the row longer than a commit takes. Random and
not counted: a restored database can never meet a value again that stood for something else.

Who makes a page reads the value first and the rows after it: newer rows under an older value cost
one answer too many, the other way round would be a page that stays wrong.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import current_app
from sqlalchemy import Engine, String, event
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model, db
from beffroi_web.database import open_unit
from beffroi_web.reading import Reader

CASES = "cases"
TABLES: Mapping[str, str] = {
    "case": CASES,
    "case_text": CASES,
    "official_answer": CASES,
    "data_request": CASES,
    "incident": CASES,
    "incident_spot": CASES,
    "incident_area": CASES,
    "town_look": CASES,
}
"""The tables whose rows show on lists of cases (the look on every page), and their value's name."""

_WRITES = re.compile(
    rf'\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?({"|".join(TABLES)})"?(?![\w"])', re.IGNORECASE
)
_READ = "SELECT token FROM data_version WHERE name = ?"
READER = "beffroi_reader"


class DataVersion(Model):
    """The value of one part of the data; there is no row before the first change."""

    __tablename__ = "data_version"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    token: Mapped[str] = mapped_column(String(36))


def init_versions(app: Any, engine: Engine) -> Reader:
    """Watch an engine's statements, and keep connections for single reads on the application."""
    event.listen(engine, "before_cursor_execute", _before)
    reader = app.extensions[READER] = Reader(engine)
    return reader


def reader() -> Reader:
    """Return the running application's connections for single reads."""
    kept: Reader = current_app.extensions[READER]
    return kept


def note(statement: str) -> None:
    """Notice a statement that changes what lists show; outside a unit of work nothing commits."""
    name = _name(statement)
    if name is not None:
        unit = open_unit(db)
        if unit is not None:
            unit.last_acts[name] = _renew


def token(kept: Reader, name: str = CASES) -> str:
    """Return the value that stands now; empty before the first change."""
    found = kept.rows(_READ, (name,))
    return str(found[0][0]) if found else ""


@lru_cache(maxsize=1024)
def _name(statement: str) -> str | None:
    found = _WRITES.search(statement)
    return TABLES[found[1].lower()] if found else None


def _before(
    _connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
) -> None:
    if statement[:6].upper() != "SELECT":
        note(statement)


def _renew(cursor: Any, name: str, *, marked: bool) -> None:
    fresh = "lower(hex(randomblob(16)))" if marked else "CAST(gen_random_uuid() AS text)"
    mark = "?" if marked else "%s"
    cursor.execute(
        f"INSERT INTO data_version (name, token) VALUES ({mark}, {fresh})"
        " ON CONFLICT (name) DO UPDATE SET token = excluded.token",
        (name,),
    )
