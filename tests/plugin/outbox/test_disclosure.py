# SPDX-License-Identifier: AGPL-3.0-or-later
"""Over a whole year of a town, nothing that is counted gives an unlisted report away.

First the rules by themselves, on random years; then the town, whose references, cursors, first
cells and periods must not count along.
"""

import base64
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.incidents.service import ImportedReport, import_reports
from beffroi.kernel.db import db
from beffroi.outbox import rules, service
from beffroi.outbox.rules import CountedReport, Pair
from beffroi_privacy.attack.published import Published, Told
from beffroi_privacy.attack.trying import findings
from beffroi_privacy.counts import Cell, CellKey, Grain, period_end, period_name
from support.town import PUBLIC_URL, Town, open_town

YEAR = 2027
AREAS = ("99998", "99999")
SENSITIVE = frozenset({"neighbours"})
CATEGORIES = ("lighting", "neighbours")
BEGIN = date(YEAR, 1, 1)
PARTIES = [str(n) for n in range(30)]


@dataclass(frozen=True)
class Sent:
    """A report, when the town came to know of it, and when it was removed again."""

    report: CountedReport
    known_on: date
    removed_on: date | None = None


@st.composite
def sent(draw: st.DrawFn) -> Sent:
    category = draw(st.sampled_from(CATEGORIES))
    day = BEGIN + timedelta(days=draw(st.integers(0, 200)))
    open_days = draw(st.none() | st.integers(0, 90))
    late = draw(st.sampled_from((0, 0, 0, 45)))
    removed = draw(st.sampled_from((None, None, None, 30, 120)))
    return Sent(
        CountedReport(
            family="street",
            category=category,
            area=draw(st.sampled_from(AREAS)),
            received_on=day,
            closed_on=None if open_days is None else day + timedelta(days=open_days),
            party=draw(st.none() | st.sampled_from(PARTIES)),
            sensitive=category in SENSITIVE,
        ),
        known_on=day + timedelta(days=late),
        removed_on=None if removed is None else day + timedelta(days=removed),
    )


grains = st.fixed_dictionaries(
    {
        ("street", category, area): st.sampled_from(("week", "month", "quarter"))
        for category in CATEGORIES
        for area in AREAS
    }
)


def seen(all_sent: list[Sent], today: date) -> list[CountedReport]:
    """What the tables hold on a day: removed reports are out, later closings not yet in."""
    here = []
    for one in all_sent:
        if one.known_on > today or (one.removed_on is not None and one.removed_on <= today):
            continue
        closed = one.report.closed_on
        report = one.report
        here.append(replace(report, closed_on=closed if closed and closed <= today else None))
    return here


def published_over_the_year(
    all_sent: list[Sent], chosen: Mapping[Pair, Grain]
) -> list[tuple[date, Cell]]:
    """Let the worker count on every third day, as it would; each cell with its day."""
    done: list[tuple[date, Cell]] = []
    keys: set[CellKey] = set()
    for n in range(0, 330, 3):
        today = BEGIN + timedelta(days=n)
        cells = rules.due_cells(
            seen(all_sent, today),
            year_grains={YEAR: chosen},
            published=keys,
            since=BEGIN,
            today=today,
        )
        keys |= {cell.key for cell in cells}
        done += [(today, cell) for cell in cells]
    return done


def behind(all_sent: list[Sent], day: date, cell: Cell, *, closed: bool) -> list[CountedReport]:
    """The reports that a cell counted on the day on which it was published."""
    grain = "week" if "W" in cell.period else "quarter" if "Q" in cell.period else "month"
    found = []
    for report in seen(all_sent, day):
        when = report.closed_on if closed else report.received_on
        if when is None or (report.category, report.area) != (cell.category, cell.area):
            continue
        if period_name(when, grain) == cell.period:  # type: ignore[arg-type]
            found.append(report)
    return found


@given(st.lists(sent(), min_size=40, max_size=260), grains)
@settings(deadline=None, max_examples=25)
def test_over_a_year_nothing_unlisted_can_be_computed(
    all_sent: list[Sent], chosen: dict[Pair, Grain]
) -> None:
    done = published_over_the_year(all_sent, chosen)
    told = [
        Told(c.family, c.category, c.area, c.period, c.count, c.closed, "the log") for _, c in done
    ]
    assert [f for f in findings(Published(told=told)) if f.way != "small"] == []
    times = Counter(cell.key for _, cell in done)
    assert set(times.values()) <= {1}
    for day, cell in done:
        assert period_end(cell.period) <= day
        if cell.count is not None:
            _holds(cell.count, behind(all_sent, day, cell, closed=False))
        if cell.closed is not None:
            assert cell.count is not None
            _holds(cell.closed, behind(all_sent, day, cell, closed=True))


def _holds(figure: int, reports: list[CountedReport]) -> None:
    """A shown figure has enough distinct parties behind it, and none behind more than half."""
    assert figure == len(reports)
    known = Counter(r.party for r in reports if r.party is not None)
    unknown = len(reports) - known.total()
    if any(r.sensitive for r in reports):
        assert len(known) >= 11
        assert 2 * (max(known.values()) + unknown) <= figure
    else:
        assert len(known) + unknown >= 5
        assert 2 * max(known.values(), default=0) <= figure


@given(st.lists(sent(), max_size=60), grains)
@settings(deadline=None, max_examples=25)
def test_each_report_lies_in_exactly_one_cell(
    all_sent: list[Sent], chosen: dict[Pair, Grain]
) -> None:
    done = published_over_the_year(all_sent, chosen)
    for one in all_sent:
        report = one.report
        pair = (report.family, report.category, report.area)
        cells = [
            cell
            for _, cell in done
            if (cell.family, cell.category, cell.area) == pair
            and cell.period == period_name(report.received_on, chosen[pair])
        ]
        assert len(cells) <= 1
    for pair, grain in chosen.items():
        periods = {c.period for _, c in done if (c.family, c.category, c.area) == pair}
        assert all(period_name(period_end(p) - timedelta(days=1), grain) == p for p in periods)


