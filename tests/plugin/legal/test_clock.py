# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clock against the examples of its sources, and what must hold of it whatever happens."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.legal.calendars import Calendar, add_months, calendar_of
from beffroi.legal.clock import Facts, Pause, Step, Timetable, timetable
from beffroi.legal.packs import load

FR, UK = load("fr"), load("uk-foi")
FRANCE, KINGDOM = calendar_of("FR"), calendar_of("UK")
WITH_REMEDIES = frozenset({"acknowledged_with_remedies"})
DAYS = st.dates(date(2016, 1, 1), date(2060, 12, 31))


def french(circumstances: frozenset[str] = WITH_REMEDIES, **events: date) -> Timetable:
    return timetable(FR, Facts("dataset", events, circumstances), FRANCE)


def british(*pauses: Pause, **events: date) -> Timetable:
    return timetable(UK, Facts("dataset", events, pauses=pauses), KINGDOM)


def step(table: Timetable, code: str) -> Step:
    [found] = [one for one in table.steps if one.delay.code == code]
    return found


def codes(steps: tuple[Step, ...]) -> list[str]:
    return [one.delay.code for one in steps]


@pytest.mark.parametrize(
    ("asked", "refused", "until"),
    [
        # a litigant's examples (vagneux.fr, 25 March 2022; not official)
        (date(2022, 1, 1), date(2022, 2, 1), date(2022, 3, 31)),
        (date(2022, 3, 15), date(2022, 4, 15), date(2022, 6, 14)),
        # month ends: the shorter reading is the one that is shown
        (date(2027, 1, 31), date(2027, 2, 28), date(2027, 4, 27)),
        (date(2028, 1, 31), date(2028, 2, 29), date(2028, 4, 28)),
        (date(2027, 2, 1), date(2027, 3, 1), date(2027, 4, 28)),
    ],
)
def test_silence_refuses_after_a_month_and_the_cada_can_be_asked_for_two(
    asked: date, refused: date, until: date
) -> None:
    table = french(received=asked)
    assert table.given["implicit_refusal"] == refused
    right = step(table, "cada_after_silence")
    assert (right.began_on, right.day, right.indicative) == (refused, until, True)
    assert right.delay.rule.article == "CRPA, R. 343-1"
    assert table.state(refused - timedelta(1)) == "in_time"
    assert table.state(refused) == "implicit_refusal"
    assert codes(table.options(refused - timedelta(1))) == []
    assert codes(table.options(until)) == ["cada_after_silence"]
    assert codes(table.options(until + timedelta(7))) == []


def test_where_no_remedies_were_named_two_months_bind_nobody_and_a_year_is_said() -> None:
    table = french(frozenset(), received=date(2027, 1, 12))
    right = step(table, "cada_without_remedies")
    assert right.day == date(2028, 2, 11)
    assert right.indicative
    assert "n° 488227" in right.delay.next["fr"]
    assert "not enforceable" in right.delay.says["en"]
    assert codes(table.options(date(2027, 6, 1))) == ["cada_without_remedies"]
    assert "never" not in right.delay.says["en"]


def test_a_refusal_in_the_first_month_begins_two_months_of_its_own() -> None:
    table = french(
        frozenset({"refused_with_remedies"}), received=date(2027, 1, 12), refused=date(2027, 1, 20)
    )
    assert "implicit_refusal" not in table.events
    right = step(table, "cada_after_refusal")
    assert right.day == date(2027, 3, 19)
    assert right.latest == date(2027, 3, 22)  # the twentieth is a Saturday
    assert table.state(date(2027, 2, 1)) == "in_time"


def test_a_refusal_during_the_two_months_is_shown_with_the_sooner_of_both_dates() -> None:
    table = french(
        WITH_REMEDIES | {"refused_with_remedies"},
        received=date(2027, 1, 12), refused=date(2027, 3, 3),
    )  # fmt: skip
    right = step(table, "cada_after_refusal")
    assert right.day == step(table, "cada_after_silence").day == date(2027, 4, 11)
    assert right.latest == date(2027, 5, 3)
    assert right.indicative
    assert table.state(date(2027, 3, 4)) == "overdue"


def test_a_refusal_after_the_two_months_only_confirms_and_opens_nothing() -> None:
    table = french(
        WITH_REMEDIES | {"refused_with_remedies"},
        received=date(2027, 1, 12), refused=date(2027, 5, 3),
    )  # fmt: skip
    assert "cada_after_refusal" not in codes(table.steps)
    assert table.options(date(2027, 5, 4)) == ()


