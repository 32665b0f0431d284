# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public list of street reports, for people and for programs; how it is read: `cases.listed`.

A window of the map narrows it to the cells that it touches, none finer than the town shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beffroi.cases import queries as cases
from beffroi.cases.queries import listed
from beffroi.cases.queries.listed import ANSWER, OWN, released, shown
from beffroi.cases.rules import STREET
from beffroi.incidents.queries import maps
from beffroi_web.maps import Window

REPORTS = listed.Listing(
    kind=STREET,
    table="incident",
    card=(shown("title", "description"), "d.family", "d.category"),
    item=(released("description"), "d.family", "d.category", ANSWER),
    narrowed_by=("category",),
)


@dataclass(frozen=True, slots=True)
class Row(listed.Row):
    """A report of a list as its card shows it."""

    family: str
    category: str
    kind: str = STREET


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the map, and the level of the finest cells that the town shows."""

    window: Window
    finest: int = 0


def cards(filters: Mapping[str, Any], part: Part | None = None) -> tuple[cases.Page, str | None]:
    """Return one page of the list for people, and the version of the data, None of no rows.

    `filters` are `q status category sort cursor limit`.
    """
    found = _found(filters, part, words=False)
    return cases.Page([_row(row) for row in found.rows], found.next_cursor), found.version


def of_ids(ids: Sequence[int]) -> list[Row]:
    """Return the public ones of some reports, in the order of the ids that are given."""
    return [_row(row) for row in listed.of_ids(REPORTS, ids)]


def _row(row: Sequence[Any]) -> Row:
    return Row(*listed.common(row), *row[OWN:])


def items(
    filters: Mapping[str, Any], address: str, part: Part | None = None
) -> tuple[cases.Page, str | None]:
    """Return one page of the list as the API gives it: released words only, days as the driver has
    them (ISO 8601 in JSON either way). `address` is that of the list of reports."""
    found = _found(filters, part, words=True)
    rows = [
        {
            "ref": ref,
            "family": family,
            "category": category,
            "status": status,
            "description": description,
            "commune": commune,
            "received_on": received_on,
            "closed_on": closed_on,
            "supports": supports,
            "answer": answer,
            "url": f"{address}/{ref}",
        }
        for (
            _, ref, status, _, commune, received_on, _, closed_on, supports, _, _, description,
            family, category, answer,
        ) in found.rows
    ]  # fmt: skip
    return cases.Page(rows, found.next_cursor), found.version


def _found(filters: Mapping[str, Any], part: Part | None, *, words: bool) -> listed.Found:
    if part is None:
        return listed.found(REPORTS, filters, words=words)
    version = listed.current()  # what stands in the window is read before the rows
    ids = maps.ids_inside(part.window, part.finest)
    within = (
        listed.these(ids) if ids is not None else maps.standing_inside(part.window, part.finest)
    )
    found = listed.found(REPORTS, filters, words=words, within=within, by_id=ids is not None)
    return listed.Found(found.rows, found.next_cursor, version)
