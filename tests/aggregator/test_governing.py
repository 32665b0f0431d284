# SPDX-License-Identifier: AGPL-3.0-or-later
"""Curators decide about many towns at once, hear appeals, and hold a text back; all in public."""

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from beffroi_federation.aggregator.national.commands import rebuild, settle_waiting
from support.nation import Nation, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]


def posted(desk: FlaskClient, path: str, page: str = "/desk/", **form: Any) -> Any:
    """Send a form as the page gives it."""
    token = desk.get(page).text.split('name="csrf_token" value="')[1].split('"')[0]
    english = {"Accept-Language": "en"}
    return desk.post(path, data={"csrf_token": token, **form}, headers=english)


def test_many_towns_are_decided_at_once_and_those_that_cannot_be_are_named(
    small_nation: Nation, serve: Serve
) -> None:
    sirens = ["210000006", "210000014", "210000022"]
    for number, siren in enumerate(sirens):
        town = make_town(siren, f"Ville {number}")
        town.publish()
        small_nation.know(serve(town), approve=False)
    desk = small_nation.signed_in("operator")
    assert posted(desk, "/desk/towns", decision="approve").status_code == 422
    done = posted(desk, "/desk/towns", decision="approve", sirens=sirens[:2], words="Vu.")
    assert done.status_code == 303
    assert [small_nation.town(one).state for one in sirens] == ["approved", "approved", "waiting"]
    partly = posted(desk, "/desk/towns", decision="approve", sirens=sirens)
    assert partly.status_code == 422
    assert "approved already" in partly.text
    assert small_nation.town(sirens[2]).state == "approved"
    silent = posted(desk, "/desk/towns", decision="suspend", sirens=sirens[:2])
    assert silent.status_code == 422
    assert small_nation.town(sirens[0]).state == "approved"
    assert 'value="210000006" checked' in silent.text
    posted(desk, "/desk/towns", decision="suspend", sirens=sirens[:2], words="Clé perdue.")
    assert [small_nation.town(one).state for one in sirens] == [
        "suspended",
        "suspended",
        "approved",
    ]
    assert "Clé perdue." in small_nation.page("/towns/210000014")
    found = desk.get("/desk/?state=suspended&q=ville+1").text
    assert ("Ville 1" in found, "Ville 0" in found) == (True, False)
    assert small_nation.client().post("/desk/towns").status_code in {302, 303, 400, 401}


def test_a_town_appeals_and_is_answered_in_public(small_nation: Nation, serve: Serve) -> None:
    town = make_town()
    town.publish()
    small_nation.know(serve(town))
    desk = small_nation.signed_in("operator")
    page = "/desk/towns/210000006"
    early = posted(desk, f"{page}/appeal", page, appeal="Nous contestons.")
    assert (early.status_code, "neither in quarantine" in early.text) == (422, True)
    posted(desk, f"{page}/suspend", page, reason="Deux histoires.")
    assert posted(desk, f"{page}/answer", page, granted="no", answer="Non.").status_code == 422
    assert posted(desk, f"{page}/appeal", page, appeal="Une panne de disque.").status_code == 303
    assert posted(desk, f"{page}/appeal", page, appeal="Encore.").status_code == 422
    assert posted(desk, f"{page}/answer", page, granted="no", answer="").status_code == 422
    assert (
        posted(desk, f"{page}/answer", page, granted="no", answer="Pas encore.").status_code == 303
    )
    assert small_nation.town().state == "suspended"
    posted(desk, f"{page}/appeal", page, appeal="La preuve est là.")
    posted(desk, f"{page}/answer", page, granted="yes", answer="C’est vu.")
    assert small_nation.town().state == "approved"
    story = small_nation.page("/towns/210000006")
    for words in ("Une panne de disque.", "Pas encore.", "La preuve est là.", "C’est vu."):
        assert words in story
    events = small_nation.client().get("/api/v1/audit?kind=appeal-granted").json
    assert events is not None
    assert [one["siren"] for one in events["items"]] == ["210000006"]


def test_a_text_that_a_person_holds_back_is_nowhere_until_it_is_let_go(
    nation: Nation, serve: Serve
) -> None:
    town = make_town()
    town.record(request_content(1, title="Le titre à retenir"))
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    desk = nation.signed_in("operator")
    page, ref = "/desk/texts", "210000006-1-0"
    wrong = posted(desk, page, page, record="210000006-1-9", reason="Un doute.")
    assert (wrong.status_code, "There is no such record" in wrong.text) == (422, True)
    assert posted(desk, page, page, record=ref, reason="").status_code == 422
    address = f"http://127.0.0.1:8300/requests/{ref}?lang=fr"
    assert posted(desk, page, page, record=address, reason="Un doute.").status_code == 303
    ways = (
        f"/requests/{ref}", "/requests", "/api/v1/records", "/api/v1/similar?q=titre+retenir",
        "/feeds/requests.atom", "/topics",
    )  # fmt: skip

    def shown() -> set[str]:
        return {way for way in ways if "Le titre" in nation.client().get(way).text}

    assert shown() == set()
    feed = nation.client().get("/feeds/requests.atom").text
    assert f'deleted-entry ref="http://127.0.0.1:8300/requests/{ref}"' in feed
    with nation.app.app_context():
        settle_waiting(now=nation.clock.now())
        assert shown() == set()
        rebuild()
    assert shown() == set()
    assert [row[-2] for row in nation.rows("set_aside")] == ["person"]
    town.supersede(0, request_content(1, title="Le titre à retenir, corrigé"))
    town.publish()
    nation.pull()
    assert shown() == set(), "the person who held it has to look"
    assert "Un doute." in nation.page("/towns/210000006")
    freed = posted(desk, f"{page}/let-go", page, record=ref, reason="Corrigé.")
    assert freed.status_code == 303
    with nation.app.app_context():
        settle_waiting(now=nation.clock.now())
    assert shown() == set(ways)
    assert "deleted-entry" not in nation.client().get("/feeds/requests.atom").text
    assert "Corrigé." in nation.page("/towns/210000006")
