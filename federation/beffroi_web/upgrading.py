# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an upgrade would do and whether it may begin: the same for town and nation, in words.

It is asked of the new version, before the database is touched: it reads and writes nothing. Exit 0
where the upgrade may begin, 1 where something is to be done first, 2 where it cannot be said.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from beffroi_web.catalogues import OWN_FOLDERS, read_catalogues
from beffroi_web.findings import MARKS, Finding, doubtful, good, wrong
from beffroi_web.migrating import Step, steps
from beffroi_web.words import N_

MARK = "version"
"""The file of the data folder in which `init` says for which version it made the tables."""
FRESH = timedelta(days=1)
"""How old the newest backup may be when an upgrade begins."""
SPARE = 200_000_000
"""Bytes that stay free whatever is counted."""
PARTS = 3
"""The numbers of a version: 1.2.3."""
ABOUT = {
    "settings": N_("settings"),
    "database": N_("database"),
    "version": N_("version"),
    "work": N_("work"),
    "disk": N_("disk"),
    "backup": N_("backup"),
}
"""What a finding is about, as it is shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be looked at: the new code, the installation, and the moment.

    `count` says how much is being worked at in a database of any supported schema. `backed_up` is
    None where nobody knows, and `backup` the command that makes one.
    """

    program: str
    version: str
    migrations: Path
    oldest: str
    database_url: str
    data_dir: Path
    now: datetime
    lang: str
    backup: str
    backed_up: datetime | None
    files: Path | None
    count: Callable[[Connection, datetime], tuple[int, int]]
    refused: Sequence[str] = ()
    deprecated: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen: versions and schemas now and after, what waits, and the findings.

    `certain` is false where the database could not be asked.
    """

    version_now: str | None
    version_after: str
    schema_now: str | None
    schema_after: str
    waiting: tuple[tuple[Step, bool], ...]
    findings: tuple[Finding, ...]
    certain: bool

    @property
    def code(self) -> int:
        """The exit code: 2 cannot be said, 1 something is to be done, 0 it may begin."""
        if not self.certain:
            return 2
        return int(any(one.state != "ok" for one in self.findings))


def note_version(data_dir: Path, version: str) -> None:
    """Write down for which version the tables were made; for `init`."""
    if version_noted(data_dir) != version:
        (data_dir / MARK).write_text(version + "\n", encoding="ascii")


def version_noted(data_dir: Path) -> str | None:
    """Return the version for which the tables were made, or None if nobody wrote it down."""
    try:
        return (data_dir / MARK).read_text(encoding="ascii").strip()[:40] or None
    except (OSError, ValueError):
        return None


def ordered(version: str) -> tuple[int, ...]:
    """Return what orders versions: 0.9.0 before 0.10.0; what is no version comes first."""
    parts = version.split("-")[0].split("+")[0].split(".")
    if len(parts) != PARTS or not all(part.isdecimal() for part in parts):
        return ()
    return tuple(int(part) for part in parts)


def suits(step: Step, version_now: str | None) -> bool:
    """Say whether code of the version that runs now goes on while and after a migration is done."""
    if step.contracts is None:
        return True
    return version_now is not None and ordered(version_now) >= ordered(step.contracts.since)


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """Give a connection that cannot write, of which nothing is left in the folder of the data."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(str(parsed.database)).resolve()
        # Without its companions a file in WAL mode is one that nobody has open: they would be
        # made by looking, so it is read as it lies there.
        still = not path.with_name(f"{path.name}-wal").exists()
        address = path.as_uri() + ("?mode=ro&immutable=1" if still else "?mode=ro")
        engine = create_engine(
            "sqlite://",
            poolclass=NullPool,
            creator=lambda: sqlite3.connect(address, uri=True, timeout=5.0),
        )
    else:
        engine = create_engine(
            url, poolclass=NullPool, connect_args={"options": "-c default_transaction_read_only=on"}
        )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def look(asked: Asked) -> Seen:
    """Look at everything; a database that cannot be asked leaves the rest of the findings."""
    say = _Words(asked.lang)
    every = steps(asked.migrations)
    version_now = version_noted(asked.data_dir)
    found = list(_settings(asked, say))
    current, bytes_held, certain = None, 0, True
    try:
        with reading(asked.database_url) as connection:
            current = _revision(connection)
            bytes_held = _size(connection)
            found += _work(asked, connection, say)
    except (SQLAlchemyError, sqlite3.Error) as error:
        certain = False
        found.append(_no_answer(error, say))
    waits: tuple[tuple[Step, bool], ...] = ()
    if certain:
        waits, told = _schema(asked, every, current, version_now, say)
        found += told
        found += _room(asked, bytes_held, say, rewritten=bool(waits))
        found += _backup(asked, say, empty=current is None)
    return Seen(
        version_now, asked.version, current, every[-1].revision, waits, tuple(found), certain
    )


