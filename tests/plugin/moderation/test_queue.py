# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agent's queue of texts: what is in it, one decision each, remembered without its words."""

import hashlib
import hmac
import html
import re

import pytest

from beffroi.cases import queries as cases
from beffroi.cases.queries import review
from beffroi.cases.queries.review import Narrowing
from beffroi.texts.rules import digest
from support.town import AGENT, Person, Town

WANTED = "Écrire à camille@example.org ou à Halle Alcyon, pour les menus."
DECISION = "SELECT label, decision, digest, account_id, at FROM mask_decision ORDER BY id"


def ids(page: str) -> list[int]:
    """The texts that a list leads to, in its order."""
    return [int(n) for n in dict.fromkeys(re.findall(r'href="/desk/texts/(\d+)', page))]


def form_of(page: str) -> dict[str, list[str]]:
    """What the form of a text holds when nobody touches it."""
    found: dict[str, list[str]] = {}
    for name in ("proposed", "mask"):
        pattern = rf'name="{name}" value="([^"]+)"( checked)?'
        found[name] = [
            value for value, tick in re.findall(pattern, page) if tick or name == "proposed"
        ]
    return found


def result(page: str) -> str:
    """What the page says everyone will read."""
    found = re.search(r"data-result[^>]*>([^<]*)<", page)
    assert found is not None
    return html.unescape(found[1])


def open_text(person: Person, town: Town, ref: str, role: str = "wanted") -> tuple[str, str]:
    """Open a text of the queue; return its address and page."""
    path = f"/desk/texts/{town.texts(ref)[role]}"
    return path, person.page(path)


def public(town: Town, ref: str) -> dict[str, str]:
    with town.look():
        return cases.public_words(town.id_of(ref))


def test_the_oldest_text_comes_first_and_only_what_a_release_would_show(town: Town) -> None:
    first = town.request(purpose="Pour comparer")
    town.report(category="neighbours", description="Du bruit chez les voisins")
    town.report(family="cyber", category="down")
    town.later(minutes=5)
    second = town.report(place="Place du marché")
    gone = town.request()
    town.remove(gone)
    with town.look():
        rows = review.listing(Narrowing(), cursor=None).items
        counts = review.counts()
    assert [(r.ref, r.role) for r in rows] == [
        (first, "title"), (first, "wanted"), (second, "description"), (second, "place"),
    ]  # fmt: skip
    assert (counts["waiting"], counts["clean"], counts["review"]) == (4, 4, 0)


def test_a_long_queue_is_paged_and_no_text_is_left_out(town: Town) -> None:
    for n in range(7):
        town.report(description=f"Le banc numéro {n} est cassé depuis hier")
        town.later(minutes=n % 2)
    seen: list[int] = []
    cursor = None
    while True:
        with town.look():
            page = review.listing(Narrowing(), cursor=cursor, limit=3)
        seen += [r.id for r in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen)


def test_the_queue_is_narrowed_by_what_the_program_says(town: Town) -> None:
    clean = town.report(description="Le banc de la place est cassé")
    masked = town.report(description="Appelez-moi au 06 12 34 56 78, merci")
    doubtful = town.report(description="Le compteur affiche 98765432101 depuis lundi")
    with town.look():
        found = {
            status: [r.ref for r in review.listing(Narrowing(status=status), cursor=None).items]
            for status in ("clean", "masked", "review")
        }
        by_reason = review.listing(Narrowing(reason="long number"), cursor=None).items
    assert found == {"clean": [clean], "masked": [masked], "review": [doubtful]}
    assert [r.reasons for r in by_reason] == [("long number",)]


def test_pages_of_the_queue_narrow_by_their_address(village: Town) -> None:
    village.report(description="Le banc de la place est cassé")
    village.report(description="Le compteur affiche 98765432101 depuis lundi")
    agent = village.signed_in("agent")
    assert len(ids(agent.page("/desk/texts"))) == 2
    assert len(ids(agent.page("/desk/texts?status=review&reason=long+number"))) == 1
    assert ids(agent.page("/desk/texts?status=masked")) == []
    for wrong in ("shelf=cellar", "status=odd", "reason=none"):
        assert agent.get(f"/desk/texts?{wrong}").status_code == 404
    assert agent.get("/desk/texts?cursor=x").status_code == 422
    assert agent.get("/desk/texts/999").status_code == 404


