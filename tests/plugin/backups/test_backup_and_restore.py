# SPDX-License-Identifier: AGPL-3.0-or-later
"""One file with the whole town in it, and back: whole or not at all, on either database."""

import hashlib
import json
import shutil
import zipfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from beffroi.backups import commands, queries
from beffroi.backups.adapters.archive import Writer
from beffroi.backups.rules import Log, Manifest, Member
from beffroi.cases.adapters.files import FolderStore
from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.db import MIGRATIONS, Base, db
from beffroi.kernel.errors import Conflict, Invalid
from beffroi_federation.merkle import leaf_hash, node_hash
from beffroi_web.migrating import upgrade
from support.databases import discard, empty, fresh
from support.town import Town, open_town

NAME = "0123456789abcdef0123456789abcdef"
LEFT_OUT = {"web_session", "alembic_version", "nearby_stem", "data_version", "case_item"}


def yes(_question: str) -> bool:
    return True


def no(_question: str) -> bool:
    return False


def lived_in(town: Town) -> None:
    """Let things happen, so that no important table is empty."""
    refs = [town.request(title=f"Demande n° {n} — été", email=f"a{n}@x.example") for n in range(3)]
    for ref in refs:
        town.release(ref)
    town.report(email="b@x.example")
    town.comment(refs[0], "Très utile, même à 100 % !")
    town.answer(refs[1], "published", url="https://donnees.ville.example/x")
    town.work()
    FolderStore(town.settings.data_dir / "files").put(NAME, b"\x00bytes of a photo")
    with town.change():
        db.session.execute(
            text(
                "INSERT INTO attachment (case_id, kind, state, sha256, stored_name)"
                " VALUES (:case, 'photo', 'pending', 'x', :name)"
            ),
            {"case": town.id_of(refs[0]), "name": NAME},
        )


def backed_up(town: Town, file: Path) -> Path:
    with town.app.app_context():
        commands.backup(town.settings, file, now=town.now)
    return file


def restored(town: Town, file: Path, confirm: Callable[[str], bool] = yes) -> list[str]:
    said: list[str] = []
    with town.app.app_context():
        commands.restore(town.settings, file, now=town.now, confirm=confirm, say=said.append)
        db.session.remove()
    return said


def everything(town: Town) -> dict[str, list[Any]]:
    """Every row of every table that a backup holds."""
    found = {}
    with town.look():
        for table in Base.metadata.sorted_tables:
            if table.name not in LEFT_OUT:
                rows = db.session.execute(table.select().order_by(*table.primary_key.columns))
                found[table.name] = [
                    tuple(v for n, v in row._mapping.items() if n != "behind_since") for row in rows
                ]
    return found


def test_what_was_backed_up_is_what_is_there_after_a_restore(town: Town, tmp_path: Path) -> None:
    lived_in(town)
    before = everything(town)
    file = backed_up(town, tmp_path / "monday.backup")
    later = town.request(title="Après la sauvegarde")
    shutil.rmtree(town.settings.data_dir / "files")
    restored(town, file)
    assert everything(town) == before
    assert town.rows('SELECT 1 FROM "case" WHERE ref = :ref', ref=later) == []
    assert FolderStore(town.settings.data_dir / "files").get(NAME) == b"\x00bytes of a photo"
    assert town.one("SELECT count(*) FROM log_state WHERE behind_since IS NOT NULL") == 1
    page = town.visitor().page("/requests?q=demande")
    assert "Demande n° 2 — été" in page
    assert town.request() > town.rows('SELECT max(ref) AS ref FROM "case"')[0].ref[:4]


def test_the_database_that_was_there_is_kept_under_a_name(town: Town, tmp_path: Path) -> None:
    lived_in(town)
    file = backed_up(town, tmp_path / "monday.backup")
    later = town.request(title="Après la sauvegarde")
    said = " ".join(restored(town, file))
    if town.settings.database_url.startswith("sqlite"):
        [kept] = tmp_path.glob("*.before-restore-*")
        assert str(kept) in said
        engine = create_engine(f"sqlite:///{kept}", poolclass=NullPool)
        where = '"case"'
    else:
        engine = create_engine(town.settings.database_url, poolclass=NullPool)
        [schema] = [s for s in inspect(engine).get_schema_names() if s.startswith("before_")]
        assert schema in said
        where = f'{schema}."case"'
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT ref FROM {where} WHERE ref = '{later}'")).all()
    engine.dispose()
    assert len(found) == 1


