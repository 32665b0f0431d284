# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi upgrade-check`: what this version would do to a town's database, and whether it may.

It needs no application, since the settings may be ones that this version refuses.
"""

import argparse
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, bindparam, text

from beffroi import __version__
from beffroi.backups.adapters import newest
from beffroi.config import DEPRECATED, OTHERS, OWN, PREFIX, from_mapping
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.configuration import SettingsRefused, gather, words
from beffroi_web.upgrading import Asked, run

OLDEST = "0001"
"""The oldest schema that this version can upgrade; docs/reference/versions.md says why."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def check(args: argparse.Namespace, environ: Mapping[str, str], now: datetime) -> int:
    """Carry it out: 0 the upgrade may begin, 1 something is to be done, 2 it cannot be said.

    SettingsRefused where the settings do not even say where the data is.
    """
    given = gather(environ, PREFIX, others=OTHERS, own=OWN)
    refused: list[str] = []
    try:
        from_mapping(given)
    except SettingsRefused as error:
        refused = error.faults
    if not given.get("data_dir") or not Path(given["data_dir"]).is_dir():
        raise SettingsRefused([*refused, f"{PREFIX}DATA_DIR is no folder: is there a town here?"])
    return run(_asked(given, refused, environ, now), json_wanted=args.json)


def _asked(
    given: Mapping[str, Any], refused: list[str], environ: Mapping[str, str], now: datetime
) -> Asked:
    data_dir = Path(given["data_dir"])
    url = str(given.get("database_url") or f"sqlite:///{data_dir / 'town.sqlite3'}")
    spoken = words(given.get("languages") or "fr")
    return Asked(
        program="beffroi",
        version=__version__,
        migrations=MIGRATIONS,
        oldest=OLDEST,
        database_url=url,
        data_dir=data_dir,
        now=now,
        lang=spoken[0] if spoken else "fr",
        backup="beffroi backup FILE",
        backed_up=newest.made_at(data_dir),
        files=data_dir / "files",
        count=jobs,
        refused=refused,
        deprecated={f"{PREFIX}{n.upper()}": said for n, said in DEPRECATED.items() if n in given},
    )


def jobs(connection: Connection, now: datetime) -> tuple[int, int]:
    """Return how many jobs a worker has taken on, and how many are due, in any schema of a town."""
    if not connection.dialect.has_table(connection, "job"):
        return 0, 0
    moment = now.replace(tzinfo=None) if connection.dialect.name == "sqlite" else now
    row = connection.execute(
        text(
            "SELECT count(CASE WHEN leased_until > :now THEN 1 END) AS held,"
            " count(CASE WHEN leased_until IS NULL OR leased_until <= :now THEN 1 END) AS due"
            " FROM job WHERE done_at IS NULL AND dead_at IS NULL AND run_at <= :now"
        ).bindparams(bindparam("now", type_=DateTime(timezone=True))),
        {"now": moment},
    ).one()
    return int(row.held), int(row.due)
