# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked besides by category: from the settings and the desk, for agents unless public."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.app import create_app
from beffroi.incidents.rules import questions as rules
from beffroi.incidents.rules.questions import Question
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.configuration import SettingsRefused
from support.databases import fresh
from support.everything import everything_in
from support.open311 import key_for
from support.town import REPORT, Person, Town, open_town

ASKED: dict[str, Any] = {
    "lighting": [
        {"code": "pole", "kind": "text", "words": {"fr": "Numéro du mât", "en": "Pole"}},
        {"code": "lamps", "kind": "number", "words": "Combien de lampes", "public": True,
         "required": True},
        {"code": "state", "kind": "list", "words": "Dans quel état", "public": True,
         "choices": {"off": {"fr": "Éteint", "en": "Off"}, "blink": "Clignote"}},
    ],
}  # fmt: skip
ANSWERS = {
    "ask_lighting_pole": "zqxpole 12",
    "ask_lighting_lamps": "1 234,5",
    "ask_lighting_state": "blink",
}


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Town]:
    """A town that asks three things about lighting."""
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), questions=ASKED) as town:
        yield town


def test_a_table_is_read_and_all_its_faults_are_said_at_once() -> None:
    found, wrong = rules.read(ASKED)
    assert wrong == []
    assert [one.field for one in found] == list(ANSWERS)
    bad = {
        "down": [{"code": "a", "kind": "text", "words": "Cyber"}],
        "road": [
            {"code": "A b", "kind": "colour", "words": ""},
            {"code": "t", "kind": "text", "words": "x", "public": True},
            {"code": "l", "kind": "list", "words": "x"},
            {"code": "date", "kind": "text", "words": "x"},
            {"code": "u", "kind": "text", "words": "x", "hidden": 1},
            {"code": "n", "kind": "number", "words": "x", "required": "yes"},
            {"kind": "number"}, "no question",
            {"code": "t", "kind": "number", "words": "x"},
        ],
    }  # fmt: skip
    said = "\n".join(rules.read(bad)[1])
    for place in ("down 1", "road 1", "road 2", "road 3", "road 4", "road 5", "road 6", "road 7"):
        assert f"{place}:" in said
    assert "ask_road_t is there twice" in said


def test_a_town_does_not_start_with_questions_that_cannot_be_asked(asking: Town) -> None:
    from dataclasses import replace

    wrong = replace(asking.settings, questions={"road": [{"code": "x"}]})
    with pytest.raises(SettingsRefused, match="BEFFROI_QUESTIONS road 1"):
        create_app(wrong)


@given(st.text(max_size=30))
def test_a_number_is_kept_so_that_it_can_be_read_again(typed: str) -> None:
    question = Question("road", "n", "number", {"fr": "x"})
    [*found], wrong = rules.answers([question], {question.field: typed})
    assert bool(found) + bool(wrong) <= 1
    for one in found:
        again, faults = rules.answers([question], {question.field: one.value})
        assert not faults
        assert float(again[0].value) == float(one.value)


def test_answers_are_asked_for_kept_and_shown_to_whom_they_may_be(asking: Town) -> None:
    alix = asking.signed_in()
    wrong = {**REPORT, "ask_lighting_lamps": "beaucoup", "ask_lighting_state": "green"}
    answer = alix.post("/incidents/new", wrong)
    assert answer.status_code == 422
    for field in ("lamps", "state"):
        assert f'href="#f-ask_lighting_{field}"' in answer.text
    assert "beaucoup" in answer.text
    assert alix.post("/incidents/new", REPORT).status_code == 422  # one is needed
    assert alix.post("/incidents/new", {**REPORT, "category": "road"}).status_code == 303

    preview = alix.post("/incidents/new", {**REPORT, **ANSWERS, "step": "preview"})
    assert "Clignote" in preview.text
    assert 'name="ask_lighting_pole" value="zqxpole 12"' in preview.text
    ref = alix.sends_report(**ANSWERS)
    own = alix.page(f"/incidents/{ref}")
    assert "zqxpole 12" in own
    others = asking.visitor()
    assert "Clignote" not in others.page(f"/incidents/{ref}")  # nobody has read the words yet
    asking.release(ref)
    shown = others.page(f"/incidents/{ref}?lang=en")
    assert "Clignote" in shown
    assert "1234.5" in shown
    assert "zqxpole" not in shown
    assert "zqxpole" not in json.dumps(others.get(f"/api/v1/incidents/{ref}").get_json())


