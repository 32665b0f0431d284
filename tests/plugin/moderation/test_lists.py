# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's own names and words: who may change them, what fits, and who reads with them."""

import pytest

from beffroi.moderation import commands, service
from support.town import MODERATOR, Town

MAYOR = {"kind": "allow", "words": "Jeanne Mairesse", "reason": "Maire depuis 2026"}


def test_a_name_is_added_with_its_office_and_taken_off_again(town: Town) -> None:
    moderator = town.signed_in("moderator", name="Dominique Modère")
    assert "Personne encore" in moderator.page("/desk/lists")
    assert moderator.post("/desk/lists", MAYOR).status_code == 303
    [row] = town.rows("SELECT id, kind, words, reason, added_by, added_at FROM town_word")
    assert (row.kind, row.words, row.reason) == ("allow", "Jeanne Mairesse", "Maire depuis 2026")
    assert row.added_by == moderator.account_id
    page = moderator.page("/desk/lists")
    for said in ("Jeanne Mairesse", "Maire depuis 2026", "Dominique Modère", "12 janvier 2027"):
        assert said in page
    assert moderator.post(f"/desk/lists/{row.id}/remove").status_code == 303
    assert town.rows("SELECT id FROM town_word") == []
    assert moderator.post(f"/desk/lists/{row.id}/remove").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"words": ""}, "words"),
        ({"words": "a"}, "words"),
        ({"words": "..!"}, "words"),
        ({"words": "y" * 121}, "words"),
        ({"words": "jeanne@courriel.example"}, "words"),
        ({"reason": " "}, "reason"),
        ({"reason": "z" * 201}, "reason"),
        ({"kind": "grey"}, "kind"),
        ({"kind": ""}, "kind"),
    ],
)
def test_what_does_not_fit_comes_back_with_what_was_typed(
    village: Town, change: dict[str, str], field: str
) -> None:
    response = village.signed_in("moderator").post("/desk/lists", {**MAYOR, **change})
    assert response.status_code == 422
    assert f'href="#f-{field}"' in response.text
    if field != "reason":
        assert "Maire depuis 2026" in response.text
    assert village.rows("SELECT id FROM town_word") == []


def test_words_stand_on_one_list_once(town: Town) -> None:
    moderator = town.signed_in("moderator")
    assert moderator.post("/desk/lists", MAYOR).status_code == 303
    for twice in ({**MAYOR, "words": " JEANNE  mairesse"}, {**MAYOR, "kind": "deny"}):
        response = moderator.post("/desk/lists", twice)
        assert response.status_code == 422
        assert 'href="#f-words"' in response.text
    assert town.one("SELECT count(*) FROM town_word") == 1


@pytest.mark.parametrize(
    ("role", "status"),
    [("citizen", 403), ("agent", 403), ("moderator", 200), ("administrator", 200)],
)
def test_moderators_and_administrators_keep_the_lists(
    village: Town, role: str, status: int
) -> None:
    person = village.signed_in(role)
    assert person.get("/desk/lists").status_code == status
    assert person.post("/desk/lists", MAYOR).status_code == (303 if status == 200 else 403)


def test_a_change_of_the_lists_has_waiting_texts_read_again(town: Town) -> None:
    ref = town.report(description="Le hangar bleu est ouvert depuis hier")
    verdict = "SELECT verdict FROM case_text"
    assert town.one(verdict) == "clean"
    with town.change():
        service.add_words("deny", "hangar bleu", "Un seul", actor=MODERATOR, now=town.now)
    assert town.one(verdict) is None
    with town.look():
        assert commands.read_unread() == 1
        assert commands.read_unread() == 0
    assert town.one(verdict) == "masked"
    town.release(ref, description="Le […] est ouvert")
    word = town.one("SELECT id FROM town_word")
    with town.change():
        service.remove_words(word)
    assert town.one(verdict) == "masked"  # decided texts are not read again


def test_the_worker_reads_texts_of_before_in_pieces(town: Town) -> None:
    for n in range(5):
        town.report(description=f"Le banc numéro {n} est cassé")
    with town.change():
        service.add_words("deny", "banc numéro 3", "Un seul", actor=MODERATOR, now=town.now)
    with town.look():
        assert [commands.read_unread(most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert sorted(r.verdict for r in town.rows("SELECT verdict FROM case_text")) == [
        "clean", "clean", "clean", "clean", "masked",
    ]  # fmt: skip
