# SPDX-License-Identifier: AGPL-3.0-or-later
"""Campaigns at the desk: set up, sort in a few clicks, write the note."""

from io import BytesIO
from zoneinfo import ZoneInfo

from pypdf import PdfReader

from beffroi.campaigns import queries
from support.campaigns import asked, open_call
from support.town import Person, Town

SERIES = {
    "title_fr": "Que faut-il ouvrir ?", "title_en": "What should we open?", "owed": "3",
    "first_on": "2027-02-01", "every_months": "3", "weeks_call": "2", "weeks_sorting": "2",
    "weeks_research": "5", "weeks_note": "3", "active": "1",
}  # fmt: skip


def test_a_series_is_set_up_and_changed_and_its_editions_that_have_not_begun_follow(
    village: Town,
) -> None:
    agent = village.signed_in("agent")
    for wrong in (
        {"title_fr": ""}, {"weeks_research": "9"}, {"owed": "0"}, {"first_on": "soon"},
        {"title_fr": "Écrire à camille@example.org"},
    ):  # fmt: skip
        answer = agent.post("/desk/campaigns/new", {**SERIES, **wrong})
        assert answer.status_code == 422, wrong
        assert 'value="2027-02-01"' in answer.get_data(as_text=True) or "first_on" in wrong
    assert agent.post("/desk/campaigns/new", SERIES).status_code == 303
    assert "2027-q1-que-faut-il-ouvrir" in agent.page("/desk/campaigns")
    assert "Commence le 1er février 2027" in village.visitor().page("/campaigns")
    moved = {**SERIES, "first_on": "2027-05-03"}
    assert agent.post("/desk/campaigns/series/1", moved).status_code == 303
    assert "2027-q2-que-faut-il-ouvrir" in agent.page("/desk/campaigns")
    waiting = village.request()
    path = "/desk/campaigns/2027-q2-que-faut-il-ouvrir"
    assert agent.post(f"{path}/attach", {"ref": waiting}).status_code == 303
    stopped = {k: v for k, v in moved.items() if k != "active"}
    assert agent.post("/desk/campaigns/series/1", stopped).status_code == 303
    assert village.one("SELECT count(*) FROM campaign") == 0
    assert village.signed_in().get("/desk/campaigns").status_code == 403


def sort(agent: Person, slug: str, ref: str, **form: str) -> int:
    path = f"/desk/campaigns/{slug}/sort"
    return agent.post(path, {"ref": ref, **form}).status_code


def test_requests_are_sorted_with_one_click_each_or_all_at_once(village: Town) -> None:
    call = open_call(village)
    agent = village.signed_in("agent")
    refs = [asked(call, f"Demande numéro {n}") for n in range(4)]
    assert sort(agent, call.slug, refs[0], eligible="yes") == 303
    assert sort(agent, call.slug, refs[1], eligible="no") == 422
    assert sort(agent, call.slug, refs[1], eligible="no", reason="Voir 06 12 34 56 78") == 422
    assert sort(agent, call.slug, refs[1], eligible="no", reason="Elle existe déjà.") == 303
    assert sort(agent, call.slug, "2027-9999", eligible="yes") == 404
    rest = agent.post(f"/desk/campaigns/{call.slug}/sort-the-rest")
    assert rest.status_code == 303
    assert [m.eligible for m in call.members()] == [True, False, True, True]
    assert "Elle existe déjà." in village.visitor().page(f"/campaigns/{call.slug}")


def test_a_request_that_came_before_is_attached_once_and_only_before_the_count(
    village: Town,
) -> None:
    before = village.request(title="Une demande plus ancienne")
    other = village.request(title="Une autre")
    village.later(days=1)
    call = open_call(village)
    agent, path = village.signed_in("agent"), f"/desk/campaigns/{call.slug}/attach"
    assert agent.post(path, {"ref": before}).status_code == 303
    assert agent.post(path, {"ref": before}).status_code == 422
    assert agent.post(path, {"ref": "2027-9999"}).status_code == 422
    assert [m.row.ref for m in call.members()] == [before]
    call.to("research")
    assert village.signed_in("agent").post(path, {"ref": other}).status_code == 409