def test_two_months_after_registration_the_refusal_is_confirmed_whatever_the_opinions_date() -> (
    None
):
    events = {"received": date(2027, 1, 12), "cada_registered": date(2027, 3, 1)}
    for opinion in (None, date(2027, 3, 25), date(2027, 6, 25)):
        table = french(**events, **({"cada_opinion": opinion} if opinion else {}))
        assert table.given["confirmed_refusal"] == date(2027, 5, 1)
        assert table.state(date(2027, 4, 30)) == "appeal"
        assert table.state(date(2027, 5, 1)) == "confirmed_refusal"
        assert codes(table.options(date(2027, 5, 2))) == ["court"]
        assert step(table, "court").day == date(2027, 6, 30)
        assert step(table, "court").indicative


def test_a_new_express_refusal_comes_before_the_confirmation() -> None:
    table = french(
        received=date(2027, 1, 12), cada_registered=date(2027, 3, 1), refused_again=date(2027, 4, 2)
    )
    assert "confirmed_refusal" not in table.events
    assert step(table, "court").began_on == date(2027, 4, 2)


def test_the_institution_owes_the_cada_its_intention_a_month_after_the_opinion() -> None:
    events = {"received": date(2027, 1, 12), "cada_registered": date(2027, 3, 1)}
    table = french(**events, cada_opinion=date(2027, 3, 25))
    assert step(table, "tell_cada").day == date(2027, 4, 25)
    assert step(table, "tell_cada").delay.rule.article == "CRPA, R. 343-3"
    assert "tell_cada" in codes(table.duties(date(2027, 4, 1)))
    told = french(**events, cada_opinion=date(2027, 3, 25), cada_told=date(2027, 4, 2))
    assert "tell_cada" not in codes(told.duties(date(2027, 4, 3)))


def test_what_has_yet_to_be_made_has_no_clock() -> None:
    for thing in ("api", "dataset_correction"):
        table = timetable(FR, Facts(thing, {"received": date(2027, 1, 12)}), FRANCE)
        assert (table.steps, table.state(date(2030, 1, 1))) == ((), "none")


def test_an_answer_ends_every_delay_and_late_is_late() -> None:
    soon = french(received=date(2027, 1, 12), answered=date(2027, 2, 12))
    assert soon.state(date(2027, 3, 1)) == "in_time"
    late = french(received=date(2027, 1, 12), answered=date(2027, 2, 13))
    assert late.state(date(2027, 3, 1)) == "overdue"
    assert late.state(date(2027, 2, 12)) == "implicit_refusal"
    assert (soon.options(date(2027, 3, 1)), late.options(date(2027, 3, 1))) == ((), ())
    assert late.duties(date(2027, 3, 1)) == soon.duties(date(2027, 3, 1)) == ()


def test_twenty_working_days_skip_the_holidays_of_all_four_nations() -> None:
    # ICO, LTT47: a bank holiday in one part is a working day in none; 17 March is Ulster's
    table = british(received=date(2027, 3, 1))
    assert step(table, "answer").day == date(2027, 4, 1)  # 17, 26 and 29 March do not count
    assert not step(table, "answer").indicative
    assert table.given["overdue"] == date(2027, 4, 2)
    assert table.state(date(2027, 4, 1)) == "in_time"
    assert table.state(date(2027, 4, 2)) == "overdue"
    assert codes(table.options(date(2027, 4, 2))) == ["internal_review"]


def test_a_request_for_clarification_pauses_the_clock_and_a_standing_one_stops_it() -> None:
    asked, answered = date(2027, 6, 8), date(2027, 6, 14)
    without = step(british(received=date(2027, 6, 1)), "answer").day
    paused = british(Pause("clarification", asked, answered), received=date(2027, 6, 1))
    assert without == date(2027, 6, 29)
    assert step(paused, "answer").day == date(2027, 7, 6)  # five working days rest
    waiting = british(Pause("clarification", asked, None), received=date(2027, 6, 1))
    assert step(waiting, "answer").day is None
    assert waiting.given == {}


def test_the_commissioner_can_be_asked_after_a_review_and_no_day_is_made_up() -> None:
    table = british(received=date(2027, 6, 1), refused=date(2027, 6, 10),
                    review_asked=date(2027, 6, 11), review_given=date(2027, 6, 20))  # fmt: skip
    assert step(table, "commissioner").day is None
    assert codes(table.options(date(2040, 1, 1))) == ["commissioner"]


