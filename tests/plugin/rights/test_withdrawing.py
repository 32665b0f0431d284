# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody withdraws a single case or comment: destroyed here, withdrawn there, or kept apart."""

import re

import pytest

from beffroi.kernel import private_links
from support.everything import everything_in
from support.town import REQUEST, Person, Town

WORDS = {"title": "Titre zqxmark", "wanted": "Souhait zqxmark", "purpose": "But zqxmark"}


@pytest.fixture
def town(village: Town) -> Town:
    """On SQLite: that both databases keep and forget alike is for erasures and the drills."""
    return village


def sent(town: Town, person: Person, **fields: str) -> str:
    return person.sends_request(**{**WORDS, **fields})


def test_the_page_says_what_will_happen_and_the_button_does_it(town: Town) -> None:
    alix = town.signed_in()
    ref = sent(town, alix)
    town.release(ref, "title", "wanted")
    town.follow(ref, "sam@citizens.example")
    town.work()
    page = alix.page(f"/requests/{ref}/withdraw")
    assert "disparaît aussitôt de ce site" in page
    assert "dans les 36 heures" in page
    done = alix.post(f"/requests/{ref}/withdraw")
    assert done.status_code == 200
    assert "est supprimé" in done.get_data(as_text=True)
    gone = town.visitor().get(f"/requests/{ref}")
    assert gone.status_code == 410
    assert "Son auteur l’a supprimé" in gone.get_data(as_text=True)
    assert "zqxmark" not in everything_in(town, but=("kept_apart",))
    assert town.one("SELECT count(*) FROM timeline WHERE account_id IS NOT NULL") == 0
    town.work()
    assert [r.entry for r in town.rows("SELECT entry FROM log_fact ORDER BY position")] == [
        "rcv", "rec", "wdr",
    ]  # fmt: skip
    assert "retiré" in town.mail.to("sam@citizens.example")[-1]["Subject"]
    assert "zqxmark" not in town.mail.to("sam@citizens.example")[-1].get_content()


def test_what_a_clock_requires_is_kept_apart_and_the_person_is_told_until_when(town: Town) -> None:
    alix = town.signed_in()
    ref = sent(town, alix)
    page = alix.page(f"/requests/{ref}/withdraw")
    assert "conservé à part jusqu’au" in page
    assert '<time datetime="2028-02-12">' in page  # due on 12 February 2027, and a year
    alix.post(f"/requests/{ref}/withdraw")
    [kept] = town.rows("SELECT ref, reason, ends_on, content FROM kept_apart")
    assert (kept.ref, kept.reason, str(kept.ends_on)) == (ref, "clock", "2028-02-12")
    assert "Titre zqxmark" in str(kept.content)
    assert "zqxmark" not in everything_in(town, but=("kept_apart",))
    assert f"{ref} est conservé à part" in alix.page("/account")


def test_nobody_reads_what_is_kept_apart(town: Town) -> None:
    alix, agent = town.signed_in(), town.signed_in("agent", "moderator", "administrator")
    ref = sent(town, alix)
    town.release(ref, "title", "wanted")
    alix.post(f"/requests/{ref}/withdraw")
    town.work()
    paths = [
        "/",
        "/requests",
        "/requests?q=zqxmark",
        f"/requests/{ref}",
        "/api/v1/requests?q=zqxmark",
    ]
    desk = ["/desk", "/desk?queue=closed", "/desk?q=zqxmark", f"/desk/cases/{ref}", "/desk/health"]
    own = ["/account", "/account/data", "/account/erase"]
    for who, places in ((town.visitor(), paths), (agent, paths + desk), (alix, paths + own)):
        for place in places:
            said = who.get(place).get_data(as_text=True)
            assert "Titre zqxmark" not in said, place
            assert "Souhait zqxmark" not in said, place
    assert b"zqxmark" not in alix.post("/account/data").get_data()
    assert not any(b"zqxmark" in data for data in town.files().values())


def test_an_answered_request_is_not_kept_unless_the_archivist_says_so(town: Town) -> None:
    alix = town.signed_in()
    ref = sent(town, alix)
    town.answer(ref, "published", url="https://data.example/menus")
    assert "conservé à part" not in alix.page(f"/requests/{ref}/withdraw")
    alix.post(f"/requests/{ref}/withdraw")
    assert town.one("SELECT count(*) FROM kept_apart") == 0


def test_a_refusal_is_kept_for_as_long_as_it_can_be_contested(town: Town) -> None:
    alix = town.signed_in()
    ref = sent(town, alix)
    town.answer(ref, "refused", ground="unfinished")
    alix.post(f"/requests/{ref}/withdraw")
    [kept] = town.rows("SELECT reason, ends_on FROM kept_apart")
    assert (kept.reason, str(kept.ends_on)) == ("appeal", "2028-01-12")


