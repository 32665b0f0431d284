# SPDX-License-Identifier: AGPL-3.0-or-later
"""The erasure drill: what somebody had erased is nowhere any more, and the log does not mind.

A town publishes marked words under known salts; a real aggregator pulls them; a moderator erases
the case. Then every table, page and feed is looked at, at once; and after the nightly rewrite every
byte of every file. The clock is moved; the web is real, the databases are real.
"""

import io
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool
from werkzeug.serving import make_server

from beffroi.feed.commands import calendar_of
from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.db import MIGRATIONS as TOWN_MIGRATIONS
from beffroi.kernel.db import db as town_db
from beffroi_federation import auditor
from beffroi_federation.aggregator.intake import commands as intake
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATION_MIGRATIONS
from beffroi_federation.aggregator.kernel.db import db as nation_db
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national.commands import rewrite_files
from beffroi_web.clock import FixedClock
from support.browser import Quiet
from support.databases import BOTH, Kind, discard, fresh
from support.nation import Nation
from support.needles import Needles, in_files, inside, spellings
from support.town import Town, open_town

BOUND = timedelta(hours=36)
TURN = timedelta(hours=3)
QUIET_TURN = timedelta(hours=12)
"""While nothing is waited for."""
FINE_TURN = timedelta(hours=1)
MARKS = {
    "title": "Ambrézilore",
    "wanted": "Vorquelène",
    "purpose": "Zibéthanor",
    "answer": "Quilmorande",
    "comment": "Frostébril",
    "note": "Galdémure",
    "held because": "Ossiphrène",
    "name": "Wendaline",
    "address": "xylandre",
}
PRIVATE = {"purpose", "note", "held because", "name", "address", "comment"}
ERASED_LATER = {"name", "address"}
"""Who wrote it is told of the erasure first; then the address goes too."""


@dataclass
class Drill:
    """A town that publishes by the week, an aggregator, and the marked case."""

    town: Town
    nation: Nation
    folder: Path
    ref: str = ""
    position: int = 0
    secrets: dict[str, bytes] = field(default_factory=dict)

    @property
    def needles(self) -> Needles:
        """What must be nowhere, in every spelling."""
        return spellings(self.secrets, words=MARKS)

    def only(self, *names: str) -> Needles:
        """Some of what must be nowhere."""
        return {name: found for name, found in self.needles.items() if name in names}

    def turn(self) -> None:
        """Let every worker do what is due at this moment."""
        self.town.work()
        with self.nation.app.app_context():
            zone = self.nation.settings.time_zone
        intake.pull(self.nation.app, self.nation.connect(), self.nation.rhythm, due_only=True)
        with self.nation.app.app_context():
            rewrite_files(now=self.nation.clock.now(), zone=zone)
            nation_db.session.remove()

    def pass_time(self, until: datetime, turn: timedelta = TURN) -> None:
        """Move the clock, the workers turning all the while."""
        while self.town.now < until:
            self.town.clock.moment = min(self.town.now + turn, until)
            self.turn()


