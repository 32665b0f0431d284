# SPDX-License-Identifier: AGPL-3.0-or-later
"""What became of a content, and what was received and never told of, in plain words."""

import re
from collections.abc import Callable
from datetime import timedelta

from beffroi_federation.entries import Reason
from support.nation import Nation, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]


def pulled(nation: Nation, serve: Serve) -> SimulatedTown:
    """Return a town of which three requests were pulled, and one reception without a record."""
    town = make_town()
    town.begin_batch("2026-W40")
    for number in (1, 2, 3):
        town.record(request_content(number))
    town.receive(b"What nobody tells of")
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    return town


def page(nation: Nation, place: int) -> tuple[int, str]:
    answer = nation.client().get(f"/requests/210000006-1-{place}?lang=en")
    return answer.status_code, answer.get_data(as_text=True)


def test_a_withdrawn_record_says_so_with_its_reason(nation: Nation, serve: Serve) -> None:
    town = pulled(nation, serve)
    assert page(nation, 1)[0] == 200
    town.withdraw(1, Reason.ERASURE)
    town.publish()
    nation.pull()
    status, said = page(nation, 1)
    assert status == 410
    assert "Withdrawn" in said
    assert "a person asked for erasure" in said
    assert "Horaires" not in said
    assert "a person asked for erasure: 1" in nation.page("/towns/210000006")


def test_a_content_that_is_gone_is_awaited_and_then_missing(nation: Nation, serve: Serve) -> None:
    town = pulled(nation, serve)
    del town.contents[2]
    nation.clock.move(timedelta(days=2))
    nation.pull()
    status, said = page(nation, 2)
    assert (status, "Awaited" in said, "Horaires" in said) == (404, True, False)
    assert re.search(r"Awaited: gone.*?<dd>1</dd>", nation.page("/towns/210000006"), re.DOTALL)
    nation.clock.move(timedelta(days=9))
    nation.pull()
    assert "absent for more than 8 days" in nation.page("/audit")
    assert "In quarantine" in nation.page("/towns/210000006")


def test_what_was_never_there_is_not_found(small_nation: Nation, serve: Serve) -> None:
    pulled(small_nation, serve)
    assert page(small_nation, 7)[0] == 404
    assert page(small_nation, 0)[0] == 404


def test_the_audit_page_says_what_each_state_means(small_nation: Nation) -> None:
    said = small_nation.page("/audit")
    for word in ("Open", "Withdrawn", "Awaited", "Missing", "Altered"):
        assert f"<dt>{word}</dt>" in said


def test_a_request_that_nobody_tells_of_is_counted_after_30_days_everywhere(
    nation: Nation, serve: Serve
) -> None:
    pulled(nation, serve)
    before = {path: _figure(nation.page(path)) for path in ("/", "/audit", "/towns/210000006")}
    assert set(before.values()) == {"0"}
    nation.clock.move(timedelta(days=31))
    after = {path: _figure(nation.page(path)) for path in ("/", "/audit", "/towns/210000006")}
    assert set(after.values()) == {"1"}
    api = nation.client().get("/api/v1/towns").get_json()
    assert api["items"][0]["unreleased"] == 1
    assert "none can be buried" in nation.page("/")


def _figure(said: str) -> str:
    """Return the figure of the tile of what is still untold."""
    value = r"\s*<p class=\"tile-value\">(?:<a [^>]*>)?([0-9]+)<"
    found = re.search(r"Received, still untold</p>" + value, said)
    assert found is not None
    return found[1]
