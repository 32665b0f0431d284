# SPDX-License-Identifier: AGPL-3.0-or-later
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_privacy.counts import (
    BANDS,
    GRAINS,
    Cell,
    Figure,
    Grain,
    Recovered,
    Report,
    Totals,
    delay_band,
    figures,
    may_show,
    period_end,
    period_for,
    period_name,
    protect,
    publish_once,
    recover,
)

AREAS = ("35238", "35047", "35281")
CATEGORIES = ("lighting", "roads", "noise")
PUBLIC = Totals(area="243500139", category="all")
PERIOD = "2027-Q1"


def sent_by(
    *parties: str | None, area: str = "35238", category: str = "roads", **more: object
) -> list[Report]:
    return [Report(area, category, PERIOD, party, **more) for party in parties]  # type: ignore[arg-type]


def one_cell(reports: list[Report]) -> Cell:
    (cell,) = protect(reports, areas=["35238"], categories=["roads"], period=PERIOD)
    return cell


def test_five_parties_are_shown_and_four_are_not() -> None:
    assert one_cell(sent_by(*"abcde")).count == 5
    assert one_cell(sent_by(*"abcd")) == Cell("street", "roads", "35238", PERIOD, "suppressed")


def test_ten_reports_of_four_parties_are_not_shown() -> None:
    assert one_cell(sent_by(*"aabbccddaa")).state == "suppressed"


def test_a_party_behind_more_than_half_hides_the_cell_and_half_does_not() -> None:
    assert one_cell(sent_by(*"abcde", *"aaaaa")).state == "suppressed"
    assert one_cell(sent_by(*"abcdef", *"aaaa")).count == 10


def test_unknown_parties_count_one_a_report_in_ordinary_categories_only() -> None:
    assert may_show(sent_by(*[None] * 5))
    assert not may_show(sent_by(*[None] * 40, sensitive=True))


def test_a_sensitive_category_needs_eleven_known_parties() -> None:
    assert not may_show(sent_by(*"abcdefghij", sensitive=True))
    assert may_show(sent_by(*"abcdefghijk", sensitive=True))


def test_unknown_parties_of_a_sensitive_category_may_all_be_the_same_person() -> None:
    assert not may_show(sent_by(*"abcdefghijk", *[None] * 12, sensitive=True))
    assert may_show(sent_by(*"abcdefghijk", *[None] * 9, sensitive=True))


def test_the_threshold_may_be_raised_and_never_lowered() -> None:
    assert not may_show(sent_by(*"abcdef"), k=7)
    with pytest.raises(ValueError, match="at least 5"):
        protect([], areas=AREAS, categories=CATEGORIES, period=PERIOD, k=4)
    with pytest.raises(ValueError, match="11"):
        protect([], areas=AREAS, categories=CATEGORIES, period=PERIOD, k_sensitive=10)


def test_closed_needs_its_own_five_parties() -> None:
    done = sent_by(*"abcd", closed=True, delay_days=3)
    cell = one_cell(done + sent_by(*"efgh"))
    assert (cell.count, cell.closed, cell.delay) == (8, None, None)
    cell = one_cell(done + sent_by("e", closed=True, delay_days=40) + sent_by("f"))
    assert (cell.count, cell.closed, cell.delay) == (6, 5, "0-7")


def test_what_was_closed_later_counts_in_the_period_it_was_closed_in() -> None:
    late = sent_by(*"abcdef", closed=True, delay_days=100, closed_period="2027-Q2")
    now = protect(late, areas=["35238"], categories=["roads"], period=PERIOD)[0]
    assert (now.count, now.closed) == (6, None)
    fresh = [Report("35238", "roads", "2027-Q2", party) for party in "ghijk"]
    then = protect(late + fresh, areas=["35238"], categories=["roads"], period="2027-Q2")[0]
    assert (then.count, then.closed, then.delay) == (5, 6, "91-365")


def test_an_empty_cell_looks_like_a_small_one() -> None:
    small = protect(sent_by("a"), areas=AREAS, categories=CATEGORIES, period=PERIOD)
    assert protect([], areas=AREAS, categories=CATEGORIES, period=PERIOD) == small
    assert len(small) == 9


def test_a_family_and_a_period_are_counted_apart() -> None:
    reports = [
        *sent_by(*"abcde"),
        Report("35238", "roads", PERIOD, "z", family="cyber"),
        Report("35238", "roads", "2027-Q2", "z"),
    ]
    assert one_cell(reports).count == 5


def test_with_public_totals_a_second_cell_is_hidden_with_the_first() -> None:
    reports = [
        r for a in AREAS for c in CATEGORIES for r in sent_by(*"abcdefg", area=a, category=c)
    ]
    less = [
        r
        for r in reports
        if (r.area, r.category, r.party) not in {("35238", "roads", p) for p in "abc"}
    ]
    cells = protect(less, areas=AREAS, categories=CATEGORIES, period=PERIOD, totals=PUBLIC)
    hidden = [c for c in cells if c.state == "suppressed"]
    assert len(cells) == 16
    assert 4 <= len(hidden) < 9
    assert len(protect(less, areas=AREAS, categories=CATEGORIES, period=PERIOD)) == 9


def test_a_cell_is_published_once_and_a_correction_never_replaces_it() -> None:
    first = protect(sent_by(*"abcde"), areas=["35238"], categories=["roads"], period=PERIOD)
    again = protect(sent_by(*"abcdef"), areas=["35238"], categories=["roads"], period=PERIOD)
    published = {c.key for c in publish_once(first, set())}
    assert publish_once(again, published) == []
    with pytest.raises(ValueError, match="twice"):
        publish_once(first + again, set())


