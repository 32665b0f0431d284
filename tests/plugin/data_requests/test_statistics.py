# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sums that each change keeps are those that counting every case would give, to the unit."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from beffroi.cases import service as cases
from beffroi.data_requests import service as requests
from beffroi.data_requests.commands import strike_clocks
from beffroi.data_requests.queries import statistics as reads
from beffroi.data_requests.rules.statistics import Counted, counted, deltas, measures, quantile
from beffroi.kernel.db import MIGRATIONS
from beffroi.kernel.errors import Refusal
from beffroi.legal.law import law_of
from beffroi_web.migrating import downgrade, upgrade
from support.recounting import kept, recounted
from support.town import AGENT, Town, at_once

COUNTED = st.builds(
    Counted,
    quarter=st.sampled_from([20264, 20271]),
    theme=st.sampled_from(["", "ENVI"]),
    department=st.sampled_from(["0", "1"]),
    status=st.sampled_from(["open", "planned", "published", "refused", "abandoned"]),
    days=st.one_of(st.none(), st.integers(0, 3)),
    in_time=st.sampled_from([None, True, False]),
    silence=st.booleans(),
)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), COUNTED), max_size=6))
def test_steps_from_one_state_to_the_next_add_up_to_the_last(states):
    path = [None, *states]
    walked = deltas(pairwise(path))
    straight = deltas([(None, path[-1])])
    assert walked == straight
    assert all(number == 1 for number in straight.counts.values())


@settings(deadline=None)
@given(COUNTED)
def test_what_was_received_is_parted_without_rest(one):
    found = measures(one)
    parts = [m for m in found if m in {"open", "in_time", "late", "undated", "given_up"}]
    assert len(parts) == 1
    assert len(set(found)) == len(found)


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1), st.integers(1, 100))
def test_a_quantile_is_the_smallest_delay_that_so_many_do_not_exceed(days, hundredths):
    pairs = [(day, days.count(day)) for day in sorted(set(days))]
    found = quantile(pairs, hundredths)
    assert found in days
    assert sum(d <= found for d in days) * 100 >= hundredths * len(days)
    assert sum(d < found for d in days) * 100 < hundredths * len(days)


def test_the_last_day_is_in_time_and_a_day_before_the_reception_is_none():
    def days_and_time(closed: date | None, due: date | None = date(2027, 2, 12)):
        one = counted(
            received_on=date(2027, 1, 12), due_on=due, closed_on=closed, status="refused",
            theme=None, department_id=None, silence=False,
        )  # fmt: skip
        return one.days, one.in_time

    assert days_and_time(date(2027, 2, 12)) == (31, True)
    assert days_and_time(date(2027, 2, 13)) == (32, False)
    assert days_and_time(date(2027, 1, 12), due=None) == (0, None)
    assert days_and_time(date(2027, 1, 11)) == (None, None)
    assert days_and_time(None) == (None, None)


# ---- a town that changes ------------------------------------------------------------------------


def the_same(town: Town) -> None:
    with town.look():
        assert kept() == recounted()


