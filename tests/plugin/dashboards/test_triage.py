# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new request is taken up in one form: what is ticked is published, and the next one opens."""

import re

from beffroi.cases import service as cases
from support.town import Town


def form_of(town: Town, ref: str, **more: str) -> dict[str, object]:
    ids = {role: n for role, n in town.texts(ref).items() if role != "purpose"}
    form: dict[str, object] = {f"text-{n}": f"Public {role}" for role, n in ids.items()}
    return {**form, "publish": [str(n) for n in ids.values()], "step": "next", **more}


def test_one_form_releases_classifies_assigns_and_goes_on_to_what_is_due_next(
    village: Town,
) -> None:
    first = village.request(email="a@x.example")
    village.later(days=1)
    second = village.request(email="b@x.example")
    village.report()  # no request: not next
    with village.change():
        department = str(cases.add_department("Finances"))
    agent = village.signed_in("agent")
    form = form_of(village, first, theme="EDUC", object="document", department=department, me="1")
    response = agent.post(f"/desk/cases/{first}/triage", form)
    assert (response.status_code, response.headers["Location"]) == (303, f"/desk/cases/{second}")
    [row] = village.rows(
        'SELECT status, department_id, assigned_to FROM "case" ORDER BY id LIMIT 1'
    )
    assert (row.status, str(row.department_id)) == ("under_review", department)
    assert row.assigned_to == agent.account_id
    [codes] = village.rows("SELECT object, theme FROM data_request ORDER BY case_id LIMIT 1")
    assert (codes.object, codes.theme) == ("document", "EDUC")
    assert "Public wanted" in village.visitor().page(f"/requests/{first}")
    assert agent.get(f"/desk/cases/{second}/next").headers["Location"].startswith("/desk?queue=new")
    stay = agent.post(f"/desk/cases/{second}/triage", form_of(village, second, step="stay"))
    assert stay.headers["Location"] == f"/desk/cases/{second}"


def test_what_the_gate_stops_is_said_at_its_text_and_nothing_is_done(village: Town) -> None:
    ref = village.request()
    agent = village.signed_in("agent")
    wanted = village.texts(ref)["wanted"]
    form = form_of(village, ref, **{f"text-{wanted}": "Écrire à jean.dupont@courriel.example"})
    response = agent.post(f"/desk/cases/{ref}/triage", {**form, "theme": "EDUC"})
    assert response.status_code == 422
    assert f'href="#f-text-{wanted}"' in response.text
    assert "Écrire à jean.dupont@courriel.example" in response.text
    assert "Public title" in response.text
    assert village.one("SELECT count(*) FROM case_text WHERE state = 'released'") == 0
    assert village.one('SELECT status FROM "case"') == "open"


def test_a_text_to_look_twice_at_is_not_ticked_and_an_unticked_one_is_not_published(
    village: Town,
) -> None:
    ref = village.request(wanted="Les notes que Trucmuche a prises pendant la réunion du conseil.")
    agent = village.signed_in("agent")
    ids = village.texts(ref)
    html = agent.page(f"/desk/cases/{ref}")
    ticked = re.findall(r'name="publish" value="(\d+)" checked', html)
    assert ticked == [str(ids["title"])]
    form = form_of(village, ref, publish=str(ids["title"]))
    assert agent.post(f"/desk/cases/{ref}/triage", form).status_code == 303
    assert village.one("SELECT state FROM case_text WHERE role = 'wanted'") == "pending"
    assert village.one("SELECT state FROM case_text WHERE role = 'title'") == "released"
    assert village.signed_in("moderator").post(f"/desk/cases/{ref}/triage", form).status_code == 403
