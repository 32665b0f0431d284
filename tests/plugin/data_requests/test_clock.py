# SPDX-License-Identifier: AGPL-3.0-or-later
"""The legal clock of a request in a town: acknowledged, struck once, answered, appealed."""

from datetime import date

import pytest
from sqlalchemy import text

from beffroi.cases import service as cases
from beffroi.data_requests.commands import strike_clocks
from beffroi.data_requests.service import clock
from beffroi.data_requests.service.clock import Given
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid
from beffroi.legal.law import law_of
from support.town import AGENT, Town


def steps(town: Town, ref: str) -> list[str]:
    rows = town.rows("SELECT step FROM timeline WHERE case_id = :c ORDER BY id", c=town.id_of(ref))
    return [row.step for row in rows]


def state(town: Town, ref: str) -> tuple[str, str]:
    [row] = town.rows(
        "SELECT clock, clock_on FROM data_request WHERE case_id = :c", c=town.id_of(ref)
    )
    return row.clock, str(row.clock_on)


def writes(town: Town, ref: str, code: str, on: date, **more: str) -> None:
    with town.change():
        clock.write_down(
            cases.the_case(ref), Given(code, on, **more), law_of(town.settings.communes),
            actor=AGENT, now=town.now, today=town.today,
        )  # fmt: skip


def mails(town: Town) -> list[str]:
    return [str(message["Subject"]) for message in town.mail.messages]


def test_silence_is_written_once_on_its_day_and_whoever_follows_is_told(town: Town) -> None:
    ref = town.request(email="alix@citizens.example")
    town.work()
    [received] = town.mail.messages
    said = received.get_content()
    assert "12 février 2027" in said
    assert "R. 343-1" in said
    assert "www.cada.fr" in said
    [kept] = town.rows("SELECT on_day, remedies, words FROM legal_event")
    assert str(kept.on_day) == "2027-01-12"
    assert kept.words in said
    assert state(town, ref) == ("in_time", "2027-02-12")

    town.later(days=30)
    town.work()
    assert "implicit_refusal" not in steps(town, ref)
    town.later(days=1)
    town.work()
    town.work()
    assert steps(town, ref).count("implicit_refusal") == 1
    assert state(town, ref) == ("implicit_refusal", "None")
    assert "silence" in mails(town)[-1]
    assert len(mails(town)) == 2


def test_a_worker_that_was_off_for_months_writes_each_event_once_with_its_true_day(
    town: Town,
) -> None:
    first, second = town.request(), town.request(title="Les marchés publics")
    town.later(days=200)
    town.work()
    town.work()
    rows = town.rows("SELECT case_id, code, on_day FROM legal_event WHERE of_itself ORDER BY id")
    assert {(r.code, str(r.on_day)) for r in rows} == {("implicit_refusal", "2027-02-12")}
    assert len(rows) == 2
    for ref in (first, second):
        assert steps(town, ref).count("implicit_refusal") == 1


def test_a_case_goes_through_silence_cada_opinion_and_confirmation(town: Town) -> None:
    ref = town.request(email="alix@citizens.example")
    town.release(ref)
    town.later(days=40)
    town.work()
    writes(town, ref, "cada_registered", date(2027, 2, 20), number="20270123")
    assert state(town, ref) == ("appeal", "2027-04-20")
    town.later(days=40)
    writes(town, ref, "cada_opinion", date(2027, 3, 25), number="20270123", meaning="favourable")
    town.later(days=40)
    town.work()
    assert state(town, ref) == ("confirmed_refusal", "None")
    assert steps(town, ref)[-1] == "confirmed_refusal"
    assert "confirmé" in mails(town)[-1]
    town.answer(ref, "published", url="https://donnees.ville.example/menus")
    assert state(town, ref) == ("overdue", "None")


def test_an_answer_that_comes_late_finds_the_refusal_written_and_nobody_is_told_of_it(
    town: Town,
) -> None:
    ref = town.request()
    town.work()
    town.later(days=50)
    town.answer(ref, "published", url="https://donnees.ville.example/menus")
    town.work()
    assert steps(town, ref)[-2:] == ["implicit_refusal", "answered"]
    assert state(town, ref) == ("overdue", "None")
    assert [s for s in mails(town) if "silence" in s] == []


