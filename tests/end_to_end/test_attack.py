# SPDX-License-Identifier: AGPL-3.0-or-later
"""The attack, given everything public of a town and its nation over HTTP, finds nothing unlisted.

And what is planted is found: a town that counts its hidden cases along, or tells a total.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from beffroi.kernel.db import MIGRATIONS, db
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATIONAL_MIGRATIONS
from beffroi_privacy.attack.published import Published, Told
from beffroi_privacy.attack.reading import read_town
from beffroi_web.clock import FixedClock
from support.attacking import attacked
from support.browser import served
from support.databases import database_fixture, fresh
from support.demo_run import free_base
from support.nation import Nation
from support.town import Town, open_town

pytestmark = pytest.mark.slow
# Lists, paging and cursors are tested on both databases elsewhere; what is read here is the same.
database_url = database_fixture(MIGRATIONS, kinds=("sqlite",))

STREET = ("lighting", "waste", "road")
HIDDEN = ("neighbours", "hygiene", "persons", "phishing", "defaced")


@dataclass
class Both:
    """A town that has counted for a year, and the nation that pulled it."""

    town: Town
    url: str
    nation: str


def a_year(town: Town) -> None:
    """Reports of many people, listed and not, some few of a kind and some many."""
    for month in range(12):
        for n in range(7):
            town.report(email=f"p{n}@citizens.example", category=STREET[n % 3], commune="99998")
        town.report(category=HIDDEN[month % 5], family=_family(HIDDEN[month % 5]))
        for n in range(12 if month % 3 == 0 else 2):
            town.report(email=f"q{n}@citizens.example", category="persons", commune="99999")
        ref = town.request(title=f"Un jeu de données du mois {month}")
        town.release(ref, "title", "wanted")
        town.later(days=30)
        town.work()
    town.remove(ref, reason="Publié par erreur")
    town.later(days=40)
    town.work()


def _family(category: str) -> str:
    return "cyber" if category in {"phishing", "defaced"} else "street"


@pytest.fixture
def both(database_url: str, tmp_path: Path) -> Iterator[Both]:
    port = free_base()
    url = f"http://127.0.0.1:{port}"
    folder = tmp_path / "town"
    folder.mkdir()
    with (
        open_town(
            folder, database_url, public_url=url, kind="epci", communes=["99998", "99999"],
            population_band="10000-49999",
        ) as town,
        served(town.app, port),
    ):  # fmt: skip
        a_year(town)
        national = fresh("sqlite", NATIONAL_MIGRATIONS, tmp_path)
        clock = FixedClock(town.now + timedelta(minutes=1))
        with (
            Nation.on(national, tmp_path, clock) as nation,
            served(nation.app) as of_nation,
        ):
            nation.know(SimpleNamespace(prefix=f"{url}/log"))  # type: ignore[arg-type]
            nation.pull()
            yield Both(town, url, of_nation)


def test_nothing_is_found_but_what_is_planted(both: Both, tmp_path: Path) -> None:
    status, said = attacked(both.url, both.nation)
    assert said["findings"] == []
    assert status == 0
    assert said["read"]["listed"] >= 60
    assert said["read"]["shown"] >= 4  # it was not all suppressed
    hidden = both.town.one("SELECT count(*) FROM \"case\" WHERE visibility = 'unlisted'")
    assert hidden >= 40
    _a_late_report(both, tmp_path)
    _a_total(both, tmp_path)
    _a_counted_reference(both)


def told_by(both: Both) -> list[Told]:
    """The cells that the town's log tells."""
    found = Published()
    read_town(both.url, found)
    return found.told


def planted(both: Both, folder: Path, *figures: dict[str, Any]) -> set[str]:
    """The ways in which something is found once these figures are public, too."""
    file = folder / "figures.json"
    file.write_text(json.dumps(figures))
    status, said = attacked(both.url, both.nation, "--figures", str(file))
    assert status == 1
    return {found["way"] for found in said["findings"]}


def figure(told: Told, **changes: Any) -> dict[str, Any]:
    """A cell as a table would tell it."""
    names = ("family", "category", "area", "period", "count")
    return {name: getattr(told, name) for name in names} | changes


def _a_late_report(both: Both, folder: Path) -> None:
    """A cell is published again after one more report had come in."""
    cell = next(t for t in told_by(both) if t.count is not None and t.category == "persons")
    again = [figure(cell), figure(cell, count=(cell.count or 0) + 1)]
    assert planted(both, folder, *again) == {"published twice"}


def _a_total(both: Both, folder: Path) -> None:
    """A page of statistics tells all categories of a period together, beside the cells."""
    cell = next(t for t in told_by(both) if t.count is not None and t.category == "persons")
    total = figure(cell, category="all")  # so that there was nothing else
    assert planted(both, folder, total) == {"solved"}


def _a_counted_reference(both: Both) -> None:
    """An unlisted case takes a counted reference, so that the listed ones leave a gap."""
    change = 'UPDATE "case" SET ref = :ref WHERE id = (SELECT {} FROM "case" WHERE visibility = :v)'
    with both.town.change():
        for which, ref, v in (
            ("min(id)", "2027-0500", "unlisted"),
            ("max(id)", "2027-0501", "public"),
        ):
            db.session.execute(db.text(change.format(which)), {"ref": ref, "v": v})
    status, said = attacked(both.url)
    assert status == 1
    assert {f["way"] for f in said["findings"]} == {"gap"}
