# SPDX-License-Identifier: AGPL-3.0-or-later
"""The figures on reports: listed ones only, the same as counting them one by one."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from statistics import median_low

from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.open_data.rules.reports import figures
from support.town import Town


@dataclass(frozen=True)
class Alike:
    category: str
    quarter: int
    status: str
    days: int | None
    count: int


ALIKE = st.builds(
    Alike,
    st.sampled_from(["lighting", "road"]),
    st.sampled_from([20264, 20271, 20272]),
    st.sampled_from(["open", "resolved"]),
    st.none() | st.integers(0, 20),
    st.integers(1, 5),
)


@settings(max_examples=60)
@given(st.lists(ALIKE, max_size=12))
def test_figures_are_those_of_counting_each_report(cells: list[Alike]) -> None:
    single = [one for one in cells for _ in range(one.count)]
    made = figures(cells)
    assert set(made) == {
        (category, period)
        for one in single
        for category in ("", one.category)
        for period in (0, one.quarter // 10, one.quarter)
    }
    for (category, period), found in made.items():
        mine = [
            one
            for one in single
            if category in {"", one.category} and period in {0, one.quarter // 10, one.quarter}
        ]
        assert found.by_status == Counter(one.status for one in mine)
        days = [one.days for one in mine if one.days is not None]
        assert found.median == (median_low(days) if days else None)


def rows(town: Town, query: str = "") -> list[dict[str, str]]:
    text = town.visitor().get(f"/data/incident-statistics.csv{query}").get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_listed_reports_are_counted_and_no_others(town: Town) -> None:
    lamp, hole = town.report(), town.report(category="road")
    town.report(family="street", category="neighbours")  # sensitive: shown nowhere
    town.report(family="cyber", category="defaced")
    town.later(days=9)
    town.close(lamp, "resolved")
    whole = next(row for row in rows(town) if (row["period"], row["category"]) == ("all", ""))
    assert whole == {
        "period": "all", "category": "", "received": "2", "open": "1", "acknowledged": "0",
        "in_progress": "0", "resolved": "1", "no_action": "0", "redirected": "0",
        "duplicate": "0", "median_days": "9", "ninetieth_days": "9",
    }  # fmt: skip
    assert {row["period"] for row in rows(town, "?year=2027")} == {"2027", "2027-Q1"}
    assert {row["category"] for row in rows(town)} == {"", "lighting", "road"}
    stranger = town.visitor()
    page = stranger.get("/statistics/incidents?lang=en")
    assert "50%" in page.text
    assert "Noise or trouble" not in page.text
    etag = {"If-None-Match": page.headers["ETag"]}
    assert stranger.get("/statistics/incidents?lang=en", headers=etag).status_code == 304
    town.later(days=130)
    town.report()
    assert {row["period"] for row in rows(town)} == {"all", "2027", "2027-Q1", "2027-Q2"}
    assert "T2 2027" in town.visitor().page("/statistics/incidents")
    town.remove(hole)
    items = stranger.get("/api/v1/incident-statistics").get_json()["items"]
    assert [one["received"] for one in items if one["period"] == "all"] == [2, 2]
    assert stranger.get("/statistics/incidents?lang=en", headers=etag).status_code == 200
    assert stranger.get("/statistics/incidents?year=1999").status_code == 422


def test_a_town_without_reports_says_so(village: Town) -> None:
    assert "Aucun signalement" in village.visitor().page("/statistics/incidents")
    assert rows(village) == []


def test_a_year_with_something_around_it_is_no_year(village: Town) -> None:
    stranger = village.visitor()
    for wrong in ("%1E", "%202026", "2026%0A"):
        answer = stranger.get(f"/api/v1/incident-statistics?year={wrong}")
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["year"]), wrong
    assert stranger.get("/api/v1/incident-statistics?year=2026").status_code == 200
    assert stranger.get("/api/v1/statistics?table=+").status_code == 422
    assert stranger.get("/api/v1/requests?q=+menus+").status_code == 200
