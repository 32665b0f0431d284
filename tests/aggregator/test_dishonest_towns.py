# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every dishonest town is refused and told of; every other town is pulled all the same."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from flask_babel import force_locale, gettext

from beffroi_federation.aggregator.intake.commands import Pulled
from beffroi_federation.aggregator.intake.queries import freshness
from beffroi_federation.aggregator.intake.rules import (
    AT_ONCE,
    FIRST_WAIT,
    LEAST_WAIT,
    Heard,
    evidence,
)
from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_federation.aggregator.towns import commands
from beffroi_federation.aggregator.towns.rules import FAULTS, SENTENCES, luhn
from beffroi_federation.aggregator.towns.service import MOST_EVIDENCE
from beffroi_federation.entries import encode_base64url
from beffroi_federation.errors import Fork
from beffroi_federation.url_policy import AddressRefused
from beffroi_federation.verify import ContentState
from beffroi_web.clock import FixedClock
from support.databases import BOTH, discard, fresh
from support.dishonest import BEHAVIOURS, Behaviour
from support.nation import Nation, make_town, request_content
from support.simulated_town import Answer, SimulatedTown

MOMENT = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
Serve = Callable[[SimulatedTown], SimulatedTown]


def grown_town(serve: Serve, nation: Nation) -> SimulatedTown:
    """Return a town that was pulled once and has grown since."""
    town = make_town()
    town.begin_batch("2026-W40")
    for number in range(1, 7):
        town.record(request_content(number))
    town.publish()
    serve(town)
    nation.know(town)
    assert nation.pull(town.siren)[town.siren].result == "taken"
    for number in (7, 8):
        town.record(request_content(number))
    town.publish()
    return town


@dataclass
class Country:
    """A nation with an honest town and one town for each way of being wrong, and what came of it.

    `rounds` are the results of each round by SIREN; `evidence` the last round's evidence files.
    """

    nation: Nation
    honest: SimulatedTown
    towns: dict[str, SimulatedTown] = field(default_factory=dict)
    rounds: list[dict[str, Pulled]] = field(default_factory=list)

    def siren(self, behaviour: Behaviour) -> str:
        """Return which town behaves so."""
        return siren_of(BEHAVIOURS.index(behaviour))

    def told(self, behaviour: Behaviour, lang: str = "en") -> str:
        """Return what the town's own page and the audit page tell of a town, as plain text."""
        page = self.nation.page(f"/towns/{self.siren(behaviour)}", lang)
        return unescape(page)

    def events(self, behaviour: Behaviour) -> list[dict[str, object]]:
        """Return the faults that the audit tells of a town, newest first."""
        found: list[dict[str, object]] = []
        after = ""
        while True:
            answer = self.nation.client().get(f"/api/v1/audit?limit=200{after}").json
            assert answer is not None
            found += [one for one in answer["items"] if one["siren"] == self.siren(behaviour)]
            if not answer["next_cursor"]:
                return found
            after = f"&cursor={answer['next_cursor']}"


def siren_of(number: int) -> str:
    """Return a SIREN of its own, with its check digit, for a town of a country of many."""
    head = f"2100{1_000 + number}"
    return next(head + last for last in "0123456789" if luhn(head + last))


def content_for(siren: str, number: int) -> bytes:
    return request_content(number, title=f"Demande {number} de {siren}", summary=f"Texte {siren}.")


@pytest.fixture(scope="module", params=BOTH)
def country(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Country]:
    """Every dishonest town in the same rounds: an honest one, three wrong ones, and 8 days on."""
    folder = tmp_path_factory.mktemp("country")
    url = fresh(request.param, MIGRATIONS, folder)
    with ExitStack() as stack:
        stack.callback(discard, url)
        nation = stack.enter_context(Nation.on(url, folder, FixedClock(MOMENT)))
        made = Country(nation, make_town("210000014", "Voisine", communes=("99998",)))
        for number, _ in enumerate(BEHAVIOURS):
            siren = siren_of(number)
            made.towns[siren] = make_town(
                siren, f"Commune {number}", communes=(f"{10_000 + number}",)
            )
        for town in (made.honest, *made.towns.values()):
            town.begin_batch("2026-W40")
            for one in range(1, 7):
                town.record(content_for(town.origin.split("/")[2], one))
            town.publish()
            stack.enter_context(town.served())
            nation.know(town)
        made.rounds.append(nation.pull())
        for behaviour, (siren, town) in zip(BEHAVIOURS, made.towns.items(), strict=True):
            for one in (7, 8):
                town.record(content_for(siren, one))
            town.publish()
            behaviour.act(town)
        for one in range(3):
            grow(made.honest, 10 + one)
            nation.clock.move(timedelta(hours=7))
            made.rounds.append(nation.pull())
        grow(made.honest, 20)
        nation.clock.move(timedelta(days=8))
        made.rounds.append(nation.pull())
        yield made


