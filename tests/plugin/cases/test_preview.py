# SPDX-License-Identifier: AGPL-3.0-or-later
"""Before it is sent: what everyone will see, what its author hides besides, and nothing is lost."""

import html
import re
from typing import Any

import pytest

from beffroi.dashboards import queries as desk
from support.town import REPORT, REQUEST, Person, Town

PERSONAL = {
    **REQUEST,
    "wanted": "Écrire à camille@example.org.\n\nLe hangar Halle Alcyon n’a rien reçu.",
    "purpose": "Pour mon avocat Zorglub",
    "area": "Quartier nord",
}
STREET = {**REPORT, "place": "Devant la Halle Alcyon", "date": "2027-01-10"}


def marked(page: str) -> list[str]:
    """The words that a page marks, without what it says of them."""
    found = re.findall(r"<mark>(.*?) <span", page, re.DOTALL)
    return [html.unescape(words) for words in found]


def fields(page: str) -> dict[str, Any]:
    """What the form of the preview sends, as a browser would that nobody touched."""
    form = page[page.index('class="form preview"') :]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form):
        found[name] = html.unescape(value)
    hide = re.findall(r'name="hide" value="([^"]*)" id="[^"]*" checked', form)
    words = re.search(r'name="hide_words"[^>]*>\n([^<]*)<', form)
    found["hide"] = [html.unescape(one) for one in hide]
    found["hide_words"] = html.unescape(words[1]) if words else ""
    return found


def offered(page: str) -> list[str]:
    return [html.unescape(w) for w in re.findall(r'name="hide" value="([^"]*)" id', page)]


def proposal(town: Town, ref: str, role: str) -> str:
    """What the desk proposes to publish of a text."""
    with town.look():
        case = town.id_of(ref)
        party = town.one('SELECT party_id FROM "case" WHERE ref = :ref', ref=ref)
        return next(p.public for p in desk.proposed(case, party) if p.text.role == role)


def untouched(town: Town) -> bool:
    tables = ('"case"', "pending_request", "party", "outbox", "job", "case_text")
    return not any(town.one(f"SELECT count(*) FROM {table}") for table in tables)


def step(person: Person, path: str, form: dict[str, Any], name: str) -> str:
    response = person.post(path, {**form, "step": name})
    assert response.status_code == 200, response.get_data(as_text=True)[:2000]
    assert "no-store" in response.headers["Cache-Control"]
    return response.get_data(as_text=True)


def test_a_request_is_looked_at_before_it_is_sent(town: Town) -> None:
    citizen = town.signed_in(name="Alix Duterroir")
    form = {**PERSONAL, "wanted": PERSONAL["wanted"] + "\nAlix Duterroir"}
    page = step(citizen, "/requests/new", form, "preview")
    assert marked(page) == ["camille@example.org", "Alix Duterroir"]
    assert offered(page) == ["Halle Alcyon"]
    assert untouched(town)
    again = step(citizen, "/requests/new", {**fields(page), "hide": ["Halle Alcyon"]}, "preview")
    assert marked(again) == ["camille@example.org", "Halle Alcyon", "Alix Duterroir"]
    assert offered(again) == ["Halle Alcyon"]
    more = {**fields(again), "hide_words": "quartier NORD\nrien de tel"}
    again = step(citizen, "/requests/new", more, "preview")
    assert "Quartier nord" in marked(again)
    assert untouched(town)
    response = citizen.post("/requests/new", {**fields(again), "step": "send"})
    assert response.status_code == 303
    ref = response.headers["Location"].rsplit("/", 1)[1]
    wanted = town.one("SELECT original FROM case_text WHERE role = 'wanted'")
    assert wanted == form["wanted"]
    assert proposal(town, ref, "wanted") == (
        "Écrire à [adresse électronique].\n\nLe hangar […] n’a rien reçu.\n[personne]"
    )
    assert proposal(town, ref, "area") == "[…]"
    hidden = {r.role: r.hidden for r in town.rows("SELECT role, hidden FROM case_text")}
    assert hidden["wanted"] == "Halle Alcyon"
    assert hidden["area"] == "quartier NORD"
    assert hidden["title"] is None


def test_who_goes_back_finds_everything_as_it_was(village: Town) -> None:
    citizen = village.signed_in()
    page = step(citizen, "/requests/new", PERSONAL, "preview")
    chosen = {**fields(page), "hide": ["Halle Alcyon"], "hide_words": "nord"}
    form = step(citizen, "/requests/new", chosen, "edit")
    for words in PERSONAL.values():
        assert html.escape(str(words)).replace("’", "’") in form
    assert 'name="hide" value="Halle Alcyon"' in form
    assert 'name="hide_words" value="nord"' in form
    assert "error-summary" not in form
    assert untouched(village)


def test_what_is_never_shown_is_said_to_be_so(village: Town) -> None:
    page = step(village.signed_in(), "/requests/new", PERSONAL, "preview")
    assert "Pour mon avocat Zorglub" in page
    assert "Zorglub" not in offered(page)
    assert page.rindex("Pour mon avocat") > page.rindex("Quartier nord")


