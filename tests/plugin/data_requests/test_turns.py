# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose turn it is in a request, from the day it comes until nothing more is expected."""

from datetime import date

from beffroi.data_requests.rules.turns import WHAT_WORDS, WHO_WORDS, turns
from beffroi.legal.clock import Facts
from beffroi.legal.law import law_of
from support.town import Town

LAW = law_of(("99999",))
RECEIVED = date(2027, 1, 12)


def said(today: date, *, named: bool = True, **events: date) -> list[tuple[str, str, str, bool]]:
    circumstances = frozenset({"acknowledged_with_remedies"} if named else ())
    table = LAW.timetable(Facts("dataset", {"received": RECEIVED, **events}, circumstances))
    found = turns(table, is_open=not events, today=today)
    assert all(one.who in WHO_WORDS and (one.what in WHAT_WORDS or one.says) for one in found)
    return [(one.who, one.what, str(one.on or ""), one.late) for one in found]


def test_the_town_owes_an_answer_then_it_is_late_and_the_author_can_turn_to_the_cada():
    assert said(date(2027, 2, 10)) == [("town", "answer", "2027-02-12", False)]
    assert said(date(2027, 2, 13)) == [
        ("town", "answer_late", "2027-02-12", True), ("you", "", "2027-04-11", False)
    ]  # fmt: skip


def test_after_the_cada_has_it_it_owes_an_opinion_and_the_town_an_answer():
    registered = date(2027, 3, 1)
    assert said(date(2027, 3, 2), cada_registered=registered) == [
        ("town", "answer_late", "2027-02-12", True),
        ("town", "confirmation", "2027-05-01", False),
        ("cada", "opinion", "", False),
    ]
    opinion = {"cada_registered": registered, "cada_opinion": date(2027, 4, 1)}
    assert ("town", "tell_cada", "2027-05-01", False) in said(date(2027, 4, 2), **opinion)
    assert said(date(2027, 4, 9), **opinion, answered=date(2027, 4, 8)) == [
        ("nobody", "over", "", False)
    ]


def test_without_a_clock_an_open_request_is_the_towns_and_a_closed_one_is_over():
    for is_open, who in ((True, "town"), (False, "nobody")):
        [one] = turns(None, is_open=is_open, today=RECEIVED)
        assert (one.who, one.on) == (who, None)


def test_my_account_says_whose_turn_it_is(village: Town) -> None:
    me = village.signed_in(lang="en")
    mine, api = me.sends_request(), me.sends_request(object="api")
    page = me.page("/account")
    assert page.index('until <time datetime="2027-02-12">') > page.index(mine)
    assert "answers; the law gives no day" in page
    village.answer(api, "refused", ground="privacy")
    assert "Nothing more is expected." in me.page("/account")