def test_what_others_wrote_cannot_be_withdrawn_nor_guessed(town: Town) -> None:
    alix, sam = town.signed_in(), town.signed_in()
    ref = sent(town, alix)
    other = private_links.key_for(town.settings.secret_key, "2027-0099", "withdraw")
    assert sam.get(f"/requests/{ref}/withdraw").status_code == 404
    assert sam.post(f"/requests/{ref}/withdraw").status_code == 404
    assert sam.get("/requests/2027-9999/withdraw").status_code == 404
    assert town.visitor().get(f"/requests/{ref}/withdraw").status_code == 401
    assert town.visitor().get(f"/requests/{ref}/withdraw?key={other}").status_code == 404
    assert town.one("SELECT count(*) FROM case_text WHERE original = ''") == 0


def test_a_case_is_withdrawn_once(town: Town) -> None:
    alix = town.signed_in()
    ref = sent(town, alix)
    assert alix.post(f"/requests/{ref}/withdraw").status_code == 200
    assert alix.post(f"/requests/{ref}/withdraw").status_code in {404, 410}
    assert town.one("SELECT count(*) FROM timeline WHERE step = 'removed'") == 1


@pytest.mark.parametrize("category", ["lighting", "neighbours"])
def test_a_report_without_an_account_goes_through_the_link_in_its_mail(
    town: Town, category: str
) -> None:
    ref = town.report(
        email="lou@citizens.example", category=category, description="Un lampadaire zqxmark"
    )
    town.work()
    [mail] = town.mail.to("lou@citizens.example")
    link = re.search(rf"(/incidents/{ref}/withdraw\?key=[0-9a-f]+)", mail.get_content())
    assert link is not None
    visitor = town.visitor()
    assert "Supprimer et effacer" in visitor.page(link[1])
    assert visitor.post(link[1]).status_code == 200
    assert "zqxmark" not in everything_in(town)
    town.work()
    town.later(hours=2)
    town.work()
    assert "lou@citizens" not in everything_in(town)
    assert town.visitor().get(link[1]).status_code == 410


def test_an_anonymous_report_goes_through_the_link_on_its_own_page(town: Town) -> None:
    visitor = town.visitor()
    answer = visitor.post(
        "/incidents/new",
        {"family": "street", "category": "lighting", "description": "Un lampadaire zqxmark"},
    )
    page = visitor.page(answer.headers["Location"])
    link = re.search(r'href="(/incidents/[^"]+/withdraw\?key=[0-9a-f]+)"', page)
    assert link is not None
    assert visitor.post(link[1]).status_code == 200
    assert "zqxmark" not in everything_in(town)


def test_a_request_by_e_mail_address_goes_through_the_link_in_its_mail(town: Town) -> None:
    form = {**REQUEST, **WORDS, "email": "lou@citizens.example"}
    visitor = town.visitor()
    visitor.post("/requests/new", form)
    town.work()
    confirm = re.search(r"(/requests/confirm/\S+)", town.mail.messages[-1].get_content())
    assert confirm is not None
    visitor.post(confirm[1])
    town.work()
    link = re.search(r"(/requests/\S+/withdraw\?key=\S+)", town.mail.messages[-1].get_content())
    assert link is not None
    assert visitor.post(link[1]).status_code == 200
    assert "zqxmark" not in everything_in(town, but=("kept_apart",))


def test_the_link_of_the_receipt_does_not_open_the_withdrawal(town: Town) -> None:
    ref = town.request()
    key = private_links.key_for(town.settings.secret_key, ref, "receipt")
    assert town.visitor().get(f"/requests/{ref}/withdraw?key={key}").status_code == 404
    assert f"{ref}/withdraw" not in town.visitor().page(f"/requests/{ref}?key={key}")


def test_a_comment_is_withdrawn_and_the_page_says_so_without_its_words(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    sam = town.signed_in()
    sam.post(f"/requests/{ref}/comment", {"comment": "Un commentaire zqxmark"})
    town.release(ref, "comment")
    assert "zqxmark" in town.visitor().page(f"/requests/{ref}")
    link = re.search(r'href="(/account/comments/\d+/withdraw)"', sam.page("/account"))
    assert link is not None
    assert "zqxmark" in sam.page(link[1])
    assert sam.post(link[1]).status_code == 303
    page = town.visitor().page(f"/requests/{ref}")
    assert "zqxmark" not in page
    assert "son auteur l’a supprimé" in page
    assert "zqxmark" not in everything_in(town)
    assert "comments" not in sam.page("/account").split("Mes dossiers")[1].split("session")[0]
    assert town.visitor().get("/api/v1/requests?q=zqxmark").get_json()["items"] == []


def test_a_comment_of_somebody_else_cannot_be_withdrawn(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    town.signed_in().post(f"/requests/{ref}/comment", {"comment": "Un commentaire"})
    text_id = town.texts(ref)["comment"]
    other = town.signed_in()
    assert other.get(f"/account/comments/{text_id}/withdraw").status_code == 404
    assert other.post(f"/account/comments/{text_id}/withdraw").status_code == 404
    title = town.texts(ref)["title"]
    assert other.post(f"/account/comments/{title}/withdraw").status_code == 404
