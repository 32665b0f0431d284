# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an attacker has in hand: everything that a town and a nation publish, in one shape.

Cases that are listed one by one, cells of counts, totals and any other figure, references and
cursors. Where each came from is kept, so that a finding says where to look.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

ALL = frozenset({"", "all", "total", "*"})
"""Codes that stand for every area or every category."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A case that everyone sees by itself; `category` and `area` are empty where not said."""

    ref: str
    family: str
    category: str
    area: str
    received_on: date
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A figure that is public: a cell or a total. No number: it is there, and suppressed."""

    family: str
    category: str
    area: str
    period: str
    count: int | None = None
    closed: int | None = None
    source: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names the cell."""
        return self.family, self.category, self.area, self.period


@dataclass(slots=True)
class Published:
    """Everything public of one town, and what a nation says of it.

    `gone` are references whose page says that the case was removed: no secret. `walks` are the
    whole numbers that were seen in the cursors of a list, in the order of its pages.
    """

    listed: list[Listed] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    walks: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)


def figures_in(document: Any, source: str) -> Iterable[Told]:
    """Yield every figure in a JSON document, however deep: an object with a period and a count.

    What does not say its family, category or area is taken to be about all of them.
    """
    if isinstance(document, list):
        for inner in document:
            yield from figures_in(inner, source)
    elif isinstance(document, Mapping):
        told = figure_of(document, source)
        if told is not None:
            yield told
        for inner in document.values():
            yield from figures_in(inner, source)


def figure_of(row: Mapping[str, Any], source: str) -> Told | None:
    """Return the figure that a row of a table or a record of the protocol holds, or None."""
    period = row.get("period")
    counted = {"count", "total", "received", "state"} & row.keys()
    if not isinstance(period, str) or not counted or row.get("kind") == "request":
        return None
    count = next((n for name in ("count", "total", "received") if (n := whole(row.get(name)))
                  is not None), None)  # fmt: skip
    return Told(
        family=str(row.get("family") or ""),
        category=str(row.get("category") or ""),
        area=str(row.get("area") or row.get("commune") or ""),
        period=period,
        count=count,
        closed=whole(row.get("closed")),
        source=source,
    )


def whole(value: Any) -> int | None:
    """Return a whole number that a cell of a table holds, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return None
