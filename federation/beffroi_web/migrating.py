# SPDX-License-Identifier: AGPL-3.0-or-later
"""Running Alembic from Python, the same way for town and nation.

Each application has a folder `migrations/` with `env.py` (three lines that call `run_env`) and
`versions/`. There is no alembic.ini: the address of the database is an argument. Alembic is loaded
when it is used: it is a tenth of what a process loads, and few ever migrate.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import MetaData, create_engine
from sqlalchemy.pool import NullPool

from beffroi_web.database import engine_options, tune

if TYPE_CHECKING:
    from alembic.config import Config


class UnknownRevision(Exception):
    """The folder has no such migration, or there is no way to it."""


def _config(folder: Path, url: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = url
    return config


def upgrade(folder: Path, url: str, revision: str = "head") -> None:
    """Bring the database at `url` to a revision of `folder`; UnknownRevision if it has none."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(_config(folder, url), revision)
    except CommandError as error:
        raise UnknownRevision(str(error)) from error


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


def run_env(metadata: MetaData) -> None:
    """Run migrations inside Alembic's environment; SQLite alters by batch."""
    from alembic import context

    url = context.config.attributes["url"]
    options = engine_options(url)
    engine = create_engine(url, poolclass=NullPool, connect_args=options.get("connect_args", {}))
    tune(engine)
    with engine.begin() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
