# SPDX-License-Identifier: AGPL-3.0-or-later
"""A worker dies by SIGKILL at each named point of publishing; the next one makes it good.

After a death nothing is lost and nothing half-done is served; after the next worker's turn every
fact is in the log, each version once, and the log continues every checkpoint that anybody saw.
"""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from beffroi.kernel.db import MIGRATIONS
from beffroi_federation import auditor
from support.databases import database_fixture
from support.log_rows import LEAVES, leaves_in
from support.town import Town, open_town
from support.town_files import write_files

pytestmark = pytest.mark.slow
database_url = database_fixture(MIGRATIONS)

SCRIPT = Path(__file__).parents[1] / "support" / "crashing_worker.py"
POINTS = ("before-stage", "staged-uncommitted", "staged", "signed-uncommitted", "published")
LOSES_NOTHING_STAGED = ("staged", "signed-uncommitted")
"""After a death at these the entries are in the tables, and no checkpoint covers them yet."""


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[Town]:
    with open_town(tmp_path, database_url, mail_url=f"file:{tmp_path / 'mail'}") as made:
        yield made


def turn(town: Town, point: str) -> int:
    """Let a worker of its own process work one turn, dying at a point; return its exit status."""
    settings = town.settings
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BEFFROI_")} | {
        "BEFFROI_NAME": settings.name,
        "BEFFROI_SIREN": settings.siren,
        "BEFFROI_KIND": settings.kind,
        "BEFFROI_COMMUNES": ",".join(settings.communes),
        "BEFFROI_PUBLIC_URL": settings.public_url,
        "BEFFROI_SECRET_KEY": settings.secret_key,
        "BEFFROI_DATA_DIR": str(settings.data_dir),
        "BEFFROI_DATABASE_URL": settings.database_url,
        "BEFFROI_MAIL_URL": settings.mail_url,
        "BEFFROI_PUBLISH": settings.publish,
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT), point, town.now.isoformat()],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode


def something_happens(town: Town, number: int) -> None:
    """Add what makes each kind of entry: receptions, a record, a newer version, a withdrawal."""
    for n in range(3):
        ref = town.request(title=f"Demande {number}-{n}", wanted="Toutes les données de la ville.")
        town.release(ref, "title", "wanted")
    town.report()
    if number:
        shown = town.rows(
            "SELECT ref FROM \"case\" WHERE visibility = 'public' AND status = 'open'"
            " AND kind = 'data_request' ORDER BY id"
        )
        town.answer(shown[0].ref, "published", url="https://donnees.ville.example/x")
        town.remove(shown[1].ref)


def state(town: Town) -> tuple[int, int, int]:
    """Return how many entries are staged, how many are published, how many facts wait."""
    rows = town.rows("SELECT size, published FROM log_state")
    size, published = (rows[0].size, rows[0].published) if rows else (0, 0)
    return size, published, town.one("SELECT count(*) FROM outbox WHERE done_at IS NULL")


def verify(town: Town, folder: Path, *more: str) -> None:
    """Have the auditor check everything that the town serves now."""
    write_files(folder, town.files())
    said = io.StringIO()
    with redirect_stdout(said):
        status = auditor.main([str(folder), "--json", *more])
    assert status == 0, said.getvalue()


def checkpoint(town: Town, file: Path) -> Path:
    """Keep the checkpoint that the town serves now, as somebody does who looks at this moment."""
    note = town.app.test_client().get("/log/checkpoint", base_url=town.settings.public_url)
    file.write_bytes(note.get_data())
    return file


def nothing_twice(town: Town) -> None:
    """Each version of a fact is at one place, and each case was received once."""
    twice = town.rows(
        "SELECT fact, version FROM log_fact GROUP BY log_id, fact, version HAVING count(*) > 1"
    )
    assert twice == []
    received = town.rows("SELECT fact FROM log_fact WHERE entry = 'rcv'")
    assert len(received) == len(set(received))
    leaves = leaves_in(town.rows(LEAVES))
    kept = [leaf for leaf in leaves if json.loads(leaf)["t"] != "bat"]
    assert len(kept) == len(set(kept))


def nothing_lost(town: Town) -> None:
    """Each request was received in the log; what is released and not removed is in it, current."""
    cases = town.rows("SELECT id FROM \"case\" WHERE kind = 'data_request'")
    received = town.rows("SELECT fact FROM log_fact WHERE entry = 'rcv'")
    assert {row.fact for row in received} == {f"received:{row.id}" for row in cases}
    shown = {
        f"request:{row.id}"
        for row in town.rows(
            "SELECT id FROM \"case\" WHERE kind='data_request' AND visibility='public'"
        )
    }
    open_contents = town.rows(
        "SELECT DISTINCT f.fact FROM log_fact f JOIN log_content c"
        " ON c.log_id = f.log_id AND c.position = f.position WHERE f.fact LIKE 'request:%'"
    )
    assert {row.fact for row in open_contents} == shown


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_dies_at(town: Town, tmp_path: Path, point: str) -> None:
    something_happens(town, 0)
    town.work()
    before = state(town)
    assert (before[0], before[2]) == (before[1], 0)
    seen = [checkpoint(town, tmp_path / "before")]

    something_happens(town, 1)
    waiting = state(town)[2]
    assert turn(town, point) == -signal.SIGKILL
    size, published, still = state(town)
    if point == "published":
        assert (published, still) == (size, 0)
        assert size > before[0]
    else:
        assert published == before[1]
        assert (size > published, still == 0) == (point in LOSES_NOTHING_STAGED,) * 2
        assert still in {0, waiting}
    verify(town, tmp_path / "after the death", "--from", str(seen[0]))
    seen.append(checkpoint(town, tmp_path / "after"))

    town.work()
    size, published, still = state(town)
    assert (published, still) == (size, 0)
    nothing_lost(town)
    nothing_twice(town)
    for n, note in enumerate(seen):
        verify(town, tmp_path / f"at last {n}", "--from", str(note))


def test_workers_that_die_one_after_the_other_still_get_it_done(town: Town, tmp_path: Path) -> None:
    something_happens(town, 0)
    assert turn(town, "published") == -signal.SIGKILL
    first = checkpoint(town, tmp_path / "first")
    for number, point in enumerate(POINTS, 1):
        something_happens(town, number)
        assert turn(town, point) == -signal.SIGKILL
        verify(town, tmp_path / f"after {point}", "--from", str(first))
    town.work()
    assert state(town)[2] == 0
    nothing_lost(town)
    nothing_twice(town)
    verify(town, tmp_path / "at last", "--from", str(first))
