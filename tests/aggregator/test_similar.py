# SPDX-License-Identifier: AGPL-3.0-or-later
"""What resembles a line among the open records, and nothing that may not be shown."""

from collections.abc import Callable

from beffroi_federation.aggregator.topics import rules
from support.nation import Nation, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]


def titles(nation: Nation, query: str, more: str = "") -> list[str]:
    answer = nation.client().get(f"/api/v1/similar?q={query}{more}")
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["next_cursor"] is None
    return [item["record"]["title"] for item in body["items"]]


def test_the_nearest_stands_first_and_what_is_held_or_withdrawn_is_not_there(
    nation: Nation, serve: Serve
) -> None:
    town = make_town()
    for number, title, summary in (
        (1, "Menus des cantines scolaires", "Chaque semaine."),
        (2, "Budget des écoles", "Avec le menu des cantines."),
        (3, "Arbres abattus", "Rue par rue."),
        (4, "Menus des cantines privées", "Écrire à camille@example.org"),
        (5, "Cantine : prix des repas", "Par quotient."),
    ):
        town.record(request_content(number, title=title, summary=summary))
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    assert titles(nation, "menu+de+la+cantine") == [
        "Menus des cantines scolaires", "Budget des écoles", "Cantine : prix des repas",
    ]  # fmt: skip
    assert titles(nation, "les+CANTINES", "&limit=1") == ["Cantine : prix des repas"]
    assert titles(nation, "des+donnees+pour+la+ville") == titles(nation, "zqx") == []
    item = nation.client().get("/api/v1/similar?q=arbres").get_json()["items"][0]
    assert item["url"].endswith(f"/requests/{item['ref']}")
    assert item["town"] == town.name
    nation.client().get(item["url"])
    for bad in ("", "?q=", "?q=" + "a" * 201, "?q=a&limit=51"):
        assert nation.client().get(f"/api/v1/similar{bad}").status_code == 422
    assert (
        nation.client().get("/api/v1/similar?q=a").headers["Cache-Control"] == "private, no-store"
    )


def test_a_word_that_few_hold_counts_more_and_the_title_more_than_the_text() -> None:
    weight = rules.weights({"cantine": 100, "allergene": 2})
    assert weight["allergene"] > 2 * weight["cantine"]
    rare = rules.score(["allergenes"], [], weight)
    frequent = rules.score(["cantines"], [], weight)
    assert 0 < frequent < rules.LEAST < rare < 1
    assert rules.score([], ["allergenes"], weight) < rare
    assert rules.score(["cantines", "allergenes"], [], weight) == 1
    assert rules.question(["les", "menus", "menu", "de", "donnees"]) == ["menu"]
