# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody puts right what is kept of them: name, address, and words that nobody released yet."""

import re

import pytest

from beffroi.accounts.service import apply_corrections
from beffroi.kernel.db import db
from beffroi_web.sign_in.identities import Identity
from support.town import ISSUER, PROVIDER, Person, Town


@pytest.fixture
def town(village: Town) -> Town:
    """On SQLite: that both databases keep and forget alike is for erasures and the drills."""
    return village


def link_in(town: Town) -> str:
    found = re.search(r"(/account/email/[0-9a-f]{48})", town.mail.messages[-1].get_content())
    assert found is not None
    return found[1]


def signs_in_again(town: Town, number: int) -> None:
    """The provider says its own name and address again, as it does at each sign-in."""
    store = town.app.extensions["beffroi"].sign_in
    with town.change():
        signed = store.sign_in(
            Identity(
                PROVIDER, ISSUER, f"person-{number}", "Old Name", "old@citizens.example", True,
                frozenset(), "none",
            ),
            token="another session " + "y" * 32,
            now=town.now,
        )  # fmt: skip
        apply_corrections(signed.account_id)


def test_a_corrected_name_wins_over_the_provider_s(town: Town) -> None:
    alix = town.signed_in(name="Alyx Wrong")
    ref = alix.sends_request()
    done = alix.post("/account/name", {"name": "  Alix   Right "})
    assert done.status_code == 303
    assert "Votre nom est corrigé" in alix.page(done.headers["Location"])
    signs_in_again(town, 1)
    assert town.one("SELECT display_name FROM account") == "Alix Right"
    assert town.one("SELECT name FROM party") == "Alix Right"
    assert "Alix Right" in town.signed_in("agent").page(f"/desk/cases/{ref}")


def test_a_name_that_is_none_is_refused_with_what_was_typed(town: Town) -> None:
    alix = town.signed_in()
    for name in ("", "   ", "x" * 201, "a\x00b"):
        answer = alix.post("/account/name", {"name": name})
        assert answer.status_code == 422, name
    assert "error-summary" in answer.get_data(as_text=True)


def test_a_new_address_counts_once_its_link_was_pressed_and_the_old_one_is_told(town: Town) -> None:
    alix = town.signed_in()
    alix.sends_request()
    town.work()
    done = alix.post("/account/email", {"email": "new@citizens.example"})
    assert "Nous avons envoyé un lien" in alix.page(done.headers["Location"])
    assert alix.email in alix.page("/account")
    town.work()
    link = link_in(town)
    assert town.mail.messages[-1]["To"] == "new@citizens.example"
    assert "Confirmer mon adresse" in alix.page(link)
    assert alix.post(link).status_code == 303
    signs_in_again(town, 1)
    assert "new@citizens.example" in alix.page("/account")
    assert town.one("SELECT email FROM party") == "new@citizens.example"
    town.work()
    assert "a changé" in town.mail.to(alix.email)[-1]["Subject"]
    assert alix.post(link).status_code == 404  # used


def test_a_link_is_worth_nothing_to_somebody_else_nor_after_two_days(town: Town) -> None:
    alix, other = town.signed_in(), town.signed_in()
    alix.post("/account/email", {"email": "new@citizens.example"})
    town.work()
    link = link_in(town)
    assert other.post(link).status_code == 404
    town.later(minutes=10)
    alix.post("/account/email", {"email": "newer@citizens.example"})
    town.work()
    assert alix.post(link).status_code == 404  # replaced
    link = link_in(town)
    with town.change():
        db.session.execute(db.text("UPDATE address_change SET made_at = '2027-01-01 00:00:00'"))
    assert alix.post(link).status_code == 410
    town.later(days=1)
    town.work()
    assert town.one("SELECT count(*) FROM address_change") == 0


def test_an_address_that_cannot_be_one_is_refused(town: Town) -> None:
    alix = town.signed_in()
    for email in ("", "nobody", "a@b", "a b@c.example", "a@b.example\nBcc: c@d.example"):
        assert alix.post("/account/email", {"email": email}).status_code == 422, email
    town.work()
    assert town.mail.messages == []


def correction(town: Town, alix: Person, ref: str, **words: str) -> int:
    ids = town.texts(ref)
    form = {f"text-{ids[role]}": said for role, said in words.items()}
    return alix.post(f"/requests/{ref}/correct", form).status_code


def test_own_words_are_corrected_while_nobody_has_released_them(town: Town) -> None:
    alix = town.signed_in()
    ref = alix.sends_request(title="Menus des contines")
    assert "Menus des contines" in alix.page(f"/requests/{ref}/correct")
    assert correction(town, alix, ref, title="Menus des cantines") == 303
    assert "Menus des cantines" in alix.page(f"/requests/{ref}")
    [row] = town.rows("SELECT codes, public FROM timeline WHERE step = 'corrected'")
    assert "title" in str(row.codes)
    assert not row.public
    receipt = alix.get(f"/requests/{ref}/receipt").get_json()
    assert "Menus des contines" in str(receipt)  # it proves what was received


def test_a_released_text_can_no_longer_be_changed(town: Town) -> None:
    alix = town.signed_in()
    ref = alix.sends_request()
    ids = town.texts(ref)
    town.release(ref, "title")
    page = alix.page(f"/requests/{ref}/correct")
    assert f'name="text-{ids["title"]}"' not in page
    assert f'name="text-{ids["wanted"]}"' in page
    assert correction(town, alix, ref, title="Autre chose") == 422
    assert town.one("SELECT original FROM case_text WHERE role = 'title'") != "Autre chose"


def test_a_text_cannot_be_emptied_or_be_another_s(town: Town) -> None:
    alix, other = town.signed_in(), town.signed_in()
    ref = alix.sends_request()
    assert correction(town, alix, ref, wanted="  ") == 422
    assert correction(town, other, ref, wanted="Autre chose") == 404
    mine = other.sends_request()
    theirs = town.texts(ref)["wanted"]
    answer = other.post(f"/requests/{mine}/correct", {f"text-{theirs}": "Autre chose"})
    assert answer.status_code in {404, 422}
    assert town.one("SELECT count(*) FROM case_text WHERE original = 'Autre chose'") == 0


def test_a_report_is_corrected_too(town: Town) -> None:
    alix = town.signed_in()
    ref = alix.sends_report(description="Le lanpadaire est éteint")
    text_id = town.texts(ref)["description"]
    form = {f"text-{text_id}": "Le lampadaire est éteint"}
    assert alix.post(f"/incidents/{ref}/correct", form).status_code == 303
    assert "lampadaire" in alix.page(f"/incidents/{ref}")
