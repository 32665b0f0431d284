# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/api/v1/records`: filters hold together, each page follows the last, changes can be followed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from beffroi_web.clock import FixedClock
from support.nation import Nation, cell_content, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]


def listed(nation: Nation, **given: str) -> list[str]:
    """Every ref of a list, page after page of two."""
    found: list[str] = []
    cursor = ""
    while True:
        query = "&".join(f"{name}={quote(value)}" for name, value in given.items())
        answer = nation.client().get(f"/api/v1/records?limit=2&cursor={cursor}&{query}")
        assert answer.status_code == 200, answer.text
        body: Any = answer.json
        found += [one["ref"] for one in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            assert len(found) == len(set(found))
            return [one.removeprefix("210000006-1-") for one in found]


def test_filters_hold_together_and_changes_are_followed_in_their_order(
    nation: Nation, serve: Serve, clock: FixedClock
) -> None:
    town = make_town(communes=("35238", "2A004", "35047"), kind="epci")
    for number in range(8):
        town.record(request_content(
            number, title=f"Menus de la cantine {number}" if number % 2 else "Horaires",
            theme="EDUC" if number < 6 else "TRAN", commune="2A004" if number > 3 else None,
        ))  # fmt: skip
    for area in ("35238", "2A004", "210000006"):
        town.record(cell_content(area=area))
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    assert listed(nation, department="2A", theme="EDUC", q="cantine", status="open") == ["5"]
    assert listed(nation, department="35", q="cantine") == ["3", "1"]
    assert listed(nation, department="2A", commune="2A004", town="210000006") == list("7654")
    cells = {"kind": "incident_summary"}
    assert listed(nation, department="35", **cells) == ["10", "8"]
    assert listed(nation, department="2A", **cells) == ["9"]
    began = clock.now().isoformat()
    assert listed(nation, since=began) == list("01234567")
    assert listed(nation, since=began, department="35", **cells) == ["8", "10"]
    clock.move(timedelta(hours=7))
    town.supersede(2, request_content(2, status="under_review"))
    town.withdraw(7)
    town.publish()
    nation.pull()
    assert listed(nation, since=clock.now().isoformat()) == ["2"]
    assert listed(nation, since=began) == [*"013456", "2"]
    for wrong in ("since=tomorrow", "department=97", "since=2026-01-01&cursor=WyIyMDI2IiwxXQ"):
        answer = nation.client().get(f"/api/v1/records?{wrong}")
        assert answer.status_code == 422, wrong
