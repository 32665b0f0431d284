# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything out in open formats, and in again: the same pages, the same bytes."""

import csv
import json
import re
from argparse import Namespace
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from beffroi.app import create_app
from beffroi.backups import commands as backups
from beffroi.backups import rules
from beffroi.kernel.db import MIGRATIONS, db
from beffroi.kernel.errors import Conflict, Invalid
from beffroi.moving.commands import exporting, importing
from beffroi.moving.rules.package import DERIVED, LEFT_OUT
from beffroi_federation import auditor
from demo.places import Town as DemoTown
from demo.seeds import seed
from support.crawler import addresses
from support.databases import fresh
from support.photo_carriers import corners, encoded
from support.town import PUBLIC_URL, Town, open_town

SEEDED = DemoTown(
    "tests", "Beffroi-sur-Exemple", "210000006", "commune", ("99999",), "20000-49999", "#2f4b6e", 0
)
MOST = 900
OWN = ("/withdraw", "/correct", "/api/v1/me", "/desk", "/sign-in", "/auth/", "/static/",
       "/metrics",
       "?")  # fmt: skip
"""Of people who are signed in, about signing in, no content of the town's, or a view of a list."""
SECRET = "zqx-original-words"
_LINKS = re.compile(r"""\b(?:href|src)\s*=\s*["'](/[^"'#]*)""")
_INDEXES = re.compile(r"(?:case_search|nearby_\w+)_(?:data|idx|content|docsize|config)")
"""Tables that FTS5 keeps for itself behind an index of words."""


class Some(dict[str, list[object]]):
    """The values known for arguments of addresses; an address with another one is left to links."""

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        """Return what is known of an argument: nothing of most."""
        return super().get(key, default if default is not None else [])


def every_page(town: Town) -> dict[str, tuple[int, bytes]]:
    """Status and body of everything that a stranger can read, by address."""
    client = town.app.test_client(use_cookies=False)
    known = Some(
        ref=[row.ref for row in town.rows('SELECT ref FROM "case" ORDER BY id DESC LIMIT 8')],
        slug=[row.slug for row in town.rows("SELECT slug FROM campaign")],
    )
    places = [path for path in addresses(town.app, known) if not any(w in path for w in OWN)]
    waiting = deque(dict.fromkeys(places))
    seen, found = set(waiting), {}
    while waiting:
        assert len(found) < MOST
        path = waiting.popleft()
        answer = client.get(path, base_url=PUBLIC_URL)
        body = answer.get_data()
        found[path] = (answer.status_code, body)
        if "html" in answer.content_type:
            links = dict.fromkeys(_LINKS.findall(body.decode()))
            fresh_ones = [p for p in links if p not in seen and not any(w in p for w in OWN)]
            seen.update(fresh_ones)
            waiting.extend(fresh_ones)
    return found


def lived_in(town: Town) -> str:
    """Fill a town; return the reference of a case with a photo and a secret in it."""
    seed(town.app, SEEDED, today=town.today, reports=4, with_campaigns=True)
    citizen = town.signed_in(name="Alix Zqxname")
    ref = citizen.sends_request(title="=cmd|' /C calc'!A0", wanted=f"Mots {SECRET} d’origine")
    town.release(ref, title="Un titre", wanted="Des mots publics")
    photo = (BytesIO(encoded(corners(), "jpeg")), "photo.jpg")
    report = citizen.sends_report(photos=[photo])
    town.release(report)
    town.release_photos(report)
    citizen.post(f"/requests/{ref}/support")
    town.work()
    return ref


