# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk: what agents and moderators see and do, through its pages."""

import re

import pytest

from beffroi.backups.adapters import ledger, newest
from beffroi.cases import service as cases
from beffroi.dashboards import queries
from beffroi.kernel.actors import Actor
from beffroi.outbox import service as outbox
from support.town import REQUEST, Town

LETTER = {
    **REQUEST, "channel": "letter", "received_on": "2026-12-30", "name": "Alix Citizen",
    "postal": "1 rue Haute, 99999 Exemple", "email": "alix@citizens.example",
}  # fmt: skip


def refs(html: str) -> list[str]:
    """The references of a desk list, in its order."""
    found = re.findall(r"/desk/cases/(\d{4}-\d{4})", html)
    return list(dict.fromkeys(found))


def test_a_letter_is_entered_with_its_true_day(village: Town) -> None:
    agent = village.signed_in("agent")
    response = agent.post("/desk/requests/new", LETTER)
    assert (response.status_code, response.headers["Location"]) == (303, "/desk/cases/2026-0001")
    [case] = village.rows('SELECT channel, received_on, due_on FROM "case"')
    assert (case.channel, case.received_on, case.due_on) == ("letter", "2026-12-30", "2027-01-30")
    html = agent.page("/desk/cases/2026-0001")
    assert "1 rue Haute, 99999 Exemple" in html
    assert "Alix Citizen" in html
    village.work()
    assert len(village.mail.to("alix@citizens.example")) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("received_on", "2027-01-13"), ("received_on", ""), ("channel", "pigeon"), ("title", "x")],
)
def test_a_letter_that_is_entered_wrongly_comes_back(village: Town, field: str, value: str) -> None:
    response = village.signed_in("agent").post("/desk/requests/new", {**LETTER, field: value})
    assert response.status_code == 422
    assert "1 rue Haute, 99999 Exemple" in response.text
    assert f'href="#f-{field}"' in response.text
    assert village.one('SELECT count(*) FROM "case"') == 0


def test_the_queues_hold_what_they_say(village: Town) -> None:
    fresh, late, answered, gone = (village.request() for _ in range(4))
    village.release(late)
    village.release(answered)
    village.answer(answered, "redirected", "Demandez à la région.")
    village.remove(gone)
    with village.change():
        cases.move(
            cases.the_case(late), "under_review", by="desk", actor=Actor(),
            now=village.now, today=village.today,
        )  # fmt: skip
    village.later(days=40)
    newest = village.request()
    agent = village.signed_in("agent")
    assert refs(agent.page("/desk")) == [fresh, late, newest]
    assert refs(agent.page("/desk?queue=new")) == [fresh, newest]
    assert refs(agent.page("/desk?queue=late")) == [fresh, late]
    assert refs(agent.page("/desk?queue=review")) == [fresh, newest]
    assert refs(agent.page("/desk?queue=closed")) == [answered]
    assert refs(agent.page("/desk?kind=street")) == []
    assert refs(agent.page(f"/desk?q={late}")) == [late]
    assert refs(agent.page("/desk?q=cantines")) == [late]
    for wrong in ("/desk?queue=lost", "/desk?kind=castle"):
        assert agent.get(wrong).status_code == 404


def test_the_desk_pages_through_a_long_queue(village: Town) -> None:
    with village.change():
        party = cases.party_for_email("a@x.example", lang="fr", now=village.now)
        for number in range(60):
            new = cases.NewCase(
                "street", "web", "fr", {"description": f"Trou {number}"}, village.today, party
            )
            cases.open_case(new, actor=Actor(), now=village.now, chance=village.chance)
    agent = village.signed_in("agent")
    first = agent.page("/desk")
    [more] = set(re.findall(r'href="(/desk\?[^"]*cursor=[^"]+)"', first))
    second = agent.page(more.replace("&amp;", "&"))
    assert len(refs(first)) == 50
    assert len(refs(second)) == 10
    assert not set(refs(first)) & set(refs(second))


