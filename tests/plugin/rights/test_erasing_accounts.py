# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody leaves: what the page announced is what happens, and nothing leads back to them."""

import re
from contextlib import suppress
from pathlib import Path

from beffroi.cases.events import CaseWithdrawn
from beffroi.kernel.db import db
from beffroi.subscribers import HANDLERS
from support.everything import everything_in
from support.town import Person, Town, open_town

NAME = "Alix Zqxmark"


def lived(town: Town) -> tuple[Person, dict[str, str]]:
    """Somebody who did everything that one can do here."""
    alix = town.signed_in(name=NAME)
    refs = {"asked": alix.sends_request(title="Un titre zqxmark", purpose="Pour zqxmark")}
    town.release(refs["asked"], "title", "wanted")
    refs["reported"] = alix.sends_report(description="Un lampadaire zqxmark")
    town.release(refs["reported"])
    refs["unlisted"] = alix.sends_report(
        family="cyber", category="phishing", description="Un message zqxmark"
    )
    refs["before"] = town.request(email=alix.email, title="Sans compte zqxmark")
    refs["other"] = town.request(email="sam@citizens.example", title="Une autre demande")
    town.release(refs["other"])
    alix.post(f"/requests/{refs['other']}/support")
    alix.post(f"/requests/{refs['other']}/follow")
    alix.post("/requests/follow", {"theme": "GOVE"})
    town.visitor().post("/requests/follow", {"theme": "", "email": alix.email})
    alix.post(f"/requests/{refs['other']}/comment", {"comment": "Moi aussi zqxmark"})
    town.release(refs["other"], "comment")
    town.work()
    return alix, refs


def erase(person: Person, word: str = "effacer") -> str:
    done = person.post("/account/erase", {"word": word})
    assert done.status_code == 200, done.status_code
    return done.get_data(as_text=True)


def test_the_page_announces_exactly_what_will_happen(town: Town) -> None:
    alix, refs = lived(town)
    page = alix.page("/account/erase")
    for name in ("asked", "reported", "unlisted", "before"):
        assert refs[name] in page, name
    assert "Vos 4 dossiers" in page
    assert page.count("retiré de ce site aussitôt") == 2
    assert "Votre commentaire sur le dossier d’une autre personne" in page
    assert "Votre soutien" in page
    assert "Vous suivez 6 dossiers ou thèmes" in page
    assert len(re.findall(r"est conservé à part jusqu’au", page)) == 2
    assert alix.email in page


def test_nothing_happens_without_the_word(town: Town) -> None:
    alix, _ = lived(town)
    before = everything_in(town)
    for word in ("", "oui", "erase"):
        wrong = alix.post("/account/erase", {"word": word})
        assert wrong.status_code == 422
        assert "Écrivez le mot" in wrong.get_data(as_text=True)
    assert everything_in(town) == before


def test_what_was_written_and_who_wrote_it_is_gone_and_what_left_is_withdrawn(town: Town) -> None:
    alix, refs = lived(town)
    page = erase(alix)
    assert "Votre compte est effacé" in page
    left = everything_in(town, but=("kept_apart", "job"))
    assert "zqxmark" not in left.casefold()
    assert alix.email not in left
    for name in ("asked", "reported"):
        section = "requests" if name == "asked" else "incidents"
        assert town.visitor().get(f"/{section}/{refs[name]}").status_code == 410
    assert town.visitor().get(f"/requests/{refs['other']}").status_code == 200
    kinds = [r.kind for r in town.rows("SELECT kind FROM party ORDER BY id")]
    assert kinds.count("erased") == 2 + 4  # the two of the person, and one for each case
    assert kinds.count("account") == 0
    assert town.one('SELECT supports FROM "case" WHERE ref = :ref', ref=refs["other"]) == 0
    for table in ("web_session", "account", "support"):
        assert town.one(f"SELECT count(*) FROM {table}") == 0, table
    town.work()
    assert [r.entry for r in town.rows("SELECT entry FROM log_fact ORDER BY position")].count(
        "wdr"
    ) == 1
    reasons = [r.codes for r in town.rows("SELECT codes FROM outbox WHERE fact = 'withdraw'")]
    assert all("erasure" in str(codes) for codes in reasons)


