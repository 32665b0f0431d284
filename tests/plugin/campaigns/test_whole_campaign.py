# SPDX-License-Identifier: AGPL-3.0-or-later
"""A campaign from its first day to the next one, with a moved clock."""

import csv
import io
import json
from datetime import timedelta

from beffroi.rights import queries as rights
from beffroi.rights.service.archive import everything
from support.campaigns import NOTE, asked, open_call
from support.town import Town


def steps(town: Town) -> list[tuple[str, str]]:
    """What was written of editions: the step, and the day that it is of."""
    return [
        (r.step, str(r.on_day))
        for r in town.rows("SELECT step, on_day FROM campaign_step ORDER BY id")
    ]


def test_a_campaign_goes_through_its_phases_and_the_next_one_comes_by_itself(town: Town) -> None:
    call = open_call(town, owed=1)
    slug, number = call.slug, call.now.number
    assert (slug, number) == ("2027-q1-que-faut-il-ouvrir", 1)
    call.follow("fan@citizens.example")
    menus, bikes = asked(call, "Menus des cantines"), asked(call, "Comptages de vélos")
    private = asked(call, "Le dossier de mon voisin")
    call.sort(private, eligible=False, reason="Cela concerne une personne.")
    call.sort(menus)
    call.sort(bikes)
    call.to("sorting")
    for n in range(5):
        call.vote(town.party(f"v{n}@citizens.example"), bikes, *([menus] if n else []))
    stranger = town.visitor()
    page = stranger.page(f"/campaigns/{slug}?lang=en")
    assert "No. 1" not in page  # no result before the end
    assert "Cela concerne une personne." in page
    call.to("research")
    assert town.one("SELECT count(*) FROM campaign_vote") == 0  # counted, so destroyed
    page = stranger.page(f"/campaigns/{slug}?lang=en")
    assert "5 people voted." in page
    assert page.index("Comptages de vélos") < page.index("Menus des cantines")
    town.answer(bikes, "published", url="https://donnees.ville.example/velos")
    call.to("note")
    assert stranger.get(f"/campaigns/{slug}/note").status_code == 404
    call.publish_note()
    note = stranger.page(f"/campaigns/{slug}/note?lang=en")
    assert "1 of the first 1 have their public answer." in note
    assert NOTE.split("\n\n")[0] in note
    call.to("over")
    assert [step for step, _ in steps(town)][:6] == [
        "call", "sorting", "research", "note", "published", "over"
    ]  # fmt: skip
    subjects = [m["Subject"] for m in town.mail.to("fan@citizens.example")]
    assert [s.split(" · ")[-1] for s in subjects] == [
        "Tri et sondage", "Recherche et publication", "Note", "La note est publiée",
    ]  # fmt: skip
    following = call.newest
    assert (following.number, following.slug) == (2, "2027-q2-que-faut-il-ouvrir")
    assert following.call_on.isoformat() == "2027-04-12"


def test_a_worker_that_was_off_for_a_month_writes_each_phase_once_with_its_day(town: Town) -> None:
    call = open_call(town)
    call.follow("fan@citizens.example")
    town.later(days=35)
    for _ in range(3):
        town.work()
    assert steps(town) == [
        ("call", "2027-01-12"), ("sorting", "2027-01-26"), ("research", "2027-02-09"),
    ]  # fmt: skip
    sent = town.mail.to("fan@citizens.example")
    assert len(sent) == 2
    assert "cette phase est déjà terminée" in sent[0].get_content()
    assert "cette phase est déjà terminée" not in sent[1].get_content()
    assert len({m["Message-ID"] for m in sent}) == 2


def test_a_campaign_never_touches_the_legal_clock(village: Town) -> None:
    """The same request, in a campaign and out of it, has the same clock on every day."""
    call = open_call(village)
    inside = asked(call, "Menus des cantines")
    village.later(days=15)
    outside = village.request(title="Comptages de vélos")
    village.release(outside)
    days = "SELECT julianday(clock_on) - julianday(received_on) AS due, due_on, clock, clock_on"
    joined = 'FROM data_request JOIN "case" ON id = case_id WHERE ref = :ref'

    def clock(ref: str) -> tuple[object, ...]:
        [row] = village.rows(f"{days} {joined}", ref=ref)
        return tuple(row)

    before = clock(inside)
    call.sort(inside, eligible=False, reason="Hors sujet")
    call.to("sorting", plus=3)
    call.to("research")
    assert clock(inside) == before
    assert village.one("SELECT count(*) FROM legal_event") == 2  # both acknowledged, nothing else
    village.later(days=20)
    village.work()
    [row] = village.rows(f"{days} {joined}", ref=inside)
    assert row.clock == "implicit_refusal"


