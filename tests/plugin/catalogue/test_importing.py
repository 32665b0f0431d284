# SPDX-License-Identifier: AGPL-3.0-or-later
"""Connected catalogues: what is read of them, what is refused and why, when, and from where."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Response

from beffroi.catalogue import commands, queries, service
from beffroi.catalogue.adapters import ckan, dcat, tables, udata
from beffroi.catalogue.rules import (
    HIGH_VALUE,
    BadRow,
    Raw,
    described,
    high_value_of,
    plain,
    themes_of,
)
from beffroi_web.fetching import Fetching, Kept, Limits, NotFetched
from support.portal import HERE, MENUS, TREES, Portal, portal, table
from support.town import Town, open_town


def by(made: Portal, **limits: Any) -> Fetching:
    return Fetching(
        user_agent="tests", allowed_loopback=frozenset({made.url}), limits=Limits(**limits)
    )


def bring(town: Town, made: Portal, **limits: Any) -> commands.Report:
    """Import the only catalogue of a town now."""
    with town.look():
        [one] = queries.catalogues()
        return commands.bring(one, by(made, **limits), now=town.now)


def listed(town: Town) -> list[Any]:
    return [tuple(r) for r in town.rows("SELECT source_id, title, url FROM dataset ORDER BY id")]


def test_an_import_takes_changes_and_forgets_and_a_second_one_changes_nothing(town: Town) -> None:
    with portal() as made:
        address = f"{made.url}/liste.csv"
        with town.change():
            service.connect([("csv", address)])
        made.pages["/liste.csv"] = table(
            MENUS, TREES, ("", "", f"{HERE}/x"), ("h", "Http", "http://x.example/")
        )
        report = bring(town, made)
        assert (report.datasets, report.refused, report.fault) == (2, 2, "")
        assert report.reasons[0] == "dataset 3: no title"
        assert "https" in report.reasons[1]
        before = town.rows("SELECT id, digest FROM dataset ORDER BY id")
        assert bring(town, made).unchanged
        made.pages["/liste.csv"] = table(MENUS, TREES)
        assert bring(town, made).datasets == 2
        assert town.rows("SELECT id, digest FROM dataset ORDER BY id") == before
        with town.look():
            assert [d.title for d in queries.near("Menu de la cantine")] == ["Menus des cantines"]
        made.pages["/liste.csv"] = table(("m", "Repas des crèches", f"{HERE}/menus"))
        assert bring(town, made).gone == 1
        assert listed(town) == [("m", "Repas des crèches", f"{HERE}/menus")]
        with town.look():
            assert queries.near("Menu de la cantine") == []
            assert [d.title for d in queries.near("repas creche")] == ["Repas des crèches"]
        made.pages["/liste.csv"] = "quelque chose\nd’autre"
        report = bring(town, made)
        assert report.fault == "The list has no column for: title, url"
        assert len(listed(town)) == 1
        with town.look():
            [one] = queries.catalogues()
            assert (one.datasets, one.fault, one.etag) == (1, report.fault, "")
        with town.change():
            service.connect([])
        assert listed(town) == []
        assert town.one("SELECT count(*) FROM nearby_dataset") == 0


def test_the_worker_asks_once_a_day_whatever_became_of_it(tmp_path: Path, village: Town) -> None:
    with portal() as made:
        made.pages["/liste.csv"] = table(MENUS)
        kept = village.settings.database_url
        with open_town(
            tmp_path / "other", kept, public_url="http://127.0.0.1:9",
            catalogues=[f"csv={made.url}/liste.csv", f"udata={made.url}/gone"],
        ) as town:  # fmt: skip
            town.work()
            assert len(made.asked) == 2
            town.later(hours=23)
            town.work()
            assert len(made.asked) == 2
            town.later(hours=2)
            town.work()
            assert [etag for _, etag in made.asked[2:]] != ["", ""]
            assert len(made.asked) == 4
            with town.look():
                good, bad = queries.catalogues()
                assert (good.datasets, good.fault) == (1, None)
                assert "404" in str(bad.fault)
                said: list[str] = []
                args = commands_of("list")
                assert commands.run(args, town.settings, now=town.now, say=said.append) == 0
                assert "1 datasets, 0 refused" in said[1]
                args = commands_of("import")
                assert commands.run(args, town.settings, now=town.now, say=said.append) == 1


def commands_of(verb: str) -> Any:
    import argparse

    parser = argparse.ArgumentParser()
    commands.arguments(parser)
    return parser.parse_args([verb])


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://127.0.0.1/x", "names a domain"),
        ("http://donnees.ville.example/", "begins with https"),
        ("http://127.0.0.1:1/x", "begins with https"),
        ("https://localhost/x", "full domain name"),
        ("https://somebody@ville.example/", "no user name"),
        ("https://ville.example:8443/", "names no port"),
    ],
)
def test_an_address_that_may_not_be_fetched_is_not_asked(address: str, why: str) -> None:
    with pytest.raises(NotFetched, match=why):
        Fetching(user_agent="tests", resolve=lambda *_: ["192.0.2.1"]).get(address)


def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    for inside in ("10.0.0.1", "127.0.0.1", "::1", "169.254.169.254", "64:ff9b::a00:1"):
        fetching = Fetching(user_agent="tests", resolve=lambda *_, one=inside: ["9.9.9.9", one])
        with pytest.raises(NotFetched, match="not public"):
            fetching.get("https://ville.example/")


def test_what_is_too_large_too_slow_or_elsewhere_is_left() -> None:
    with portal() as made:
        made.pages["/large"] = "x" * 5_000
        made.pages["/on"] = Response("", 302, {"Location": "https://other.example/"})
        with pytest.raises(NotFetched, match="5000 bytes; 1000 are taken"):
            by(made, size=1_000).get(f"{made.url}/large")
        with pytest.raises(NotFetched, match=r"other\.example"):
            by(made).get(f"{made.url}/on")
        with pytest.raises(NotFetched, match="too long"):
            by(made, seconds=-1.0).get(f"{made.url}/large")
        kept = by(made).get(f"{made.url}/large").kept
        assert kept.etag
        assert by(made).get(f"{made.url}/large", kept).body is None
        assert by(made).get(f"{made.url}/large", Kept(etag='"else"')).body is not None


def nothing_more(address: str) -> bytes:
    raise AssertionError(f"{address} was asked for")


def test_udata_is_read_page_by_page_on_its_own_host() -> None:
    one = {
        "id": "1", "title": "Marchés publics", "page": f"{HERE}/1", "tags": ["hvd", "statistiques"],
        "organization": {"name": "Ville"}, "license": "fr-lo", "description": "**Tous** ici",
    }  # fmt: skip
    first = {"data": [one, {**one, "archived": "2020"}], "next_page": f"{HERE}/2"}
    pages = {f"{HERE}/2": json.dumps({"data": [{**one, "id": "2"}], "next_page": None}).encode()}
    rows = list(udata.read(f"{HERE}/", json.dumps(first).encode(), pages.__getitem__))
    assert rows[1] == "deleted, archived or private"
    assert isinstance(rows[0], Raw)
    kept = described(rows[0])
    assert (kept.publisher, kept.licence, kept.summary) == ("Ville", "fr-lo", "Tous ici")
    assert kept.high_value == "c_e1da4e07"
    assert len(rows) == 3
    first["next_page"] = "https://other.example/2"
    with pytest.raises(BadRow, match="another host"):
        list(udata.read(f"{HERE}/", json.dumps(first).encode(), nothing_more))


def test_ckan_is_read_by_hundreds() -> None:
    assert ckan.first(f"{HERE}/").endswith("/api/3/action/package_search?rows=100&start=0")
    one = {
        "id": "a", "name": "arbres", "title": "Arbres", "notes": "<p>Tous</p>", "state": "active",
        "tags": [{"name": "nature"}], "organization": {"title": "Ville"}, "license_title": "ODbL",
        "extras": [{"key": "theme", "value": "http://x.example/ENVI"}],
    }  # fmt: skip

    def page(*rows: object) -> bytes:
        return json.dumps({"success": True, "result": {"count": 101, "results": rows}}).encode()

    asked: list[str] = []

    def more(address: str) -> bytes:
        asked.append(address)
        return page({**one, "id": "b", "private": True})

    rows = list(ckan.read(f"{HERE}/", page(one), more))
    assert [a.partition("?")[2] for a in asked] == ["rows=100&start=100"]
    assert isinstance(rows[0], Raw)
    kept = described(rows[0])
    assert (kept.url, kept.themes) == (f"{HERE}/dataset/arbres", ("ENVI",))
    assert rows[1] == "private or not active"


RDF = f"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/"
 xmlns:r5r="http://data.europa.eu/r5r/" xmlns:foaf="http://xmlns.com/foaf/0.1/">
<dcat:Dataset rdf:about="{HERE}/lignes"><dct:title>Lignes de bus</dct:title>
<r5r:hvdCategory rdf:resource="http://data.europa.eu/bna/c_b79e35eb"/>
<dct:publisher><foaf:Organization><foaf:name>Régie</foaf:name></foaf:Organization></dct:publisher>
</dcat:Dataset>
<rdf:Description rdf:about="{HERE}/2"><rdf:type rdf:resource="http://www.w3.org/ns/dcat#Dataset"/>
<dct:title>Autre</dct:title><dct:publisher rdf:resource="{HERE}/org"/></rdf:Description>
<foaf:Agent rdf:about="{HERE}/org"><foaf:name>Ville</foaf:name></foaf:Agent>
</rdf:RDF>"""


