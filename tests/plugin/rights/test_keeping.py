# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is kept ends by itself: announced the evening before, done in the night, once."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

from beffroi.kernel.db import db
from beffroi.kernel.nightly import NIGHTS, RETENTION
from beffroi.rights.commands import keep_for_the_night
from beffroi.rights.service.keeping import RULES, forecast, next_night
from support.everything import everything_in
from support.town import Town

DAYS = {"originals": 730, "held texts": 365, "accounts": 1095, "deliveries": 365, "exports": 365}


@pytest.fixture
def town(village: Town) -> Town:
    """On SQLite: that both databases keep and forget alike is for erasures and the drills."""
    return village


def tonight(town: Town) -> dict[str, int]:
    with town.look():
        return {rule.name: count for rule, _, count in forecast(town.settings, town.now)}


def night(town: Town) -> Mapping[str, int]:
    """Let the next night come, and its rules be applied; what they did."""
    town.clock.moment = next_night(town.now, town.settings.time_zone)
    with town.app.app_context():
        done = keep_for_the_night(town.settings, now=town.now)
        assert done is not None
        assert keep_for_the_night(town.settings, now=town.now) is None
        db.session.remove()
    return done


def announced_and_done(town: Town, name: str) -> int:
    """What tonight is said to take of one kind, which is what it takes; nothing the night after."""
    said = tonight(town)[name]
    assert night(town)[name] == said
    assert tonight(town)[name] == 0
    return said


def closed(town: Town) -> str:
    ref = town.request(title="Un titre zqxmark", wanted="Un souhait zqxmark", purpose="zqxmark")
    town.release(ref, title="Un titre relu", wanted="Un souhait relu")
    agent = town.signed_in("agent")
    agent.post(f"/desk/cases/{ref}/note", {"note": "Une note zqxmark"})
    town.answer(ref, "published", "Voici.", url="https://data.example/x")
    town.work()
    return ref


def test_originals_receipts_notes_and_addresses_end_two_years_after_the_closing(town: Town) -> None:
    ref = closed(town)
    still_open = town.request(email="sam@citizens.example", title="Encore ouvert zqxopen")
    town.later(days=DAYS["originals"] - 1)
    assert tonight(town)["originals"] == 0
    town.later(days=2)
    assert tonight(town)["originals"] == 1
    assert tonight(town)["people"] == 1
    assert night(town)["originals"] == 1
    left = everything_in(town)
    assert "zqxmark" not in left
    assert "alix@citizens" not in left
    assert "zqxopen" in left
    assert "sam@citizens" in left
    page = town.visitor().page(f"/requests/{ref}")
    assert "Un souhait relu" in page
    assert "Voici." in page
    assert town.signed_in("agent").page(f"/desk/cases/{ref}")
    assert town.id_of(still_open)


def test_two_reports_of_one_person_go_on_counting_as_one_person_s(town: Town) -> None:
    refs = [town.report(email="lou@citizens.example") for _ in range(2)]
    for ref in refs:
        town.close(ref, "resolved")
    town.later(days=DAYS["originals"] + 2)
    night(town)
    [row] = town.rows(
        'SELECT DISTINCT p.id, p.kind FROM "case" c JOIN party p ON p.id = c.party_id'
    )
    assert row.kind == "erased"


def test_a_public_case_whose_author_is_forgotten_keeps_those_who_follow_it(town: Town) -> None:
    ref = closed(town)
    town.follow(ref, "sam@citizens.example")
    open_one = town.request(email="sam@citizens.example")
    town.later(days=DAYS["originals"] + 2)
    town.work()
    assert town.one("SELECT count(*) FROM follower") == 2
    assert town.one("SELECT count(*) FROM party WHERE kind = 'erased'") == 1
    assert town.visitor().get(f"/requests/{ref}").status_code == 200
    assert town.id_of(open_one)


def test_held_texts_end_a_year_after_the_last_step(town: Town) -> None:
    ref = town.request(title="Un titre zqxmark")
    town.release(ref, "wanted")
    town.release(ref, "title")
    town.hold(ref, "title")
    town.later(days=DAYS["held texts"] + 2)
    assert tonight(town)["held texts"] == 0  # the case is open: agents may need it
    town.answer(ref, "published", url="https://data.example/x")
    town.later(days=DAYS["held texts"] - 1)
    assert tonight(town)["held texts"] == 0
    town.later(days=2)
    assert announced_and_done(town, "held texts") == 1
    titles = "SELECT original, public FROM case_text WHERE role = 'title'"
    assert [tuple(r) for r in town.rows(titles)] == [("", None)]


