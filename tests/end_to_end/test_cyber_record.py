# SPDX-License-Identifier: AGPL-3.0-or-later
"""A citizen's words about a defaced page, to the CERTs of the nation: after the embargo, in codes.

Everything is done by the pages that people use; town and nation are real, over HTTP. Only the clock
is moved.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from beffroi.kernel.db import MIGRATIONS
from support.databases import fresh
from support.drill import Drill, drilled
from support.nation import Nation
from support.town import Person

REPORT = {
    "category": "defaced",
    "site": "zqxsite.ville.example",
    "addresses": "https://zqxpiege.example/connexion",
    "description": "La page d’accueil affiche zqxmots en grand.",
}
FOUND = {
    "rsit": "information-content-security:unauthorised-information-modification",
    "severity": "minor", "surface": "website", "tlp": "CLEAR",
}  # fmt: skip
EMBARGO = {
    "embargo_day": "2027-04-12", "embargo_hour": "09:30", "embargo_zone": "Europe/Paris",
}  # fmt: skip
ENDS = datetime(2027, 4, 12, 7, 30, tzinfo=UTC)
"""90 days after the report; the clocks of Paris go forward in between."""
CODES = {
    "class": "information-content-security", "surface": "website", "impact": "minor",
    "duration": "1-7d", "period": "2027-Q1", "tlp": "CLEAR",
}  # fmt: skip
OBJECTS = "/taxii2/cyber/collections/clear/objects/"


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Drill, Nation]]:
    """A town of more than 10,000 inhabitants, and the nation that pulls it."""
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    more = {"population_band": "10000-49999", "session_hours": 4000, "session_idle_hours": 4000}
    with ExitStack() as stack, drilled(url, tmp_path, stack, kind="real", **more) as made:
        yield made


def act(officer: Person, ref: str, verb: str, **fields: str) -> None:
    answer = officer.post(f"/desk/cyber/{ref}/{verb}", fields)
    assert answer.status_code == 303, (verb, answer.text)


def closed_case(drill: Drill, officer: Person) -> str:
    """Bring a case from the citizen's form to its closing, under embargo, its record allowed."""
    sent = drill.town.signed_in().post("/incidents/new/public-site", REPORT)
    assert sent.status_code == 303, sent.text
    ref = str(sent.headers["Location"]).split("/")[2]
    act(officer, ref, "take")
    act(officer, ref, "classify", **FOUND)
    act(officer, ref, "embargo", **EMBARGO)
    act(officer, ref, "record")
    drill.town.later(days=2)
    act(officer, ref, "close", outcome="resolved", words="La page zqxmots est rétablie.")
    return ref


def strangers_read(drill: Drill, nation: Nation) -> str:
    """Everything that anybody reads of the town at addresses without arguments, and of its log;
    the same of the nation."""
    said = [*drill.town.files().values()]
    for app, person in (
        (drill.town.app, drill.town.visitor().client),
        (nation.app, nation.client()),
    ):
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and not rule.arguments:
                said.append(person.get(rule.rule).get_data())
    said += [nation.client().get(OBJECTS).get_data()]
    return b"\n".join(said).decode(errors="replace")


def released(drill: Drill, nation: Nation) -> list[dict[str, Any]]:
    """Let both workers work; return the cyber records that the nation's API gives."""
    drill.work()
    drill.pull()
    answer = nation.client().get("/api/v1/records?kind=cyber_incident")
    assert answer.status_code == 200
    return [item["record"] for item in answer.get_json()["items"]]


def incidents(nation: Nation) -> list[dict[str, Any]]:
    """The incidents of the collection of TAXII."""
    given = nation.client().get(OBJECTS).get_json().get("objects", [])
    return [one for one in given if one["type"] == "incident"]


def test_a_record_is_public_from_the_embargo_s_end_to_its_withdrawal(
    both: tuple[Drill, Nation],
) -> None:
    drill, nation = both
    town, reader = drill.town, nation.client()
    officer = town.signed_in("cyber_officer")
    ref = closed_case(drill, officer)

    town.clock.moment = ENDS - timedelta(seconds=1)
    assert released(drill, nation) == []
    assert incidents(nation) == []
    assert reader.get("/misp/manifest.json").get_json() == {}
    read = strangers_read(drill, nation)
    assert drill.records() == []
    assert {leaf["t"] for leaf in drill.leaves()} <= {"bat", "key"}
    for trace in ("zqx", ref, "unauthorised-information", "rsit:"):
        assert trace not in read, trace

    town.later(seconds=1)
    [record] = released(drill, nation)
    assert {name: record[name] for name in CODES} == CODES
    [shared] = incidents(nation)
    assert not shared.get("revoked", False)
    assert "website" in shared["name"]
    [(uuid, entry)] = reader.get("/misp/manifest.json").get_json().items()
    assert shared["id"] == f"incident--{uuid}"
    event = reader.get(f"/misp/{uuid}.json")
    assert event.status_code == 200
    assert entry["info"] == event.get_json()["Event"]["info"]
    content = next(r for r in drill.records() if r["kind"] == "cyber_incident")
    assert set(content) == {"v", "kind", "id", *CODES}
    read = strangers_read(drill, nation)
    assert content["id"] in read
    for trace in ("zqx", ref):
        assert trace not in read, trace

    act(officer, ref, "record-withdraw", withdraw_reason="Publié par erreur")
    assert released(drill, nation) == []
    [revoked] = incidents(nation)
    assert (revoked["id"], revoked["revoked"]) == (shared["id"], True)
    assert "website" not in json.dumps(revoked)
    assert reader.get("/misp/manifest.json").get_json() == {}
    assert reader.get(f"/misp/{uuid}.json").status_code == 404
    assert [r for r in drill.records() if r["kind"] == "cyber_incident"] == []
    drill.is_sound()