def test_the_record_of_a_campaign_follows_it_and_names_its_requests(village: Town) -> None:
    call = open_call(village)
    ref = asked(call, "Menus des cantines")
    village.work()
    call.to("research")
    village.answer(ref, "published", url="https://donnees.ville.example/menus")
    call.publish_note()
    village.work()
    facts = village.rows("SELECT entry, version, record_id FROM log_fact WHERE fact = 'campaign:1'")
    assert {f.record_id for f in facts} == {call.now.record_id}
    assert [f.entry for f in facts] == ["rec", "sup", "sup"]
    contents = [
        json.loads(bytes(r.content))
        for r in village.rows("SELECT content FROM log_content ORDER BY position")
    ]
    newest = [c for c in contents if c["kind"] == "campaign"][-1]
    assert newest == {
        "v": 1, "kind": "campaign", "id": call.now.record_id, "period": "2027-Q1",
        "phase": "research", "requests": 1, "published": 1,
        "note_url": f"https://demandes.ville.example/campaigns/{call.slug}/note",
    }  # fmt: skip
    requests = [c for c in contents if c["kind"] == "request"]
    assert {c["campaign"] for c in requests} == {call.now.record_id}


def test_a_request_comes_by_an_association_and_only_while_the_call_runs(village: Town) -> None:
    call = open_call(village)
    agent = village.signed_in("agent")
    form = {"name": "Les Amis du Vélo", "number": "W751234567", "url": "https://velo.example/"}
    assert agent.post(f"/desk/campaigns/{call.slug}/associations", form).status_code == 303
    helped = village.visitor().page(f"/campaigns/{call.slug}?by=les-amis-du-velo")
    came_by = f"{call.slug}/les-amis-du-velo"
    assert came_by in helped
    assert village.visitor().get(f"/campaigns/{call.slug}?by=nobody").status_code == 404
    citizen = village.signed_in()
    preview = citizen.post("/requests/new", {
        "object": "dataset", "title": "Pistes cyclables", "wanted": "Le tracé des pistes.",
        "step": "preview", "came_by": came_by,
    })  # fmt: skip
    assert f'value="{came_by}"' in preview.get_data(as_text=True)
    citizen.sends_request(title="Pistes cyclables", came_by=came_by)
    citizen.sends_request(title="Comptages", came_by="2019-q1-nothing/at-all")
    page = village.visitor().page(f"/campaigns/{call.slug}?lang=en")
    assert "One request came by it." in page
    assert len(call.members()) == 2
    call.to("sorting")
    village.signed_in().sends_request(title="Trop tard", came_by=came_by)
    assert len(call.members()) == 2


def test_the_note_as_csv_holds_released_words_only_and_no_formula(village: Town) -> None:
    call = open_call(village)
    hidden = "Trucmuche-planted"
    shown = asked(call, "=1+1 menus")
    village.request(title=f"Mon voisin {hidden}")
    call.sort(shown)
    call.to("research")
    call.publish_note()
    rows = list(csv.DictReader(io.StringIO(
        village.visitor().page(f"/campaigns/{call.slug}/note.csv")
    )))  # fmt: skip
    assert [r["title"] for r in rows] == ["'=1+1 menus", ""]
    for path in ("", "/note", "/kit"):
        assert hidden not in village.visitor().page(f"/campaigns/{call.slug}{path}")


def test_what_an_erased_person_did_in_a_campaign_is_gone(village: Town) -> None:
    call = open_call(village)
    ref = asked(call, "Menus des cantines")
    call.sort(ref)
    call.to("sorting")
    person = village.signed_in()
    assert person.post(f"/campaigns/{call.slug}/vote", {"choice-1": ref}).status_code == 303
    assert person.post(f"/campaigns/{call.slug}/follow").status_code == 303
    with village.look():
        whose = rights.person(person.account_id or 0)
        kept = everything(whose, town="", siren="", receipt=None, now=village.now).document
    assert [v["ref"] for v in kept["campaigns"]["votes"]] == [ref]
    assert len(kept["campaigns"]["follows"]) == 1
    erased = person.post("/account/erase", {"word": "effacer"})
    assert erased.status_code == 200, erased.get_data(as_text=True)
    assert village.one("SELECT count(*) FROM campaign_vote") == 0
    assert village.one("SELECT count(*) FROM campaign_follower") == 0


def test_an_edition_whose_call_was_missed_is_left_out(village: Town) -> None:
    call = open_call(village)
    village.clock.move(timedelta(days=400))
    village.work()
    assert call.newest.number == 1  # four calls passed; the next is two months away
    village.later(days=30)
    village.work()
    assert (call.newest.number, str(call.newest.call_on)) == (2, "2028-04-12")