def test_an_unused_account_is_warned_then_erased_and_its_cases_stay(
    town: Town,
) -> None:
    alix = town.signed_in(name="Alix Zqxmark")
    ref = alix.sends_request(title="Un titre")
    town.release(ref, "title", "wanted")
    town.answer(ref, "published", url="https://data.example/x")
    town.work()
    town.later(days=DAYS["accounts"] - 31)
    assert tonight(town)["warnings"] == 0
    town.later(days=2)
    assert announced_and_done(town, "warnings") == 1
    town.work()
    [warning] = [m for m in town.mail.to(alix.email) if "va être effacé" in m["Subject"]]
    assert "connectez-vous une fois avant ce jour" in warning.get_content()
    town.later(days=28)
    assert tonight(town)["accounts"] == 0
    town.later(days=3)
    assert announced_and_done(town, "accounts") == 1
    town.work()
    assert "Votre compte est effacé" in town.mail.to(alix.email)[-1]["Subject"]
    left = everything_in(town)
    assert alix.email not in left
    assert "Zqxmark" not in left
    assert town.visitor().get(f"/requests/{ref}").status_code == 200
    assert town.one("SELECT count(*) FROM outbox WHERE fact = 'withdraw'") == 0
    warned = [m for m in town.mail.to(alix.email) if "va être effacé" in m["Subject"]]
    assert len(warned) == 1


def test_who_comes_back_after_the_warning_stays_and_is_warned_again_in_time(town: Town) -> None:
    alix = town.signed_in()
    town.later(days=DAYS["accounts"] - 29)
    assert night(town)["warnings"] == 1
    with town.change():
        db.session.execute(
            db.text("UPDATE account SET seen = :now"), {"now": town.now.replace(tzinfo=None)}
        )
    town.later(days=60)
    assert tonight(town)["accounts"] == 0
    town.later(days=DAYS["accounts"] - 60 - 28)
    assert night(town)["warnings"] == 1
    town.work()
    assert len(town.mail.to(alix.email)) == 2


def test_who_awaits_an_answer_or_acts_for_the_institution_is_not_warned(town: Town) -> None:
    town.signed_in().sends_request()
    town.signed_in("agent")
    town.later(days=DAYS["accounts"] + 60)
    assert (tonight(town)["warnings"], tonight(town)["accounts"]) == (0, 0)
    done = night(town)
    assert (done["warnings"], done["accounts"]) == (0, 0)
    assert town.one("SELECT count(*) FROM account") == 2


def test_traces_of_messages_the_log_of_exports_and_sessions_end(town: Town) -> None:
    alix = town.signed_in()
    alix.sends_request()
    town.work()
    alix.post("/account/data")
    town.later(days=DAYS["deliveries"] - 1)
    before = tonight(town)
    assert (before["deliveries"], before["exports"], before["sessions"]) == (0, 0, 1)
    town.later(days=2)
    said = tonight(town)
    assert (said["deliveries"], said["exports"]) == (1, 1)
    done = night(town)
    assert {n: done[n] for n in ("deliveries", "exports", "sessions")} == {
        n: said[n] for n in ("deliveries", "exports", "sessions")
    }
    for table in ("delivery", "export_access", "web_session"):
        assert town.one(f"SELECT count(*) FROM {table}") == 0, table


def test_what_did_not_leave_yet_is_still_owed_after_its_time(town: Town) -> None:
    town.mail.refusals = 10_000
    town.request()
    town.work()
    town.later(days=DAYS["deliveries"] + 2)
    assert night(town)["deliveries"] == 0
    assert town.one("SELECT count(*) FROM delivery") == 1


def test_a_night_is_made_up_once_after_the_worker_was_away(town: Town) -> None:
    closed(town)
    town.later(days=DAYS["originals"] + 40)
    town.work()
    assert "zqxmark" not in everything_in(town)
    assert town.one("SELECT count(*) FROM nightly WHERE task = 'retention'") == 1


