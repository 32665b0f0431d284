# SPDX-License-Identifier: AGPL-3.0-or-later
"""The road of a request through pages and API, as a browser or a program takes it."""

import pytest

from support.town import PUBLIC_URL, REQUEST, Town

FIELDS = {
    "ref", "object", "theme", "status", "title", "wanted", "commune", "received_on", "due_on",
    "closed_on", "supports", "outcome", "answer", "licence", "swhid", "redirected_to", "software",
    "decision", "reuses", "url",
}  # fmt: skip


def test_a_request_of_a_signed_in_person_leads_to_its_page(village: Town) -> None:
    citizen = village.signed_in()
    response = citizen.post("/requests/new", {**REQUEST, "purpose": "Pour comparer"})
    assert (response.status_code, response.headers["Location"]) == (303, "/requests/2027-0001")
    html = citizen.page("/requests/2027-0001")
    assert REQUEST["title"] in html  # its author reads it
    assert "Pour comparer" in html
    assert REQUEST["title"] not in village.visitor().page("/requests/2027-0001")


def test_a_link_can_fill_the_form_in(village: Town) -> None:
    html = village.visitor().page("/requests/new?title=Menus+%22bio%22&object=api")
    assert 'value="Menus &#34;bio&#34;"' in html


def test_a_confirmed_address_leads_to_the_case_and_a_scanner_sends_nothing(village: Town) -> None:
    visitor = village.visitor()
    visitor.post("/requests/new", {**REQUEST, "email": "alix@citizens.example"})
    village.work()
    words = str(village.mail.messages[0].get_content())
    [path] = [w.removeprefix(PUBLIC_URL) for w in words.split() if "/confirm/" in w]
    assert village.visitor().get(path).status_code == 200  # opened by a scanner
    assert village.one('SELECT count(*) FROM "case"') == 0
    for _ in range(2):
        response = village.visitor().post(path)
        assert response.status_code == 303
        assert response.headers["Location"].startswith("/requests/2027-0001?key=")
    assert village.one('SELECT count(*) FROM "case"') == 1


def test_an_expired_link_is_said_to_be_gone(village: Town) -> None:
    visitor = village.visitor()
    visitor.post("/requests/new", {**REQUEST, "email": "alix@citizens.example"})
    village.work()
    words = str(village.mail.messages[0].get_content())
    [path] = [w.removeprefix(PUBLIC_URL) for w in words.split() if "/confirm/" in w]
    village.later(hours=49)
    response = village.visitor().post(path)
    assert response.status_code == 410
    assert "plus de deux jours" in response.text
    village.work()  # the worker tidies up
    assert village.visitor().post(path).status_code == 404


def test_a_removed_request_is_gone_with_its_reason(village: Town) -> None:
    ref = village.request()
    village.release(ref)
    village.remove(ref, reason="Publiée par erreur, redemandée ailleurs")
    response = village.visitor().get(f"/requests/{ref}")
    assert response.status_code == 410
    assert "Publiée par erreur, redemandée ailleurs" in response.text
    assert REQUEST["title"] not in response.text
    assert village.visitor().get(f"/api/v1/requests/{ref}").status_code == 410
    assert ref not in village.visitor().page("/requests")


def test_a_case_is_found_under_its_own_kind_only(village: Town) -> None:
    request, report = village.request(), village.report()
    village.remove(village.report(family="cyber", category="down"))
    visitor = village.visitor()
    for path in (
        f"/incidents/{request}", f"/requests/{report}", "/requests/2027-0003",
        f"/api/v1/incidents/{request}", f"/api/v1/requests/{report}", "/api/v1/requests/2027-0003",
    ):  # fmt: skip
        assert visitor.get(path).status_code == 404, path


def test_support_counts_once_and_follow_makes_a_follower(village: Town) -> None:
    ref = village.request()
    citizen = village.signed_in()
    for _ in range(2):
        response = citizen.post(f"/requests/{ref}/support")
        assert (response.status_code, response.headers["Location"]) == (303, f"/requests/{ref}#act")
        assert citizen.post(f"/requests/{ref}/follow").status_code == 303
    assert village.one('SELECT supports FROM "case"') == 1
    assert village.one("SELECT count(*) FROM follower") == 2  # its author, and this one
    village.answer(ref, "redirected", "Demandez à la région.")
    village.work()
    assert len(village.mail.to(citizen.email)) == 1


def test_one_click_stops_the_messages_without_token_page_or_redirect(village: Town) -> None:
    ref = village.request()
    token = village.follow(ref, "sam@citizens.example")
    client = village.app.test_client()
    assert village.visitor().get(f"/follow/{token}").status_code == 200
    assert village.one("SELECT count(*) FROM follower WHERE ended_at IS NULL") == 2
    response = client.post(
        f"/follow/{token}", base_url=PUBLIC_URL, data={"List-Unsubscribe": "One-Click"}
    )
    assert response.status_code == 200  # RFC 8058, 3.1
    assert village.one("SELECT count(*) FROM follower WHERE ended_at IS NULL") == 1
    response = client.post(f"/follow/{token}", base_url=PUBLIC_URL)  # the button of our own page
    assert response.status_code == 303
    assert "ne recevez plus" in village.visitor().page(f"/follow/{token}")
    assert client.post("/follow/unknown", base_url=PUBLIC_URL).status_code == 404