def grow(town: SimulatedTown, number: int) -> None:
    town.record(content_for("210000014", number))
    town.publish()


EACH = pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda one: one.name.replace(" ", "-"))
LATER = {"slow", "not-served", "unanswered"}
"""What is told when it happened several times in a row."""


def test_the_honest_town_is_taken_in_every_round(country: Country) -> None:
    assert {one.result for one in country.rounds[0].values()} == {"taken"}
    assert len(country.rounds[0]) == len(BEHAVIOURS) + 1
    assert [one["210000014"].result for one in country.rounds] == ["taken"] * 5
    page = country.nation.page("/requests?q=210000014")
    assert "Demande 20 de 210000014" in page
    assert country.nation.town("210000014").state == "approved"


@EACH
def test_each_dishonest_town_is_refused_by_its_name_and_nothing_more_is_taken(
    country: Country, behaviour: Behaviour
) -> None:
    siren = country.siren(behaviour)
    first, last = country.rounds[1][siren], country.rounds[-1].get(siren)
    if behaviour.expected is ContentState.PENDING:
        assert first.result == "taken"
        assert last is not None
        assert last.step == "missing"
        return
    if behaviour.step in LATER:
        assert [one[siren].result for one in country.rounds[1:]] == ["unreachable"] * 4
    else:
        assert (first.result, first.step) == ("refused", behaviour.step)
    row = country.nation.town(siren)
    kept = [one for one in country.nation.rows("raw_entry") if one[0] == row.log_id]
    assert len(kept) == 7
    assert f"Demande 8 de {siren}" not in country.nation.dump()
    at_once = behaviour.step in AT_ONCE
    assert row.state == ("approved" if behaviour.step in LATER else "quarantined")
    assert at_once == (country.rounds[2].get(siren, first).result == "unchanged")


@EACH
def test_each_is_named_in_plain_words_in_both_languages(
    country: Country, behaviour: Behaviour
) -> None:
    english = SENTENCES[behaviour.step]
    with country.nation.app.app_context(), force_locale("fr"):
        french = gettext(english)
    assert french != english
    assert english in country.told(behaviour, "en")
    assert french in country.told(behaviour, "fr")
    steps = [event["kind"] for event in country.events(behaviour)]
    if behaviour.step != "unanswered":  # that a town was not reached is nobody's fault
        assert behaviour.step in steps


def test_the_audit_page_tells_of_every_fault(country: Country) -> None:
    pages, path = [], "/audit"
    while path:
        page = country.nation.page(path)
        pages.append(unescape(page))
        found = re.search(r'href="(/audit\?cursor=[^"]+)"', page)
        path = unescape(found[1]) if found else ""
    told = "".join(pages)
    for behaviour in BEHAVIOURS:
        assert (SENTENCES[behaviour.step] in told) == (behaviour.step in FAULTS), behaviour.name


@EACH
def test_the_evidence_of_each_is_kept_capped_and_holds_nobodys_words(
    country: Country, behaviour: Behaviour
) -> None:
    events = [one for one in country.events(behaviour) if one["kind"] == behaviour.step]
    if behaviour.step in LATER:
        assert not any(one["evidence"] for one in events)
        return
    path = str(events[-1]["evidence"]).removeprefix(country.nation.settings.public_url)
    answer = country.nation.client().get(path)
    assert answer.mimetype == "application/json"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert len(answer.data) < MOST_EVIDENCE
    evidence = json.loads(answer.data)
    town = country.towns[country.siren(behaviour)]
    assert evidence["accepted_checkpoint"] in town.notes.values()
    assert evidence["fault"]["sentence"]
    text = answer.get_data(as_text=True)
    assert "Demande" not in text
    assert "Camille" not in text
    assert not any(encode_base64url(salt) in text for salt, _ in town.contents.values())


@pytest.mark.parametrize("leaf", [b"x", b"x" * 1_024, b'{"i":0,"r":"error","t":"wdr","v":1}'])
def test_evidence_is_whole_json_within_its_cap_however_small_the_leaves(leaf: bytes) -> None:
    origin = "beffroi.example/beffroi/210000006/1"
    heard = Heard(f"{origin}\n".encode() + b"\n" * 16_000, 0, [leaf] * 5_000)
    kept = evidence(origin, "a key", heard.note, Fork("Two histories"), heard)
    assert len(kept) < MOST_EVIDENCE
    found = json.loads(kept)
    assert found["leaves_complete"] is False
    assert len(found["served_leaves"]) > 100