reports = st.lists(
    st.builds(
        Report,
        area=st.sampled_from(AREAS),
        category=st.sampled_from(CATEGORIES[:2]),
        period=st.just(PERIOD),
        party=st.one_of(st.none(), st.sampled_from("abcdefghijklmnop")),
        sensitive=st.just(False),
        closed=st.booleans(),
        delay_days=st.integers(0, 500),
    ),
    max_size=160,
)
quiet = st.lists(
    st.builds(
        Report,
        area=st.sampled_from(AREAS),
        category=st.just("noise"),
        period=st.just(PERIOD),
        party=st.one_of(st.none(), st.sampled_from("abcdefghijklmnop")),
        sensitive=st.just(True),
    ),
    max_size=40,
)
totals = st.sampled_from([Totals(), Totals(area="243500139"), Totals(category="all"), PUBLIC])


@given(reports, quiet, totals)
@settings(deadline=None, max_examples=60)
def test_the_attack_computes_nothing_hidden_from_what_is_published(
    ordinary: list[Report], sensitive: list[Report], totals: Totals
) -> None:
    everything = ordinary + sensitive
    cells = protect(everything, areas=AREAS, categories=CATEGORIES, period=PERIOD, totals=totals)
    for of in ("count", "closed"):
        read = figures(cells, areas=AREAS, categories=CATEGORIES, totals=totals, of=of)
        assert recover([read]) == []
    for cell in cells:
        behind = [
            r
            for r in everything
            if cell.area in (r.area, totals.area) and cell.category in (r.category, totals.category)
        ]
        if cell.count is not None:
            assert cell.count == len(behind)
            assert may_show(behind)
        if cell.closed is not None:
            assert cell.count is not None
            assert may_show([r for r in behind if r.closed])
        if cell.state == "suppressed":
            assert (cell.count, cell.closed, cell.delay, cell.delay_days) == (None,) * 4


def atoms(*several: str) -> frozenset[tuple[str, str, str]]:
    return frozenset((area, "roads", "2027") for area in several)


def test_the_attack_finds_a_cell_hidden_alone_under_a_total() -> None:
    table = [Figure(atoms("a", "b", "c"), 20), Figure(atoms("a"), 9), Figure(atoms("b"), 8)]
    assert recover([table]) == [Recovered(("c", "roads", "2027"), 3)]


def test_the_attack_subtracts_one_table_from_another() -> None:
    whole, communes = [Figure(atoms("a", "b", "c"), 20)], [Figure(atoms("a", "b"), 18)]
    assert recover([whole]) == recover([communes]) == []
    assert recover([whole, communes]) == [Recovered(("c", "roads", "2027"), 2)]


def test_the_attack_sees_that_nothing_is_left_for_several_cells() -> None:
    table = [Figure(atoms("a", "b", "c"), 9), Figure(atoms("a"), 9)]
    assert [r.value for r in recover([table])] == [0, 0]


def test_a_small_town_never_publishes_a_finer_period_than_its_size_allows() -> None:
    assert period_for("under-500", 100_000) == "year"
    assert period_for("500-1999", 100_000) == "quarter"
    assert period_for("2000-9999", 100_000) == "week"


def test_last_years_volume_decides_the_period() -> None:
    assert period_for("50000-199999", 520) == "week"
    assert period_for("50000-199999", 519) == "month"
    assert period_for("50000-199999", 119) == "quarter"
    assert period_for("50000-199999", 39) == "year"
    assert period_for("50000-199999", 520, threshold=11) == "month"


def test_an_unknown_band_is_refused() -> None:
    with pytest.raises(ValueError, match="none of the bands"):
        period_for("tiny")


@given(st.sampled_from(BANDS), st.integers(0, 5000), st.integers(0, 5000))
def test_more_reports_never_make_a_period_longer(band: str, a: int, b: int) -> None:
    few, many = sorted((a, b))
    assert GRAINS.index(period_for(band, many)) <= GRAINS.index(period_for(band, few))


@pytest.mark.parametrize(
    ("grain", "name"),
    [("week", "2026-W53"), ("month", "2027-01"), ("quarter", "2027-Q1"), ("year", "2027")],
)
def test_a_day_lies_in_its_period(grain: Grain, name: str) -> None:
    assert period_name(date(2027, 1, 3), grain) == name


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.sampled_from(GRAINS))
def test_a_period_ends_after_its_last_day_and_the_next_one_begins(day: date, grain: Grain) -> None:
    end = period_end(period_name(day, grain))
    assert day < end
    assert period_name(end - timedelta(days=1), grain) == period_name(day, grain)
    assert period_name(end, grain) != period_name(day, grain)


@pytest.mark.parametrize("name", ["2027-Q5", "2027-13", "27", "2027-W60", "2027Q1"])
def test_a_name_that_is_no_period_is_refused(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  several sentences, from here and the calendar
        period_end(name)


def test_delays_become_the_bands_of_the_protocol() -> None:
    given_days = (0, 7, 8, 30, 31, 90, 91, 365, 366)
    bands = [delay_band(days) for days in given_days]
    assert bands == ["0-7"] * 2 + ["8-30"] * 2 + ["31-90"] * 2 + ["91-365"] * 2 + ["366+"]
    with pytest.raises(ValueError, match="negative"):
        delay_band(-1)
