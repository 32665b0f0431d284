# SPDX-License-Identifier: AGPL-3.0-or-later
"""Before an upgrade it is said what would happen; one that fails leaves everything as it was."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from beffroi import upgrading
from beffroi.backups.adapters import newest
from beffroi.cli import main
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.migrating import (
    MigrationFailed,
    current_and_head,
    downgrade,
    steps,
    upgrade,
    waiting,
)
from beffroi_web.upgrading import look, reading, suits, told
from support import upgrading as past
from support.databases import discard, empty, fresh
from support.example import EXAMPLE
from support.town import PUBLIC_URL, open_town

NOW = datetime(2027, 1, 12, 11, tzinfo=UTC)


def environment(folder: Path, url: str) -> dict[str, str]:
    (folder / "town").mkdir(exist_ok=True)
    return {
        **EXAMPLE,
        "BEFFROI_PUBLIC_URL": PUBLIC_URL,
        "BEFFROI_DATA_DIR": str(folder / "town"),
        "BEFFROI_DATABASE_URL": url,
    }


def change(url: str, statement: str, **values: Any) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def everything(url: str) -> object:
    """Shape, revision and every row of a database."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return past.everything(connection)


def checked(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return the command's code, all that it says, and the state of each thing it is about."""
    capsys.readouterr()
    code = main(["upgrade-check", "--json"], environ)
    said = json.loads(capsys.readouterr().out)
    assert (said["code"], said["ok"]) == (code, code == 0)
    states: dict[str, str] = {}
    for one in said["findings"]:
        if states.get(one["about"], "ok") == "ok":
            states[one["about"]] = one["state"]
    return code, said, states


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.database)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    made = fresh(request.param, MIGRATIONS, tmp_path)
    yield made
    discard(made)


