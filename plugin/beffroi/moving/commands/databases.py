# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi migrate-database URL`: the same town in another database, checked before anyone uses it.

The order of effects, and what a crash between two of them leaves:

1. both databases must be free and the other one empty; nothing was changed;
2. the present one is held against writing, and every row is copied into a database that is built
   beside the place of the other one (a file of its own, a schema of its own). A crash leaves a part
   of that, which the next attempt deletes;
3. what was copied is read back and compared: rows and content of every table, the root of the log.
   The indexes of words are made;
4. at one stroke the new database takes its place. The present one stays as it is; which one the
   town uses is what its settings say.
"""

import argparse
import gc
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from flask_babel import force_locale, gettext
from sqlalchemy import Table, create_engine, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from beffroi import __version__
from beffroi.backups import queries, service
from beffroi.backups.adapters.databases import Exchange, exchange_for
from beffroi.backups.rules import Log, Manifest, Member
from beffroi.config import Settings
from beffroi.feed import commands as feed
from beffroi.kernel.db import MIGRATIONS, Base, db
from beffroi.kernel.errors import Conflict, Invalid
from beffroi.moving.adapters.holding import held
from beffroi.moving.rules.comparing import Content, content_of, unlike
from beffroi_web.database import engine_options, tune
from beffroi_web.migrating import current_and_head, upgrade
from beffroi_web.words import N_

MADE_ANEW = frozenset({"nearby_stem", "case_item"})
"""Tables that are not copied: the indexes of words count their stems themselves, and the worker
puts together what lists give of a case."""

Say = Callable[[str], None]
Index = Callable[[str], None]
"""Makes the indexes of words of the database at an address."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi migrate-database`."""
    parser.add_argument("url", help="postgresql+psycopg://… or sqlite:///FILE, empty")


def run(
    args: argparse.Namespace, settings: Settings, *, now: datetime, index: Index, say: Say = print
) -> int:
    """Carry out `beffroi migrate-database`."""
    with force_locale(settings.languages[0]):
        copied, size = migrate(settings, args.url, now=now, index=index, say=say)
        shown = make_url(args.url).render_as_string(hide_password=True)
        say(
            gettext(
                "Copied and compared: %(tables)d tables, %(rows)d rows, %(size)d entries of the"
                " log under the same root.",
                tables=len(copied),
                rows=sum(table.rows for table in copied.values()),
                size=size,
            )
        )
        say(gettext("Nothing uses the new database yet. Set this, then start web and worker:"))
        say(f'  database_url = "{shown}"')
        say(
            gettext(
                "The database used so far is as it was. It holds personal data: delete it once you"
                " have looked, within 35 days at the latest."
            )
        )
    return 0


def migrate(
    settings: Settings, url: str, *, now: datetime, index: Index, say: Say
) -> tuple[Mapping[str, Content], int]:
    """Copy a town's database to `url`; return what each table holds, and the size of its log.

    Raises Invalid for an address that is none, Conflict where one of the databases is in use, is
    not at the newest schema or not empty, or where something cannot be copied: then nothing
    changed.
    """
    target = _target(settings, url)
    revision, head = current_and_head(MIGRATIONS, settings.database_url)
    if revision is None or revision != head:
        raise Conflict(N_("The database is not at the newest schema. Run `beffroi init` first."))
    db.session.remove()
    db.engine.dispose()
    gc.collect()  # a cursor that nobody uses any more keeps a closed SQLite connection open
    exchange_for(settings.database_url).require_free()
    tables = [table for table in Base.metadata.sorted_tables if table.name not in MADE_ANEW]
    target.prepare()
    try:
        with held(settings.database_url, tables) as here:
            log = feed.log_inside(settings, here)
            there = _copied(settings, target.new_url, here, tables, say)
            before = {table.name: content_of(queries.lines(here, table)) for table in tables}
            if wrong := unlike(before, there):
                raise Conflict(
                    N_("These tables came out differently: %(tables)s. Nothing changed."),
                    tables=", ".join(wrong),
                )
            _check_log(target.new_url, log)
            index(target.new_url)
            target.swap(now.strftime("%Y%m%dT%H%M%SZ"))
    except DBAPIError as error:
        raise Conflict(
            N_("A database stopped the copying (%(why)s). Nothing changed."),
            why=type(error.orig).__name__,  # its words could be those of the row
        ) from error
    finally:
        target.discard()
    return before, log.size


def _target(settings: Settings, url: str) -> Exchange:
    """Return the database to move to; Invalid for an address of none, Conflict if it has tables."""
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise Invalid(N_("The address is sqlite:///FILE or postgresql+psycopg://…"))
    try:
        target = exchange_for(url)
        if make_url(url) == make_url(settings.database_url) or not target.is_empty():
            raise Conflict(N_("There is a town in that database already. Nothing changed."))
        target.require_free()
    except (ArgumentError, NoSuchModuleError) as error:
        raise Invalid(N_("The address is sqlite:///FILE or postgresql+psycopg://…")) from error
    except DBAPIError as error:
        raise Conflict(
            N_("The other database does not answer: %(why)s"),
            why=str(error.orig).splitlines()[0],
        ) from error
    return target


def _copied(
    settings: Settings, url: str, here: Connection, tables: list[Table], say: Say
) -> Mapping[str, Content]:
    """Build the schema at `url`, copy every row into it, and return what it then holds."""
    revision = current_and_head(MIGRATIONS, settings.database_url)[1] or ""
    upgrade(MIGRATIONS, url, revision)
    by_name = {table.name: table for table in tables}

    def lines(name: str) -> Iterator[bytes]:
        say(f"  {name}")
        return queries.lines(here, by_name[name])

    counts = {table.name: Member("", queries.count(here, table)) for table in tables}
    manifest = Manifest("", __version__, revision, settings.siren, settings.name, _NO_LOG, counts)
    engine = create_engine(url, poolclass=NullPool, **_connect(url))
    tune(engine)
    try:
        service.load(engine, manifest, lines)
        with engine.connect() as connection:
            return {table.name: content_of(queries.lines(connection, table)) for table in tables}
    finally:
        engine.dispose()


_NO_LOG = Log("", 0, (), 0, "")


def _check_log(url: str, log: feed.LogInside) -> None:
    """Return if the entries in the database at `url` lead to the root of the log here."""
    engine = create_engine(url, poolclass=NullPool, **_connect(url))
    tune(engine)
    try:
        with engine.connect() as connection:
            if not feed.is_sound(connection, size=log.size, root=log.root):
                raise Conflict(N_("The copied log has another root. Nothing changed."))
    finally:
        engine.dispose()


def _connect(url: str) -> dict[str, object]:
    return {
        "hide_parameters": True,
        "connect_args": engine_options(url).get("connect_args", {}),
    }