def test_a_backup_of_one_database_restores_into_the_other(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    file = tmp_path / "monday.backup"
    with open_town(tmp_path / "one", fresh("sqlite", MIGRATIONS, tmp_path)) as small:
        lived_in(small)
        before = everything(small)
        backed_up(small, file)
    url = empty("postgresql", tmp_path)
    try:
        with open_town(tmp_path / "two", url) as large:
            restored(large, file, no)  # nothing is there, so nothing is asked
            assert everything(large) == before
            large.chance.drawn = small.chance.drawn
            large.release(large.request(title="Après"))
    finally:
        discard(url)


def test_a_backup_holds_no_key_no_memory_and_nobodys_session(town: Town, tmp_path: Path) -> None:
    town.signed_in("agent")
    lived_in(town)
    file = backed_up(town, tmp_path / "monday.backup")
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        inside = b"".join(archive.read(name) for name in names)
        manifest = json.loads(archive.read("manifest.json"))
    assert "tables/web_session.jsonl" not in names
    assert names[-1] == "manifest.json"
    for secret in (town.settings.signer_folder / "keys").iterdir():
        if secret.is_file() and secret.stat().st_size:
            assert secret.read_bytes().strip() not in inside
    assert file.stat().st_mode & 0o077 == 0
    assert manifest["log"]["size"] == town.one("SELECT published FROM log_state")
    assert manifest["siren"] == town.settings.siren
    restored(town, file)
    assert town.one("SELECT count(*) FROM web_session") == 0


def test_a_backup_takes_nobodys_place_and_leaves_no_half(village: Town, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    file.write_bytes(b"another")
    with pytest.raises(FileExistsError):
        backed_up(village, file)
    assert file.read_bytes() == b"another"
    assert list(tmp_path.glob("*.part")) == []


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flip(file: Path) -> None:
    """Flip a bit among the bytes of a table, not of what ZIP keeps about it and nobody reads."""
    with zipfile.ZipFile(file) as archive:
        member = max(archive.infolist(), key=lambda one: one.compress_size)
    data = bytearray(file.read_bytes())
    head = member.header_offset
    lengths = (int.from_bytes(data[at : at + 2], "little") for at in (head + 26, head + 28))
    data[head + 30 + sum(lengths) + member.compress_size // 2] ^= 1
    file.write_bytes(data)


def rewrite(file: Path, path: str, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[path] = change(members[path])
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def another_word(file: Path) -> None:
    rewrite(file, "tables/case_text.jsonl", lambda data: data.replace(b"Demande", b"Dommage"))


def of_another_town(file: Path) -> None:
    rewrite(file, "manifest.json", lambda data: data.replace(b"210000006", b"213105554"))


def of_another_root(file: Path) -> None:
    def change(data: bytes) -> bytes:
        manifest = json.loads(data)
        manifest["log"]["root"] = "A" * 43 + "="
        return json.dumps(manifest).encode()

    rewrite(file, "manifest.json", change)


def of_rows_that_point_nowhere(file: Path) -> None:
    """As if somebody who knew the format had taken the cases out."""
    path, kept = "tables/case.jsonl", b""

    def only_the_columns(data: bytes) -> bytes:
        nonlocal kept
        kept = data.split(b"\n")[0] + b"\n"
        return kept

    def change(data: bytes) -> bytes:
        manifest = json.loads(data)
        manifest["tables"]["case"] = {"rows": 0, "sha256": hashlib.sha256(kept).hexdigest()}
        return json.dumps(manifest).encode()

    rewrite(file, path, only_the_columns)
    rewrite(file, "manifest.json", change)


def no_zip(file: Path) -> None:
    file.write_bytes(b"SQLite format 3\x00" + bytes(4000))


def no_manifest(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tables/case.jsonl", b"[]\n")


def newer_format(file: Path) -> None:
    rewrite(file, "manifest.json", lambda data: data.replace(b'"v": 1', b'"v": 2'))


def of_a_later_schema(file: Path) -> None:
    def change(data: bytes) -> bytes:
        return json.dumps(json.loads(data) | {"revision": "9999"}).encode()

    rewrite(file, "manifest.json", change)


@pytest.mark.parametrize(
    "harm",
    [cut, flip, another_word, of_another_town, of_another_root, no_zip, no_manifest, newer_format,
     of_a_later_schema, of_rows_that_point_nowhere],
)  # fmt: skip
def test_what_is_no_whole_backup_of_this_town_changes_nothing(
    village: Town, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    lived_in(village)
    file = backed_up(village, tmp_path / "monday.backup")
    village.request(title="Après la sauvegarde")
    before = everything(village)
    harm(file)
    with pytest.raises((Invalid, Conflict)) as refused:
        restored(village, file)
    assert "Nothing changed" in str(refused.value) or "format" in str(refused.value)
    assert everything(village) == before
    assert village.one("SELECT count(*) FROM log_state WHERE behind_since IS NOT NULL") == 0
    assert [p.name for p in tmp_path.glob("*restor*")] == []


def test_without_a_yes_nothing_is_replaced(village: Town, tmp_path: Path) -> None:
    lived_in(village)
    file = backed_up(village, tmp_path / "monday.backup")
    later = village.request(title="Après la sauvegarde")
    with pytest.raises(Conflict, match="yes"):
        restored(village, file, no)
    assert village.id_of(later)


def test_a_database_that_somebody_holds_is_not_replaced(town: Town, tmp_path: Path) -> None:
    lived_in(town)
    file = backed_up(town, tmp_path / "monday.backup")
    later = town.request(title="Après la sauvegarde")
    engine = create_engine(town.settings.database_url, poolclass=NullPool)
    with engine.connect() as held:
        held.execute(text('SELECT count(*) FROM "case"'))
        held.rollback()  # an idle connection, as a web server keeps it
        with pytest.raises(Conflict, match="in use"):
            restored(town, file)
    engine.dispose()
    assert town.id_of(later)
    restored(town, file)
    assert town.rows('SELECT 1 FROM "case" WHERE ref = :ref', ref=later) == []


def test_what_happens_during_a_backup_is_in_it_whole_or_not_at_all(
    town: Town, tmp_path: Path
) -> None:
    lived_in(town)
    writing = queries.lines

    def meanwhile(connection: Any, table: Any) -> Any:
        if table.name == "case_text":
            engine = create_engine(town.settings.database_url, poolclass=NullPool)
            with engine.begin() as other:
                other.execute(text("DELETE FROM support"))
                other.execute(text("UPDATE case_text SET public = 'changed meanwhile'"))
            engine.dispose()
        return writing(connection, table)

    before = everything(town)
    queries.lines = meanwhile
    try:
        file = backed_up(town, tmp_path / "monday.backup")
    finally:
        queries.lines = writing
    restored(town, file)
    assert everything(town) == before


def of_revision(revision: str, log: Log, folder: Path) -> Path:
    """Write a backup as a version with that schema would have: one department, one old log."""
    url = empty("sqlite", folder)
    upgrade(MIGRATIONS, url, revision)
    engine = create_engine(url, poolclass=NullPool)
    leaves = [b'{"p":"2027-W02","t":"bat","v":1}', b'{"p":"2027-W03","t":"bat","v":1}']
    note = f"{log.origin}\n2\n{log.root}\n\n\u2014 {log.origin} {'A' * 92}\n"
    metadata = MetaData()
    with engine.begin() as connection:
        metadata.reflect(connection, only=["department", "log_state", "log_entry"])
        connection.execute(text("INSERT INTO department (id, name) VALUES (7, 'Voirie')"))
        connection.execute(
            text("INSERT INTO log_state (log_id, size, published, note) VALUES (1, 2, 2, :note)"),
            {"note": note},
        )
        for place, leaf in enumerate(leaves):
            connection.execute(
                text("INSERT INTO log_entry (log_id, position, leaf) VALUES (1, :at, :leaf)"),
                {"at": place, "leaf": leaf.decode()},
            )
    file = folder / "old.backup"
    with engine.connect() as connection, Writer(file) as archive:
        tables = {}
        for table in metadata.sorted_tables:
            lines = list(queries.lines(connection, table))
            tables[table.name] = Member(
                archive.add(f"tables/{table.name}.jsonl", lines), len(lines) - 1
            )
        archive.finish(
            Manifest("2026-01-05", "0.0.9", revision, "210000006", "Beffroi", log, tables, {})
        )
    engine.dispose()
    return file


def test_a_backup_of_an_older_schema_is_brought_up_to_date(town: Town, tmp_path: Path) -> None:
    origin = town.settings.origin
    leaves = [b'{"p":"2027-W02","t":"bat","v":1}', b'{"p":"2027-W03","t":"bat","v":1}']
    root = b64encode(node_hash(leaf_hash(leaves[0]), leaf_hash(leaves[1]))).decode()
    file = of_revision("0001", Log(origin, 1, (), 2, root), tmp_path)
    restored(town, file)
    assert town.one("SELECT name FROM department WHERE id = 7") == "Voirie"
    with town.look():
        assert SqlLogStore().read_leaves(0, 2) == leaves
    assert town.one("SELECT count(*) FROM log_state WHERE behind_since IS NOT NULL") == 1