def test_what_an_upgrade_would_do_is_said_and_nothing_is_written(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = environment(tmp_path, url)
    data_dir = Path(environ["BEFFROI_DATA_DIR"])
    downgrade(MIGRATIONS, url, "0028")
    now = datetime.now(UTC)  # noqa: TID251  the command asks the machine's clock
    change(
        url,
        "INSERT INTO job (name, args, run_at, leased_until, attempts)"
        " VALUES ('mail', '{}', :at, :to, 1)",
        at=now - timedelta(minutes=1), to=now + timedelta(minutes=1),
    )  # fmt: skip
    before, files = everything(url), {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    code, said, states = checked(environ, capsys)
    assert (code, said["schema"]["now"], said["version"]["now"]) == (1, "0028", None)
    first, second = said["waiting"][:2]
    assert (first["revision"], first["suits_what_runs"]) == ("0029", False)
    assert (second["revision"], second["suits_what_runs"]) == ("0030", True)
    assert "kept" in second["title"]
    assert states == {
        "settings": "ok", "work": "warning", "database": "warning", "disk": "ok",
        "backup": "warning",
    }  # fmt: skip
    assert main(["upgrade-check"], environ) == 1
    assert "Il y a quelque chose à faire d’abord" in capsys.readouterr().out
    assert everything(url) == before
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == files
    with reading(url) as connection, pytest.raises(DBAPIError):
        connection.execute(text("DELETE FROM job"))
    change(url, "DELETE FROM job")
    assert main(["init"], environ) == 0  # which is the upgrade
    newest.note(data_dir, now)
    code, said, states = checked(environ, capsys)
    assert (code, said["waiting"], set(states.values())) == (0, [], {"ok"})
    assert said["version"]["now"] == said["version"]["after"]
    with create_engine(url, poolclass=NullPool).connect() as held:  # while somebody has it open
        held.execute(text("SELECT 1"))
        assert checked(environ, capsys)[0] == 0


def test_the_database_of_a_newer_version_is_refused_and_not_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    environ = environment(tmp_path, url)
    newest.note(Path(environ["BEFFROI_DATA_DIR"]), datetime.now(UTC))  # noqa: TID251
    change(url, "UPDATE alembic_version SET version_num = '9999'")
    before = everything(url)
    code, said, states = checked(environ, capsys)
    assert (code, states["database"]) == (1, "fault")
    assert "9999" in str(said["findings"])
    assert main(["init"], environ) == 1
    assert "a newer version made this database" in capsys.readouterr().err
    assert everything(url) == before
    change(url, "UPDATE alembic_version SET version_num = '0000'")
    assert "plus ancien" in str(checked(environ, capsys)[1]["findings"])


def test_settings_that_the_new_version_refuses_and_a_database_that_is_away_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = environment(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path))
    code, said, states = checked(environ | {"BEFFROI_COLOR": "red"}, capsys)
    assert (code, states["settings"]) == (1, "fault")
    assert "BEFFROI_COLOR is not a setting" in str(said["findings"])
    away = environ | {"BEFFROI_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/town"}
    code, said, states = checked(away, capsys)
    assert (code, states["database"]) == (2, "fault")
    assert main(["init"], away) == 1
    assert "the database is away or held by others" in capsys.readouterr().err
    nowhere = environ | {"BEFFROI_DATA_DIR": str(tmp_path / "none")}
    assert main(["upgrade-check"], nowhere) == 2


def test_room_deprecated_settings_and_versions_are_judged(tmp_path: Path) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    environ = environment(tmp_path, url)
    given = {name.removeprefix("BEFFROI_").lower(): said for name, said in environ.items()}
    asked = replace(upgrading._asked(given, [], environ, NOW), backed_up=NOW - timedelta(hours=2))
    assert look(asked).code == 0
    assert look(replace(asked, backed_up=NOW - timedelta(hours=25))).code == 1
    (data_dir := asked.data_dir).joinpath("version").write_text("99.10.0\n")
    assert [one.about for one in look(asked).findings if one.state != "ok"] == ["version"]
    data_dir.joinpath("version").unlink()
    old = replace(asked, deprecated={"BEFFROI_OLD": "écrivez BEFFROI_NEW"})
    assert any("écrivez BEFFROI_NEW" in line for line in told(look(old), "fr"))
    assert look(old).code == 1
    (data_dir / "files").mkdir()
    with (data_dir / "files" / "large").open("wb") as file:
        file.truncate(shutil.disk_usage(data_dir).free + 1)
    assert [one.about for one in look(asked).findings if one.state == "fault"] == ["disk"]
    last = steps(MIGRATIONS)[-1]
    contracted = next(step for step in steps(MIGRATIONS) if step.contracts)
    assert suits(last, None)
    assert [suits(contracted, version) for version in (None, "0.0.9", "0.1.0", "0.10.0")] == [
        False, False, True, True
    ]  # fmt: skip


FAILING = '''
"""Does much, and fails at its end."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9002", "9001"
def upgrade():
    with op.batch_alter_table("case") as batch:
        batch.add_column(sa.Column("more", sa.Text(), nullable=False, server_default="x"))
    op.execute("DELETE FROM log_state")
    op.execute("UPDATE case_text SET public = 'Camille'")
    op.execute("INSERT INTO account (id) VALUES (NULL)")
'''
BEFORE_IT = '''
"""Is well."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9001", "{head}"
def upgrade():
    op.create_table("new", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO new (id) VALUES (1)")
    op.drop_table("journal_act")
'''


def test_a_migration_that_fails_leaves_the_database_and_the_version_before_at_work(
    url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = steps(MIGRATIONS)[-1].revision
    (folder / "versions" / "9001_well.py").write_text(BEFORE_IT.format(head=head))
    (folder / "versions" / "9002_fails.py").write_text(FAILING)
    with open_town(tmp_path, url) as town:
        town.release(ref := town.request(title="Avant la mise à niveau"))
        town.publish()
        before, page = everything(url), town.visitor().page(f"/requests/{ref}")
        file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
        if file:
            change(url, "PRAGMA wal_checkpoint(TRUNCATE)")
        held = file.read_bytes() if file else b""
        with pytest.raises(MigrationFailed) as failed:
            upgrade(folder, url)
        assert failed.value.revision == "9002"
        assert "as it was before" in str(failed.value)
        assert "Camille" not in str(failed.value)
        assert everything(url) == before
        assert (file.read_bytes() if file else b"") == held  # to the byte
        assert town.visitor().page(f"/requests/{ref}") == page
        town.release(town.request(title="Et la vie continue"))
        assert town.publish() > 0
        (folder / "versions" / "9002_fails.py").unlink()
        upgrade(folder, url)  # what was well is done by the next try
        assert current_and_head(folder, url)[0] == "9001"


def test_who_upgrades_waits_for_a_writer_and_readers_wait_for_nobody(tmp_path: Path) -> None:
    """On SQLite the turn to write is taken first: no change comes in between."""
    url = empty("sqlite", tmp_path)
    upgrade(MIGRATIONS, url, "0029")
    seen: list[str] = []

    def each(connection: object, revision: str) -> None:
        other = create_engine(url, poolclass=NullPool, connect_args={"timeout": 0})
        with other.connect() as beside:
            assert beside.scalar(text("SELECT count(*) FROM job")) == 0
            with pytest.raises(OperationalError, match="locked"):
                beside.execute(text("DELETE FROM job"))
        seen.append(revision)

    upgrade(MIGRATIONS, url, each=each)
    assert seen == [step.revision for step in waiting(MIGRATIONS, "0029")]
