# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several ways into one account: added by its holder alone, and never joining two people's things.

The second way in is a Decidim site (`support.decidim_site`), gone through as a browser does.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from beffroi.accounts import queries as accounts
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.sign_in.identities import Identity
from support.databases import fresh
from support.decidim_site import CLIENT_ID, CLIENT_SECRET, DecidimSite, decidim_site
from support.town import ISSUER, PROVIDER, PUBLIC_URL, Person, Town, open_town

NEW = "/account/sign-ins/new"
STAFF = "https://agents.example"


@pytest.fixture(scope="module")
def running() -> Iterator[DecidimSite]:
    with decidim_site(callbacks=[f"{PUBLIC_URL}/auth/decidim/callback"]) as site:
        yield site


@pytest.fixture
def decidim(running: DecidimSite) -> DecidimSite:
    running.mode()
    return running


@pytest.fixture
def town(decidim: DecidimSite, tmp_path: Path) -> Iterator[Town]:
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    providers = {
        PROVIDER: {"label": "Sign-in of the tests", "issuer": ISSUER, **client},
        "decidim": {
            "preset": "oauth2-decidim", "label": "Decidim", "issuer": decidim.address, **client
        },
        "agents": {"label": "Agents", "issuer": STAFF, "staff": True, **client},
    }  # fmt: skip
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), providers=providers) as made:
        yield made


def goes_there(person: Person, decidim: DecidimSite, link: str = "&link=yes") -> str:
    """Sign in at the Decidim site; return where that leads."""
    away = person.get(f"/auth/decidim/login?next=/account{link}")
    assert away.status_code == 303, away.text
    answer = decidim.visit(away.headers["Location"])
    back = person.client.get("/auth/decidim/callback", query_string=answer, base_url=PUBLIC_URL)
    assert back.status_code == 303, back.text
    return str(back.headers["Location"])


def adds(person: Person, decidim: DecidimSite) -> int:
    """Add the Decidim site to the ways in; return the status of the answer."""
    assert goes_there(person, decidim) == NEW
    return int(person.post(NEW, {}).status_code)


def stranger(town: Town) -> Person:
    return Person(town.app.test_client(), account_id=0, email="")


def who_is(town: Town, person: Person) -> str:
    found = re.search(r"<dt>Nom</dt>\s*<dd>([^<]+)", person.page("/account"))
    assert found is not None
    return found[1]


def test_a_second_way_in_opens_the_account_once_its_holder_has_said_yes(
    town: Town, decidim: DecidimSite
) -> None:
    alix = town.signed_in(name="Alix")
    ref = alix.sends_request()
    assert goes_there(alix, decidim) == NEW
    assert "Ada Example" in alix.page(NEW)
    assert town.one("SELECT count(*) FROM linked_identity") == 0  # not before the click
    done = alix.post(NEW, {})
    assert "est ajoutée" in alix.page(done.headers["Location"])
    town.work()
    assert "sign-ins" in town.mail.messages[-1].get_content()
    other_device = stranger(town)
    assert goes_there(other_device, decidim, link="") == "/account"
    assert ref in other_device.page("/account")
    assert who_is(town, other_device) == "Alix"  # and not the name that the second one gives
    assert town.one("SELECT count(*) FROM account") == 1


def test_the_same_address_joins_nothing_without_its_holder(
    town: Town, decidim: DecidimSite
) -> None:
    alix = town.signed_in()
    decidim.mode(me={"email": alix.email})
    goes_there(stranger(town), decidim, link="")
    assert town.one("SELECT count(*) FROM account") == 2


def test_an_identity_is_offered_to_the_account_that_asked_and_to_no_other(
    town: Town, decidim: DecidimSite
) -> None:
    alix, bo = town.signed_in(), town.signed_in()
    assert goes_there(alix, decidim) == NEW
    [offer] = [c for c in alix.client._cookies.values() if c.key.endswith("_link")]
    domain = PUBLIC_URL.removeprefix("https://")
    bo.client.set_cookie(offer.key, offer.value, domain=domain)
    assert bo.post(NEW, {}).status_code == 404
    assert town.one("SELECT count(*) FROM linked_identity") == 0
    # Somebody else signs in on this device while the other site is open: nothing comes of it.
    away = alix.get("/auth/decidim/login?link=yes")
    for cookie in bo.client._cookies.values():
        if cookie.key == f"__Host-beffroi_{town.settings.slug}":
            alix.client.set_cookie(cookie.key, cookie.value, domain=domain)
    back = alix.client.get(
        "/auth/decidim/callback",
        query_string=decidim.visit(away.headers["Location"]),
        base_url=PUBLIC_URL,
    )
    assert (back.status_code, "<code>link</code>" in back.text) == (400, True)
    assert stranger(town).client.get("/auth/decidim/login?link=yes").status_code == 400