def test_a_clock_that_rests_says_nothing_until_somebody_acts(village: Town) -> None:
    ref = village.request()
    with village.change():
        clock.rest(village.id_of(ref))
    village.later(days=90)
    village.work()
    village.answer(ref, "published", url="https://donnees.ville.example/menus")
    village.work()
    assert "implicit_refusal" not in steps(village, ref)


def test_an_answer_stops_the_clock_and_a_promise_does_not(town: Town) -> None:
    answered, planned = town.request(), town.request(title="Les marchés publics")
    town.later(days=3)
    town.answer(answered, "published", url="https://donnees.ville.example/menus")
    town.answer(planned, "planned", planned="2027-Q3")
    town.later(days=60)
    town.work()
    assert "implicit_refusal" not in steps(town, answered)
    assert steps(town, planned)[-1] == "implicit_refusal"
    assert state(town, answered) == ("in_time", "None")


def test_a_refusal_by_mail_names_the_remedies_and_one_that_reaches_nobody_does_not(
    town: Town,
) -> None:
    told = town.request(email="alix@citizens.example")
    untold = town.request(title="Les marchés publics", email="sam@citizens.example")
    with town.change():
        db.session.execute(text("UPDATE party SET email = NULL WHERE email LIKE 'sam@%'"))
    for ref in (told, untold):
        town.answer(ref, "refused", "Nous ne pouvons pas.", ground="business")
    town.work()
    refusals = {
        r.case_id: bool(r.remedies)
        for r in town.rows("SELECT case_id, remedies FROM legal_event WHERE code = 'refused'")
    }
    assert refusals == {town.id_of(told): True, town.id_of(untold): False}
    assert "deux mois" in town.mail.messages[-1].get_content()


def test_what_has_yet_to_be_made_has_no_clock_until_an_agent_calls_it_a_dataset(
    village: Town,
) -> None:
    ref = village.request(object="api")
    assert state(village, ref) == ("none", "None")
    village.later(days=100)
    village.work()
    assert steps(village, ref) == ["received"]


@pytest.mark.parametrize(
    ("code", "on", "more", "refusal"),
    [
        ("cada_registered", date(2027, 2, 11), {}, Invalid),  # before the refusal
        ("cada_registered", date(2028, 1, 1), {}, Invalid),  # in the future
        ("cada_opinion", date(2027, 2, 20), {"meaning": "favourable"}, Invalid),  # of no case
        ("implicit_refusal", date(2027, 2, 12), {}, Invalid),  # comes of itself
        ("castle", date(2027, 2, 12), {}, Invalid),
    ],
)
def test_what_cannot_have_happened_is_not_written_down(
    village: Town, code: str, on: date, more: dict[str, str], refusal: type[Exception]
) -> None:
    ref = village.request()
    village.later(days=40)
    village.work()
    before = steps(village, ref)
    with pytest.raises(refusal):
        writes(village, ref, code, on, **more)
    assert steps(village, ref) == before
    writes(village, ref, "cada_registered", date(2027, 2, 12))
    with pytest.raises(Conflict):
        writes(village, ref, "cada_registered", date(2027, 2, 13))
    with pytest.raises(Invalid) as unsaid:
        writes(village, ref, "cada_opinion", date(2027, 2, 20), meaning="perhaps")
    assert set(unsaid.value.errors) == {"meaning"}


def test_an_erased_case_keeps_nothing_of_its_clock_and_never_strikes(village: Town) -> None:
    ref = village.request(email="alix@citizens.example")
    village.remove(ref, reason="À sa demande", code="erasure")
    assert village.one("SELECT count(*) FROM legal_event") == 0
    village.later(days=90)
    village.work()
    assert "implicit_refusal" not in steps(village, ref)


def test_the_days_work_reads_only_what_is_due(village: Town) -> None:
    for number in range(5):
        village.request(title=f"Menus numéro {number}")
        village.later(days=1)
    law = law_of(village.settings.communes)
    with village.look():
        struck = strike_clocks(law, now=village.now, today=date(2027, 2, 13))
    assert struck == 2
    assert village.one("SELECT count(*) FROM data_request WHERE clock = 'in_time'") == 3
