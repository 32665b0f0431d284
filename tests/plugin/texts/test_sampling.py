# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many texts are drawn, and what verdicts say."""

from datetime import UTC, date, datetime, timedelta

import pytest

from beffroi.texts.rules.sampling import Standing, draw, how_many, monday, upper_bound
from support.town import CountedChance

NOW = datetime(2027, 1, 12, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("texts", "drawn"), [(0, 0), (1, 1), (50, 1), (51, 2), (100, 2), (1000, 20)]
)
def test_two_per_cent_are_drawn_and_one_of_any(texts: int, drawn: int) -> None:
    assert how_many(texts) == drawn
    assert len(draw(range(texts), CountedChance())) == drawn


def test_chance_alone_says_which_and_the_same_chance_says_the_same() -> None:
    assert draw(range(1000), CountedChance()) == draw(range(1000), CountedChance())
    assert draw(range(1000), CountedChance()) != draw(range(1000), CountedChance(drawn=5000))


def test_a_week_begins_on_monday() -> None:
    assert {monday(date(2027, 1, 11) + timedelta(n)) for n in range(7)} == {date(2027, 1, 11)}


def test_nothing_appears_without_a_measure_or_with_a_late_verdict() -> None:
    def state(wanted: bool = True, judged: int = 3, oldest: timedelta | None = None) -> str:
        at = NOW - oldest if oldest is not None else None
        return Standing(wanted, 0, judged, 1, at).state(NOW)

    assert state(wanted=False) == "off"
    assert state(judged=0) == "unknown"
    assert state(oldest=timedelta(days=14)) == "on"
    assert state(oldest=timedelta(days=14, seconds=1)) == "stopped"
    assert state(judged=0, oldest=timedelta(days=15)) == "stopped"


def test_a_rate_comes_with_what_it_does_not_rule_out() -> None:
    assert upper_bound(0, 22) == pytest.approx(0.1273, abs=0.001)
    assert upper_bound(0, 100) == pytest.approx(0.0295, abs=0.001)
    assert upper_bound(2, 100) == pytest.approx(0.0616, abs=0.001)
    assert upper_bound(3, 3) == 1.0
    assert upper_bound(5, 5000) < 0.003
    standing = Standing(True, 1, 40, 0, None)
    assert standing.rate == 2.5
    assert 2.5 < standing.at_most < 13
