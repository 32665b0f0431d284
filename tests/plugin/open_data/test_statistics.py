# SPDX-License-Identifier: AGPL-3.0-or-later
"""The statistics as a page, CSV and JSON: true to the unit, silent about what is not listed."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from beffroi.cases import service as cases
from beffroi.data_requests import service as requests
from beffroi.open_data.rules.statistics import (
    Department,
    ShownDepartment,
    departments_shown,
    per_cent,
)
from beffroi.open_data.schemas.statistics import FIGURE_COLUMNS, Figure
from support.town import AGENT, Town

DOCS = Path(__file__).parents[3] / "docs/reference/open-data.md"
PARTS = ("in_time", "late")


def items(town: Town, query: str = "") -> list[dict[str, Any]]:
    return list(town.visitor().get(f"/api/v1/statistics{query}").get_json()["items"])


def brought(town: Town, number: int, **given: Any) -> None:
    row = requests.ImportedRequest(
        source=f"old:{number}", object="dataset", title="Les budgets", wanted="Les voir tous.",
        lang="fr", official=True, **{"received_at": datetime(2026, 2, 3, tzinfo=UTC), **given},
    )  # fmt: skip
    with town.change():
        requests.import_requests([row], now=town.now, chance=town.chance)


def test_page_csv_and_json_say_the_same_figures(village: Town) -> None:
    for number, days in enumerate((2, 3, 20, 40)):
        closed = date.fromordinal(date(2026, 2, 3).toordinal() + days)
        brought(village, number, status="published", closed_on=closed, theme="ENVI")
    brought(village, 9, status="abandoned", closed_on=date(2026, 3, 1))
    refs = [village.request(), village.request(object="api")]
    village.later(days=40)
    village.work()
    rows = items(village)
    total = next(row for row in rows if row["table"] == "town" and row["period"] == "all")
    assert {name: n for name, n in total.items() if n} == {
        "table": "town", "period": "all", "received": 7, "answered": 4, "open": 2, "in_time": 3,
        "late": 1, "given_up": 1, "by_silence": 1, "still_silent": 1, "published": 4,
        "median_days": 3, "ninetieth_days": 40,
    }  # fmt: skip
    assert {(row["table"], row["period"], row["code"]) for row in rows} == {
        (table, period, code)
        for table, code, periods in (
            ("town", "", ("all", "2026", "2026-Q1", "2027", "2027-Q1")),
            ("theme", "ENVI", ("all", "2026", "2026-Q1")),
            ("theme", "", ("all", "2026", "2026-Q1", "2027", "2027-Q1")),
        )
        for period in periods
    }
    body = village.visitor().get("/data/statistics.csv").get_data(as_text=True)
    read = list(csv.DictReader(io.StringIO(body, newline="")))
    assert read == [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]
    assert items(village, "?year=2027&table=town") == [
        row for row in rows if row["table"] == "town" and row["period"].startswith("2027")
    ]
    page = village.visitor().page("/statistics?lang=en")
    for said in (
        *("66%", "4 of 6; 2 not answered yet", "3 days", "nine in ten within 40 days", "75%"),
        *("3 in time, 1 late", "1 of them without an answer to this day"),
    ):
        assert said in page, said
    village.answer(refs[0], "refused", ground="privacy")
    assert "83%" in village.visitor().page("/statistics?lang=en")
    assert "T1 2026" in village.visitor().page("/statistics?year=2026")


def test_what_was_removed_leaves_no_trace_in_any_figure(village: Town) -> None:
    kept = village.request()
    village.answer(kept, "redirected")
    paths = ("/statistics", "/data/statistics.csv", "/api/v1/statistics")
    before = [village.visitor().get(path).get_data() for path in paths]
    village.later(days=200)
    gone = village.request()
    village.answer(gone, "redirected")
    assert [village.visitor().get(path).get_data() for path in paths] != before
    village.remove(gone, code="erasure")
    assert [village.visitor().get(path).get_data() for path in paths] == before


def test_who_has_the_page_gets_304_until_a_figure_changes(village: Town) -> None:
    ref = village.request()
    visitor = village.visitor()
    for path in ("/statistics", "/data/statistics.csv", "/api/v1/statistics"):
        first = visitor.get(path)
        again = {"If-None-Match": first.headers["ETag"]}
        village.later(days=1)
        assert visitor.get(path, headers=again).status_code == 304
        assert visitor.get(f"{path}?year=2027", headers=again).status_code == 200
        assert "Set-Cookie" not in first.headers
    english = visitor.get("/statistics", headers={"Accept-Language": "en"}).headers["ETag"]
    french = visitor.get("/statistics", headers={"Accept-Language": "fr"}).headers["ETag"]
    assert english != french
    village.answer(ref, "redirected")
    known = {"If-None-Match": french, "Accept-Language": "fr"}
    assert visitor.get("/statistics", headers=known).status_code == 200
    signed = village.signed_in().get("/statistics")
    assert "no-store" in signed.headers["Cache-Control"]


def test_a_year_without_figures_and_a_wrong_filter_are_said_to_be_so(village: Town) -> None:
    village.request()
    for query in ("year=1999", "year=nought", "table=persons"):
        assert village.visitor().get(f"/statistics?{query}").status_code == 422
    assert "–" not in village.visitor().page("/statistics?year=2027").split("<main")[0]


def test_every_column_is_documented() -> None:
    table = DOCS.read_text(encoding="utf-8").split("## The columns of the statistics")[1]
    found = re.findall(r"^\| `(\w+)` \|", table.split("\n## ")[0], re.MULTILINE)
    assert tuple(found) == FIGURE_COLUMNS == tuple(Figure().fields)


# ---- departments --------------------------------------------------------------------------------


def test_departments_are_named_from_five_requests_on_and_small_figures_kept_back(
    village: Town,
) -> None:
    with village.change():
        ids = [cases.add_department(name) for name in ("=Voirie", "Écoles", "Archives")]
    for count, department in zip((6, 5, 2), ids, strict=True):
        for _ in range(count):
            ref = village.request()
            with village.change():
                cases.assign(
                    cases.the_case(ref), department_id=department, account_id=None, actor=AGENT,
                    now=village.now,
                )  # fmt: skip
    village.request()
    village.request()
    village.answer(ref, "redirected")  # the only answer of the town, in the smallest department
    rows = items(village, "?table=department")
    assert [(row["name"], row["received"], row["in_time"]) for row in rows] == [
        ("=Voirie", 6, None), (None, 9, None)  # four others would be too few
    ]  # fmt: skip
    page = village.visitor().page("/statistics")
    assert "Archives" not in page
    for _ in range(3):
        village.request()
    rows = items(village, "?table=department")
    assert [(row["name"], row["received"], row["in_time"], row["late"]) for row in rows] == [
        ("=Voirie", 6, None, 0), ("Écoles", 5, None, 0), (None, 7, None, 0)
    ]  # fmt: skip
    text = village.visitor().get("/data/statistics.csv").get_data(as_text=True)
    assert ",'=Voirie," in text
    assert "Archives" not in text + village.visitor().page("/statistics")


ROWS = st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=1, max_size=3)


def _department(number: int, parts: tuple[int, int, int]) -> Department:
    in_time, late, _ = parts
    return Department(
        code=str(number), named=number > 0, received=sum(parts), in_time=in_time, late=late,
        answered=in_time + late, median=12 if in_time + late else None,
    )  # fmt: skip


def _possible(
    shown: tuple[ShownDepartment, ...], sums: tuple[int, int, int]
) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every table that fits what is shown and what the town's own figures say."""

    def fits(one: ShownDepartment, parts: tuple[int, ...]) -> bool:
        known = (one.in_time, one.late)
        return (
            one.received in {None, sum(parts)}
            and all(k in {None, p} for k, p in zip(known, parts[:2], strict=True))
            and all(0 <= p for p in parts)
        )

    ranges = [range(whole + 1) for whole in sums]
    choices = [[p for p in product(*ranges) if fits(one, p)] for one in shown[:-1]]
    for rows in product(*choices):
        last = tuple(w - sum(r[n] for r in rows) for n, w in enumerate(sums))
        if fits(shown[-1], last):
            yield (*rows, last)