def test_answers_go_into_the_archive_and_with_an_erasure(asking: Town) -> None:
    alix = asking.signed_in()
    ref = alix.sends_report(**ANSWERS, latitude="48.1147", longitude="-1.6794")
    asking.release(ref)
    other = alix.sends_report(**ANSWERS)
    archive = alix.post("/account/data").get_data()
    import io
    import zipfile

    data = json.loads(zipfile.ZipFile(io.BytesIO(archive)).read("data.json"))
    case = next(one for one in data["cases"] if one["ref"] == ref)
    assert [one["value"] for one in case["answers"]] == ["zqxpole 12", "1234.5", "blink"]
    assert case["position"] == [48.1147, -1.6794]
    asking.remove(ref, code="erasure")
    assert asking.one("SELECT count(*) FROM incident_answer") == 3
    assert asking.one("SELECT count(*) FROM incident_spot") == 0
    asking.close(other, "resolved")
    asking.later(days=800)
    asking.work()
    assert [r.code for r in asking.rows("SELECT code FROM incident_answer ORDER BY id")] == [
        "lamps",
        "state",
    ]
    assert "zqxpole" not in everything_in(asking)


def test_a_program_answers_by_codes_and_other_applications_by_attributes(asking: Town) -> None:
    visitor = asking.visitor()
    answer = visitor.post_json("/api/v1/incidents", dict(REPORT))
    assert answer.status_code == 422
    assert set(answer.get_json()["errors"]) == {"answers.lamps"}
    given = {**REPORT, "answers": {"lamps": "2"}, "latitude": 48.1, "longitude": -1.6}
    assert visitor.post_json("/api/v1/incidents", given).status_code == 201

    told = visitor.get("/open311/v2/services/lighting.json?lang=en").get_json()["attributes"]
    asked = {one["code"]: one for one in told}
    assert asked["lamps"]["required"] is True
    assert asked["lamps"]["datatype"] == "number"
    assert [v["key"] for v in asked["state"]["values"]] == ["off", "blink"]
    assert asked["pole"]["description"] == "Pole"
    sent = {
        "api_key": key_for(asking), "service_code": "lighting", "address_string": "rue des Lilas",
        "description": "Un lampadaire éteint",
    }  # fmt: skip
    refused = visitor.client.post("/open311/v2/requests.json", data=sent)
    assert "attribute[lamps] was not provided" in refused.text
    more = {"attribute[lamps]": "x", "attribute[pole]": "<b>12</b>"}
    refused = visitor.client.post("/open311/v2/requests.json", data={**sent, **more})
    assert "attribute[lamps] is no answer to a number" in refused.text
    assert "HTML was found" in refused.text
    taken = {"attribute[lamps]": "3", "attribute[state]": "off"}
    answer = visitor.client.post("/open311/v2/requests.json", data={**sent, **taken})
    assert answer.status_code == 201
    values = asking.rows("SELECT value FROM incident_answer ORDER BY id")
    assert [row.value for row in values] == ["2", "3", "off"]


def test_an_administrator_asks_and_stops_asking_at_the_desk(village: Town) -> None:
    boss, agent = village.signed_in("administrator"), village.signed_in("agent")
    form = {
        "category": "waste", "code": "size", "kind": "list", "words": "Quelle taille",
        "words_en": "How large", "choices": "Un sac\nUn camion", "choices_en": "A bag\nA lorry",
        "public": "1", "required": "1",
    }  # fmt: skip
    assert agent.post("/desk/questions", form).status_code == 403
    assert boss.post("/desk/questions", {**form, "choices_en": "A bag"}).status_code == 422
    assert boss.post("/desk/questions", {**form, "code": "Size"}).status_code == 422
    assert boss.post("/desk/questions", {**form, "choices": ""}).status_code == 422
    assert boss.post("/desk/questions", form).status_code == 303
    assert boss.post("/desk/questions", form).status_code == 422  # the code is taken
    page: Person = village.visitor()
    assert "How large" in page.page("/incidents/new?lang=en")
    waste = {"category": "waste", "ask_waste_size": "c2_a_lorry"}
    ref = page.sends_report(**waste)
    village.release(ref)
    assert "A lorry" in page.page(f"/incidents/{ref}?lang=en")
    assert boss.post("/desk/questions/1/retire").status_code == 303
    assert boss.post("/desk/questions/9/retire").status_code == 404
    assert "How large" not in page.page("/incidents/new?lang=en")
    assert "A lorry" in page.page(f"/incidents/{ref}?lang=en")
    assert boss.post("/desk/questions", {**form, "kind": "number"}).status_code == 422
    assert boss.post("/desk/questions", form).status_code == 303
