# SPDX-License-Identifier: AGPL-3.0-or-later
"""Official answers are given on a Decidim (8.3) by an agent's click, by no import."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from beffroi.bridges.rules import BadSource, GivenAnswer
from beffroi.kernel.db import MIGRATIONS
from support.bridging import Bridge, bridge, reader
from support.databases import fresh
from support.decidim import KEY, SECRET, TOKEN, Decidim, decidim
from support.town import open_town

GIVEN = GivenAnswer("accepted", "Oui, dès mai.\n\nLa mairie", "fr")


def calls(site: Decidim) -> list[str]:
    """Return what was asked, in words."""
    return [
        "answer" if "AnswerInput" in str(said.get("query")) else path.removeprefix("/api/")
        for _, path, said in site.asked
    ]


def test_sign_in_answer_read_again_sign_out() -> None:
    with decidim(2) as site:
        by = reader(site, credentials=(KEY, SECRET))
        site.asked.clear()
        receipt = by.publish_answer("2", GIVEN, "k" * 32)
        assert (receipt.confirmed, receipt.state) == (True, "accepted")
        assert calls(site) == ["sign_in", "answer", "/api", "sign_out"]
        assert site.asked[0][2] == {"api_user[key]": KEY, "api_user[secret]": SECRET}
        sent = site.asked[1][2]["variables"]["in"]
        assert sent["clientMutationId"] == "beffroi-" + "k" * 32
        assert sent["attributes"] == {"state": "accepted", "answerContent": {"fr": GIVEN.words}}
        assert site.tokens == set()
        assert site.proposals["2"]["answer"] == {"fr": GIVEN.words}


def test_an_answer_that_is_not_read_again_is_not_confirmed_and_not_sent_twice() -> None:
    with decidim(1) as site:
        by = reader(site, credentials=(KEY, SECRET))
        site.deaf = True  # as a token without api:read: accepted, and nothing to be seen
        site.asked.clear()
        assert by.publish_answer("1", GIVEN, "k").confirmed is False
        assert calls(site).count("answer") == 1
        assert calls(site)[-1] == "sign_out"


def test_wrong_credentials_are_said_to_be_wrong_and_nothing_is_sent() -> None:
    with decidim(1) as site:
        by = reader(site, credentials=(KEY, "wrong"))
        site.asked.clear()
        with pytest.raises(BadSource, match="does not know these API credentials"):
            by.publish_answer("1", GIVEN, "k")
        assert calls(site) == ["sign_in"]
        with pytest.raises(BadSource, match="No API credentials"):
            reader(site).publish_answer("1", GIVEN, "k")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Bridge]:
    """A town that reads a Decidim on loopback and has its credentials."""
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with (
        decidim(2) as site,
        open_town(
            tmp_path, url, public_url="http://127.0.0.1:9", bridge_loopback=[site.url]
        ) as town,
    ):
        found = bridge(town, site)
        found.read()
        yield found


def test_a_preview_then_a_click_and_who_and_when_are_kept(made: Bridge) -> None:
    town, site = made.town, made.site
    boss, agent = town.signed_in("administrator"), town.signed_in("agent", name="Camille Agent")
    item = town.one("SELECT id FROM bridged_item WHERE external_id = '2'")
    path = f"/desk/bridges/answers/{item}"
    assert agent.get(path).status_code == 404  # no credentials yet
    keep = f"/desk/bridges/{made.id}/credentials"
    assert agent.post(keep, {"key": KEY, "secret": SECRET}).status_code == 403
    assert boss.post(keep, {"key": KEY}).status_code == 422
    assert boss.post(keep, {"key": KEY, "secret": SECRET}).status_code == 303
    kept = str(town.rows("SELECT credentials FROM bridge_source"))
    assert (KEY in kept, SECRET in kept) == (False, False)
    assert path in agent.page(f"/desk/cases/{made.ref('2')}")
    site.asked.clear()
    form = {"state": "rejected", "words": "Non, les horaires\nsont à la région."}
    preview = agent.post(path, {**form, "step": "preview"}).get_data(as_text=True)
    assert "Ce qui sera envoyé" in preview
    assert agent.post(path, {**form, "step": "send"}).status_code == 200  # a preview comes first
    assert agent.post(path, {**form, "state": "gone"}).status_code == 422
    assert site.asked == []
    key = re.search(r'name="key" value="([0-9a-f]{32})"', preview)
    assert key is not None
    sending = {**form, "key": key[1], "step": "send"}
    assert agent.post(path, sending).status_code == 303
    assert calls(site) == ["sign_in", "answer", "/api", "sign_out"]
    assert agent.post(path, sending).status_code == 409  # a second click
    assert calls(site).count("answer") == 1
    page = agent.page(path)
    assert "Elle s’y trouve" in page
    step = town.rows("SELECT account_id, at FROM timeline WHERE step = 'answer_sent'")
    assert [row.account_id for row in step] == [agent.account_id]
    assert town.one("SELECT confirmed_at FROM bridge_answer") is not None
    everything = str([town.rows(f'SELECT * FROM "{t}"') for t in ("bridge_answer", "timeline")])
    assert TOKEN not in everything


def test_no_reading_and_no_worker_ever_writes_there(made: Bridge) -> None:
    town, site = made.town, made.site
    boss = town.signed_in("administrator")
    boss.post(f"/desk/bridges/{made.id}/credentials", {"key": KEY, "secret": SECRET})
    town.answer(made.ref("1"), "published", url="https://donnees.ville.example/1")
    site.change("2", title="Changé")
    town.later(days=2)
    town.work()
    made.read()
    assert {verb for verb, path, _ in site.asked if path != "/api"} == set()
    assert not any("mutation" in query for query in site.queries())