@settings(max_examples=40, deadline=None)
@example([(1, 1, 6), (0, 7, 1)], 1)
@given(ROWS, st.integers(0, 1))
def test_no_small_figure_of_a_department_can_be_worked_out(parts, first):
    rows = [_department(number, one) for number, one in enumerate(parts, start=first)]
    shown = departments_shown(rows)
    if not shown:
        return
    true = {row.code: row for row in rows}
    sums = tuple(sum(one[n] for one in parts) for n in range(3))
    assert all(one.received is None or one.received >= 5 for one in shown)
    worlds = list(_possible(shown, sums))
    for place, one in enumerate(shown):
        merged = [r for code, r in true.items() if code not in {s.code for s in shown}]
        for number, name in enumerate(PARTS):
            mine = [true[one.code]] if one.code in true else merged
            value = sum(getattr(row, name) for row in mine)
            if value < 5 and sums[number]:
                assert getattr(one, name) is None
                assert len({world[place][number] for world in worlds}) > 1


def test_a_hundred_per_cent_means_all():
    assert [per_cent(199, 200), per_cent(200, 200), per_cent(0, 0)] == [99, 100, None]


def test_the_page_and_its_data_are_found(village: Town) -> None:
    front = village.visitor().page("/")
    assert 'href="/statistics"' in front
    openapi = village.visitor().get("/api/openapi.json").get_json()
    assert "/api/v1/statistics" in openapi["paths"]