def test_the_session_ends_and_the_same_person_begins_anew(town: Town) -> None:
    alix, _ = lived(town)
    erase(alix)
    assert alix.get("/account").status_code == 303  # to the sign-in page
    again = town.signed_in(name=NAME)
    assert "Vous n’avez encore rien envoyé" in again.page("/account")


def test_messages_stop_but_for_one_that_says_what_is_kept_apart(town: Town) -> None:
    alix, refs = lived(town)
    town.mail.messages.clear()
    erase(alix)
    town.work()
    [last] = town.mail.to(alix.email)
    assert "effacé" in last["Subject"]
    assert refs["asked"] in last.get_content()
    assert "conservé à part jusqu’au 12 février 2028" in last.get_content()
    town.answer(refs["other"], "published", url="https://data.example/x")
    town.work()
    assert len(town.mail.to(alix.email)) == 1
    assert "zqxmark" not in everything_in(town, but=("kept_apart",)).casefold()
    assert alix.email not in everything_in(town, but=("kept_apart",))


def test_what_is_kept_apart_ends_by_itself_on_its_day(town: Town) -> None:
    alix, refs = lived(town)
    erase(alix)
    town.work()
    rows = town.rows("SELECT ref, reason, ends_on, account_id FROM kept_apart ORDER BY ref")
    assert [(r.ref, r.reason, str(r.ends_on), r.account_id) for r in rows] == [
        (refs["asked"], "clock", "2028-02-12", None),
        (refs["before"], "clock", "2028-02-12", None),
    ]
    town.later(days=395)
    town.work()
    assert town.one("SELECT count(*) FROM kept_apart") == 2
    town.later(days=1)
    town.work()
    assert town.one("SELECT count(*) FROM kept_apart") == 0
    assert "zqxmark" not in everything_in(town).casefold()


def test_who_acts_for_the_institution_has_the_role_taken_away_first(town: Town) -> None:
    agent = town.signed_in("agent")
    assert "Faites d’abord retirer ce rôle" in agent.page("/account/erase")
    refused = agent.post("/account/erase", {"word": "effacer"})
    assert refused.status_code == 422
    ref = town.request()
    agent.post(f"/desk/cases/{ref}/note", {"note": "Une note"})
    with town.change():
        town.app.extensions["beffroi"].sign_in.revoke("tests", "agent", subject="person-1")
    assert town.one("SELECT count(*) FROM account") == 1


def test_what_an_agent_did_stays_without_the_name_once_the_account_has_gone(town: Town) -> None:
    agent = town.signed_in("agent")
    ref = town.request()
    agent.post(f"/desk/cases/{ref}/note", {"note": "Une note"})
    agent.post(f"/desk/cases/{ref}/assign", {"me": "1"})
    with town.change():
        db.session.execute(db.text("DELETE FROM role_grant"))
    erase(agent)
    assert town.one("SELECT count(*) FROM internal_note WHERE account_id IS NULL") == 1
    assert town.one('SELECT count(*) FROM "case" WHERE assigned_to IS NOT NULL') == 0


def test_an_erasure_in_english_asks_for_the_english_word(village: Town) -> None:
    alex = village.signed_in(lang="en")
    assert "Type “erase” to confirm" in alex.page("/account/erase")
    assert "Your account is erased" in erase(alex, "Erase")


def test_people_of_one_address_keep_their_own(town: Town) -> None:
    alix, _ = lived(town)
    other = town.signed_in(name="Sam Autre")
    other.sends_request(title="Une demande de Sam")
    erase(alix)
    assert town.one("SELECT count(*) FROM account") == 1
    assert "Une demande de Sam" in other.page("/account")


class Died(Exception):
    """The crash of a test."""


def test_a_crash_half_way_leaves_everything_as_it_was(database_url: str, tmp_path: Path) -> None:
    withdrawn: list[CaseWithdrawn] = []

    def dies_at_the_second(event: CaseWithdrawn) -> None:
        withdrawn.append(event)
        if len(withdrawn) == 2:
            raise Died

    handlers = {**HANDLERS, CaseWithdrawn: (*HANDLERS[CaseWithdrawn], dies_at_the_second)}
    with open_town(tmp_path, database_url, handlers=handlers) as town:
        alix, _ = lived(town)
        before = everything_in(town)
        with suppress(Died):
            alix.post("/account/erase", {"word": "effacer"})
        assert len(withdrawn) == 2
        assert everything_in(town) == before