@contextmanager
def elsewhere(town: Town, folder: Path) -> Iterator[Town]:
    """The same installation with nothing in it: another database, another folder, its signer."""
    folder.mkdir()
    settings = replace(
        town.settings,
        data_dir=folder,
        database_url=fresh("sqlite", MIGRATIONS, folder),
        signer_dir=town.settings.signer_folder,
    )
    app = create_app(settings, clock=town.clock, mailer=town.mail)
    yield replace(town, app=app, settings=settings)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_what_was_exported_and_imported_gives_the_same_pages(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    here = tmp_path / "here"
    here.mkdir()
    with open_town(here, fresh("sqlite", MIGRATIONS, here)) as town:
        ref = lived_in(town)
        pages = every_page(town)
        with town.app.app_context():
            manifest = exporting.export(town.settings, folder, now=town.now)
        _is_open(folder, ref)
        assert auditor.main([str(folder / "public")]) == 0  # the log proves itself from the copy
        with elsewhere(town, tmp_path / "there") as other:
            said: list[str] = []
            with other.app.app_context():
                code = importing.run(
                    folder, other.settings, now=other.now, today=other.today, say=said.append
                )
                db.session.remove()
            assert code == 0, said
            again = every_page(other)
            assert len(pages) > 100
            assert {p for p, (status, _) in pages.items() if status == 200} >= {
                "/", f"/requests/{ref}", "/data/requests.csv", "/log/checkpoint", "/statistics",
                "/api/v1/requests", "/open311/v2/requests.json", "/feeds/requests.atom",
            }  # fmt: skip
            assert again.keys() == pages.keys()
            assert [p for p in pages if pages[p] != again[p]] == []  # not one byte
            assert other.publish() == 0
            other.release(other.request(title="Après l’import"))
            assert other.publish() > 0  # the same log goes on
            with other.app.app_context(), pytest.raises(Conflict, match="already"):
                importing.bring_in(other.settings, folder, now=other.now, say=said.append)
        assert manifest.rows > 500


def test_on_another_machine_with_another_key_the_log_begins_a_new_epoch(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with open_town(tmp_path / "one", fresh("sqlite", MIGRATIONS, tmp_path)) as town:
        town.release(town.request(title="Menus des cantines"))
        town.publish()
        with town.app.app_context():
            exporting.export(town.settings, tmp_path / "export", now=town.now)
    with open_town(tmp_path / "two", fresh("sqlite", MIGRATIONS, tmp_path)) as other:
        said: list[str] = []
        with other.app.app_context():
            code = importing.run(
                tmp_path / "export", other.settings, now=other.now, today=other.today,
                say=said.append,
            )  # fmt: skip
            db.session.remove()
        assert code == 1  # this signer never signed that log: it stays shut until somebody decides
        assert other.visitor().get("/log/checkpoint").status_code == 503
        assert "Menus des cantines" in other.visitor().page("/requests")
        args = Namespace(file=None, new_epoch=True, yes=True)
        with other.app.app_context():
            code = backups.run_restore(
                args, other.settings, now=other.now, today=other.today, chance=other.chance
            )
            db.session.remove()
        assert code == 0
        assert other.one("SELECT max(log_id) FROM log_state") == 2
        assert "Menus des cantines" in other.visitor().page("/requests")


def _is_open(folder: Path, ref: str) -> None:
    """Look into an export as somebody who has only the folder, its README and a spreadsheet."""
    package = json.loads((folder / "datapackage.json").read_text())
    assert not any(path.stat().st_mode & 0o077 for path in folder.rglob("*"))
    readme = (folder / "README.md").read_text()
    for one in package["resources"]:
        lines = (folder / one["path"]).read_bytes().splitlines()
        assert len(lines) == one["rows"]
        names = {field["name"] for field in one["schema"]["fields"]}
        assert all(json.loads(line).keys() == names for line in lines)
        assert f"| `{one['name']}` | {one['rows']} | " in readme
        assert one["description"], one["name"]
    with (folder / "sheets" / "texts.csv").open(newline="") as file:
        words = {(row["ref"], row["role"]): row for row in csv.DictReader(file)}
    assert words[ref, "title"]["original"].startswith("'=cmd")
    assert SECRET in words[ref, "wanted"]["original"]
    assert words[ref, "wanted"]["public"] == "Des mots publics"
    assert "Zqxname" in (folder / "sheets" / "accounts.csv").read_text()
    everything_public = b"".join(p.read_bytes() for p in folder.glob("public/**/*") if p.is_file())
    assert SECRET.encode() not in everything_public
    assert b"Zqxname" not in everything_public
    bulk = (folder / "public/open311/bulk.csv").read_text().splitlines()
    assert bulk[0].startswith("service_request_id,")
    assert len(bulk) > 5
    settings = (folder / "settings.json").read_text()
    assert "not a secret" not in settings
    assert "a secret of the tests" not in settings
    assert len(list((folder / "files").iterdir())) == 2


def test_every_table_of_the_database_is_exported_or_named_with_its_reason(tmp_path: Path) -> None:
    engine = create_engine(fresh("sqlite", MIGRATIONS, tmp_path))
    there = {name for name in inspect(engine).get_table_names() if not _INDEXES.fullmatch(name)}
    engine.dispose()
    exported = {table.name for table in exporting.tables()}
    assert exported | DERIVED.keys() | LEFT_OUT.keys() == there
    assert exported.isdisjoint(DERIVED.keys() | LEFT_OUT.keys())
    assert rules.LEFT_OUT <= DERIVED.keys() | LEFT_OUT.keys()
    undescribed = [table.name for table in exporting.tables() if not exporting._about(table.name)]
    assert undescribed == []


def test_a_damaged_export_and_one_of_a_half_are_refused(village: Town, tmp_path: Path) -> None:
    village.report()
    folder = tmp_path / "export"
    with village.app.app_context():
        exporting.export(village.settings, folder, now=village.now)
        with pytest.raises(FileExistsError):
            exporting.export(village.settings, folder, now=village.now)
    table = folder / "tables" / "case_text.jsonl"
    table.write_text(table.read_text().replace("lampadaire", "lampadairf"))
    with elsewhere(village, tmp_path / "there") as other, other.app.app_context():
        with pytest.raises(Invalid, match="damaged"):
            importing.bring_in(other.settings, folder, now=other.now, say=print)
        (folder / "datapackage.json").unlink()
        with pytest.raises(Invalid, match="not an export"):
            importing.bring_in(other.settings, folder, now=other.now, say=print)
        assert db.session.execute(text('SELECT count(*) FROM "case"')).scalar() == 0