def test_an_account_that_is_in_use_is_never_joined_and_an_empty_one_ends(
    town: Town, decidim: DecidimSite
) -> None:
    used, empty, alix = stranger(town), stranger(town), town.signed_in()
    goes_there(used, decidim, link="")
    ref = used.sends_request()
    assert adds(alix, decidim) == 409
    refused = alix.get(NEW)
    assert refused.status_code == 409
    assert "ne sont jamais réunis" in refused.text
    assert ref not in alix.page("/account")
    assert ref in used.page("/account")
    decidim.mode(me={"id": 2, "name": "Grace"})
    goes_there(empty, decidim, link="")
    assert goes_there(alix, decidim) == NEW
    assert "ce compte vide prend fin" in alix.page(NEW)
    assert alix.post(NEW, {}).status_code == 303
    assert town.one("SELECT count(*) FROM account") == 2
    assert empty.get("/account").status_code in (302, 303, 401)
    assert adds(town.signed_in(), decidim) == 409  # it opens another account already


def test_an_account_for_which_a_program_acts_is_in_use(town: Town, decidim: DecidimSite) -> None:
    used, alix = stranger(town), town.signed_in()
    goes_there(used, decidim, link="")
    token = {"name": "A script", "scopes": ["reports:write"], "days": "30"}
    assert used.post("/account/tokens", token).status_code == 200
    assert adds(alix, decidim) == 409
    assert "A script" in used.page("/account/tokens")


def test_a_way_in_that_is_taken_away_opens_nothing_and_its_sessions_end(
    town: Town, decidim: DecidimSite
) -> None:
    alix, device = town.signed_in(), stranger(town)
    assert adds(alix, decidim) == 303
    goes_there(device, decidim, link="")
    number = town.one("SELECT id FROM linked_identity")
    assert town.signed_in().post("/account/sign-ins/remove", {"id": str(number)}).status_code == 404
    assert alix.post("/account/sign-ins/remove", {"id": str(number)}).status_code == 303
    assert "Decidim" in alix.page("/account/sign-ins")  # alix stays, and can add it again
    assert device.get("/account").status_code in (302, 303, 401)
    goes_there(device, decidim, link="")
    assert town.one("SELECT count(*) FROM account") == 3


def test_who_acts_for_the_institution_adds_nothing_and_a_role_stays_where_it_was_given(
    town: Town, decidim: DecidimSite
) -> None:
    agent = town.signed_in("agent")
    assert "agit pour l’institution" in agent.page("/account/sign-ins")
    assert adds(agent, decidim) == 409
    store = town.app.extensions["beffroi"].sign_in
    alix = town.signed_in()
    assert adds(alix, decidim) == 303
    for provider in ("agents", PROVIDER):  # number 1 there is somebody else
        with town.change():
            store.grant(provider, "agent", subject="1", now=town.now)
            assert not accounts.has_role(alix.account_id)
            assert store.holder(alix.account_id, "a program").roles == {"citizen"}
    device = stranger(town)
    goes_there(device, decidim, link="")
    assert device.get("/desk").status_code == 403
    with town.change():
        store.grant("decidim", "agent", subject="1", now=town.now)
        assert accounts.has_role(alix.account_id)
        assert store.holder(alix.account_id, "a program").roles == {"agent", "citizen"}
    assert device.get("/desk").status_code == 200
    assert alix.get("/desk").status_code == 403
    assert alix.get("/auth/agents/login?link=yes").status_code == 400


def test_the_ways_in_are_in_the_archive_and_go_with_the_account(
    town: Town, decidim: DecidimSite
) -> None:
    alix = town.signed_in()
    assert adds(alix, decidim) == 303
    with town.app.app_context():
        [row] = accounts.sign_ins_of(alix.account_id)
    assert (row.issuer, row.subject) == (decidim.address, "1")
    store = town.app.extensions["beffroi"].sign_in
    with town.change():
        store.forget(alix.account_id)
    assert town.one("SELECT count(*) FROM linked_identity") == 0
    with town.change():  # the way in is nobody's: whoever comes by it is new
        signed = store.sign_in(
            Identity("decidim", decidim.address, "1", "Ada", None, False, frozenset(), ""),
            token="t" * 64,
            now=town.now,
        )
    assert signed.new
