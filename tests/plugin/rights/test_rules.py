# SPDX-License-Identifier: AGPL-3.0-or-later
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from beffroi.cases.rules import REQUEST_STATUSES
from beffroi.rights.rules import REASONS, Keeping, Standing, kept_apart

TODAY = date(2027, 3, 10)


def standing(**changes: object) -> Standing:
    values = {
        "status": "open", "open": True, "due_on": date(2027, 4, 1), "closed_on": None,
        "received_on": date(2027, 3, 1), **changes,
    }  # fmt: skip
    return Standing(**values)  # type: ignore[arg-type]


def kept(case: Standing, *, appeal: int = 12, archive: int = 0) -> Keeping | None:
    return kept_apart(case, today=TODAY, appeal_months=appeal, archive_months=archive)


def test_while_an_answer_is_owed_the_request_is_kept_until_its_silence_is_final() -> None:
    assert kept(standing()) == Keeping("clock", date(2028, 4, 1))


def test_silence_that_became_a_refusal_can_be_contested() -> None:
    assert kept(standing(due_on=date(2027, 3, 9))) == Keeping("appeal", date(2028, 3, 9))


def test_a_refusal_can_be_contested_from_the_day_it_was_given() -> None:
    refused = standing(status="refused", open=False, closed_on=date(2027, 3, 2))
    assert kept(refused) == Keeping("appeal", date(2028, 3, 2))
    assert kept(refused, appeal=2) == Keeping("appeal", date(2027, 5, 2))


def test_what_is_over_is_not_kept() -> None:
    old = standing(status="refused", open=False, closed_on=date(2025, 3, 2))
    assert kept(old) is None
    published = standing(status="published", open=False, closed_on=date(2027, 3, 2))
    assert kept(published) is None


def test_what_has_no_clock_is_kept_for_the_archive_only() -> None:
    report = standing(due_on=None)
    assert kept(report) is None
    assert kept(report, archive=24) == Keeping("archive", date(2029, 3, 10))


def test_of_several_reasons_the_longest_counts() -> None:
    assert kept(standing(), archive=120) == Keeping("archive", date(2037, 3, 10))
    assert kept(standing(), archive=1) == Keeping("clock", date(2028, 4, 1))


days = st.dates(date(2020, 1, 1), date(2035, 1, 1))


@given(
    st.sampled_from(REQUEST_STATUSES), st.booleans(), st.none() | days, st.none() | days, days,
    st.integers(2, 24), st.integers(0, 60),
)  # fmt: skip
def test_nothing_is_kept_without_a_reason_in_words_nor_without_an_end_to_come(
    status: str, is_open: bool, due: date | None, closed: date | None, received: date,
    appeal: int, archive: int,
) -> None:  # fmt: skip
    found = kept_apart(
        Standing(status, is_open, due, closed, received),
        today=TODAY, appeal_months=appeal, archive_months=archive,
    )  # fmt: skip
    if found is not None:
        assert found.reason in REASONS
        assert found.ends_on > TODAY
    if due is None and archive == 0:
        assert found is None


def test_a_day_later_it_never_lasts_shorter() -> None:
    for status in REQUEST_STATUSES:
        case = standing(status=status, open=status == "open", closed_on=date(2027, 3, 2))
        ends = [
            found.ends_on
            for n in range(3)
            if (
                found := kept_apart(
                    case, today=TODAY + timedelta(days=n), appeal_months=12, archive_months=0
                )
            )
        ]
        assert ends == sorted(ends)
