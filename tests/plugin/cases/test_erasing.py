# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a removal destroys: the public form; for a person’s sake everything that was written."""

import pytest

from beffroi.cases.rules import ERASING
from beffroi.kernel.errors import Conflict
from beffroi.moderation.rules import REASONS
from support.town import Town


def marked(town: Town) -> str:
    ref = town.request(title="Un titre marqué", wanted="Un souhait marqué", purpose="Un but marqué")
    town.release(ref)
    town.comment(ref, "Un commentaire marqué")
    return ref


def written(town: Town, column: str) -> set[str]:
    return {row[0] for row in town.rows(f"SELECT DISTINCT {column} FROM case_text")}


@pytest.mark.parametrize("code", REASONS)
def test_no_public_form_is_left_and_originals_by_the_reason(town: Town, code: str) -> None:
    ref = marked(town)
    town.remove(ref, code=code)
    assert written(town, "public") == {None}
    assert written(town, "state") == {"held"}
    assert (written(town, "original") == {""}) == (code in ERASING)
    kind = town.one('SELECT p.kind FROM "case" c JOIN party p ON p.id = c.party_id')
    assert (kind == "erased") == (code in ERASING)
    receipts = town.one("SELECT count(*) FROM data_request WHERE receipt_salt IS NOT NULL")
    assert receipts == (0 if code in ERASING else 1)


def test_a_case_that_was_removed_can_still_be_erased_and_only_once(town: Town) -> None:
    ref = marked(town)
    town.remove(ref, code="error")
    with pytest.raises(Conflict):
        town.remove(ref, code="legal")
    town.remove(ref, code="erasure", reason="À la demande de son auteur")
    assert written(town, "original") == {""}
    with pytest.raises(Conflict):
        town.remove(ref, code="erasure")
    page = town.visitor().get(f"/requests/{ref}")
    assert page.status_code == 410
    assert "À la demande de son auteur" in page.get_data(as_text=True)


def test_the_author_is_told_and_then_forgotten(town: Town) -> None:
    ref = marked(town)
    town.follow(ref, "sam@citizens.example")
    town.work()
    town.remove(ref, code="erasure")
    town.work()
    for address in ("alix@citizens.example", "sam@citizens.example"):
        assert "retiré" in town.mail.to(address)[-1]["Subject"]
    town.later(hours=2)
    town.work()
    assert town.one("SELECT count(*) FROM follower") == 0
    assert town.one("SELECT count(*) FROM delivery") == 0
    assert [row.kind for row in town.rows("SELECT kind FROM party")] == ["erased"]


def test_an_address_goes_after_a_week_though_no_message_ever_left(town: Town) -> None:
    ref = marked(town)
    town.mail.refusals = 10_000
    town.remove(ref, code="erasure")
    town.work()
    assert town.one("SELECT count(*) FROM party WHERE email IS NOT NULL") > 0
    town.later(days=8)
    town.work()
    assert town.one("SELECT count(*) FROM party WHERE email IS NOT NULL") == 0


def test_who_has_another_case_keeps_the_address(town: Town) -> None:
    ref, other = marked(town), town.request(title="Une autre demande")
    town.remove(ref, code="erasure")
    town.work()
    town.later(hours=2)
    town.work()
    assert town.one("SELECT count(*) FROM party WHERE email = 'alix@citizens.example'") == 1
    town.answer(other, "published", url="https://data.example/x")
    town.work()
    assert "réponse" in town.mail.to("alix@citizens.example")[-1]["Subject"]


def test_reasons_on_the_timeline_go_with_the_case_but_for_the_last(town: Town) -> None:
    ref = marked(town)
    town.hold(ref, "title", reason="Elle nomme quelqu’un")
    town.remove(ref, code="reident", reason="On la reconnaît")
    codes = " ".join(str(row[0]) for row in town.rows("SELECT codes FROM timeline"))
    assert "nomme" not in codes
    assert "On la" in codes


def test_the_desk_says_what_each_reason_destroys_and_that_a_case_was_erased(village: Town) -> None:
    ref = marked(village)
    moderator = village.signed_in("moderator")
    page = moderator.page(f"/desk/cases/{ref}")
    destroyed, kept = page.split('<optgroup label="tout est détruit">')[1].split(
        '<optgroup label="les agents gardent les textes">'
    )
    assert {code for code in REASONS if f'value="{code}"' in destroyed} == ERASING
    assert {code for code in REASONS if f'value="{code}"' in kept} == REASONS.keys() - ERASING
    village.remove(ref, code="error")
    assert "Effacer ce qui reste" in moderator.page(f"/desk/cases/{ref}")
    village.remove(ref, code="erasure")
    page = moderator.page(f"/desk/cases/{ref}")
    assert "Ce dossier a été effacé" in page
    assert "marqué" not in page
    assert "Effacer ce qui reste" not in page


def test_the_desk_says_when_the_next_batch_is_and_what_the_night_did(village: Town) -> None:
    village.work()
    agent = village.signed_in("agent")
    assert "entre aussitôt dans le journal" in agent.page("/desk")
    assert "ont été réécrits pour la dernière fois" in agent.page("/desk/health")