def test_what_is_proposed_is_released_with_one_press_and_the_next_text_comes(
    village: Town,
) -> None:
    ref = village.request(wanted=WANTED)
    agent = village.signed_in("agent")
    path, page = open_text(agent, village, ref)
    assert result(page) == "Écrire à [adresse électronique] ou à Halle Alcyon, pour les menus."
    response = agent.post(path, {**form_of(page), "step": "release"})
    title = village.texts(ref)["title"]
    assert response.status_code == 303
    assert response.headers["Location"] == f"/desk/texts/{title}?done=released"
    page = agent.page(response.headers["Location"])
    assert "Publié." in page
    response = agent.post(f"/desk/texts/{title}", {**form_of(page), "step": "release"})
    assert response.headers["Location"] == "/desk/texts?done=released"
    assert "Tout est lu" in agent.page("/desk/texts")
    assert public(village, ref) == {
        "title": "Menus des cantines scolaires",
        "wanted": "Écrire à [adresse électronique] ou à Halle Alcyon, pour les menus.",
    }


def test_a_mask_is_added_and_one_is_taken_away_and_each_is_remembered(town: Town) -> None:
    ref = town.request(wanted="Le quai, 06 12 34 56 78, écrit à noa@example.org.")
    agent = town.signed_in("agent")
    path, page = open_text(agent, town, ref)
    form = form_of(page)
    assert [m.rsplit("-", 1)[1] for m in form["mask"]] == ["PHONE", "EMAIL"]
    with town.change():
        pass
    looked = agent.post(path, {**form, "also": "LE  quai", "step": "look"}).text
    assert result(looked) == "[…], [téléphone], écrit à [adresse électronique]."
    ticked = form_of(looked)
    assert ticked["proposed"] == form["proposed"]
    assert ticked["mask"][0] == "0-7-ADDED"
    # Taken away, the telephone number would be shown: the gate refuses, and nothing is lost.
    less = {**ticked, "mask": [m for m in ticked["mask"] if "PHONE" not in m]}
    refused = agent.post(path, {**less, "step": "release"})
    assert refused.status_code == 422
    assert "PHONE" in refused.text
    assert form_of(refused.text)["mask"] == less["mask"]
    assert town.rows(DECISION) == []
    assert agent.post(path, {**ticked, "step": "release"}).status_code == 303
    assert public(town, ref)["wanted"] == "[…], [téléphone], écrit à [adresse électronique]."
    rows = town.rows(DECISION)
    assert [(r.label, r.decision) for r in rows] == [
        ("PHONE", "kept"), ("EMAIL", "kept"), ("ADDED", "added"),
    ]  # fmt: skip
    assert {r.account_id for r in rows} == {agent.account_id}


def test_a_mask_of_the_authors_name_can_be_taken_away(town: Town) -> None:
    citizen = town.signed_in(name="Alix Duterroir")
    ref = citizen.sends_request(wanted="Le budget voté par Alix Duterroir l’an dernier.")
    agent = town.signed_in("agent")
    path, page = open_text(agent, town, ref)
    form = form_of(page)
    assert agent.post(path, {**form, "mask": [], "step": "release"}).status_code == 303
    assert "Alix Duterroir" in public(town, ref)["wanted"]
    assert [(r.label, r.decision) for r in town.rows(DECISION)] == [("PERSON", "removed")]


def test_a_decision_is_remembered_by_a_keyed_hash_and_no_word_of_it_is_kept(town: Town) -> None:
    citizen = town.signed_in(name="Zorglub Quinquin")
    ref = citizen.sends_request(wanted="Le plan de Zorglub Quinquin, s’il vous plaît.")
    agent = town.signed_in("agent")
    path, page = open_text(agent, town, ref)
    agent.post(path, {**form_of(page), "step": "release"})
    [row] = town.rows(DECISION)
    secret = town.settings.secret_key.encode()
    key = hmac.new(secret, b"mask decisions", hashlib.sha256).digest()
    assert row.digest == digest(key, "zorglub  QUINQUIN")
    [kept] = town.rows("SELECT * FROM mask_decision")
    assert "orglub" not in str(kept)


