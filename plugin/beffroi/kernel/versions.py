# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which state of the town's data its lists were made from (`beffroi_web.versions`)."""

from collections.abc import Mapping
from typing import Any

from flask import current_app
from sqlalchemy import Engine

from beffroi.kernel.db import Model, db
from beffroi_web import versions
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

READER = "beffroi_reader"
DATA_VERSION = versions.version_table(Model.metadata)
_VERSIONS = versions.Versions(db, TABLES)
note = _VERSIONS.note


def init_versions(app: Any, engine: Engine) -> Reader:
    """Watch an engine's statements, and keep connections for single reads on the application."""
    _VERSIONS.watch(engine)
    reader = app.extensions[READER] = Reader(engine)
    return reader


def reader() -> Reader:
    """Return the running application's connections for single reads."""
    kept: Reader = current_app.extensions[READER]
    return kept


def token(kept: Reader) -> str:
    """Return the value that stands now; empty before the first change."""
    return versions.token(kept, CASES)
