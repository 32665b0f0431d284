# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rows of a town of many street reports: real places, repeated with shifted days and places.

Places are those of DansMaRue's real rows where real data lie, each moved by up to eighty metres,
and else drawn around a middle; there are more reports where there are more. Words are those of
`town_rows`. Everything is the same in every run.
"""

import csv
import gzip
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from town_rows import COLUMNS, DAYS, FIRST_DAY, PARTIES, Block, Later, Rows

from beffroi.cases.rules import STREET, reference
from beffroi.incidents.rules import CATEGORIES, cells

COLUMNS.update(
    {
        "incident": "case_id family category listed",
        "incident_position": "case_id latitude longitude",
        "incident_spot": "case_id y x category open",
        "nearby_street": "",
    }
)
LISTED = [one.code for one in CATEGORIES.values() if one.family == "street" and one.listed]
WEIGHTS = [3, 5, 12, 8, 4, 2, 3, 2, 6, 1]
PLACES = "incidents-rue/dansmarue-paris.csv.gz"
MIDDLE = (48.8566, 2.3422)
_NUMBERS = re.compile(r"-?\d+\.\d+")


def points(data: Path | None) -> list[tuple[float, float]]:
    """Return the places of real reports, or an empty list."""
    path = data / PLACES if data else Path()
    if not path.is_file():
        return []
    found = []
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            said = _NUMBERS.findall(row.get("geo_point_2d") or "")
            if len(said) == 2:
                found.append((float(said[1]), float(said[0])))
    return found


class StreetRows(Rows):
    """Makes the rows of one town's reports."""

    def __init__(self, count: int, data: Path | None, today: date, *, bare: bool = False) -> None:
        super().__init__(count, data, today, bare=bare)
        self.points: Sequence[tuple[float, float]] = points(data)

    def place(self) -> tuple[float, float]:
        """Return where a report is."""
        chance = self.chance
        if not self.points:
            return chance.gauss(MIDDLE[0], 0.02), chance.gauss(MIDDLE[1], 0.03)
        latitude, longitude = chance.choice(self.points)
        return latitude + chance.uniform(-0.0007, 0.0007), longitude + chance.uniform(-0.001, 0.001)

    def _one(self, block: Block, number: int) -> None:
        at = FIRST_DAY + timedelta(days=DAYS) * (number / self.count)
        at = at.replace(microsecond=number % 1_000_000)
        self.in_year[at.year] += 1
        ref = reference(at.year, self.in_year[at.year])
        closed = at.date() + timedelta(days=20) if self.chance.random() < 0.85 else None
        party = self.chance.randrange(1, PARTIES + 1)
        supports = min(int(self.chance.paretovariate(1.2)) - 1, 9_999)
        block.add(
            "case", number, ref, STREET, "resolved" if closed else "open", closed is None, "public",
            "web", "fr", "75056", party, at.date(), at, at, None, closed, supports, 2, False,
        )  # fmt: skip
        category = self.chance.choices(LISTED, WEIGHTS)[0]
        latitude, longitude = self.place()
        block.add("incident", number, "street", category, True)
        block.add("incident_position", number, latitude, longitude)
        y, x = cells.cell(latitude, longitude)
        block.add("incident_spot", number, y, x, category, closed is None)
        self._words(block, number, ref, at, party)

    def _words(self, block: Block, number: int, ref: str, at: datetime, party: int) -> None:
        drawn = {"description": self.draw(5, 12), "place": self.draw(2, 4)}
        for role, where in drawn.items():
            self.texts += 1
            public = " ".join(self.said[where]).capitalize()
            block.add(
                "case_text", self.texts, number, role, public, public, "released", 1, "fr", party,
                "citizen", at, at,
            )  # fmt: skip
        self._index(block, number, at, ref, (None, *drawn.values()))

    def _index(
        self, block: Block, number: int, at: datetime, ref: str, said: tuple[slice | None, ...]
    ) -> None:
        before = len(block.rows.get("nearby_case", ()))
        super()._index(block, number, at, ref, (slice(0, 0), *said[1:]))
        del block.rows.get("nearby_case", [])[before:]
        near = [" ".join(filter(None, self.near[one])) for one in said if one is not None]
        both = Later(lambda: sorted({*near[0].split(), *near[1].split()}))
        block.add("nearby_street", number, *near, "", both)
