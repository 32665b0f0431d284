# SPDX-License-Identifier: AGPL-3.0-or-later
"""Running Alembic from Python, the same way for town and nation.

Each application has a folder `migrations/` with `env.py` (three lines that call `run_env`) and
`versions/`. There is no alembic.ini: the address of the database is an argument.
"""

from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine
from sqlalchemy.pool import NullPool

from beffroi_web.database import engine_options, tune


def _config(folder: Path, url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = url
    return config


def upgrade(folder: Path, url: str, revision: str = "head") -> None:
    """Bring the database at `url` to a revision of the migrations in `folder`."""
    command.upgrade(_config(folder, url), revision)


def downgrade(folder: Path, url: str, revision: str) -> None:
    """Take the database at `url` back to a revision (`base` for nothing at all)."""
    command.downgrade(_config(folder, url), revision)


def current_and_head(folder: Path, url: str) -> tuple[str | None, str | None]:
    """Return the revision that the database is at and the newest one in `folder`."""
    head = ScriptDirectory.from_config(_config(folder, url)).get_current_head()
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), head


def run_env(metadata: MetaData) -> None:
    """Run migrations inside Alembic's environment; SQLite alters by batch."""
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