class Changes:
    """Everything that can happen to the requests of a town, by number."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.refs: list[str] = []
        self.brought = 0
        with town.change():
            self.departments = [cases.add_department("Voirie"), cases.add_department("Écoles")]

    def run(self, name: str, number: int) -> None:
        ref = self.refs[number % len(self.refs)] if self.refs else ""
        if name == "receive" or not ref:
            objects = ("dataset", "api", "document")
            self.refs.append(self.town.request(object=objects[number % 3]))
            return
        try:
            getattr(self, name)(ref, number)
        except Refusal:
            pass  # what is not allowed now must change no figure either

    def classify(self, ref: str, number: int) -> None:
        theme, wanted = ("ENVI", "TRAN")[number % 2], ("dataset", "api")[number // 2 % 2]
        with self.town.change():
            requests.classify(
                cases.the_case(ref), theme=theme, wanted_object=wanted, actor=AGENT,
                now=self.town.now, today=self.town.today, law=law_of(("99999",)),
            )  # fmt: skip

    def assign(self, ref: str, number: int) -> None:
        chosen = (None, *self.departments)[number % 3]
        with self.town.change():
            cases.assign(
                cases.the_case(ref), department_id=chosen, account_id=None, actor=AGENT,
                now=self.town.now,
            )  # fmt: skip

    def answer(self, ref: str, number: int) -> None:
        given = (
            ("published", {"url": "https://data.ville.example/1"}),
            ("refused", {"ground": "privacy"}),
            ("planned", {"planned": "2028-Q1"}),
            ("redirected", {}),
            ("duplicate", {"duplicate_of": self.refs[0]}),
        )[number % 5]
        self.town.answer(ref, given[0], **given[1])

    def move(self, ref: str, number: int) -> None:
        with self.town.change():
            cases.move(
                cases.the_case(ref), ("under_review", "abandoned")[number % 2], by="desk",
                actor=AGENT, now=self.town.now, today=self.town.today, reason="Voilà pourquoi.",
            )  # fmt: skip

    def remove(self, ref: str, number: int) -> None:
        self.town.remove(ref, code=("error", "erasure")[number % 2])

    def hold(self, ref: str, number: int) -> None:
        self.town.hold(ref, "title")

    def wait(self, ref: str, number: int) -> None:
        self.town.later(days=1 + number % 60)
        with self.town.look():
            strike_clocks(law_of(("99999",)), now=self.town.now, today=self.town.today)

    def bring(self, ref: str, number: int) -> None:
        self.brought += 1
        at = datetime(2026, 1 + number % 12, 3, tzinfo=UTC)
        closed = (None, date(2026, 12, 24), date(2025, 1, 1))[number % 3]
        row = requests.ImportedRequest(
            source=f"old:{self.brought}", object="dataset", title="Les budgets", wanted="Les voir.",
            received_at=at, lang="fr", official=True, theme=("ECON", None)[number % 2],
            status=("published", "open", "abandoned")[number // 3 % 3], closed_on=closed,
        )  # fmt: skip
        with self.town.change():
            requests.import_requests([row, row], now=self.town.now, chance=self.town.chance)

    def fail(self, ref: str, number: int) -> None:
        with pytest.raises(ZeroDivisionError), self.town.change():  # noqa: PT012  a unit of work
            case = cases.the_case(ref)
            case.department_id = self.departments[0]
            cases.step(case, "assigned", actor=AGENT, now=self.town.now, public=False)
            raise ZeroDivisionError


NAMES = (
    *("receive", "receive", "classify", "assign", "answer", "answer", "move", "remove", "hold"),
    *("wait", "bring", "fail"),
)
STORY = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 29)), min_size=3, max_size=16)


def test_the_sums_are_those_of_a_recount_whatever_happens(town: Town) -> None:
    changes = Changes(town)

    @settings(
        max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @example([(name, number) for name in NAMES for number in (0, 1)] * 2)
    @given(STORY)
    def story(steps: list[tuple[str, int]]) -> None:
        for name, number in steps:
            changes.run(name, number)
        the_same(town)

    story()
    with town.look():
        before = kept()
    assert len(before[0]) > 20
    url = town.settings.database_url
    downgrade(MIGRATIONS, url, "0012")
    upgrade(MIGRATIONS, url)
    with town.look():
        assert kept() == before
        assert reads.version() == 1


def test_changes_at_once_wait_for_each_other_and_all_count(town: Town) -> None:
    refs = [town.request() for _ in range(8)]
    before = town.one("SELECT version FROM request_sums_version")

    def answers(one: str, other: str) -> Callable[[], None]:
        def work() -> None:
            with town.change():
                for ref in (one, other):  # two cases in one change
                    requests.classify(
                        cases.the_case(ref), theme="ENVI", wanted_object=None, actor=AGENT,
                        now=town.now, today=town.today, law=law_of(("99999",)),
                    )  # fmt: skip
            town.answer(one, "refused", ground="privacy")

        return work

    pairs = [(refs[n], refs[n + 1]) for n in range(0, 8, 2)]
    assert at_once([answers(*pair) for pair in pairs]) == [None] * 4
    the_same(town)
    assert town.one("SELECT version FROM request_sums_version") == before + 8


def test_what_changes_no_figure_changes_no_version(village: Town) -> None:
    ref = village.request()
    before = village.one("SELECT version FROM request_sums_version")
    village.release(ref)
    village.comment(ref, "Moi aussi, merci.")
    assert village.one("SELECT version FROM request_sums_version") == before
    assert village.one("SELECT count(*) FROM counted_request") == 1
    village.remove(ref)
    for table in ("counted_request", "request_sum", "request_delay"):
        assert village.one(f"SELECT count(*) FROM {table}") == 0