def test_a_preview_of_a_wrong_form_is_the_form(village: Town) -> None:
    visitor = village.visitor()
    for form, field in (
        ({**REQUEST, "title": "x", "email": "a@x.example"}, "title"),
        ({**REQUEST}, "email"),
        ({**REQUEST, "email": "a@x.example", "commune": "75056"}, "commune"),
    ):
        response = visitor.post("/requests/new", {**form, "step": "preview"})
        assert response.status_code == 422
        assert f'href="#f-{field}"' in response.text
    wrong = {**REPORT, "family": "cyber", "step": "preview"}
    assert visitor.post("/incidents/new", wrong).status_code == 422
    late = {**REPORT, "date": "2027-01-13", "step": "preview"}
    assert visitor.post("/incidents/new", late).status_code == 422
    assert untouched(village)


def test_a_strangers_choice_survives_the_confirmation_of_the_address(town: Town) -> None:
    visitor = town.visitor()
    form = {**PERSONAL, "email": "alix@citizens.example"}
    page = step(visitor, "/requests/new", form, "preview")
    response = visitor.post("/requests/new", {**fields(page), "hide": "Halle Alcyon"})
    assert response.headers["Location"] == "/requests/sent"
    town.work()
    [mail] = town.mail.to("alix@citizens.example")
    link = next(w for w in mail.get_content().split() if "/requests/confirm/" in w)
    confirmed = visitor.post(link.removeprefix(town.settings.public_url))
    ref = confirmed.headers["Location"].split("?")[0].rsplit("/", 1)[1]
    assert "[…]" in proposal(town, ref, "wanted")


def test_a_report_is_looked_at_before_it_is_sent(town: Town) -> None:
    visitor = town.visitor()
    page = step(visitor, "/incidents/new", STREET, "preview")
    assert offered(page) == ["Halle Alcyon"]
    response = visitor.post("/incidents/new", {**fields(page), "hide": ["Halle Alcyon"]})
    assert response.status_code == 303
    ref = response.headers["Location"].split("?")[0].rsplit("/", 1)[1]
    assert proposal(town, ref, "place") == "Devant la […]"
    assert str(town.one("SELECT happened_on FROM incident")) == "2027-01-10"
    form = step(visitor, "/incidents/new", STREET, "edit")
    assert 'value="2027-01-10"' in form


def test_a_report_that_nobody_will_see_is_shown_without_marks(village: Town) -> None:
    form = {
        **REPORT, "category": "neighbours", "description": "Voyez au 06 12 34 56 78, Halle Alcyon",
    }  # fmt: skip
    page = step(village.visitor(), "/incidents/new", form, "preview")
    assert marked(page) == []
    assert offered(page) == []
    assert "06 12 34 56 78" in page


@pytest.mark.parametrize("place", ["requests", "incidents"])
def test_a_comment_is_looked_at_before_it_is_sent(town: Town, place: str) -> None:
    ref = town.request() if place == "requests" else town.report()
    citizen = town.signed_in(name="Sam Riverain")
    path = f"/{place}/{ref}/comment"
    words = "Moi aussi, Sam Riverain, et Halle Alcyon avec moi."
    page = step(citizen, path, {"comment": words}, "preview")
    assert marked(page) == ["Sam Riverain"]
    assert offered(page) == ["Halle Alcyon"]
    form = step(citizen, path, {**fields(page), "hide": "Halle Alcyon"}, "edit")
    assert words in html.unescape(form)
    assert 'name="hide" value="Halle Alcyon"' in form
    assert town.one("SELECT count(*) FROM case_text WHERE role = 'comment'") == 0
    response = citizen.post(path, {**fields(page), "hide": "Halle Alcyon"})
    assert response.status_code == 303
    assert proposal(town, ref, "comment") == "Moi aussi, [personne], et […] avec moi."
    empty = citizen.post(path, {"comment": " ", "step": "preview"})
    assert empty.status_code == 422
    assert 'href="#f-comment"' in empty.text
    gone = town.request()
    town.remove(gone)
    hidden = citizen.post(f"/requests/{gone}/comment", {"comment": words, "step": "preview"})
    assert hidden.status_code == 404


def test_the_old_form_still_sends_at_once(village: Town) -> None:
    citizen = village.signed_in()
    assert citizen.post("/requests/new", REQUEST).status_code == 303
    assert village.visitor().post("/incidents/new", REPORT).status_code == 303
    created = citizen.post_json("/api/v1/requests", {**REQUEST, "hide": ["cantines"]})
    assert created.status_code == 201
    ref = created.get_json()["ref"]
    assert proposal(village, ref, "title") == "Menus des […] scolaires"


def test_too_much_to_hide_is_said_and_nothing_is_lost(village: Town) -> None:
    citizen = village.signed_in()
    form = {**REQUEST, "hide_words": "x" * 5001}
    assert citizen.post("/requests/new", form).status_code == 422
    assert citizen.post("/requests/new", {**REQUEST, "hide_words": "x\n" * 200}).status_code == 303


def test_what_an_author_hides_is_destroyed_with_the_text(town: Town) -> None:
    citizen = town.signed_in()
    ref = citizen.sends_request(wanted=PERSONAL["wanted"], hide="Halle Alcyon")
    assert town.one("SELECT hidden FROM case_text WHERE role = 'wanted'") == "Halle Alcyon"
    town.remove(ref, code="erasure")
    assert town.rows("SELECT 1 FROM case_text WHERE hidden IS NOT NULL") == []


def test_the_towns_lists_are_used_for_a_preview(village: Town) -> None:
    moderator = village.signed_in("moderator")
    form = {"kind": "deny", "words": "quartier nord", "reason": "Une seule famille"}
    assert moderator.post("/desk/lists", form).status_code == 303
    page = step(village.signed_in(), "/requests/new", PERSONAL, "preview")
    assert "Quartier nord" in marked(page)