def test_the_note_is_drafted_published_once_and_reads_back_from_its_pdf(village: Town) -> None:
    call = open_call(village, owed=1)
    ref = asked(call, "Qualité de l’air")
    call.sort(ref)
    call.to("research")
    village.answer(ref, "refused", "Non.", ground="unfinished")
    agent, path = village.signed_in("agent"), f"/desk/campaigns/{call.slug}/note"
    words = "Nous n’avons rien publié : voici pourquoi."
    bad = agent.post(path, {"note_fr": "Écrire à camille@example.org", "step": "publish"})
    assert bad.status_code == 422
    assert "camille@example.org" in bad.get_data(as_text=True)  # what was typed is kept
    assert agent.post(path, {"note_fr": words, "step": "save"}).status_code == 303
    assert village.visitor().get(f"/campaigns/{call.slug}/note.pdf").status_code == 404
    assert agent.post(path, {"note_fr": words, "step": "publish"}).status_code == 303
    assert agent.post(path, {"note_fr": "Autre", "step": "publish"}).status_code == 409
    pdf = village.visitor().get(f"/campaigns/{call.slug}/note.pdf?lang=fr").get_data()
    read = " ".join(" ".join(p.extract_text() for p in PdfReader(BytesIO(pdf)).pages).split())
    for said in (
        words, "1 des 1 premières ont leur réponse publique.", "Document inachevé (CRPA",
        "Qualité de l’air", "Refusé, le 9 février 2027", "Le prochain appel s’ouvre le 12 avril",
    ):  # fmt: skip
        assert said in read.replace("\u00a0", " "), (said, read)
    assert "?" not in read.replace("Que faut-il ouvrir ?", "").replace("ouvrir ?", "")


def test_the_next_edition_proposes_who_helped_and_the_meet_ups_until_an_agent_takes_them_over(
    village: Town,
) -> None:
    call = open_call(village)
    agent, path = village.signed_in("agent"), f"/desk/campaigns/{call.slug}"
    assert agent.post(f"{path}/associations", {"name": "Les Vélos"}).status_code == 303
    assert agent.post(f"{path}/associations", {"name": "Le Jardin"}).status_code == 303
    meeting = {
        "meeting": "Soirée des données",
        "place": "Mairie",
        "on": "2027-01-14",
        "at": "18:30",
    }
    assert agent.post(f"{path}/meetings", {**meeting, "until": "20:00"}).status_code == 303
    call.to("over")
    following, agent = call.newest, village.signed_in("agent")
    assert following.slug != call.slug
    path = f"/desk/campaigns/{following.slug}"
    assert "Soirée des données" not in village.visitor().page(f"/campaigns/{following.slug}")
    page = agent.page(path)
    assert "Les Vélos" in page
    assert "18:30" in page  # the same hour of the clock in summer time
    with village.look():
        proposed = queries.proposals(following, ZoneInfo("Europe/Paris"))
    jardin, velos = proposed.associations
    assert (jardin.name, velos.name) == ("Le Jardin", "Les Vélos")
    assert proposed.meetings[0].begins_at.weekday() == 3
    ticked = {"association": str(velos.id), "meeting": str(proposed.meetings[0].id)}
    assert agent.post(f"{path}/take-over", ticked).status_code == 303
    public = village.visitor().page(f"/campaigns/{following.slug}")
    assert "Les Vélos" in public
    assert "Soirée des données" in public
    assert "Le Jardin" not in public
    assert agent.post(f"{path}/take-over", {**ticked, "association": "x"}).status_code == 303
    with village.look():
        assert [one.name for one in queries.associations(following.id)] == ["Les Vélos"]
        assert len(queries.meetings([following.id])) == 1


def test_the_form_says_for_which_campaign_it_counts_and_the_request_leads_back_to_it(
    village: Town,
) -> None:
    before = village.request(title="Avant la campagne")
    assert "campagne" not in village.visitor().page("/requests/new").split("<main")[1]
    village.later(days=1)
    call = open_call(village)
    agent = village.signed_in("agent")
    agent.post(f"/desk/campaigns/{call.slug}/associations", {"name": "Les Vélos"})
    form = village.visitor().page(f"/requests/new?came_by={call.slug}/les-velos")
    assert "Elle compte pour la campagne" in form
    assert "Elle est apportée par Les Vélos." in form
    ref = asked(call, "Comptages de vélos")
    assert f"/campaigns/{call.slug}" in village.visitor().page(f"/requests/{ref}")
    assert "/campaigns/2027" not in village.visitor().page(f"/requests/{before}")
    call.to("sorting")
    late = village.visitor().page(f"/requests/new?came_by={call.slug}/les-velos")
    assert "Elle compte pour la campagne" not in late
