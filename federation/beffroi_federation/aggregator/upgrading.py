# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi-aggregator upgrade-check`: what this version would do to the nation's database."""

import argparse
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, DateTime, bindparam, text

from beffroi_federation.aggregator.config import (
    DEPRECATED,
    OTHERS,
    PREFIX,
    from_mapping,
    our_version,
)
from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_web.configuration import SettingsRefused, gather, words
from beffroi_web.upgrading import Asked, run

OLDEST = "0001"
"""The oldest schema that this version can upgrade; docs/reference/versions.md says why."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--backed-up", type=datetime.fromisoformat, metavar="MOMENT",
        help="when you last made a backup, such as 2026-11-30T08:00+01:00",
    )  # fmt: skip


def check(args: argparse.Namespace, environ: Mapping[str, str], now: datetime) -> int:
    """Carry it out: 0 the upgrade may begin, 1 something is to be done, 2 it cannot be said."""
    given = gather(environ, PREFIX, others=OTHERS)
    refused: list[str] = []
    try:
        from_mapping(given)
    except SettingsRefused as error:
        refused = error.faults
    data_dir = Path(given.get("data_dir") or "")
    if not given.get("data_dir") or not data_dir.is_dir():
        raise SettingsRefused([*refused, f"{PREFIX}DATA_DIR is no folder: is there a nation here?"])
    backed_up: datetime | None = args.backed_up
    spoken = words(given.get("languages") or "fr")
    asked = Asked(
        program="beffroi-aggregator",
        version=our_version(),
        migrations=MIGRATIONS,
        oldest=OLDEST,
        database_url=str(given.get("database_url") or f"sqlite:///{data_dir / 'nation.sqlite3'}"),
        data_dir=data_dir,
        now=now,
        lang=spoken[0] if spoken else "fr",
        backup="docs/how-to/upgrade.md",
        backed_up=backed_up.astimezone(now.tzinfo) if backed_up else None,
        files=None,
        count=pulls,
        refused=refused,
        deprecated={f"{PREFIX}{n.upper()}": said for n, said in DEPRECATED.items() if n in given},
    )
    return run(asked, json_wanted=args.json)


def pulls(connection: Connection, now: datetime) -> tuple[int, int]:
    """Return how many logs are being pulled by several machines, and how many are due."""
    moment = now.replace(tzinfo=None) if connection.dialect.name == "sqlite" else now
    counted = []
    for table, condition in (("pull_claim", "until > :now"), ("log_state", "due_at <= :now")):
        if not connection.dialect.has_table(connection, table):
            counted.append(0)
            continue
        found = text(f"SELECT count(*) FROM {table} WHERE {condition}")  # noqa: S608  our own names
        asked = found.bindparams(bindparam("now", type_=DateTime(timezone=True)))
        counted.append(int(connection.scalar(asked, {"now": moment}) or 0))
    return counted[0], counted[1]