def test_many_are_taken_in_portions_until_none_is_left(town: Town) -> None:
    refs = [
        town.report(email=f"p{n}@citizens.example", description=f"zqxmark {n}") for n in range(5)
    ]
    for ref in refs:
        town.close(ref, "resolved")
    town.later(days=DAYS["originals"] + 2)
    assert night(town)["originals"] == 5
    assert night(town)["originals"] == 0


def test_a_worker_that_dies_half_way_is_taken_over_and_nothing_is_done_twice(town: Town) -> None:
    alix = town.signed_in()
    town.later(days=DAYS["accounts"] - 29)
    town.clock.moment = next_night(town.now, town.settings.time_zone)
    with town.app.app_context():
        assert NIGHTS.claim(RETENTION, now=town.now, zone=town.settings.time_zone)
        assert keep_for_the_night(town.settings, now=town.now) is None  # somebody is at it
        town.later(minutes=11)
        done = keep_for_the_night(town.settings, now=town.now)
        assert done is not None
        db.session.remove()
    assert done["warnings"] == 1
    town.later(days=1)
    town.work()
    assert len(town.mail.to(alix.email)) == 1


def test_a_rule_that_fails_keeps_none_of_the_others_and_the_rewrite_from_their_work(
    village: Town, caplog: pytest.LogCaptureFixture
) -> None:
    closed(village)
    village.later(days=DAYS["originals"] + 1)
    with village.change():
        db.session.execute(db.text("ALTER TABLE kept_apart RENAME TO elsewhere"))
    village.work()
    assert "zqxmark" not in " ".join(
        r.original for r in village.rows("SELECT original FROM case_text")
    )
    assert village.one("SELECT night FROM nightly WHERE task = 'rewrite'")
    fault = "SELECT fault FROM nightly WHERE task = 'retention'"
    assert village.one(fault) == "kept apart: OperationalError"
    assert "kept apart" in caplog.text
    with village.change():
        db.session.execute(db.text("ALTER TABLE elsewhere RENAME TO kept_apart"))
    assert "n’a pas pu être effacé" in village.signed_in("agent").page("/desk/health")
    village.later(minutes=11)
    village.work()
    assert village.one(fault) is None


def test_the_desk_says_what_the_coming_night_will_erase(village: Town) -> None:
    closed(village)
    village.later(days=DAYS["originals"] + 1)
    page = village.signed_in("agent").page("/desk/health")
    assert "Ce qui prend fin cette nuit" in page
    assert "730" in page
    row = page.split("Textes d’origine, récépissés et notes")[1].split("</tr>")[0]
    assert ">1<" in row
    assert page.count("<tr role") >= len(RULES)


@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_the_next_night_is_to_come_and_less_than_a_day_away(village: Town, hour: int) -> None:
    now = village.now.replace(hour=hour)
    ahead = next_night(now, village.settings.time_zone) - now
    assert timedelta() < ahead <= timedelta(days=1)


def test_what_ends_tonight_counts_no_confidential_case_for_who_may_not_know_of_it(
    town: Town,
) -> None:
    agent, officer = town.signed_in("agent"), town.signed_in("cyber_officer")
    closed(town)
    town.close(town.report(email="sam@citizens.example"), "resolved")
    town.work()
    then = town.now + timedelta(days=DAYS["originals"] + 10)

    def said(account_id: int | None) -> dict[str, int]:
        with town.look():
            return {r.name: n for r, _, n in forecast(town.settings, then, account_id)}

    before = said(agent.account_id)
    for who in ("kim@citizens.example", "sam@citizens.example"):
        town.close(town.report(family="cyber", category="down", email=who), "resolved")
    town.report(family="cyber", category="down")
    town.report(family="cyber", category="down", email="alix@citizens.example")
    town.work()
    assert said(agent.account_id) == before
    assert (before["originals"], before["people"]) == (2, 2)
    known = said(officer.account_id)
    assert known == said(None)
    assert (known["originals"], known["people"]) == (4, 2)  # kim and sam: alix awaits an answer
    assert known["deliveries"] > before["deliveries"]
    town.clock.moment = then
    counts = [
        re.findall(r'data-label="Tonight">(\d+)<', person.page("/desk/health"))[0]
        for person in (
            town.signed_in("agent", lang="en"),
            town.signed_in("agent", "cyber_officer", lang="en"),
        )
    ]
    assert counts == ["2", "4"]
