# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the survey is counted, and who may vote until when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.campaigns.rules.survey import CHOICES, check_ballot, count
from beffroi.kernel.errors import Conflict, Invalid
from support.campaigns import asked, open_call
from support.town import Town

REQUESTS = st.lists(st.integers(1, 12), unique=True, max_size=8)
BALLOT = st.lists(st.integers(1, 12), unique=True, max_size=CHOICES)
BALLOTS = st.lists(BALLOT, max_size=12)


@given(REQUESTS, BALLOTS)
def test_every_eligible_request_has_one_place_and_points_are_what_was_given(
    eligible: list[int], ballots: list[list[int]]
) -> None:
    found = count(eligible, ballots)
    assert sorted(r.request for r in found) == sorted(eligible)
    assert [r.place for r in found] == list(range(1, len(eligible) + 1))
    kept = [[one for one in ballot if one in eligible] for ballot in ballots]
    assert sum(r.points for r in found) == sum(sum((3, 2, 1)[: len(b)]) for b in kept)


@given(REQUESTS, BALLOTS)
def test_more_points_stand_before_fewer_and_equal_ones_in_the_order_of_reception(
    eligible: list[int], ballots: list[list[int]]
) -> None:
    found = count(eligible, ballots)
    keys = [(-r.points, eligible.index(r.request)) for r in found]
    assert keys == sorted(keys)


@given(REQUESTS, BALLOTS, st.randoms())
def test_the_order_in_which_people_vote_says_nothing(
    eligible: list[int], ballots: list[list[int]], chance: object
) -> None:
    mixed = sorted(ballots, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert count(eligible, mixed) == count(eligible, ballots)


@given(st.permutations([1, 2, 3, 4]), BALLOTS)
def test_one_more_first_choice_never_moves_a_request_down(
    eligible: list[int], ballots: list[list[int]]
) -> None:
    def place(cast: list[list[int]]) -> int:
        return next(r.place for r in count(eligible, cast) if r.request == 1)

    assert place([*ballots, [1]]) <= place(ballots)


def test_a_choice_that_is_gone_is_left_out_and_the_others_move_up() -> None:
    [first, second] = count([5, 6], [[9, 6, 5]])
    assert (first.request, first.points, second.request, second.points) == (6, 3, 5, 2)


@pytest.mark.parametrize("choices", [[0, 0, 0], [1, 1, 0], [7, 0, 0], [-1, 0, 0]])
def test_a_ballot_is_refused_that_is_empty_twice_the_same_or_not_eligible(
    choices: list[int],
) -> None:
    with pytest.raises(Invalid):
        check_ballot(choices, [1, 2])


def test_one_vote_a_person_which_changes_until_the_last_day_and_not_after(village: Town) -> None:
    call = open_call(village)
    menus, bikes = asked(call, "Menus des cantines"), asked(call, "Comptages de vélos")
    call.sort(menus)
    path = f"/campaigns/{call.slug}"
    early = village.signed_in()
    assert early.post(f"{path}/vote", {"choice-1": menus}).status_code == 409  # the call runs
    call.to("sorting")
    person = village.signed_in()
    wrong = person.post(f"{path}/vote", {"choice-1": menus, "choice-2": menus})
    assert wrong.status_code == 422
    assert "Vous avez déjà choisi celle-ci." in wrong.get_data(as_text=True)
    unsorted = person.post(f"{path}/vote", {"choice-1": bikes})
    assert unsorted.status_code == 422
    call.sort(bikes)
    for first in (menus, bikes):
        assert person.post(f"{path}/vote", {"choice-1": first}).status_code == 303
    assert village.one("SELECT count(*) FROM campaign_vote") == 1
    page = person.page(path)
    assert f'<option value="{bikes}" selected>' in page
    assert "point" not in page.split('id="requests-title"')[1].split("</section>")[0]
    assert village.visitor().post(f"{path}/vote", {"choice-1": menus}).status_code == 401
    call.to("research")
    assert [(m.place, m.points) for m in call.members()] == [(2, 0), (1, 3)]
    late = village.signed_in()
    assert late.post(f"{path}/vote", {"choice-1": menus}).status_code == 409
    shown = village.visitor().page(f"{path}?lang=en")
    assert "Fewer than 5 people voted." in shown
    assert " points<" not in shown  # few voted, so points are not told


def test_after_the_last_day_nobody_votes_though_the_worker_is_off(village: Town) -> None:
    call = open_call(village)
    ref = asked(call, "Menus des cantines")
    call.sort(ref)
    call.to("sorting")
    village.later(days=14)
    with pytest.raises(Conflict):
        call.vote(village.party("late@citizens.example"), ref)