def test_a_release_that_the_gate_refuses_keeps_what_was_typed_and_says_what(
    village: Town,
) -> None:
    ref = village.request(wanted="Écrivez à jean.dupont@courriel.example, merci")
    agent = village.signed_in("agent")
    text_id = village.texts(ref)["wanted"]
    path = f"/desk/cases/{ref}/texts/{text_id}/release"
    response = agent.post(path, {"public": "Merci d’écrire à jean.dupont@courriel.example"})
    assert response.status_code == 422
    assert "Merci d’écrire à jean.dupont@courriel.example" in response.text
    assert village.one("SELECT count(*) FROM case_text WHERE state = 'released'") == 0
    response = agent.post(path, {"public": "Merci d’écrire à [adresse]"})
    assert (response.status_code, response.headers["Location"]) == (303, f"/desk/cases/{ref}#texts")
    assert "Merci d’écrire à [adresse]" in village.visitor().page(f"/requests/{ref}")


def test_masks_are_proposed_for_what_the_gate_would_find(village: Town) -> None:
    citizen = village.signed_in(name="Alix Duterroir")
    ref = citizen.sends_request(
        wanted="Je suis Alix Duterroir, joignable au 06 12 34 56 78 ou alix@courriel.example."
    )
    html = village.signed_in("agent").page(f"/desk/cases/{ref}")
    marked = re.findall(r"<mark[^>]*>([^<]*)", html)
    for hidden in ("alix@courriel.example", "06 12 34 56 78", "Alix Duterroir"):
        assert any(hidden in words for words in marked), hidden


def test_the_desk_says_why_a_text_wants_a_second_look(village: Town) -> None:
    ref = village.request(wanted="Les notes que Trucmuche a prises pendant la réunion du conseil.")
    page = village.signed_in("agent").page(f"/desk/cases/{ref}")
    assert "Il reste des mots à majuscule qui ressemblent à un nom." in page


def test_an_answer_that_is_not_complete_keeps_what_was_typed(village: Town) -> None:
    ref = village.request()
    agent = village.signed_in("agent")
    path = f"/desk/cases/{ref}/answer"
    response = agent.post(path, {"outcome": "refused", "words": "Des motifs bien pesés"})
    assert response.status_code == 422
    assert "Des motifs bien pesés" in response.text
    assert 'href="#f-ground"' in response.text
    for form in (
        {"outcome": "published", "words": "Voici."},
        {"outcome": "planned", "words": "Bientôt.", "planned": "2027-Q5"},
        {"outcome": "duplicate", "words": "Déjà demandé.", "duplicate_of": "1999-0001"},
        {"outcome": "refused", "words": "Voir jean.dupont@courriel.example", "ground": "privacy"},
    ):
        assert agent.post(path, form).status_code == 422, form
    assert village.one("SELECT count(*) FROM official_answer") == 0
    response = agent.post(
        path, {"outcome": "refused", "words": "Des motifs bien pesés", "ground": "privacy"}
    )
    assert response.status_code == 303
    assert "Des motifs bien pesés" in village.visitor().page(f"/requests/{ref}")


def test_an_agent_moves_assigns_notes_and_classifies(village: Town) -> None:
    ref = village.request()
    with village.change():
        department = cases.add_department("Restauration scolaire")
    agent = village.signed_in("agent", name="Camille Bureau")
    base = f"/desk/cases/{ref}"
    for path, form in (
        ("/move", {"status": "under_review"}),
        ("/assign", {"department": str(department), "me": "1"}),
        ("/note", {"note": "Appeler la cuisine centrale"}),
        ("/classify", {"theme": "EDUC", "object": "document"}),
    ):
        assert agent.post(base + path, form).status_code == 303, path
    html = agent.page(base)
    assert "Appeler la cuisine centrale" in html
    assert "Camille Bureau" in html
    [case] = village.rows('SELECT status, department_id, assigned_to FROM "case"')
    assert tuple(case) == ("under_review", department, agent.account_id)
    public = village.visitor().page(f"/requests/{ref}")
    for inside in ("Appeler la cuisine", "Camille Bureau", "Restauration scolaire"):
        assert inside not in public


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/move", {"status": "published"}, 409),
        ("/move", {"status": "abandoned"}, 422),
        ("/note", {"note": " "}, 422),
        ("/assign", {"department": "999"}, 422),
        ("/classify", {"theme": "XXXX"}, 422),
        ("/texts/999/release", {"public": "x"}, 404),
        ("/texts/999/hold", {"reason": "x"}, 404),
    ],
)
def test_what_the_desk_may_not_do_changes_nothing(
    village: Town, path: str, form: dict[str, str], status: int
) -> None:
    ref = village.request()
    before = village.rows("SELECT * FROM timeline")
    response = village.signed_in("agent").post(f"/desk/cases/{ref}{path}", form)
    assert response.status_code == status
    assert village.rows("SELECT * FROM timeline") == before