def test_every_step_of_a_towns_story_is_in_the_reference() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/audit.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([a-z-]+)` \| [^|]+ \| (.*) \|$", page, re.MULTILINE))
    assert told.keys() == SENTENCES.keys()
    for step, marks in told.items():
        fault, at_once = ("yes" in mark for mark in marks.split("|"))
        assert fault == (step in FAULTS), step
        assert at_once == (step in AT_ONCE), step


def test_garbage_three_times_in_a_row_is_quarantine(small_nation: Nation, serve: Serve) -> None:
    town = grown_town(serve, small_nation)
    behaviour = next(one for one in BEHAVIOURS if one.name == "garbage checkpoint")
    behaviour.act(town)
    for _ in range(2):
        small_nation.pull()
        assert small_nation.town().state == "approved"
    small_nation.pull()
    assert small_nation.town().state == "quarantined"
    assert "three refusals in a row" in small_nation.page("/audit")
    town.requests.clear()
    small_nation.pull()
    assert "log/checkpoint" not in town.requests


def test_an_honest_pull_in_between_forgives_garbage(small_nation: Nation, serve: Serve) -> None:
    town = grown_town(serve, small_nation)
    behaviour = next(one for one in BEHAVIOURS if one.name == "garbage checkpoint")
    for _ in range(4):
        behaviour.act(town)
        assert small_nation.pull()["210000006"].result == "refused"
        town.instead.clear()
        assert small_nation.pull()["210000006"].result in {"taken", "unchanged"}
    assert small_nation.town().state == "approved"


def test_a_network_failure_only_waits_up_to_twice_as_long_each_time(
    small_nation: Nation, serve: Serve
) -> None:
    town = grown_town(serve, small_nation)
    behaviour = next(one for one in BEHAVIOURS if one.name == "garbage instead of http")
    behaviour.act(town)
    now = small_nation.clock.now()
    for misses in (1, 2, 3):
        assert small_nation.pull()["210000006"].result == "unreachable"
        with small_nation.app.app_context():
            (known,) = freshness().values()
        assert known.misses == misses
        assert known.due_at is not None
        assert LEAST_WAIT <= known.due_at - now <= FIRST_WAIT * 2 ** (misses - 1)
    assert small_nation.town().state == "approved"
    assert "Does not answer" in small_nation.page("/towns")


@pytest.mark.parametrize("name", ["fork in the middle", "same size other root", "rollback"])
def test_the_evidence_of_a_fork_holds_both_signed_checkpoints_and_no_content(
    nation: Nation, serve: Serve, name: str
) -> None:
    town = grown_town(serve, nation)
    accepted = town.notes[7]
    next(one for one in BEHAVIOURS if one.name == name).act(town)
    nation.pull()
    items = nation.client().get("/api/v1/audit").json
    assert items is not None
    event = items["items"][0]
    assert event["fault"]
    answer = nation.client().get(event["evidence"].removeprefix(nation.settings.public_url))
    assert answer.mimetype == "application/json"
    evidence = json.loads(answer.data)
    assert evidence["accepted_checkpoint"] == accepted
    assert evidence["served_checkpoint"] != accepted
    assert town.origin in evidence["served_checkpoint"]
    assert "autobus" not in answer.get_data(as_text=True)


def test_an_operator_ends_a_quarantine_and_pulling_goes_on(nation: Nation, serve: Serve) -> None:
    town = grown_town(serve, nation)
    last = max(town.contents)
    salt, content = town.contents[last]
    town.contents[last] = (salt, content.replace(b"ligne 8", b"ligne 9"))
    assert nation.pull()["210000006"].step == "mismatch"
    town.contents[last] = (salt, content)
    assert nation.pull()["210000006"].result == "unchanged"
    assert "ligne 8" not in nation.dump()
    with nation.app.app_context():
        commands.approve(
            "210000006", by="Ada Test", dns_checked=False, words="", now=nation.clock.now()
        )
    assert nation.pull()["210000006"].result == "taken"
    assert "ligne 8" in nation.page("/requests")
    assert "A person ended the quarantine" in nation.page("/audit?all=1")


def test_a_redirecting_identity_is_refused(small_nation: Nation, serve: Serve) -> None:
    town = serve(make_town())
    town.instead[".well-known/beffroi.json"] = Answer(
        302, headers={"Location": "http://127.0.0.1:22/"}
    )
    with pytest.raises(AddressRefused):
        small_nation.know(town)
    assert small_nation.rows("town") == []
