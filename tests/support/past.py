# SPDX-License-Identifier: AGPL-3.0-or-later
"""Towns and nations of the past: what their rows look like, and what migrations did to them.

`walk` goes through every schema once, in one transaction, and leaves in each a generation of rows
behind; so each migration meets rows of every schema before it. `from_each` begins anew at each.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from beffroi_federation.merkle import Frontier, leaf_hashes
from beffroi_federation.tiles import decode_leaves, encode_leaves
from beffroi_web.migrating import steps, upgrade
from support.nation import make_town
from support.upgrading import Hints, Look, Rows, Schema, changed, fill, look, narrower, rows, shape

WIDTH = 256
LEAVES = (3, 256, 300, 1, 515)
"""How many entries a log has, by its generation."""


@dataclass(frozen=True)
class Past:
    """One of the two applications: its migrations, how a row looks, and what is otherwise.

    `moved` says by revision what the migration changes in rows that were there, each on purpose.
    `more` puts rows that must fit together; `sound` says whether they still do.
    """

    migrations: Path
    apart: tuple[str, ...]
    hints: Hints
    moved: Mapping[str, frozenset[str]]
    more: Callable[[Connection, Schema, int], None]
    sound: Callable[[Connection, range], None]


@dataclass
class Seen:
    """What a walk saw, by revision."""

    moved: dict[str, dict[str, int]] = field(default_factory=dict)
    narrowed: dict[str, list[str]] = field(default_factory=dict)
    rows: int = 0
    empty: list[str] = field(default_factory=list)


def walk(past: Past, url: str) -> Seen:
    """Go from nothing to the newest schema, and fill every schema on the way."""
    seen, schema = Seen(), Schema(past.apart)
    before: tuple[Rows, Look] | None = None
    numbers = [step.revision for step in steps(past.migrations)]

    def each(connection: Connection, revision: str) -> None:
        nonlocal before
        now = look(connection)
        schema.look(now.columns, connection)
        if before is not None:
            if moved := changed(before[0], rows(connection, schema)):
                seen.moved[revision] = moved
            if narrowed := narrower(before[1], now):
                seen.narrowed[revision] = narrowed
        _generation(past, connection, schema, numbers.index(revision) + 1)
        before = rows(connection, schema), now

    upgrade(past.migrations, url, each=each)
    assert before is not None
    seen.rows = sum(map(len, before[0].values()))
    seen.empty = sorted(name for name, held in before[0].items() if not held)
    with _open(url) as connection:
        past.sound(connection, range(1, len(numbers) + 1))
    return seen


def from_each(
    past: Past, fresh: Callable[[], str], done: Callable[[str], None]
) -> Iterator[tuple[str, int, dict[str, int]]]:
    """Upgrade a filled database of every schema to the newest in one go.

    Yields revision, rows, and what changed that no migration of the way is known to change.
    """
    numbers = [step.revision for step in steps(past.migrations)]
    for at, revision in enumerate(numbers):
        url, schema = fresh(), Schema(past.apart)
        upgrade(past.migrations, url, revision)
        with _open(url) as connection:
            schema.look(shape(connection), connection)
            for generation in range(1, 4):
                _generation(past, connection, schema, generation)
            connection.commit()
            before = rows(connection, schema)
        upgrade(past.migrations, url)
        with _open(url) as connection:
            schema.look(shape(connection), connection)
            found = changed(before, rows(connection, schema))
            past.sound(connection, range(1, 4))
        known = frozenset().union(*(past.moved.get(one, ()) for one in numbers[at + 1 :]))
        done(url)
        rest = {what: count for what, count in found.items() if what not in known}
        yield revision, sum(map(len, before.values())), rest


def _generation(past: Past, connection: Connection, schema: Schema, number: int) -> None:
    fill(connection, schema, number, past.hints)
    past.more(connection, schema, number)


def _open(url: str) -> Connection:
    return create_engine(url, poolclass=NullPool).connect()


# ---- a town -------------------------------------------------------------------------------------


@cache
def leaves(log_id: int) -> tuple[bytes, ...]:
    """The entries of the log of a generation."""
    size = LEAVES[log_id % len(LEAVES)]
    return tuple(b'{"log":%d,"entry":%d}' % (log_id, number) for number in range(size))


@cache
def root(log_id: int) -> bytes:
    return Frontier().extended(leaf_hashes(leaves(log_id))).root()


def _put_log(connection: Connection, schema: Schema, log_id: int) -> None:
    """Put the entries of a log as the schema of the day keeps them."""
    every, tables = leaves(log_id), schema.everything
    if "log_entry" in tables:
        connection.execute(
            text("INSERT INTO log_entry (log_id, position, leaf) VALUES (:log, :at, :leaf)"),
            [{"log": log_id, "at": n, "leaf": leaf.decode()} for n, leaf in enumerate(every)],
        )
    else:
        for index in range(0, -(-len(every) // WIDTH)):
            some = every[index * WIDTH : (index + 1) * WIDTH]
            connection.execute(
                text('INSERT INTO log_bundle (log_id, "index", leaves) VALUES (:log, :at, :data)'),
                {"log": log_id, "at": index, "data": encode_leaves(some)},
            )
    for index in range(0, -(-len(every) // WIDTH)):
        some = every[index * WIDTH : (index + 1) * WIDTH]
        connection.execute(
            text('INSERT INTO log_tile (log_id, level, "index", hashes) VALUES (:log, 0, :at, :h)'),
            {"log": log_id, "at": index, "h": b"".join(leaf_hashes(some))},
        )


def _logs_are_sound(connection: Connection, generations: range) -> None:
    """Every log has its entries, hashes and root as they were put."""
    for log_id in generations:
        held = connection.execute(
            text('SELECT leaves FROM log_bundle WHERE log_id = :log ORDER BY "index"'),
            {"log": log_id},
        ).scalars()
        found = [leaf for data in held for leaf in decode_leaves(bytes(data))]
        hashes = connection.execute(
            text('SELECT hashes FROM log_tile WHERE log_id = :log ORDER BY "index"'),
            {"log": log_id},
        ).scalars()
        assert tuple(found) == leaves(log_id)
        assert b"".join(map(bytes, hashes)) == b"".join(leaf_hashes(found))
        assert Frontier().extended(leaf_hashes(found)).root() == root(log_id)


def _of(*words: str) -> Callable[[int], str]:
    return lambda generation: words[generation % len(words)]


KINDS = ("data_request", "street", "cyber")

TOWN_HINTS: Hints = {
    ".lang": _of("fr", "en"),
    "role_grant.source": _of("command", "claim"),
    "case.kind": _of(*KINDS),
    "case.ref": lambda n: f"2026-{n:04}",
    "case.status": _of("published", "open", "refused"),
    "case.open": lambda n: n % 3 == 1,
    "case.visibility": _of("public", "removed", "unlisted", "public"),
    "party.kind": _of("account", "email", "erased"),
    "timeline.voice": _of("institution", "citizen"),
    "incident.family": _of("street", "street", "cyber"),
    "case_text.state": _of("released", "shown", "pending"),
    "case_text.role": _of("title", "wanted"),
    "catalogue.kind": _of("dcat", "desk"),
    "log_state.log_id": lambda n: n,
    "log_state.size": lambda n: len(leaves(n)),
    "log_state.published": lambda n: len(leaves(n)),
    "log_state.root": root,
    "log_content.salt": lambda n: b"%032d" % n,
}


@cache
def town() -> Past:
    from beffroi.kernel.db import MIGRATIONS

    return Past(
        migrations=MIGRATIONS,
        apart=(
            "case_search", "case_item", "nearby_case", "nearby_dataset", "nearby_street",
            "log_entry", "log_bundle", "log_tile", "log_tail",
        ),
        hints=TOWN_HINTS,
        moved=TOWN_MOVED,
        more=_put_log,
        sound=_logs_are_sound,
    )  # fmt: skip


TOWN_MOVED: Mapping[str, frozenset[str]] = {
    "0009": frozenset({"timeline.account_id"}),  # authors of erased cases lose their last link
    "0023": frozenset({"incident_area +"}),  # the sums of all categories
}


# ---- a nation -----------------------------------------------------------------------------------


@cache
def _published() -> tuple[str, str, bytes]:
    """Origin, key and signed checkpoint of a town that was pulled."""
    pulled = make_town()
    pulled.begin_batch("2026-W40")
    return pulled.origin, pulled.vkey(), pulled.publish().encode()


NATION_HINTS: Hints = {
    ".lang": _of("fr", "en"),
    "role_grant.source": _of("command", "claim"),
    "town.state": _of("approved", "waiting", "suspended"),
    "town.siren": lambda n: f"{210000000 + n}",
    "log.origin": lambda n: _published()[0] if n == 1 else f"town-{n}.example/beffroi/1",
    "log.vkey": lambda n: _published()[1] if n == 1 else "none",
    "log.state": _of("current", "waiting"),
    "log_state.note": lambda n: _published()[2] if n == 1 else None,
    "record.kind": _of("request", "cyber_incident"),
    "record.period": _of("2026-W40", "2026-Q1"),
    "record.answered": _of("2026-W41"),
    "incident_cell.family": _of("street", "cyber"),
    "incident_cell.period": _of("2026-09"),
    "incident_cell.until": _of("2026-10-01"),
    "incident_cell.state": _of("shown", "suppressed"),
    "town_commune.insee": lambda n: f"35{n:03}",
}


@cache
def nation() -> Past:
    from beffroi_federation.aggregator.kernel.db import MIGRATIONS

    return Past(
        migrations=MIGRATIONS,
        apart=("record_search",),
        hints=NATION_HINTS,
        moved=NATION_MOVED,
        more=lambda connection, schema, number: None,
        sound=lambda connection, generations: None,
    )


NATION_MOVED: Mapping[str, frozenset[str]] = {
    "0014": frozenset({"town_tally +"}),  # the sums of a town's cells
}