ACTS = (
    # path below the case, form, who may
    ("/move", {"status": "under_review"}, {"agent"}),
    ("/assign", {"department": ""}, {"agent"}),
    ("/classify", {"theme": "EDUC"}, {"agent"}),
    ("/answer", {"outcome": "redirected", "redirected_to": "La région", "words": "Là."}, {"agent"}),
    ("/note", {"note": "Une note"}, {"agent", "moderator"}),
    ("/texts/{id}/release", {"public": "Des menus"}, {"agent", "moderator"}),
    ("/texts/{id}/hold", {"reason": "Un nom"}, {"agent", "moderator"}),
    ("/remove", {"code": "error", "reason": "Par erreur"}, {"moderator"}),
)


@pytest.mark.parametrize("role", ["citizen", "agent", "moderator", "administrator"])
def test_each_role_does_its_own_and_an_administrator_both(village: Town, role: str) -> None:
    person = village.signed_in(role)
    for path, form, who in ACTS:
        ref = village.request()
        path = path.format(id=village.texts(ref)["title"])
        allowed = role in who or role == "administrator"
        status = person.post(f"/desk/cases/{ref}{path}", form).status_code
        assert status == (303 if allowed else 403), (role, path)
    shown = person.get("/desk").status_code
    assert shown == (403 if role == "citizen" else 200)


def test_a_moderator_is_shown_no_form_that_is_refused(village: Town) -> None:
    ref = village.request()
    html = village.signed_in("moderator").page(f"/desk/cases/{ref}")
    actions = set(re.findall(rf'action="/desk/cases/{ref}(/[a-z]+)', html))
    assert "/answer" not in actions
    assert {"/remove", "/texts", "/note"} <= actions


def test_removing_needs_a_code_and_a_reason(village: Town) -> None:
    ref = village.request()
    moderator = village.signed_in("moderator")
    path = f"/desk/cases/{ref}/remove"
    for form in (
        {"reason": "x"},
        {"code": "whim", "reason": "x"},
        {"code": "legal", "reason": " "},
    ):
        assert moderator.post(path, form).status_code == 422, form
    assert moderator.post(path, {"code": "legal", "reason": "La loi"}).status_code == 303
    assert moderator.post(path, {"code": "legal", "reason": "La loi"}).status_code == 409
    assert village.visitor().get(f"/requests/{ref}").status_code == 410
    assert moderator.page(f"/desk/cases/{ref}")  # the desk still reads it


def test_the_health_page_counts_what_waits(village: Town) -> None:
    village.request()
    agent = village.signed_in("agent")
    html = re.sub(r"\s+", " ", agent.page("/desk/health"))
    assert "messages à envoyer" in html
    assert "Aucune sauvegarde n’a été faite" in html
    newest.note(village.settings.data_dir, village.now)
    ledger.verified(village.settings.data_dir, made_at=village.now, now=village.now)
    html = re.sub(r"\s+", " ", agent.page("/desk/health"))
    assert "Aucune sauvegarde n’a été faite" not in html
    assert "Dernière restauration d’essai réussie" in html
    village.mail.refusals = 1
    village.work()
    with village.look():
        health = queries.health()
    assert (health.mail_unsent, health.jobs_waiting, health.jobs_dead) == (1, 1, 0)
    assert (health.database, health.outbox_waiting) == (True, 0)


def test_the_health_page_names_the_case_that_the_last_gate_refused(village: Town) -> None:
    ref = village.request()
    village.release(ref)
    facts = [row.id for row in village.rows("SELECT id FROM outbox WHERE fact = 'request'")]
    with village.change():
        outbox.done({fact: "refused: title: EMAIL" for fact in facts}, now=village.now)
    page = village.signed_in("agent").page("/desk/health")
    assert f"/desk/cases/{ref}" in page
    assert "title: EMAIL" in page


def test_who_loses_a_role_is_out_at_once(village: Town) -> None:
    agent = village.signed_in("agent")
    assert agent.get("/desk").status_code == 200
    store = village.app.extensions["beffroi"].sign_in
    with village.change():
        store.revoke("tests", "agent", subject="person-1")
    assert agent.get("/desk").status_code == 303  # its session has ended