@pytest.mark.parametrize(
    ("communes", "day", "works"),
    [
        (("75056",), date(2027, 3, 26), True),
        (("67482",), date(2027, 3, 26), False),  # Good Friday in Strasbourg
        (("57463",), date(2027, 12, 26), False),
        (("57463",), date(2028, 12, 26), False),  # the second day of Christmas, in Metz
        (("97105",), date(2027, 5, 27), False),  # abolition of slavery, Guadeloupe
        (("97411",), date(2027, 12, 20), False),  # and La Réunion
        (("97105",), date(2027, 12, 20), True),
        (("75056", "67482"), date(2027, 3, 26), True),  # see below
        (("75056",), date(2027, 7, 14), False),
        (("98818",), date(2027, 9, 24), False),  # New Caledonia's own day
    ],
)
def test_a_territory_has_its_own_holidays(
    communes: tuple[str, ...], day: date, works: bool
) -> None:
    if len(communes) == 2:  # a body on both sides of a border has the holidays of both
        works = False
    assert calendar_of("FR", communes).is_working(day) is works


def test_a_country_without_a_calendar_is_refused_and_not_guessed() -> None:
    with pytest.raises(ValueError, match="XX"):
        calendar_of("XX")


@given(DAYS, st.booleans())
def test_no_right_is_shown_later_than_any_reading_allows(received: date, remedies: bool) -> None:
    table = french(WITH_REMEDIES if remedies else frozenset(), received=received)
    for one in table.steps:
        if one.delay.kind == "right":
            assert one.day is not None
            assert one.latest is not None
            assert one.began_on < one.day < one.latest
            assert one.day <= add_months(one.began_on, one.delay.months) - timedelta(1)
            assert FRANCE.is_working(one.latest)


@given(DAYS, DAYS, st.sampled_from([FR, UK]))
def test_who_asks_later_is_never_owed_an_answer_sooner(
    one: date, other: date, pack: object
) -> None:
    first, second = sorted((one, other))
    ask = french if pack is FR else british
    assert step(ask(received=first), "answer").day <= step(ask(received=second), "answer").day


EVENTS = ("refused", "answered", "cada_registered", "cada_opinion", "cada_told", "refused_again",
          "court")  # fmt: skip


@given(DAYS, st.dictionaries(st.sampled_from(EVENTS), st.integers(0, 400)), st.booleans())
def test_whatever_happens_every_date_has_an_article_and_no_option_has_expired(
    received: date, later: dict[str, int], remedies: bool
) -> None:
    events = {code: received + timedelta(days) for code, days in later.items()}
    known = WITH_REMEDIES | {"refused_with_remedies"} if remedies else frozenset()
    table = french(known, received=received, **events)
    for ahead in (0, 29, 62, 130, 500, 900):
        today = received + timedelta(ahead)
        for one in table.options(today):
            assert one.latest is None or one.latest >= today
            assert one.delay.rule.article
            assert one.delay.next["fr"]
        assert table.state(today) in {
            "in_time", "overdue", "implicit_refusal", "appeal", "confirmed_refusal"
        }  # fmt: skip
    came = table.happened(None, received + timedelta(900))
    assert [day for _, day in came] == sorted(day for _, day in came)


@given(DAYS)
def test_what_comes_of_itself_comes_once_however_long_nobody_looked(received: date) -> None:
    table = french(received=received, cada_registered=received + timedelta(40))
    end = received + timedelta(365)
    at_once = table.happened(None, end)
    day, daily = received, []
    while day < end:
        daily += table.happened(day, day + timedelta(1))
        day += timedelta(1)
    assert tuple(daily) == at_once
    assert [code for code, _ in at_once] == ["implicit_refusal", "confirmed_refusal"]
    assert table.next_event(received) == at_once[0][1]
    assert table.next_event(end) is None


@given(DAYS, st.integers(1, 60), st.lists(st.integers(0, 80), max_size=20))
def test_working_days_are_counted_one_by_one(start: date, count: int, rests: list[int]) -> None:
    calendar: Calendar = FRANCE
    paused = {start + timedelta(n) for n in rests}
    end = calendar.add_working_days(start, count, paused=paused)
    between = [start + timedelta(n) for n in range(1, (end - start).days + 1)]
    worked = [day for day in between if calendar.is_working(day) and day not in paused]
    assert len(worked) == count
    assert worked[-1] == end
