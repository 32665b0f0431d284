# SPDX-License-Identifier: AGPL-3.0-or-later
"""What several towns say together: figures, the map, what to open first, and what they stand on."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from beffroi_federation.aggregator.dashboards.queries import figures
from beffroi_federation.aggregator.dashboards.routes import search
from beffroi_web.clock import FixedClock
from support.deployed import wait_until
from support.nation import Nation, cell_content, cyber_content, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]
PUBLISHED = {"status": "published", "outcome": "published", "answer": "Voir."}
REFUSED = {"status": "refused", "outcome": "refused", "ground": "CRPA-L311-5", "answer": "Non."}


@pytest.fixture
def towns(serve: Serve) -> list[SimulatedTown]:
    """A commune of 35, a group of communes of 35 and 44, and one of Guadeloupe."""
    one = make_town("210000006", "Alpha", communes=("35238",))
    one.record(request_content(1, title="Menus des cantines scolaires", theme="EDUC"))
    one.record(request_content(2, title="Inventaire des arbres", theme="ENVI",
                               answered="2026-W42", **PUBLISHED))  # fmt: skip
    one.record(cell_content(area="35238", count=12, closed=6))
    other = make_town("210000014", "Beta", communes=("35001", "44109"), kind="epci")
    other.record(request_content(1, title="Menus des cantines scolaires", theme="EDUC"))
    other.record(request_content(2, title="Menus de la cantine", theme="EDUC",
                                 answered="2026-W50", **REFUSED))  # fmt: skip
    other.record(cell_content(area="44109", state="suppressed", count=None))
    other.record(cyber_content(1))
    third = make_town("210000022", "Gamma", communes=("97105",))
    third.record(request_content(1, title="Qualité de l’eau potable", theme="ENVI"))
    for town in (one, other, third):
        town.publish()
        serve(town)
    return [one, other, third]


def pulled(nation: Nation, towns: list[SimulatedTown]) -> Nation:
    for town in towns:
        nation.know(town)
    nation.pull()
    return nation


def table(nation: Nation, path: str) -> list[dict[str, str]]:
    answer = nation.client().get(path)
    assert answer.status_code == 200, path
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    items: list[dict[str, Any]] = nation.client().get(path.replace(".csv", ".json")).json["items"]
    assert [
        {name: said(value) for name, value in item.items()} for item in items
    ] == [{name: row[name] for name in sorted(row)} for row in rows]  # fmt: skip
    return rows


def said(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)


def test_figures_follow_records_and_a_body_counts_in_each_of_its_territories(
    nation: Nation, towns: list[SimulatedTown]
) -> None:
    pulled(nation, towns)
    places = {row["code"]: row for row in table(nation, "/map.csv")}
    assert len(places) == 107
    names = ("towns", "verified", "requests", "open", "answered", "rate", "median_weeks",
             "reported", "closed", "protected_cells", "checkpoints")  # fmt: skip
    assert [places["35"][name] for name in names] == [
        "2", "2", "4", "2", "2", "50", "2", "12", "6", "1", "2"
    ]  # fmt: skip
    assert [places["44"][name] for name in names[:7]] == ["1", "1", "2", "1", "1", "50", "10"]
    assert [places["971"][name] for name in names[:7]] == ["1", "1", "1", "1", "0", "0", ""]
    assert places["75"]["rate"] == ""
    home = nation.page("/")
    assert "3 towns: 5 requests, 40 in a hundred answered, half of them within 2 weeks." in home
    ways = ("/search?q=menus", "/search?what=topics", "/open-first",
            "/open-first.csv", "/", "/search.csv?q=menus", "/search.json?what=topics")  # fmt: skip
    for path in ways:
        assert "cantine" in nation.client().get(path).text, path
    for at in range(3):
        towns[0].withdraw(at)
    for at in range(2):
        towns[1].withdraw(at)
    for town in towns[:2]:
        town.publish()
    nation.clock.moment += timedelta(hours=7)
    nation.pull()
    after = {row["code"]: row for row in table(nation, "/map.csv")}
    assert [after["35"][name] for name in ("requests", "answered", "reported")] == ["0", "0", "0"]
    for path in ways:
        assert "cantine" not in nation.client().get(path).text, path
    assert nation.client().get("/incidents.csv").text.count("street") == 1


def test_the_page_of_a_territory_names_its_towns_and_what_their_figures_stand_on(
    small_nation: Nation, towns: list[SimulatedTown]
) -> None:
    nation = pulled(small_nation, towns)
    page = nation.page("/map/35")
    assert "Alpha" in page
    assert "Beta" in page
    assert "Gamma" not in page
    assert "Also in: 44" in page
    assert "stand on 2 signed states (checkpoints)" in page
    rows = table(nation, "/map/35.csv")
    assert [(row["siren"], row["answered"]) for row in rows] == [
        ("210000006", "1"), ("210000014", "1")
    ]  # fmt: skip
    stated = table(nation, "/audit/checkpoints.csv?departement=35")
    assert {(row["siren"], row["size"], row["note"]) for row in stated} == {
        (town.siren, str(len(town.leaves)), list(town.notes.values())[-1])
        for town in towns[:2]
    }  # fmt: skip
    states = table(nation, "/audit/towns.csv")
    assert [row["versions"] for row in states] == ["3", "4", "1"]
    assert nation.client().get("/map/20").status_code == 404
    assert nation.client().get("/audit/checkpoints?departement=20").status_code == 404
    assert "Fewer than three bodies" in nation.page("/towns/210000006")
    assert table(nation, "/towns.csv?kind=epci")[0]["name"] == "Beta"


@pytest.mark.parametrize(
    ("query", "found", "absent"),
    [
        ("q=menus", ["Menus des cantines", "Menus de la cantine"], ["arbres"]),
        ("q=menus&departement=44&status=refused", ["Menus de la cantine"], ["Menus des cantines"]),
        ("q=menus&kind=commune", ["Alpha"], ["Beta"]),
        ("departement=971", ["Qualité de l’eau"], ["Menus", "arbres"]),
        ("departement=20", ["Nothing found"], ["Menus"]),
        ("what=topics&q=menus+des+cantines&departement=971", ["Nothing found"], ["/topics/"]),
        ("what=topics&q=menus+des+cantines&commune=44109", ["/topics/"], ["Nothing found"]),
        ("what=topics&departement=971&status=open", ["Qualité de l’eau"], ["Menus"]),
        ("what=towns&q=bet&departement=35", ["Beta"], ["Alpha"]),
        ("what=towns&kind=epci&commune=35001", ["Beta"], ["Alpha", "Gamma"]),
    ],
)
def test_filters_of_the_search_hold_together_with_the_words(
    shared: Nation, query: str, found: list[str], absent: list[str]
) -> None:
    page = re.sub(r"<form.*?</form>", "", shared.page(f"/search?{query}"), flags=re.DOTALL)
    results = page.split("<main")[1]
    for words in found:
        assert words in results, words
    assert ("As data" in results) is (found != ["Nothing found"])
    file = shared.client().get(f"/search.csv?{query}").text + str(shared.client().get(
        f"/search.json?{query}"
    ).json["items"])  # fmt: skip
    assert all(file.count(words) > 1 for words in found if words != "Nothing found")
    assert not any(words in file for words in absent if words != "Nothing found")
    results = re.sub(r'<(nav|div class="active).*?</\1', "", results, flags=re.DOTALL)
    for words in absent:
        assert words not in results, words


@pytest.fixture
def shared(small_nation: Nation, towns: list[SimulatedTown]) -> Nation:
    """A nation that has pulled the three towns."""
    return pulled(small_nation, towns)


def test_search_goes_on_from_where_a_page_ended(shared: Nation) -> None:
    seen: list[str] = []
    url = "/search?limit=2"
    for _ in range(4):
        page = shared.page(url)
        seen += re.findall(r'class="card-title"><a href="([^"?]+)', page)
        later = re.search(r'rel="next" href="([^"]+)"', page)
        if later is None:
            break
        url = later[1].replace("&amp;", "&")
    assert len(seen) == 5
    assert len(set(seen)) == 5


def test_a_file_of_what_was_found_goes_on_where_it_ended_and_leads_to_the_pages(
    shared: Nation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_IN_A_FILE", 2)
    rows, url = [], "/search.json?status="
    for _ in range(4):
        answer = shared.client().get(url)
        rows += answer.json["items"]
        if "Link" not in answer.headers:
            break
        url = answer.headers["Link"].partition(">")[0].removeprefix("<")
    assert len({row["url"] for row in rows}) == len(rows) == 5
    assert {row["town"] for row in rows} == {"Alpha", "Beta", "Gamma"}
    path = rows[0]["url"].removeprefix(shared.settings.public_url)
    assert rows[0]["title"] in shared.page(path)
    assert shared.client().get("/search.csv?cursor=nowhere").status_code == 422


def test_unmet_demand_is_ranked_and_a_curator_names_who_holds_it_with_a_public_reason(
    nation: Nation, towns: list[SimulatedTown]
) -> None:
    pulled(nation, towns)
    rows = table(nation, "/open-first.csv")
    assert [(row["rank"], row["themes"], row["unmet"]) for row in rows] == [
        ("1", "EDUC", "3"),
        ("1", "ENVI", "2"),
    ]
    assert rows[1]["high_value"] == "environment"
    assert "never conditions an answer" in nation.page("/open-first")
    desk = nation.signed_in("operator")
    token = desk.get("/desk/holders/ENVI").text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "holder_fr": "Office de l’eau", "reason": "Décret récent."}
    assert desk.post("/desk/holders/ENVI", data={**form, "reason": " "}).status_code == 422
    assert desk.post("/desk/holders/POEM", data=form).status_code == 404
    assert desk.post("/desk/holders/ENVI", data=form).status_code == 303
    assert nation.client().get("/desk/holders").status_code == 303
    page = nation.page("/open-first?by=domain")
    assert "Office de l’eau" in page
    assert "By Ada Test: Décret récent." in page
    assert table(nation, "/open-first.csv?by=domain")[1]["holder_fr"] == "Office de l’eau"


def test_incidents_are_summed_by_category_and_class_and_hidden_cells_stay_hidden(
    shared: Nation,
) -> None:
    rows = table(shared, "/incidents.csv")
    (row,) = rows
    assert [row[name] for name in ("reported", "cells_with_figures", "protected_cells")] == [
        "12", "1", "1"
    ]  # fmt: skip
    own = table(shared, "/incidents.csv?town=210000014")
    assert [(row["reported"], row["protected_cells"]) for row in own] == [("", "1")]
    page = shared.page("/incidents?town=210000014")
    assert "protected" in page.split("By category")[1].split("</table>")[0]
    assert table(shared, "/incidents/cyber.csv") == [
        {"class": "fraud", "period": "2026-Q1", "incidents": "1"}
    ]


def test_the_front_page_says_where_a_nation_of_nobody_and_of_one_town_stands(
    small_nation: Nation, towns: list[SimulatedTown]
) -> None:
    assert "No town takes part yet" in small_nation.page("/")
    assert "No town takes part yet" in small_nation.page("/map")
    pulled(small_nation, towns[2:])
    assert "Gamma: 1 request, none answered yet." in small_nation.page("/")


def test_figures_of_many_towns_are_counted_anew_beside_the_answers(
    full_nation: Nation, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MANY", 0)
    with full_nation.app.app_context():
        first = figures.picture(clock.now())
        clock.move(timedelta(seconds=61))
        assert figures.picture(clock.now()) is first
        wait_until(lambda: figures.picture(clock.now()) is not first, "never counted anew")
        assert figures.picture(clock.now()).made_at == clock.now()
        clock.move(timedelta(minutes=6))  # nobody came meanwhile: whoever comes first waits
        assert figures.picture(clock.now()).made_at == clock.now()
