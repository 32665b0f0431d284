# SPDX-License-Identifier: AGPL-3.0-or-later
"""The attack on everything public finds each planted weakness, and nothing where there is none."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_privacy.attack import reading
from beffroi_privacy.attack.__main__ import main
from beffroi_privacy.attack.published import Listed, Published, Told, figures_in
from beffroi_privacy.attack.trying import findings
from beffroi_privacy.periods import GRAINS, Grain, period_begin, period_end, period_name

AREA, OTHER = "35238", "35047"


def cell(category: str, count: int | None, **changes: Any) -> Told:
    told = Told("street", category, AREA, "2027-Q1", count, None, "the log")
    return replace(told, **changes)


def ways(*told: Told, **more: Any) -> set[str]:
    return {found.way for found in findings(Published(told=list(told), **more))}


SOUND = (cell("waste", 40), cell("neighbours", None), cell("hygiene", None), cell("persons", 12))


def test_cells_by_themselves_tell_nothing() -> None:
    assert findings(Published(told=list(SOUND))) == []


def test_a_total_beside_one_suppressed_cell_is_solved() -> None:
    total = cell("all", 55, source="the statistics")
    known = [c for c in SOUND if c.category != "hygiene"]
    [found] = findings(Published(told=[*known, total]))
    assert (found.way, "neighbours in 35238" in found.words) == ("solved", True)
    assert found.words.endswith("is 3")


def test_a_total_over_two_suppressed_cells_is_not_solved_but_a_total_of_nothing_is() -> None:
    assert ways(*SOUND, cell("all", 55, source="the statistics")) == set()
    assert ways(*SOUND, cell("all", 52, source="the statistics")) == {"solved"}


def test_what_everybody_counts_in_the_list_is_used_against_a_total() -> None:
    listed = [
        Listed(f"2027-{n:04d}", "street", "lighting", AREA, date(2027, 2, 1)) for n in range(1, 8)
    ]
    told = (cell("lighting", None), cell("neighbours", None), cell("all", 10, source="a page"))
    refs = {case.ref for case in listed}
    assert ways(*told, listed=listed, references=refs) == {"solved"}
    assert ways(*told) == set()


def test_the_same_thing_told_by_quarter_and_by_year_is_subtracted() -> None:
    quarters = [cell("persons", 11 + n, period=f"2027-Q{n}") for n in (1, 2, 3)]
    year = cell("persons", 11 * 3 + 6 + 2, period="2027")
    found = findings(Published(told=[*quarters, year]))
    assert any(f.way == "solved" and "from 2027-10-01" in f.words for f in found)


def test_an_area_that_is_the_sum_of_others_is_subtracted() -> None:
    told = [cell("persons", 14), cell("persons", None, area=OTHER)]
    assert "solved" in ways(*told, cell("persons", 17, area="all", source="the statistics"))


def test_a_cell_told_again_after_a_late_report_is_found() -> None:
    assert "published twice" in ways(*SOUND, cell("persons", 13))
    assert "published twice" not in ways(*SOUND, cell("persons", 12, source="the nation"))


def test_a_cell_that_is_there_only_where_something_happened_is_found() -> None:
    here = [cell(c, None) for c in ("waste", "neighbours")]
    assert ways(*here, cell("waste", None, area=OTHER)) == {"absent"}
    assert ways(*here, *(replace(c, area=OTHER) for c in here)) == set()
    later = [replace(c, period="2027-Q2") for c in here]
    assert ways(*here, *later) == set()
    assert ways(*here, later[0]) == {"absent"}


def test_a_reference_that_nobody_sees_is_found_and_a_removed_one_is_no_secret() -> None:
    seen = {"2027-0001", "2027-0002", "2027-0005"}
    assert ways(references=seen) == {"gap"}
    assert ways(references=seen, gone={"2027-0003"}) == {"gap"}
    assert ways(references=seen, gone={"2027-0003", "2027-0004"}) == set()
    assert ways(references={"2027-0001", "2027-530917264"}) == set()


def test_a_cursor_that_counts_along_is_found() -> None:
    assert ways(walks={"requests": [(9,), (7,), (4,)]}) == {"cursor"}
    assert ways(walks={"requests": [(9,), (8,), (7,)]}) == set()
    assert ways(walks={"requests": [(), (), ()]}) == set()


def test_a_figure_below_every_threshold_is_found() -> None:
    assert ways(cell("persons", 3)) == {"small"}
    assert ways(cell("persons", 12, closed=2)) == {"small"}


counts = st.integers(0, 30)


@given(st.lists(counts, min_size=4, max_size=4), st.data())
@settings(deadline=None)
def test_what_is_solved_is_what_was_hidden(values: list[int], data: st.DataObject) -> None:
    names = ("waste", "neighbours", "hygiene", "persons")
    hidden = data.draw(st.sets(st.sampled_from(names)))
    told = [cell(n, None if n in hidden else v + 11) for n, v in zip(names, values, strict=True)]
    total = sum(v + (0 if n in hidden else 11) for n, v in zip(names, values, strict=True))
    found = [
        f for f in findings(Published(told=[*told, cell("all", total, source="a page")]))
        if f.way == "solved"
    ]  # fmt: skip
    truth = dict(zip(names, values, strict=True))
    for one in found:
        name = next(n for n in hidden if n in one.words)
        assert one.words.endswith(f"is {truth[name]}")
    if len(hidden) == 1 or (hidden and sum(truth[n] for n in hidden) == 0):
        assert len(found) == len(hidden)


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.sampled_from(GRAINS))
def test_a_period_begins_on_its_first_day(day: date, grain: Grain) -> None:
    name = period_name(day, grain)
    begin = period_begin(name)
    assert begin <= day < period_end(name)
    assert period_name(begin, grain) == name
    assert period_name(date.fromordinal(begin.toordinal() - 1), grain) != name


# ---- reading ------------------------------------------------------------------------------------

TOWN, NATION = "http://127.0.0.1:1", "http://127.0.0.1:2"


def pages(**changes: Any) -> dict[str, Any]:
    """A small town and its nation as addresses and what they say."""
    lamp = {
        "ref": "2027-0001", "family": "street", "category": "lighting", "commune": AREA,
        "received_on": "2027-02-01", "closed_on": None,
    }  # fmt: skip
    asked = {"ref": "2027-0002", "object": "dataset", "received_on": "2027-02-02"}
    record = {
        "kind": "incident_summary", "family": "street", "category": "persons", "area": AREA,
        "period": "2027-Q1", "state": "shown", "count": 14, "closed": 11, "v": 1,
    }  # fmt: skip
    line = json.dumps({"d": json.dumps(record), "s": "salt"})
    item = {"ref": "x", "record": record}
    return {
        f"{TOWN}/.well-known/beffroi.json": {"siren": "210000006"},
        f"{TOWN}/api/v1/incidents?limit=200": {"items": [lamp], "next_cursor": None},
        f"{TOWN}/api/v1/requests?limit=200": {"items": [asked], "next_cursor": None},
        f"{TOWN}/log/content/000": line,
        f"{NATION}/api/v1/records?kind=incident_summary&town=210000006": {
            "items": [item], "next_cursor": None,
        },
        **changes,
    }  # fmt: skip


def getter(known: dict[str, Any]) -> Callable[[str], tuple[int, bytes]]:
    def get(url: str) -> tuple[int, bytes]:
        if url not in known:
            return 404, b""
        said = known[url]
        if isinstance(said, int):
            return said, b""
        return 200, (said if isinstance(said, str) else json.dumps(said)).encode()

    return get


def read(**changes: Any) -> Published:
    found = Published()
    get = getter(pages(**changes))
    reading.read_town(TOWN, found, get)
    reading.read_nation(NATION, "210000006", found, get)
    return found


def test_lists_the_log_and_the_nation_are_read() -> None:
    found = read()
    assert [case.category for case in found.listed] == ["dataset", "lighting"]
    assert {(t.source, t.count) for t in found.told} == {
        (f"{TOWN}/log", 14), (f"{NATION}/api/v1/records", 14),
    }  # fmt: skip
    assert findings(found) == []


def test_a_list_is_read_to_its_end_and_its_cursors_are_looked_into() -> None:
    cursors = [
        base64.urlsafe_b64encode(json.dumps(["2027-01-12", n]).encode()).decode().rstrip("=")
        for n in (9, 7, 4)
    ]
    first = f"{TOWN}/api/v1/requests?limit=1&sort=newest"
    chain = {first: {"items": [], "next_cursor": cursors[0]}}
    for at, following in zip(cursors, [*cursors[1:], None], strict=True):
        chain[f"{first}&cursor={at}"] = {"items": [], "next_cursor": following}
    found = read(**chain)
    assert found.walks["requests (newest)"] == [(9,), (7,), (4,)]
    assert [f.way for f in findings(found)] == ["cursor"]


def test_a_table_of_statistics_is_a_source_of_figures() -> None:
    table = "period,category,commune,count\n2027-Q1,all,35238,17\n2027-Q1,hygiene,35238,<11\n"
    assert [f.way for f in findings(read(**{f"{TOWN}/statistics.csv": table}))] == ["solved"]


def test_a_gap_between_references_is_asked_for_before_it_is_told() -> None:
    late = {"ref": "2027-0004", "object": "dataset", "received_on": "2027-02-02"}
    listed = {f"{TOWN}/api/v1/requests?limit=200": {"items": [late], "next_cursor": None}}
    gone = {f"{TOWN}/api/v1/requests/2027-000{n}": 410 for n in (2, 3)}
    assert [f.way for f in findings(read(**listed))] == ["gap"]
    assert findings(read(**listed, **gone)) == []


def test_only_this_machine_is_asked_without_encryption() -> None:
    for url in ("http://192.0.2.1/", "ftp://127.0.0.1/", "file:///etc/passwd"):
        with pytest.raises(ValueError, match="https only"):
            reading.over_http(url)


def test_figures_are_found_however_deep_they_lie() -> None:
    document = {"by_theme": [{"rows": [{"period": "2027", "count": 7, "category": "x"}]}]}
    assert [t.count for t in figures_in(document, "here")] == [7]
    assert list(figures_in({"kind": "request", "period": "2027-W03", "count": 1}, "here")) == []


def test_the_command_says_when_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://127.0.0.1:9"]) == 2
    assert "does not answer like a town" in capsys.readouterr().err
    assert main(["http://192.0.2.1"]) == 2
