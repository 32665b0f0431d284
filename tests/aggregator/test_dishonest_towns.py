# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every dishonest town is refused and told of; every other town is pulled all the same."""

import json
from collections.abc import Callable

import pytest

from beffroi_federation.aggregator.intake.queries import freshness
from beffroi_federation.aggregator.intake.rules import AT_ONCE, FIRST_WAIT, LEAST_WAIT
from beffroi_federation.aggregator.towns import commands
from beffroi_federation.errors import Unreachable
from beffroi_federation.url_policy import AddressRefused
from beffroi_federation.verify import ContentState
from support.dishonest import BEHAVIOURS, Behaviour
from support.nation import Nation, make_town, request_content
from support.simulated_town import Answer, SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]

STEPS = {
    "Rollback": "rollback",
    "Fork": "fork",
    "Malformed": "malformed",
    "OverLimit": "over-limit",
    "Unsigned": "unsigned",
    "AddressRefused": "address",
    "Inconsistent": "reference",
}


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


def neighbour(serve: Serve, nation: Nation) -> SimulatedTown:
    """Return an honest town with something new."""
    town = make_town("210000014", "Voisine", communes=("99998",))
    town.record(request_content(50, title="La demande de la voisine"))
    town.publish()
    serve(town)
    nation.know(town)
    return town


def expected_step(behaviour: Behaviour) -> str | None:
    if isinstance(behaviour.expected, ContentState):
        return "mismatch" if behaviour.expected is ContentState.MISMATCH else None
    if behaviour.expected is Unreachable:
        return None
    return STEPS[behaviour.expected.__name__]


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda one: one.name.replace(" ", "-"))
def test_a_dishonest_town_is_refused_and_the_neighbour_is_pulled(
    small_nation: Nation, serve: Serve, behaviour: Behaviour
) -> None:
    town = grown_town(serve, small_nation)
    neighbour(serve, small_nation)
    behaviour.act(town)
    done = small_nation.pull()
    step = expected_step(behaviour)
    assert done["210000014"].result == "taken"
    assert "La demande de la voisine" in small_nation.page("/requests")
    result = done["210000006"]
    if behaviour.expected is ContentState.PENDING:
        assert result.result == "taken"
        assert len(small_nation.rows("absent_content")) == 1
        return
    assert result.result == ("unreachable" if step is None else "refused")
    assert result.step == (step or "")
    assert len([row for row in small_nation.rows("raw_entry") if row[0] == 1]) == 7
    assert "ligne 8" not in small_nation.dump()
    quarantined = small_nation.town().state == "quarantined"
    assert quarantined == (step in AT_ONCE)
    audit = small_nation.page("/audit")
    if step is None:
        assert "Beffroi-sur-Exemple" not in audit
    else:
        assert "Beffroi-sur-Exemple" in audit
        assert small_nation.client().get("/readyz").json["refused"] == 1


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