def test_a_text_is_held_with_a_reason_and_not_without(village: Town) -> None:
    ref = village.request(wanted=WANTED)
    agent = village.signed_in("agent")
    path, page = open_text(agent, village, ref)
    refused = agent.post(path, {**form_of(page), "step": "hold", "reason_words": " "})
    assert refused.status_code == 422
    assert 'href="#f-reason_words"' in refused.text
    form = {**form_of(page), "step": "hold", "reason_words": "Trop personnel"}
    assert agent.post(path, form).status_code == 303
    text_id = village.texts(ref)["wanted"]
    state = village.one("SELECT state FROM case_text WHERE id = :id", id=text_id)
    assert state == "held"
    assert [(r.label, r.decision) for r in village.rows(DECISION)] == [("EMAIL", "kept")]


def test_who_comes_second_is_told_and_led_on(village: Town) -> None:
    ref = village.request(wanted=WANTED)
    one, other = village.signed_in("agent"), village.signed_in("moderator")
    path, page = open_text(one, village, ref)
    for step in ("release", "hold"):
        village.release(ref, wanted="Les menus")
        before = village.rows(DECISION)
        response = other.post(path, {**form_of(page), "step": step, "reason_words": "x"})
        assert response.headers["Location"].endswith("done=gone")
        assert village.rows(DECISION) == before
    assert "vient de décider" in other.page(response.headers["Location"])
    assert public(village, ref)["wanted"] == "Les menus"
    assert "Ce texte est décidé" in one.page(path)


def test_the_filters_are_kept_from_text_to_text(village: Town) -> None:
    for n in (1, 2):
        village.report(description=f"Appelez-moi au 06 12 34 56 7{n}, merci")
        village.report(description=f"Le banc {n} de la place est cassé")
    agent = village.signed_in("agent")
    first, second = ids(agent.page("/desk/texts?status=masked"))
    page = agent.page(f"/desk/texts/{first}?status=masked")
    form = {**form_of(page), "step": "release", "status": "masked"}
    response = agent.post(f"/desk/texts/{first}", form)
    assert response.headers["Location"] == f"/desk/texts/{second}?status=masked&done=released"


def test_an_agent_may_not_change_the_lists_from_a_text(village: Town) -> None:
    citizen = village.signed_in(name="Jeanne Mairesse")
    ref = citizen.sends_request(wanted="Le discours de Jeanne Mairesse en mairie.")
    agent = village.signed_in("agent")
    path, page = open_text(agent, village, ref)
    [mark] = form_of(page)["mask"]
    assert "Toujours lisible" not in page
    refused = agent.post(path, {**form_of(page), "step": f"allow:{mark}"})
    assert refused.status_code == 403
    assert village.one("SELECT count(*) FROM town_word") == 0


@pytest.mark.parametrize("kind", ["allow", "deny"])
def test_a_moderator_lists_a_name_with_one_press(town: Town, kind: str) -> None:
    citizen = town.signed_in(name="Jeanne Mairesse")
    ref = citizen.sends_request(wanted="Le discours de Jeanne Mairesse, et son 06 12 34 56 78.")
    moderator = town.signed_in("moderator")
    path, page = open_text(moderator, town, ref)
    mark = next(m for m in form_of(page)["mask"] if "PERSON" in m)
    page = moderator.post(path, {**form_of(page), "step": f"{kind}:{mark}"}).text
    [row] = town.rows("SELECT kind, words, reason, added_by FROM town_word")
    assert (row.kind, row.words, row.added_by) == (kind, "Jeanne Mairesse", moderator.account_id)
    assert ref in row.reason
    shown = "Jeanne Mairesse" if kind == "allow" else "[personne]"
    assert result(page) == f"Le discours de {shown}, et son [téléphone]."
    again = moderator.post(path, {**form_of(page), "step": f"{kind}:{mark}"})
    assert again.status_code == 422
    assert moderator.post(path, {**form_of(page), "step": "allow:7-9"}).status_code == 422


def test_what_was_decided_goes_with_an_erased_case(town: Town) -> None:
    ref = town.request(wanted=WANTED)
    agent = town.signed_in("agent")
    path, page = open_text(agent, town, ref)
    agent.post(path, {**form_of(page), "step": "release"})
    assert town.rows(DECISION)
    town.remove(ref, code="erasure")
    assert town.rows(DECISION) == []


def test_the_words_of_an_agent_on_the_case_page_are_not_the_queues(town: Town) -> None:
    """What is rewritten by hand is no decision on places: only the queue keeps those."""
    ref = town.request(wanted=WANTED)
    town.release(ref, wanted="Les menus")
    assert town.rows(DECISION) == []
    assert AGENT.voice == "institution"