def test_dcat_is_read_in_three_shapes_and_refused_in_others() -> None:
    rows = [r for r in dcat.read(HERE, RDF.encode(), nothing_more) if isinstance(r, Raw)]
    kept = [described(row) for row in rows]
    assert [(k.title, k.url, k.publisher) for k in kept] == [
        ("Lignes de bus", f"{HERE}/lignes", "Régie"),
        ("Autre", f"{HERE}/2", "Ville"),
    ]
    assert kept[0].high_value == "c_b79e35eb"
    graph = {
        "@graph": [
            {"@id": f"{HERE}/org", "@type": "foaf:Organization", "foaf:name": "Ville"},
            {
                "@id": f"{HERE}/1", "@type": "dcat:Dataset", "dct:title": {"@value": "Titre"},
                "dct:publisher": {"@id": f"{HERE}/org"}, "dcat:keyword": ["a"],
            },
        ]
    }  # fmt: skip
    [row] = dcat.read(HERE, json.dumps(graph).encode(), nothing_more)
    assert isinstance(row, Raw)
    assert (row.title, row.publisher, row.url) == ("Titre", "Ville", f"{HERE}/1")
    us = {"dataset": [{"title": "T", "landingPage": f"{HERE}/3", "publisher": {"name": "V"}}]}
    [row] = dcat.read(HERE, json.dumps(us).encode(), nothing_more)
    assert isinstance(row, Raw)
    assert (row.title, row.publisher, row.url) == ("T", "V", f"{HERE}/3")
    for bad, why in (
        (b"@prefix dcat: <x> .", "neither"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
        (b"<a>", "well-formed"),
        (b"{}", "no dcat:Dataset"),
        (b"{" * 100_000, "not JSON"),
    ):
        with pytest.raises(BadRow, match=why):
            list(dcat.read(HERE, bad, nothing_more))


def test_a_list_of_resources_names_each_dataset_once() -> None:
    words = (
        "dataset.id,dataset.title,dataset.url,title,url\n"
        f"1,Un,{HERE}/1,fichier a,https://x.example/a\n"
        f"1,Un,{HERE}/1,fichier b,https://x.example/b\n"
        f"2,Deux,{HERE}/2,fichier,https://x.example/c\n"
    )
    rows = list(tables.read(HERE, words.encode("cp1252"), nothing_more))
    assert [(r.id, r.title, r.url) for r in rows if isinstance(r, Raw)] == [
        ("1", "Un", f"{HERE}/1"),
        ("2", "Deux", f"{HERE}/2"),
    ]


def test_the_six_categories_and_the_themes_are_known_by_their_codes() -> None:
    assert len(HIGH_VALUE) == 6
    assert high_value_of(["http://data.europa.eu/bna/c_ac64a52d"]) == "c_ac64a52d"
    assert high_value_of(["mobilite"]) is None
    assert high_value_of(["HVD", "Mobilité"]) == "c_b79e35eb"
    assert themes_of(["http://x.example/data-theme/TRAN", "XXXX", "TRAN"]) == ("TRAN",)
    assert plain("<b>Un</b> [lien](https://x.example)\n\n* deux", 100) == "Un lien * deux"