def test_a_comment_waits_and_its_empty_twin_is_refused(village: Town) -> None:
    ref = village.request()
    citizen = village.signed_in()
    response = citizen.post(f"/requests/{ref}/comment", {"comment": "Très bonne idée"})
    assert response.status_code == 303
    assert "Très bonne idée" not in village.visitor().page(f"/requests/{ref}")
    assert citizen.post(f"/requests/{ref}/comment", {"comment": " "}).status_code == 422
    assert citizen.post(f"/requests/{ref}/comment", {"comment": "x" * 3001}).status_code == 422
    village.release(ref, "comment")
    assert "Très bonne idée" in village.visitor().page(f"/requests/{ref}")


@pytest.mark.parametrize("verb", ["support", "follow", "comment"])
def test_nobody_takes_part_without_signing_in_or_on_what_is_not_shown(
    village: Town, verb: str
) -> None:
    ref = village.request()
    hidden = village.report(family="cyber", category="down")
    assert village.visitor().post(f"/requests/{ref}/{verb}").status_code == 401
    citizen = village.signed_in()
    form = {"comment": "Bonjour"}
    assert citizen.post(f"/incidents/{hidden}/{verb}", form).status_code == 404
    assert citizen.post(f"/requests/1999-0001/{verb}", form).status_code == 404
    village.remove(ref)
    assert citizen.post(f"/requests/{ref}/{verb}", form).status_code == 404


def test_the_list_filters_by_status_kind_theme_and_words(village: Town) -> None:
    first = village.request(theme="EDUC")
    second = village.request(object="document", title="Un contrat d’eau potable")
    for ref in (first, second):
        village.release(ref)
    village.answer(second, "redirected", "Demandez au syndicat des eaux.")

    def refs(query: str) -> set[str]:
        body = village.visitor().get(f"/api/v1/requests?{query}").get_json()
        return {item["ref"] for item in body["items"]}

    assert refs("") == {first, second}
    assert refs("status=redirected") == {second}
    assert refs("status=any_open") == {first}
    assert refs("object=document") == {second}
    assert refs("theme=EDUC") == {first}
    assert refs("q=CONTRAT") == {second}
    assert refs("q=syndicat") == {second}  # the answer is searched too
    assert refs("q=rien") == set()
    assert refs(f"q={first}") == {first}


def test_the_api_gives_one_shape_and_released_words_only(village: Town) -> None:
    ref = village.request(wanted="Souhait d’origine, assez long")
    one = village.visitor().get(f"/api/v1/requests/{ref}").get_json()
    assert set(one) == FIELDS
    assert (one["title"], one["wanted"], one["answer"]) == (None, None, None)
    village.release(ref, wanted="Souhait relu")
    village.answer(ref, "refused", "Pas possible.", ground="business")
    [item] = village.visitor().get("/api/v1/requests").get_json()["items"]
    assert set(item) == FIELDS
    assert (item["title"], item["wanted"], item["answer"]) == (
        None,
        "Souhait relu",
        "Pas possible.",
    )
    assert (item["status"], item["outcome"]) == ("refused", "refused")
    assert item["received_on"] == "2027-01-12"
    assert item == village.visitor().get(f"/api/v1/requests/{ref}").get_json()


def test_a_program_sends_a_request_for_somebody_signed_in(village: Town) -> None:
    citizen = village.signed_in()
    response = citizen.post_json("/api/v1/requests", dict(REQUEST))
    assert response.status_code == 201
    assert response.headers["Location"] == "/api/v1/requests/2027-0001"
    assert response.get_json()["ref"] == "2027-0001"
    assert village.visitor().get(response.headers["Location"]).status_code == 200


def test_the_page_of_a_request_leads_to_its_proof(village: Town) -> None:
    ref = village.request()
    village.release(ref)
    assert "/log/proof/" not in village.visitor().page(f"/requests/{ref}")
    village.publish()
    html = village.visitor().page(f"/requests/{ref}")
    assert "/log/proof/2" in html
    assert village.visitor().get("/log/proof/2").status_code == 200
    village.remove(ref)
    village.publish()
    assert village.visitor().get("/log/proof/2").status_code == 200  # the log keeps the entry


def test_what_people_write_is_never_markup(village: Town) -> None:
    evil = "<script>alert(1)</script><b onmouseover=x>\"'</b>"
    citizen = village.signed_in(name=evil)
    ref = citizen.sends_request(title=f"Menus {evil}", wanted=f"Tous les menus {evil}", area=evil)
    citizen.post(f"/requests/{ref}/comment", {"comment": evil})
    agent = village.signed_in("administrator", name=evil)
    agent.post(f"/desk/cases/{ref}/note", {"note": evil})
    village.release(ref)
    village.answer(ref, "refused", f"Non {evil}", ground="privacy")
    for person, path in (
        (village.visitor(), f"/requests/{ref}"), (village.visitor(), "/"),
        (village.visitor(), "/requests?q=%3Cscript%3Ealert(1)"), (citizen, "/account"),
        (citizen, f"/requests/{ref}"), (agent, f"/desk/cases/{ref}"), (agent, "/desk"),
        (village.visitor(), "/requests/new?title=%22%3E%3Cscript%3Ealert(1)"),
    ):  # fmt: skip
        html = person.page(path)
        assert "<script>alert" not in html, path
        assert "<b onmouseover" not in html, path
