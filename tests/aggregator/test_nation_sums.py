# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sums over all towns: moved with the records themselves, folded by whoever comes."""

import random
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import text

from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.national import commands, service
from beffroi_federation.aggregator.national.queries.sums import moves_waiting, of_nation
from beffroi_web.clock import FixedClock
from support.nation import NamedTown, Nation, cell_content, cyber_content, make_town
from support.simulated_town import SimulatedTown
from support.town import at_once

Serve = Callable[[SimulatedTown], SimulatedTown]
CATEGORIES = ("lighting", "waste", "road")
CLASSES = ("fraud", "intrusions")


def told(nation: Nation) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return the sums of cells and of cyber incidents over all towns."""
    with nation.app.app_context():
        found = [
            sorted(
                (*row[:3], *map(int, row[3:7])) for row in of_nation(what)
            )
            for what in ("cells", "cyber")
        ]  # fmt: skip
        db.session.remove()
    return found[0], found[1]


def recounted(nation: Nation) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return the same from the tallies of the towns."""
    with nation.app.app_context():
        cells = db.session.execute(
            text(
                "SELECT family, category, span, sum(shown), sum(protected), sum(reported),"
                " sum(closed) FROM cell_tally GROUP BY family, category, span"
            )
        ).all()
        cyber = db.session.execute(
            text("SELECT code, sum(n) FROM town_tally WHERE what = 'cyber' GROUP BY code")
        ).all()
        db.session.remove()
    return (
        sorted((*row[:3], *map(int, row[3:])) for row in cells),
        sorted(("", code, "", int(n), 0, 0, 0) for code, n in cyber),
    )


def waiting(nation: Nation) -> int:
    with nation.app.app_context():
        return moves_waiting()


def fold(nation: Nation) -> int:
    with nation.app.app_context():
        return commands.fold_sums()


def some(chance: random.Random, number: int) -> bytes:
    if chance.random() < 0.3:
        return cyber_content(number, **{"class": chance.choice(CLASSES)})
    shown, count = chance.random() < 0.7, chance.randrange(10, 90)
    return cell_content(
        category=chance.choice(CATEGORIES),
        period=f"2026-W{20 + number % 20}",
        state="shown" if shown else "suppressed",
        count=count if shown else None,
        closed=count // 2 if shown else None,
        delay="8-30" if shown else None,
    )


def live(town: NamedTown, chance: random.Random, published: Counter[int], week: int) -> None:
    """Publish some, correct one, withdraw one."""
    town.begin_batch(f"2026-W{30 + week}")
    for number in range(6):
        published[town.record(some(chance, 100 * week + number))] += 1
    if week:
        first = min(published)
        del published[first]
        town.withdraw(first)
    town.publish()


def test_the_sums_over_all_towns_are_those_of_the_towns_whatever_happens(
    nation: Nation, serve: Serve
) -> None:
    chance = random.Random(7)  # a story, not a secret
    towns = [make_town(siren, siren) for siren in ("210000006", "210000014")]
    kept = [Counter[int]() for _ in towns]
    for week in range(5):
        for town, published in zip(towns, kept, strict=True):
            live(town, chance, published, week)
            if not week:
                nation.know(serve(town))
        results = {one.result for one in nation.pull().values()}
        assert results == {"taken"}
        cells, cyber = told(nation)
        assert cells
        assert cyber
        assert (cells, cyber) == recounted(nation)
        if week % 2:
            assert fold(nation) > 0
            assert waiting(nation) == 0
            assert told(nation) == (cells, cyber)
    for town, published in zip(towns, kept, strict=True):
        town.begin_batch("2026-W40")
        for first in published:
            town.withdraw(first)
        town.publish()
    nation.pull()
    assert told(nation) == recounted(nation) == ([], [])
    fold(nation)
    assert nation.rows("nation_tally") == []


def test_a_rebuild_gives_the_same_sums(nation: Nation, serve: Serve) -> None:
    town = make_town()
    live(town, random.Random(3), Counter(), 0)
    nation.know(serve(town))
    nation.pull()
    fold(nation)
    before = told(nation)
    with nation.app.app_context():
        commands.rebuild()
    assert told(nation) == before == recounted(nation)


def test_folding_changes_nothing_that_is_shown(
    nation: Nation, serve: Serve, clock: FixedClock
) -> None:
    town = make_town()
    live(town, random.Random(3), Counter(), 0)
    nation.know(serve(town))
    nation.pull()
    before = nation.client().get("/incidents.csv?lang=en")
    assert before.text.count("\n") > 1
    assert fold(nation) > 0
    after = nation.client().get("/incidents.csv?lang=en")
    assert (after.text, after.headers["ETag"]) == (before.text, before.headers["ETag"])


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.database)], indirect=True
)
def test_two_that_fold_at_once_count_each_move_once(nation: Nation, serve: Serve) -> None:
    town = make_town()
    live(town, random.Random(3), Counter(), 0)
    nation.know(serve(town))
    nation.pull()
    before = told(nation)
    moves = waiting(nation)
    done = at_once([lambda: fold(nation)] * 4)
    assert sum(int(str(one)) for one in done) == moves
    assert waiting(nation) == 0
    assert told(nation) == before


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.database)], indirect=True
)
def test_a_pull_does_not_wait_for_whoever_folds(nation: Nation, serve: Serve) -> None:
    town, published = make_town(), Counter[int]()
    live(town, random.Random(3), published, 0)
    nation.know(serve(town))
    nation.pull()
    live(town, random.Random(4), published, 1)
    with nation.app.app_context(), unit_of_work():
        assert service.fold() > 0
        [meanwhile] = at_once([nation.pull])
        assert isinstance(meanwhile, dict), meanwhile
        assert {one.result for one in meanwhile.values()} == {"taken"}
    assert waiting(nation) > 0
    assert told(nation) == recounted(nation)
