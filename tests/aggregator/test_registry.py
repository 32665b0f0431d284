# SPDX-License-Identifier: AGPL-3.0-or-later
"""Registering, approving and suspending towns: by command and at the desk."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from beffroi_federation.aggregator.towns import commands, service
from beffroi_federation.aggregator.towns.rules import check_identity, dns_text
from beffroi_federation.url_policy import AddressRefused
from beffroi_web.errors import Conflict, Invalid, NotFound
from support.nation import Nation, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]
URL = "https://demandes.exemple.fr"


class Domain:
    """A domain name system with one answer for everything."""

    def __init__(self, *answers: str) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def txt(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        return self.answers


def identity_at(url: str = URL, **members: object) -> object:
    return replace(make_town(prefix=f"{url}/log").identity(), **members)


@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"siren": "210000007"}, "SIREN"),
        ({"origin": "beffroi.example/beffroi/210000014/1"}, "origin"),
        ({"origin": "beffroi.example/log"}, "origin"),
        ({"origin": "beffroi.example/beffroi/210000006/0"}, "origin"),
        ({"prefix": "https://elsewhere.example/log"}, "prefix"),
        ({"communes": ()}, "communes"),
        ({"communes": ("35238", "35000")}, "exactly one"),
        ({"communes": ("Rennes",)}, "communes"),
        ({"name": " "}, "name"),
        ({"population_band": "many"}, "population band"),
        ({"vkeys": (make_town("210000014").vkey(),)}, "key"),
        ({"vkeys": ("nonsense",)}, "key"),
    ],
)
def test_an_identity_that_does_not_fit_is_refused_with_its_fault(
    members: dict[str, object], word: str
) -> None:
    checked, faults = check_identity(identity_at(**members), URL)
    assert checked is None
    assert any(word in fault for fault in faults)


def test_all_faults_of_an_identity_are_told_at_once() -> None:
    _, faults = check_identity(identity_at(siren="1", name="", communes=()), URL)
    assert len(faults) >= 4


def test_the_domain_confirms_or_denies_the_key() -> None:
    identity = identity_at()
    checked, _ = check_identity(identity, URL)
    assert checked is not None
    text = dns_text(identity, checked.verifier)
    assert text.startswith("v=1; kid=86d33cfe; h=")
    right, wrong = Domain(text), Domain("v=spf1 -all")
    assert service.check(identity, URL, right, loopback=False)[1] == "checked"
    assert right.asked == ["_beffroi.demandes.exemple.fr"]
    assert service.check(identity, URL, wrong, loopback=False)[1] == "differs"
    assert service.check(identity, URL, None, loopback=False)[1] == "not-checked"


@pytest.mark.parametrize("dns", ["not-checked", "differs"])
def test_a_town_whose_domain_did_not_confirm_needs_a_person_who_says_so(
    small_nation: Nation, dns: str
) -> None:
    now = small_nation.clock.now()
    checked, _ = check_identity(identity_at(), URL)
    assert checked is not None
    with small_nation.app.app_context():
        with service_unit():
            service.add(checked, URL, dns, now=now)
        with pytest.raises(Conflict):
            commands.approve("210000006", by="Ada", dns_checked=False, words="", now=now)
        row = commands.approve("210000006", by="Ada", dns_checked=True, words="", now=now)
    assert (row.state, row.dns, row.approved_by) == ("approved", "person", "Ada")


def service_unit():
    from beffroi_federation.aggregator.kernel.db import unit_of_work

    return unit_of_work()


def test_an_approval_names_a_person(small_nation: Nation, serve: Serve) -> None:
    small_nation.know(serve(published(make_town())), approve=False)
    with small_nation.app.app_context(), pytest.raises(Invalid):
        commands.approve(
            "210000006", by="  ", dns_checked=False, words="", now=small_nation.clock.now()
        )


def published(town: SimulatedTown) -> SimulatedTown:
    town.record(request_content(1))
    town.publish()
    return town


def test_a_town_that_comes_back_with_another_key_is_a_matter_for_people(
    small_nation: Nation, serve: Serve
) -> None:
    small_nation.know(serve(published(make_town())))
    other = make_town(name="Usurpatrice")
    other.origin = "elsewhere.example/beffroi/210000006/1"
    with pytest.raises(Conflict):
        small_nation.know(serve(published(other)))
    assert small_nation.town().name == "Beffroi-sur-Exemple"


def test_a_town_may_change_its_name_and_address_under_the_same_key(
    small_nation: Nation, serve: Serve
) -> None:
    small_nation.know(serve(published(make_town())))
    moved = serve(published(make_town(name="Beffroi-la-Neuve", communes=("99997",))))
    row = small_nation.know(moved, approve=False)
    assert (row.name, row.state, row.prefix) == ("Beffroi-la-Neuve", "approved", moved.prefix)
    assert small_nation.client().get("/api/v1/towns?commune=99999").json["items"] == []


def test_an_address_off_the_list_of_peers_is_refused(small_nation: Nation) -> None:
    with small_nation.app.app_context():
        for url in ("http://127.0.0.1:9", "http://exemple.fr", "https://localhost", "ftp://x.fr"):
            with pytest.raises(AddressRefused):
                commands.add(url, small_nation.connect(), None, now=small_nation.clock.now())


def test_a_suspended_town_is_pulled_no_more_and_its_reason_is_public(
    small_nation: Nation, serve: Serve
) -> None:
    town = serve(published(make_town()))
    small_nation.know(town)
    now = small_nation.clock.now()
    with small_nation.app.app_context():
        with pytest.raises(Invalid):
            commands.suspend("210000006", by="Ada", reason=" ", now=now)
        with pytest.raises(NotFound):
            commands.suspend("999999999", by="Ada", reason="Parce que", now=now)
        commands.suspend("210000006", by="Ada", reason="Le domaine a expiré", now=now)
    assert small_nation.pull() == {}
    assert "Le domaine a expiré" in small_nation.page("/audit?all=1")
    assert "Le domaine a expiré" in small_nation.page("/towns/210000006")


def token_of(nation: Nation, client: object) -> str:
    page = client.get("/desk/towns/210000006").get_data(as_text=True)
    start = page.index('name="csrf_token" value="') + len('name="csrf_token" value="')
    return str(page[start : page.index('"', start)])


def test_the_desk_is_for_operators_only(small_nation: Nation, serve: Serve) -> None:
    small_nation.know(serve(published(make_town())), approve=False)
    answer = small_nation.client().get("/desk/")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=")
    assert small_nation.signed_in().get("/desk/").status_code == 403


def test_an_operator_approves_and_suspends_a_town_at_the_desk(nation: Nation, serve: Serve) -> None:
    nation.know(serve(published(make_town())), approve=False)
    client = nation.signed_in("operator")
    desk = client.get("/desk/").get_data(as_text=True)
    assert "Beffroi-sur-Exemple" in desk
    token = token_of(nation, client)
    done = client.post("/desk/towns/210000006/approve", data={"csrf_token": token, "words": "Vu."})
    assert done.status_code == 303
    assert client.get(done.headers["Location"]).status_code == 200
    assert (nation.town().state, nation.town().approved_by) == ("approved", "Ada Test")
    again = client.post("/desk/towns/210000006/approve", data={"csrf_token": token})
    assert again.status_code == 422
    empty = client.post("/desk/towns/210000006/suspend", data={"csrf_token": token})
    assert empty.status_code == 422
    assert 'id="e-reason"' in empty.get_data(as_text=True)
    done = client.post(
        "/desk/towns/210000006/suspend", data={"csrf_token": token, "reason": "Clé perdue"}
    )
    assert done.status_code == 303
    assert nation.town().state == "suspended"


def test_a_decision_without_the_forms_token_is_refused(small_nation: Nation, serve: Serve) -> None:
    small_nation.know(serve(published(make_town())), approve=False)
    client = small_nation.signed_in("operator")
    assert client.post("/desk/towns/210000006/approve").status_code == 400
    assert small_nation.town().state == "waiting"