@given(st.lists(sent(), max_size=80), grains, st.integers(0, 79))
@settings(deadline=None, max_examples=25)
def test_a_report_that_comes_late_or_is_removed_changes_no_cell_that_was_told(
    all_sent: list[Sent], chosen: dict[Pair, Grain], which: int
) -> None:
    done = published_over_the_year(all_sent, chosen)
    if all_sent:
        changed = list(all_sent)
        one = changed[which % len(changed)]
        changed[which % len(changed)] = replace(one, removed_on=date(YEAR, 10, 1))
        again = published_over_the_year(changed, chosen)
        told = {cell.key: cell for day, cell in done if day < date(YEAR, 10, 1)}
        if one.removed_on is None:
            assert {c.key: c for d, c in again if d < date(YEAR, 10, 1)} == told


# ---- the town -----------------------------------------------------------------------------------

UNLISTED = {"category": "neighbours", "description": "Un voisin fait du bruit la nuit"}


def test_unlisted_cases_leave_no_gap_between_references(town: Town) -> None:
    refs = [town.report(), town.report(**UNLISTED), town.request(), town.report(**UNLISTED)]
    refs.append(town.report())
    counted = [ref for ref in refs if len(ref) == len("2027-0001")]
    assert counted == ["2027-0001", "2027-0002", "2027-0003"]
    drawn = [ref for ref in refs if ref not in counted]
    assert len(set(drawn)) == 2
    assert all(len(ref) == len("2027-100000000") for ref in drawn)


def test_imported_ones_leave_none_either(town: Town) -> None:
    rows = [
        ImportedReport(f"r{n}", category, town.now, "99999", f"Un signalement {n}")
        for n, category in enumerate(("lighting", "neighbours", "waste", "persons", "road"))
    ]
    with town.change():
        import_reports(rows, communes=town.settings.communes, now=town.now, chance=town.chance)
    refs = [r.ref for r in town.rows("SELECT ref FROM \"case\" WHERE visibility = 'public'")]
    assert sorted(refs) == ["2027-0001", "2027-0002", "2027-0003"]


def test_a_cursor_says_nothing_that_the_list_does_not(town: Town) -> None:
    for _ in range(3):
        town.report()
        town.report(**UNLISTED)
    page = town.visitor().get("/api/v1/incidents?limit=1").get_json()
    raw = page["next_cursor"]
    held = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    assert held[1] == page["items"][0]["ref"]
    assert not any(isinstance(value, int) for value in held)


def test_a_message_id_counts_nothing(town: Town) -> None:
    town.request()
    town.work()
    name = str(town.mail.messages[0]["Message-ID"]).split("@")[0]
    assert len(name) == len("<step-") + 32


def cells_of(town: Town) -> list[Mapping[str, str]]:
    rows = town.rows("SELECT category, area, period FROM published_cell")
    return [dict(r._mapping) for r in rows]


def test_counting_begins_with_what_everybody_sees(town: Town) -> None:
    town.report(**UNLISTED)
    town.later(days=200)
    town.work()
    assert cells_of(town) == []
    town.report()
    town.later(days=200)
    town.work()
    first = min(cell["period"] for cell in cells_of(town))
    assert first == "2027-Q3"


def test_every_area_has_its_cells_whether_somebody_wrote_from_there_or_not(
    database_url: str, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    with open_town(tmp_path, database_url, kind="epci", communes=["99998", "99999"]) as town:
        town.report(commune="99998")
        town.later(days=200)
        town.work()
        assert {cell["area"] for cell in cells_of(town)} == {"99998", "99999", town.settings.siren}


def test_a_town_of_one_commune_counts_everything_there(town: Town) -> None:
    town.report()
    town.later(days=200)
    town.work()
    assert {cell["area"] for cell in cells_of(town)} == {"99999"}


def test_the_period_of_a_year_is_fixed_though_last_years_volume_changes(town: Town) -> None:
    with town.change():
        import_reports(
            [
                ImportedReport(f"r{n}", "lighting", town.now, "99999", "Un lampadaire")
                for n in range(41)
            ],
            communes=town.settings.communes,
            now=town.now,
            chance=town.chance,
        )
    town.later(days=365)
    town.work()
    grain = "SELECT grain FROM count_period WHERE year = 2028 AND category = 'lighting'"
    assert town.one(grain) == "quarter"  # forty and more a year
    for row in town.rows('SELECT ref FROM "case" LIMIT 5'):
        town.remove(row.ref)
    with town.look():
        volumes = service._volumes(2027, town.settings.siren, town.settings.communes)
        assert sum(volumes.values()) == 36  # which would be a year at a time
    town.later(days=120)
    town.work()
    assert town.one(grain) == "quarter"
    told = {c["period"] for c in cells_of(town) if c["category"] == "lighting"}
    assert "2028-Q1" in told


def test_a_withdrawn_report_is_taken_out_of_no_cell_that_was_told(town: Town) -> None:
    refs = [town.report(email=f"p{n}@citizens.example") for n in range(6)]
    town.later(days=100)
    town.work()
    told = "SELECT codes FROM outbox WHERE fact = 'cell'"
    before = sorted(str(r.codes) for r in town.rows(told))
    town.remove(refs[0], code="erasure")
    town.later(days=1)
    town.work()
    after = sorted(str(r.codes) for r in town.rows(told))
    assert after == before
    assert PUBLIC_URL
    with town.look():
        assert db.session.execute(db.text("SELECT count(*) FROM published_cell")).scalar()
