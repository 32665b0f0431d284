# SPDX-License-Identifier: AGPL-3.0-or-later
"""A PostgreSQL cluster of its own, durable as in production, run in the foreground to be killed."""

import os
import shutil
import socket
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from support import databases
from support.supervising import Supervisor, until

NAME = "postgresql"


class OwnPostgres:
    """A cluster in a folder of its own; `url` is the database of the town."""

    def __init__(self, kept: Supervisor) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="beffroi-pg-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        data = str(self.folder / "data")
        databases._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                       "--locale-provider=libc", "--locale=C")  # fmt: skip
        before = []
        if os.geteuid() == 0:
            before = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        self.command = [
            *before, str(databases._binaries() / "postgres"), "-D", data, "-p", str(self.port),
            "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60",
        ]  # fmt: skip
        kept.add(NAME, self.command, {"PATH": os.environ["PATH"], "LC_ALL": "C"})
        until(self.answers, "PostgreSQL answers")
        engine = create_engine(self._url("postgres"), poolclass=NullPool)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE town"))
        self.url = self._url("town")

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def answers(self) -> bool:
        """Say whether a statement is answered now."""
        engine = create_engine(self._url("postgres"), poolclass=NullPool)
        try:
            with engine.connect() as connection:
                return connection.execute(text("SELECT 1")).scalar() == 1
        except Exception:  # whatever it is, it is no answer
            return False

    def discard(self) -> None:
        """Remove the folder; the server must have been stopped."""
        shutil.rmtree(self.folder, ignore_errors=True)