@contextmanager
def served_at(app: Any, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(params=BOTH)
def drill(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Drill]:
    kind: Kind = request.param
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folders = {name: tmp_path / name for name in ("town", "nation", "databases")}
    for folder in folders.values():
        folder.mkdir()
    urls = [
        fresh(kind, migrations, folders["databases"])
        for migrations in (TOWN_MIGRATIONS, NATION_MIGRATIONS)
    ]
    with ExitStack() as stack:
        town = stack.enter_context(
            open_town(folders["town"], urls[0], publish="weekly", public_url=url)
        )
        clock: FixedClock = town.clock
        nation = stack.enter_context(Nation.on(urls[1], folders["nation"], clock))
        stack.enter_context(served_at(town.app, port))
        made = Drill(town, nation, tmp_path)
        town.work()
        nation.know(SimpleNamespace(prefix=f"{url}/log"))  # type: ignore[arg-type]
        yield made
    for url in urls:
        discard(url)


def publish_the_marked_case(drill: Drill) -> None:
    """Bring the marked case from the form to the national page."""
    town = drill.town
    mail = f"{MARKS['address']}@citizens.example"
    drill.ref = town.request(
        email=mail,
        title=f"Menus {MARKS['title']}",
        wanted=f"Tous les menus {MARKS['wanted']} depuis 2020.",
        purpose=f"Pour {MARKS['purpose']}",
    )
    others = [town.request(title=f"Budget numéro {n}") for n in range(3)]
    for ref in (drill.ref, *others):
        town.release(ref, "title", "wanted")
    town.comment(drill.ref, f"Moi aussi, {MARKS['comment']} !", email=mail)
    town.hold(drill.ref, "comment", reason=f"Elle nomme {MARKS['held because']}")
    town.answer(
        drill.ref, "published", f"Voici, {MARKS['answer']}.", url="https://data.example/menus"
    )
    with town.change():
        case = town_db.session.execute(
            text('SELECT id, party_id FROM "case" WHERE ref = :ref'), {"ref": drill.ref}
        ).one()
        town_db.session.execute(
            text("UPDATE party SET name = :name WHERE id = :id"),
            {"name": MARKS["name"], "id": case.party_id},
        )
        town_db.session.execute(
            text("INSERT INTO internal_note (case_id, words, at) VALUES (:case, :words, :at)"),
            {"case": case.id, "words": MARKS["note"], "at": town.now.replace(tzinfo=None)},
        )
    drill.pass_time(calendar_of(town.settings).next_week(town.now).opens + timedelta(hours=8))
    [placed] = town.rows(
        "SELECT f.position, c.salt, c.content FROM log_fact f"
        " JOIN log_content c ON c.log_id = f.log_id AND c.position = f.position"
        " WHERE f.fact = :fact",
        fact=f"request:{case.id}",
    )
    drill.position = placed.position
    assert MARKS["title"].encode() in bytes(placed.content)
    receipt = town.one("SELECT receipt_salt FROM data_request WHERE case_id = :id", id=case.id)
    drill.secrets = {name: mark.encode() for name, mark in MARKS.items()}
    drill.secrets |= {"published: salt": bytes(placed.salt), "received: salt": bytes(receipt)}


# ---- looking everywhere -------------------------------------------------------------------------


def said_by(address: str) -> bytes:
    """Return what a server says at an address, whatever its answer."""
    answer = requests.get(address, timeout=10, headers={"Accept-Encoding": "identity"})
    return str(answer.headers).encode() + answer.content


def rows_of(url: str, *, blocks: bool = True) -> bytes:
    """Return every value of every table of a database, as text and as bytes.

    Without `blocks` the table in which SQLite keeps the blocks of a text index is left out: they
    are bytes of a file, which no query reads as rows, and are merged in the night.
    """
    engine = create_engine(url, poolclass=NullPool)
    parts: list[bytes] = []
    with engine.connect() as connection:
        for name in table_names(url):
            if name.endswith("_search_data") and not blocks:
                continue
            for row in connection.execute(text(f'SELECT * FROM "{name}"')):
                for value in row:
                    if isinstance(value, bytes | memoryview):
                        parts.append(bytes(value))
                    else:
                        parts.append(str(value).encode())
    engine.dispose()
    return b"\n".join(parts)


def table_names(url: str) -> list[str]:
    engine = create_engine(url, poolclass=NullPool)
    names = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if engine.dialect.name == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    with engine.connect() as connection:
        found = [str(name) for name in connection.execute(text(names)).scalars()]
    engine.dispose()
    return found


def town_says(drill: Drill) -> bytes:
    """Return everything that the town says in public about anything near the case."""
    town, ref = drill.town, drill.ref
    paths = ["/", "/requests", f"/requests/{ref}", "/api/v1/requests", f"/api/v1/requests/{ref}"]
    paths += ["/requests?sort=oldest", "/log/content/000", "/log/tail/0", "/log/checkpoint"]
    paths += [f"/log/proof/{drill.position}", f"/log/proof/{drill.position}?keep=1"]
    said = [said_by(town.settings.public_url + path) for path in paths]
    found = [
        said_by(f"{town.settings.public_url}/api/v1/requests?q={word}") for word in MARKS.values()
    ]  # the API does not say again what was looked for
    return b"\n".join([*said, *found])


def nation_says(drill: Drill) -> bytes:
    """Return everything that the aggregator says in public, searches for the marks included."""
    row = drill.nation.town()
    first = drill.position
    client = drill.nation.client()
    paths = ["/", "/requests", "/towns", f"/towns/{row.siren}", "/communes/99999", "/audit?all=1"]
    paths += [f"/requests/{row.siren}-{row.epoch}-{first}", "/api/v1/records", "/api/v1/audit"]
    paths += [f"/api/v1/records?q={mark}" for mark in MARKS.values()]
    return b"\n".join(client.get(path).get_data() for path in paths)


def files_of(url: str) -> list[Path]:
    """Return where a database keeps its bytes, after it has written down all it knows."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        if engine.dialect.name == "sqlite":
            file = Path(str(make_url(url).database))
            return [p for p in sorted(file.parent.glob(file.name + "*")) if p.is_file()]
        with engine.connect() as connection:
            connection.execute(text("CHECKPOINT"))
            folder = Path(str(connection.scalar(text("SHOW data_directory"))))
            number = connection.scalar(
                text("SELECT oid FROM pg_database WHERE datname = current_database()")
            )
        assert (folder / "base").is_dir(), "the drill reads the files of a server of this machine"
        return [folder / "base" / str(number), folder / "global"]
    finally:
        engine.dispose()


def in_databases(drill: Drill, needles: Needles) -> dict[str, set[str]]:
    """Return which file of either database gives which secret away."""
    places = [*files_of(drill.town.settings.database_url)]
    places += files_of(drill.nation.settings.database_url)
    return in_files(needles, places)


def in_folders(drill: Drill, needles: Needles) -> dict[str, set[str]]:
    """Return which file of the two data folders gives which secret away."""
    return in_files(needles, [drill.folder / "town", drill.folder / "nation"])


def audited(drill: Drill, *more: str) -> tuple[int, dict[str, Any]]:
    """Ask anyone's auditor about the town."""
    said, aside = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(aside):
        code = auditor.main([drill.town.settings.public_url, "--json", *more])
    return code, json.loads(said.getvalue() or aside.getvalue())


def erase(drill: Drill) -> None:
    """Erase the marked case, as a moderator does for its author."""
    drill.town.remove(drill.ref, code="erasure", reason="À la demande de son auteur")


# ---- the drill ----------------------------------------------------------------------------------


def test_what_is_erased_is_gone_at_once_and_after_the_night_from_every_file(
    drill: Drill, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    publish_the_marked_case(drill)
    needles, town, nation = drill.needles, drill.town, drill.nation
    analyse(drill)

    # The looking itself works: before the erasure everything is found where it must be.
    assert inside(needles, rows_of(town.settings.database_url)) == set(needles)
    public = {"title", "wanted", "answer", "published: salt"}
    assert inside(needles, town_says(drill)) == public
    assert inside(needles, rows_of(nation.settings.database_url)) == public
    assert inside(needles, nation_says(drill)) == public - {"published: salt"}
    held = set().union(*in_databases(drill, needles).values())
    assert held == set(needles)
    checkpoint = requests.get(town.settings.public_url + "/log/checkpoint", timeout=10).content
    leaf = taken_leaf(drill)
    assert audited(drill)[0] == 0

    erase(drill)

    # At once, in the town: tables, pages, feeds, exports, search; the log is as it was.
    gone = {n: s for n, s in needles.items() if n not in ERASED_LATER}
    assert inside(gone, rows_of(town.settings.database_url, blocks=False)) == set()
    assert inside(needles, town_says(drill)) == set()
    code, report = audited(drill)
    assert (code, report["contents"]["pending"]) == (0, 1)
    now = requests.get(town.settings.public_url + "/log/checkpoint", timeout=10).content
    assert now == checkpoint

    drill.pass_time(town.now + BOUND)

    # After the nights: not a byte, in any spelling, in any file of either side.
    assert inside(needles, rows_of(town.settings.database_url)) == set()
    assert inside(needles, rows_of(nation.settings.database_url)) == set()
    assert inside(needles, nation_says(drill)) == set()
    assert in_databases(drill, needles) == {}
    assert in_folders(drill, needles) == {}
    code, report = audited(drill)
    assert code == 0, report
    assert report["contents"]["withdrawn"] == 1
    assert report["contents"]["pending"] == 0
    (drill.folder / "before").write_bytes(checkpoint)
    assert audited(drill, "--from", str(drill.folder / "before"))[0] == 0
    with town.look():
        assert SqlLogStore().read_leaves(drill.position, 1)[0] == leaf
    ours = [r.getMessage() for r in caplog.records]
    assert inside(needles, "\n".join(ours).encode()) == set()
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


def analyse(drill: Drill) -> None:
    """Let PostgreSQL take its samples, which hold words if they are let."""
    for url in (drill.town.settings.database_url, drill.nation.settings.database_url):
        if url.startswith("postgresql"):
            engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text("ANALYZE"))
            engine.dispose()


def taken_leaf(drill: Drill) -> bytes:
    """Return the leaf of the published case as the aggregator took it."""
    log_id = drill.nation.town().log_id
    with drill.nation.app.app_context():
        [found] = national.leaves(log_id, drill.position, drill.position + 1)
        nation_db.session.rollback()
    return found


def test_from_the_act_to_every_national_view_it_takes_less_than_36_hours_at_the_worst_moment(
    drill: Drill,
) -> None:
    publish_the_marked_case(drill)
    town = drill.town
    # Clocks go back in the night after: the longest day of the year, and the batch was just now.
    drill.pass_time(datetime.fromisoformat("2027-01-23T00:00:00+00:00"), QUIET_TURN)
    opens = calendar_of(town.settings).next_day(town.now).opens
    drill.pass_time(opens)
    assert town.rows("SELECT 1 FROM log_batch WHERE slot = :day", day=opens.date().isoformat())
    town.later(seconds=1)
    intake.pull(drill.nation.app, drill.nation.connect(), drill.nation.rhythm)
    erase(drill)
    acted = town.now
    public = drill.only("title", "wanted", "answer", "published: salt")
    assert inside(public, nation_says(drill)) != set()
    while inside(public, nation_says(drill)) or inside(
        public, rows_of(drill.nation.settings.database_url, blocks=False)
    ):
        assert town.now - acted < BOUND, "a national view still shows what was erased"
        town.clock.move(FINE_TURN)
        drill.turn()
    assert town.now - acted <= BOUND
    assert inside(public, town_says(drill)) == set()


def test_another_reason_than_a_person_leaves_the_words_with_the_agents_alone(drill: Drill) -> None:
    publish_the_marked_case(drill)
    town = drill.town
    town.remove(drill.ref, code="legal", reason="Décision du tribunal")
    drill.pass_time(town.now + BOUND)
    kept = {"title", "wanted", "answer", *PRIVATE, "received: salt"}
    assert inside(drill.needles, rows_of(town.settings.database_url)) == kept
    assert inside(drill.needles, town_says(drill)) == set()
    public = drill.only("title", "wanted", "answer", "published: salt")
    assert inside(public, rows_of(drill.nation.settings.database_url)) == set()
    with town.look():
        shown = town_db.session.execute(text("SELECT public FROM case_text")).scalars()
        assert inside(drill.needles, "\n".join(w for w in shown if w).encode()) == set()
    erase(drill)  # and its author may still ask for the rest
    drill.pass_time(town.now + BOUND)
    assert in_databases(drill, drill.needles) == {}
