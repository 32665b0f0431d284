# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which backups stay: some of days, weeks and months; never none, never one that is not ours."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.backups.rules.rotation import Kept, Plan, file_name, made_at_of, superfluous

NOW = datetime(2027, 3, 2, 4, 10, tzinfo=UTC)
SIREN = "210000006"
plans = st.builds(
    Plan, st.integers(1, 35), st.integers(0, 6), st.integers(0, 3), st.integers(1, 35)
)
ages = st.lists(
    st.tuples(st.integers(0, 120 * 24), st.booleans()), max_size=60, unique_by=lambda a: a[0]
)


def kept_of(ages: list[tuple[int, bool]]) -> list[Kept]:
    made = [(NOW - timedelta(hours=hours), whole) for hours, whole in ages]
    return [Kept(file_name(SIREN, at, sealed=True), at, whole) for at, whole in made]


@settings(max_examples=150, deadline=None)
@given(plans, ages)
def test_the_last_good_one_stays_and_no_other_outlives_its_days(
    plan: Plan, ages: list[tuple[int, bool]]
) -> None:
    kept = kept_of(ages)
    gone = superfluous(kept, plan, now=NOW)
    assert gone <= {one.name for one in kept}
    whole = sorted((one for one in kept if one.whole), key=lambda one: one.made_at)
    if not whole:
        assert not gone
        return
    assert whole[-1].name not in gone
    left = [one for one in kept if one.name not in gone]
    assert all(one is whole[-1] or NOW - one.made_at <= timedelta(plan.days) for one in left)
    assert sum(one.whole for one in left) <= plan.daily + plan.weekly + plan.monthly
    assert superfluous(left, plan, now=NOW) == frozenset()
    young_halves = [
        one for one in kept if not one.whole and NOW - one.made_at <= timedelta(plan.days)
    ]
    assert all(one in left for one in young_halves)


@settings(max_examples=25, deadline=None)
@given(plans, st.lists(st.booleans(), min_size=60, max_size=100))
def test_after_many_nights_each_of_the_last_days_and_weeks_that_had_one_still_has_one(
    plan: Plan, nights: list[bool]
) -> None:
    here: list[Kept] = []
    made: list[datetime] = []
    for number, worked in enumerate(nights):
        now = NOW + timedelta(days=number)
        if not worked:
            continue
        made.append(now)
        here.append(Kept(file_name(SIREN, now, sealed=False), now, True))
        gone = superfluous(here, plan, now=now)
        here = [one for one in here if one.name not in gone]
        left = {one.made_at for one in here}
        young = [at for at in made if now - at <= timedelta(days=plan.days)]
        assert set(young[-plan.daily :]) <= left
        newest = {at.isocalendar()[:2]: at for at in young}
        assert set(list(newest.values())[len(newest) - min(plan.weekly, len(newest)) :]) <= left


def test_one_that_is_not_whole_is_never_counted_for_a_day() -> None:
    half, good = kept_of([(1, False), (20, True)])
    assert superfluous([half, good], Plan(1, 0, 0, 35), now=NOW) == frozenset()


def test_only_names_of_this_body_in_our_own_spelling_are_ours() -> None:
    at = datetime(2027, 3, 2, 4, 10, 7, tzinfo=UTC)
    for sealed in (True, False):
        name = file_name(SIREN, at, sealed=sealed)
        assert made_at_of(name, SIREN) == at
        assert made_at_of(name, "217500016") is None
        assert made_at_of(name + ".part", SIREN) is None
        assert made_at_of(name + ".part", SIREN, half=True) == at
    stamp = "20270302T041007Z"
    for name in (
        f"before-0.1.0-{stamp}.backup",
        f"beffroi-{SIREN}-{stamp}.zip",
        f"beffroi-{SIREN}-20271302T041007Z.backup",
        f"copy of beffroi-{SIREN}-{stamp}.backup",
        f"beffroi-{SIREN}-{stamp}.backup\n",
    ):
        assert made_at_of(name, SIREN) is None, name