class _Words:
    """Says sentences in one language."""

    def __init__(self, lang: str) -> None:
        self._catalogue = read_catalogues(OWN_FOLDERS, [lang])[lang]

    def __call__(self, sentence: str, /, **values: object) -> str:
        said = self._catalogue.gettext(sentence)
        return said % values if values else said


def _settings(asked: Asked, say: _Words) -> Iterator[Finding]:
    for fault in asked.refused:
        yield wrong(
            "settings", say(N_("the new version refuses to start: %(fault)s"), fault=fault),
            say(N_("see the settings’ page of the new version, and put the file right")),
        )  # fmt: skip
    for name, instead in sorted(asked.deprecated.items()):
        yield doubtful(
            "settings", say(N_("%(name)s is still read, and will not be for ever"), name=name),
            instead,
        )  # fmt: skip
    if not asked.refused and not asked.deprecated:
        yield good("settings", say(N_("the new version takes them all")))


def _no_answer(error: Exception, say: _Words) -> Finding:
    return wrong(
        "database",
        say(N_("it cannot be asked (%(kind)s): nothing can be said"), kind=type(error).__name__),
        say(N_("start it, and look at its address in the settings and at who may read it")),
    )


def _revision(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _size(connection: Connection) -> int:
    """Return how many bytes the database takes."""
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    pages = connection.scalar(text("PRAGMA page_count")) or 0
    return int(pages) * int(connection.scalar(text("PRAGMA page_size")) or 0)


def _work(asked: Asked, connection: Connection, say: _Words) -> Iterator[Finding]:
    held, due = asked.count(connection, asked.now)
    if held:
        yield doubtful(
            "work", say(N_("%(held)d pieces of work are being done now"), held=held),
            say(N_("stop the worker first; what it leaves is done again afterwards")),
        )  # fmt: skip
    else:
        sentence = N_("nothing is being done; %(due)d pieces of work are due and stay")
        yield good("work", say(sentence, due=due))


def _schema(
    asked: Asked, every: list[Step], current: str | None, version_now: str | None, say: _Words
) -> tuple[tuple[tuple[Step, bool], ...], list[Finding]]:
    """Return what waits, each with whether it suits what runs now, and what is to be said of it."""
    known = [step.revision for step in every]
    newest = known[-1]
    if current is not None and current not in known:
        older = current.isdecimal() and int(current) < int(known[0])
        return (), [_foreign(current, newest, say, older=older)]
    if current is None:
        sentence = N_("it has no tables yet: this is no upgrade, %(program)s init makes them")
        return (), [good("database", say(sentence, program=asked.program))]
    if known.index(current) < known.index(asked.oldest):
        return (), [_foreign(current, newest, say, older=True)]
    waits = tuple((step, suits(step, version_now)) for step in every[known.index(current) + 1 :])
    told = [_waiting(current, newest, len(waits), say)]
    told += [_must_stop(step, say) for step, fits in waits if not fits]
    if version_now is not None and ordered(version_now) > ordered(asked.version):
        told.append(
            doubtful(
                "version", say(N_("what ran last was newer: %(version)s"), version=version_now),
                say(N_("install that version or a newer one, unless you go back on purpose")),
            )
        )  # fmt: skip
    return waits, told


def _waiting(current: str, newest: str, count: int, say: _Words) -> Finding:
    if not count:
        sentence = N_("it is at the schema of the new version (%(newest)s); nothing is changed")
        return good("database", say(sentence, newest=newest))
    sentence = N_("%(count)d migrations wait, from %(current)s to %(newest)s: all or none is done")
    return good("database", say(sentence, count=count, current=current, newest=newest))


def _must_stop(step: Step, say: _Words) -> Finding:
    sentence = N_("migration %(revision)s takes away what the version that runs may still use")
    return doubtful(
        "database",
        say(sentence, revision=step.revision),
        say(N_("stop web and worker before the upgrade, and start them after it")),
    )


def _foreign(current: str, newest: str, say: _Words, *, older: bool) -> Finding:
    if older:
        sentence = N_("its schema %(current)s is older than is supported")
        remedy = N_("install an older version first: docs/reference/versions.md says which")
        return wrong("database", say(sentence, current=current), say(remedy))
    sentence = N_("its schema %(current)s is of a newer version; this one knows up to %(newest)s")
    return wrong(
        "database",
        say(sentence, current=current, newest=newest),
        say(N_("install that newer version; this one will not touch the database")),
    )


def _room(asked: Asked, held: int, say: _Words, *, rewritten: bool) -> Iterator[Finding]:
    """Say whether there is room for a backup, and on SQLite for every table to be written anew.

    Both are the most that they can take: the size of what is there. A backup is smaller.
    """
    local = asked.database_url.startswith("sqlite")
    uploaded = _folder_size(asked.files) if asked.files else 0
    needed = held + uploaded + (held if rewritten and local else 0) + SPARE
    free = shutil.disk_usage(asked.data_dir).free
    sizes = {"needed": f"{needed / 1e9:.1f}", "free": f"{free / 1e9:.1f}"}
    sentence = N_("at most %(needed)s GB are needed, %(free)s GB are free at the data")
    if free < needed:
        remedy = N_("make room: backup and migrations may need that much, and a full disk stops")
        yield wrong("disk", say(sentence, **sizes), say(remedy))
    else:
        yield good("disk", say(sentence, **sizes))
    if rewritten and not local:
        more = N_(
            "the database’s own disk cannot be seen from here; %(held)s GB should be free there"
        )
        yield good("disk", say(more, held=f"{held / 1e9:.1f}"))


def _folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _backup(asked: Asked, say: _Words, *, empty: bool) -> Iterator[Finding]:
    if empty:
        return
    if asked.backed_up is None:
        yield doubtful(
            "backup", say(N_("nobody here knows of a backup")),
            say(N_("make one with the version that runs now: %(how)s"), how=asked.backup),
        )  # fmt: skip
        return
    hours = int((asked.now - asked.backed_up).total_seconds() // 3600)
    said = say(N_("the newest backup is %(hours)d hours old"), hours=hours)
    if asked.now - asked.backed_up > FRESH:
        remedy = N_("make one with the version that runs now: %(how)s")
        yield doubtful("backup", said, say(remedy, how=asked.backup))
    else:
        yield good("backup", said)


def told(seen: Seen, lang: str) -> Sequence[str]:
    """Return what was seen as a terminal shows it."""
    say = _Words(lang)
    lines = [
        say(
            N_("version: %(now)s → %(after)s"),
            now=seen.version_now or say(N_("not written down")), after=seen.version_after,
        )
    ]  # fmt: skip
    lines.append(
        say(
            N_("schema: %(now)s → %(after)s"),
            now=seen.schema_now or "–", after=seen.schema_after,
        )
    )  # fmt: skip
    for step, fits in seen.waiting:
        how = "" if fits else say(N_(" (the version that runs now must be stopped)"))
        lines.append(f"    {step.revision} {step.title}{how}")
    for one in seen.findings:
        head = say(
            N_("%(about)s: %(sentence)s"), about=say(ABOUT[one.about]), sentence=one.sentence
        )
        lines.append(f"{MARKS[one.state]} {head}")
        if one.remedy:
            lines.append(f"    → {one.remedy}")
    lines.append(say(LAST[seen.code]))
    return lines


LAST = (
    N_("The upgrade may begin. Nothing was written."),
    N_("Something is to be done first, see →. Nothing was written."),
    N_("Whether the upgrade may begin cannot be said. Nothing was written."),
)
"""What is said at the end, by exit code."""


def as_json(seen: Seen) -> str:
    """Return what was seen as one JSON object."""
    return json.dumps(
        {
            "ok": seen.code == 0,
            "code": seen.code,
            "version": {"now": seen.version_now, "after": seen.version_after},
            "schema": {"now": seen.schema_now, "after": seen.schema_after},
            "waiting": [
                {"revision": step.revision, "title": step.title, "suits_what_runs": fits}
                for step, fits in seen.waiting
            ],
            "findings": [asdict(one) for one in seen.findings],
        },
        ensure_ascii=False,
    )


def run(asked: Asked, *, json_wanted: bool) -> int:
    """Look, print what was seen, and return the exit code."""
    seen = look(asked)
    print(as_json(seen) if json_wanted else "\n".join(told(seen, asked.lang)))
    return seen.code
