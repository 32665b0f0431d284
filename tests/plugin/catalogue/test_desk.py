# SPDX-License-Identifier: AGPL-3.0-or-later
"""Catalogues connected at the desk: tried, kept, read beside those of the settings, ended."""

from pathlib import Path

import pytest

from beffroi.catalogue import queries, service
from beffroi.catalogue.adapters.reading import READERS
from beffroi.catalogue.rules import KIND_WORDS, Raw, described, told
from beffroi.config import CATALOGUE_KINDS
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.migrating import downgrade, upgrade
from support.databases import BOTH, Kind, discard, empty
from support.portal import MENUS, TREES, portal, table
from support.town import Town, open_town


def test_every_kind_has_a_reader_and_words() -> None:
    assert set(KIND_WORDS) == set(READERS) == set(CATALOGUE_KINDS)


def test_a_catalogue_is_tried_connected_read_and_ended(tmp_path: Path, village: Town) -> None:
    with portal() as made:
        made.pages["/liste.csv"] = table(MENUS)
        made.pages["/autre.csv"] = table(TREES, ("", "", "https://x.example/"))
        with open_town(
            tmp_path / "other", village.settings.database_url, public_url="http://127.0.0.1:9",
            catalogues=[f"csv={made.url}/liste.csv"],
        ) as town:  # fmt: skip
            boss = town.signed_in("administrator")
            assert town.signed_in("agent").get("/desk/catalogues").status_code == 403
            form = {"kind": "csv", "address": f"{made.url}/autre.csv", "name": "Notre liste"}
            tried = boss.post("/desk/catalogues", {**form, "step": "try"})
            page = tried.get_data(as_text=True)
            assert tried.status_code == 200
            assert "Arbres d’alignement" in page
            assert "Un jeu de données." in page
            assert "jeu de données 2" in page  # and why it would be refused
            assert town.one("SELECT count(*) FROM catalogue WHERE NOT fixed") == 0
            assert boss.post("/desk/catalogues", {**form, "step": "add"}).status_code == 303
            again = boss.post("/desk/catalogues", {**form, "step": "add"})
            assert again.status_code == 422
            assert "déjà connectée" in again.get_data(as_text=True)
            town.work()
            page = boss.page("/desk/catalogues")
            assert "Notre liste" in page
            assert "fixé par les réglages" in page
            with town.look():
                assert [one.datasets for one in queries.catalogues()] == [1, 1]
                assert [d.title for d in queries.near("arbres d’alignement")]
            fixed, own = (row.id for row in town.rows("SELECT id FROM catalogue ORDER BY id"))
            if not town.one("SELECT fixed FROM catalogue WHERE id = :id", id=fixed):
                fixed, own = own, fixed
            assert boss.post(f"/desk/catalogues/{fixed}/end").status_code == 409
            assert boss.post(f"/desk/catalogues/{own}/end").status_code == 303
            with town.look():
                assert queries.near("arbres d’alignement") == []
            assert town.one("SELECT count(*) FROM dataset") == 1


def test_what_is_not_public_is_neither_tried_nor_connected(village: Town) -> None:
    boss = village.signed_in("administrator")
    for address in (
        "http://donnees.ville.example/a", "https://10.0.0.1/a", "https://localhost/a",
        "https://donnees.ville.example:8443/a", "https://u:p@donnees.ville.example/a",
        "http://127.0.0.1:8000/a", "file:///etc/passwd",
    ):  # fmt: skip
        form = {"kind": "csv", "address": address}
        tried = boss.post("/desk/catalogues", {**form, "step": "try"})
        assert "n’est pas interrogée" in tried.get_data(as_text=True), address
        added = boss.post("/desk/catalogues", {**form, "step": "add"})
        assert added.status_code == 422, address
        assert f'value="{address}"' in added.get_data(as_text=True)
    assert village.one("SELECT count(*) FROM catalogue") == 0


def test_the_settings_win_over_the_desk_and_leave_what_is_the_desk_s(town: Town) -> None:
    here = "https://donnees.ville.example"
    with town.change():
        service.add("csv", f"{here}/a", "Une", loopback=frozenset())
        service.add("csv", f"{here}/b", "Deux", loopback=frozenset())
        service.connect([("csv", f"{here}/a"), ("ckan", f"{here}/b")])
    with town.look():
        found = {(one.kind, one.address[-1], one.fixed) for one in queries.catalogues()}
    assert found == {("csv", "a", True), ("ckan", "b", True)}
    with town.change():
        service.connect([])
        service.add("csv", f"{here}/c", "", loopback=frozenset())
        service.connect([])
    with town.look():
        assert [one.address[-1] for one in queries.catalogues()] == ["c"]


def test_what_a_reader_says_is_said_in_words_or_as_it_is() -> None:
    assert told("donnees.example answered 404")[1] == {"host": "donnees.example", "code": "404"}
    assert told("something else 100%") == ("something else 100%", {})


@pytest.mark.parametrize("kind", BOTH)
def test_on_the_way_back_the_desk_s_catalogues_go_and_those_of_the_settings_stay(
    kind: Kind, tmp_path: Path
) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url)
    with open_town(tmp_path, url) as town:
        with town.change():
            service.connect([("csv", "https://donnees.ville.example/a")])
            service.add("csv", "https://donnees.ville.example/b", "", loopback=frozenset())
        for number, (row,) in enumerate(town.rows("SELECT id FROM catalogue")):
            with town.change():
                said = Raw(f"{number}", f"Jeu numéro {number}", "https://donnees.ville.example/x")
                service.take(row, [described(said)])
    downgrade(MIGRATIONS, url, "0015")
    upgrade(MIGRATIONS, url)
    with open_town(tmp_path / "again", url) as town:
        assert town.rows("SELECT address, fixed, name FROM catalogue") == [
            ("https://donnees.ville.example/a", True, "")
        ]
        assert town.one("SELECT count(*) FROM dataset") == 1
        assert town.one("SELECT count(*) FROM nearby_dataset") == 1
    discard(url)
