# SPDX-License-Identifier: AGPL-3.0-or-later
"""Running Alembic from Python, the same way for town and nation.

Each application has a folder `migrations/` with `env.py` (three lines that call `run_env`) and
`versions/`. There is no alembic.ini: the address of the database is an argument. Alembic is loaded
when it is used: it is a tenth of what a process loads, and few ever migrate.

All migrations of one call are one transaction, on SQLite and on PostgreSQL: where one fails, the
database is as it was before the first.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from beffroi_web.database import engine_options, tune

if TYPE_CHECKING:
    from alembic.config import Config

LOCK_SECONDS = 15
"""How long a migration waits for what others are doing with a table; SQLite waits as long."""
Each = Callable[[Connection, str], None]
"""Is told of each migration when it is done: the connection, and the revision."""
ONE_AT_A_TIME = 0x62656666726F69
"""The advisory lock on PostgreSQL that whoever migrates takes: "beffroi" in ASCII."""


class UnknownRevision(Exception):
    """The folder has no such migration, or there is no way to it."""


class MigrationFailed(Exception):
    """A migration failed and nothing was changed; the text says which, and why in a word or two.

    `revision` is the one that failed. Nothing of what the database holds is in the text.
    """

    def __init__(self, revision: str, cause: BaseException) -> None:
        why = reason(cause)
        super().__init__(f"migration {revision} failed ({why}); the database is as it was before")
        self.revision = revision


class PointsToNothing(Exception):
    """A migration left rows behind that point to rows which are no longer there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: what it brings, and what of the former shape it takes away.

    `contracts` is None, or says which version first does without what goes, and what goes.
    """

    revision: str
    title: str
    contracts: "Contraction | None"


@dataclass(frozen=True, slots=True)
class Contraction:
    """What a migration takes away from code that is older than the version `since`."""

    since: str
    what: str


def _config(folder: Path, url: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = url
    return config


def upgrade(folder: Path, url: str, revision: str = "head", *, each: Each | None = None) -> None:
    """Bring the database at `url` to a revision of `folder`, wholly or not at all.

    UnknownRevision if there is no such revision, or if the database is at one that the folder does
    not know (a newer version made it); MigrationFailed if a migration failed; OperationalError if
    the database could not be reached, or somebody held it for too long.
    """
    from alembic import command
    from alembic.util import CommandError

    config = _config(folder, url)
    done: list[str] = []
    config.attributes["steps"] = done
    config.attributes["each"] = each
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise UnknownRevision(str(error)) from error
    except Exception as error:
        if not done and not config.attributes.get("began"):
            raise  # no migration's fault
        raise MigrationFailed(_after(folder, url, done), error) from error


def _after(folder: Path, url: str, done: list[str]) -> str:
    """Return the migration that was being run after those that were done."""
    at = done[-1] if done else current_and_head(folder, url)[0]
    following = waiting(folder, at)
    return following[0].revision if following else str(at)


def reason(cause: BaseException) -> str:
    """Return the kind of an error and, of a driver's, its first words, without any row's."""
    origin = getattr(cause, "orig", None) or cause
    name = type(origin).__name__
    if origin is cause and not isinstance(cause, OSError | PointsToNothing):
        return name
    if str(getattr(origin, "sqlstate", "")).startswith("22"):  # a value that does not fit is named
        return name
    first = str(origin).partition("\n")[0][:120]
    return f"{name}: {first}" if first else name


def downgrade(folder: Path, url: str, revision: str) -> None:
    """Take the database at `url` back to a revision (`base` for nothing at all)."""
    from alembic import command

    command.downgrade(_config(folder, url), revision)


def current_and_head(folder: Path, url: str) -> tuple[str | None, str | None]:
    """Return the revision that the database is at and the newest one in `folder`."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_config(folder, url)).get_current_head()
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), head


def steps(folder: Path) -> list[Step]:
    """Return every migration of a folder, the oldest first."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(folder))
    return [
        Step(one.revision, _title(one.doc), _contraction(getattr(one.module, "contracts", None)))
        for one in reversed(list(script.walk_revisions()))
    ]


def waiting(folder: Path, current: str | None) -> list[Step]:
    """Return the migrations that a database at a revision has not had; all for one without any."""
    every = steps(folder)
    known = [step.revision for step in every]
    return every[known.index(current) + 1 :] if current in known else every


def _title(doc: str) -> str:
    return doc.strip().partition("\n\n")[0].replace("\n", " ").strip()


def _contraction(said: str | None) -> Contraction | None:
    """Return what `contracts = "0.2.0: …"` of a migration says."""
    if said is None:
        return None
    since, _, what = said.partition(": ")
    return Contraction(since, what)


def run_env(metadata: MetaData) -> None:
    """Run migrations inside Alembic's environment; SQLite alters by batch."""
    from alembic import context

    url = context.config.attributes["url"]
    steps: list[str] = context.config.attributes.get("steps", [])

    each: Each | None = context.config.attributes.get("each")

    def noted(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
        steps.append(step.up_revision_id)
        if each is not None:
            each(ctx.connection, step.up_revision_id)

    with _alone(url) as connection:
        context.config.attributes["began"] = True
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            on_version_apply=noted,
        )
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def _alone(url: str) -> Iterator[Connection]:
    """Give a connection with the one transaction in which everything is done.

    Nobody else migrates meanwhile. On SQLite the right to write is taken before the first look, so
    that writers of a running service wait their turn, and no change of theirs comes in between. On
    PostgreSQL a table that somebody holds for long is a failure after `LOCK_SECONDS`, for whoever
    asks behind us would wait as long.

    SQLite changes a table by writing it anew and dropping the old one. While foreign keys are
    enforced that fails, or takes the rows that point there along; so they are checked at the end,
    as https://www.sqlite.org/lang_altertable.html (7) says.
    """
    options = engine_options(url)
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=options.get("connect_args", {}),
    )
    tune(engine)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                _take_turn(connection)
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
                yield connection
                if connection.dialect.name == "sqlite":
                    _require_whole(connection)
    finally:
        engine.dispose()


def _take_turn(connection: Connection) -> None:
    """Begin by the driver, as a writer; SQLAlchemy's own begin then finds a transaction open."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys=OFF")  # has no effect once a transaction is open
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error


def _require_whole(connection: Connection) -> None:
    """Raise PointsToNothing if a row points to one that is not there."""
    found = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if found is not None:
        raise PointsToNothing(f"a row of {found[0]} points to no row of {found[2]}")
