# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people made of an answer: offered by anybody, shown once an agent has read it, counted."""

import re

import pytest

from beffroi.data_requests.rules.reuses import parts
from support.town import AGENT, Town

REUSE = {
    "title": "La carte des menus",
    "url": "https://menus.example/carte",
    "words": "Chaque cantine sur une carte.",
}


def answered(town: Town) -> str:
    ref = town.request()
    town.release(ref)
    town.answer(ref, "published", "Voici.", url="https://donnees.ville.example/menus")
    return ref


def release(town: Town, ref: str) -> None:
    town.release(ref, "reuse")


def test_a_reuse_is_shown_and_counted_once_an_agent_has_read_it(village: Town) -> None:
    ref = answered(village)
    citizen = village.signed_in()
    preview = citizen.post(f"/requests/{ref}/reuse", {**REUSE, "step": "preview"})
    assert "La carte des menus" in preview.text
    assert village.one("SELECT count(*) FROM case_text WHERE role = 'reuse'") == 0
    assert citizen.post(f"/requests/{ref}/reuse", REUSE).status_code == 303
    someone = village.visitor()
    assert "carte des menus" not in someone.page(f"/requests/{ref}")
    assert someone.get(f"/api/v1/requests/{ref}").get_json()["reuses"] == 0
    etag = someone.get("/data/requests.json").headers["ETag"]
    release(village, ref)
    html = someone.page(f"/requests/{ref}")
    link = '<a href="https://menus.example/carte" rel="nofollow noopener ugc external">'
    assert link + "La carte des menus</a>" in html
    assert someone.get(f"/api/v1/requests/{ref}").get_json()["reuses"] == 1
    [item] = someone.get("/data/requests.json").get_json()["items"]
    assert (item["reuses"], item["title"]) == (1, "Menus des cantines scolaires")
    assert someone.get("/data/requests.json").headers["ETag"] != etag
    assert "1 réutilisation" in someone.page("/requests")
    village.hold(ref, "reuse")
    assert "carte des menus" not in someone.page(f"/requests/{ref}")


def test_who_has_no_account_confirms_an_address_and_gets_no_key_of_the_author(
    village: Town,
) -> None:
    ref = answered(village)
    village.work()
    village.mail.messages.clear()
    someone = village.visitor()
    assert someone.post(f"/requests/{ref}/reuse", REUSE).status_code == 422  # no address
    form = {**REUSE, "email": "kim@x.example"}
    assert someone.post(f"/requests/{ref}/reuse", form).headers["Location"] == "/requests/sent"
    village.work()
    [message] = village.mail.to("kim@x.example")
    path = re.search(r"/requests/reuse/(\w+)", message.get_content())
    assert path is not None
    for _ in range(2):
        assert someone.post(f"/requests/confirm/{path[1]}").status_code == 404
        response = someone.post(path[0])
        assert response.headers["Location"] == f"/requests/{ref}#reuses"
    assert village.one("SELECT count(*) FROM case_text WHERE role = 'reuse'") == 1


@pytest.mark.parametrize(
    "more",
    [
        {"url": "http://menus.example/"},
        {"url": "https://moi@menus.example/"},
        {"url": "javascript:alert(1)"},
        {"url": "https://menus.example/ deux"},
        {"title": "  "},
    ],
)
def test_a_reuse_that_does_not_fit_comes_back(village: Town, more: dict[str, str]) -> None:
    ref = answered(village)
    response = village.signed_in().post(f"/requests/{ref}/reuse", {**REUSE, **more})
    assert response.status_code == 422
    assert "Chaque cantine sur une carte." in response.text


def test_there_is_no_reuse_of_what_was_refused(village: Town) -> None:
    ref = village.request()
    village.release(ref)
    village.answer(ref, "refused", "Non.", ground="privacy")
    citizen = village.signed_in()
    assert citizen.get(f"/requests/{ref}/reuse").status_code == 404
    assert citizen.post(f"/requests/{ref}/reuse", REUSE).status_code == 404
    assert "Ajouter une réutilisation" not in citizen.page(f"/requests/{ref}")


def test_an_address_that_was_masked_leads_nowhere() -> None:
    assert parts("Titre\nhttps://[masqué]\nMots").url is None
    assert parts("Titre\njavascript:alert(1)\nMots").url is None
    assert parts("Titre\nhttps://a.example/x\nMots\nencore").words == "Mots\nencore"


def test_its_author_withdraws_a_reuse_and_takes_it_along(village: Town) -> None:
    from beffroi.rights import queries as rights
    from beffroi.rights.service.archive import everything

    ref = answered(village)
    citizen = village.signed_in()
    citizen.post(f"/requests/{ref}/reuse", REUSE)
    release(village, ref)
    with village.look():
        whose = rights.person(citizen.account_id or 0)
        found = everything(whose, town="x", siren="y", receipt=None, now=village.now).document
    assert [(c["role"], c["ref"]) for c in found["comments"]] == [("reuse", ref)]
    text_id = village.texts(ref)["reuse"]
    assert citizen.post(f"/account/comments/{text_id}/withdraw").status_code in {200, 303}
    assert "carte" not in village.visitor().page(f"/requests/{ref}")
    assert village.one("SELECT original FROM case_text WHERE role = 'reuse'") == ""
    assert AGENT.name not in village.visitor().page(f"/requests/{ref}")


def test_a_program_adds_a_reuse_and_reads_those_that_are_shown(village: Town) -> None:
    ref = answered(village)
    path = f"/api/v1/requests/{ref}/reuses"
    assert village.visitor().post_json(path, REUSE).status_code == 401
    citizen = village.signed_in()
    wrong = citizen.post_json(path, {**REUSE, "url": "ftp://menus.example"})
    assert wrong.status_code == 422
    assert list(wrong.get_json()["errors"]) == ["url"]
    assert citizen.post_json(path, ["title"]).status_code == 422
    sent = citizen.post_json(path, REUSE)
    assert (sent.status_code, sent.get_json()["state"]) == (201, "pending")
    assert sent.headers["Location"] == path
    assert village.visitor().get(path).get_json() == {"items": [], "next_cursor": None}
    release(village, ref)
    assert village.visitor().get(path).get_json()["items"] == [REUSE]
    unanswered = village.request()
    village.release(unanswered)
    assert citizen.post_json(f"/api/v1/requests/{unanswered}/reuses", REUSE).status_code == 404
