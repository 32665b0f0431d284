# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public list of street reports, for people and for programs; how it is read: `cases.listed`.

A window of the map narrows it to the cells that it touches, none finer than the town shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from beffroi.cases import queries as cases
from beffroi.cases.queries import listed
from beffroi.cases.queries.listed import OWN
from beffroi.cases.queries.listing import ANSWER, Listing, released, shown
from beffroi.cases.rules import STREET
from beffroi.incidents.queries import maps
from beffroi_web.maps import Window

REPORTS = Listing(
    kind=STREET,
    table="incident",
    card=(shown("title", "description"), "d.family", "d.category"),
    item=(
        ("ref", "c.ref"),
        ("family", "d.family"),
        ("category", "d.category"),
        ("status", "c.status"),
        ("description", released("description")),
        ("commune", "c.commune"),
        ("received_on", "c.received_on"),
        ("closed_on", "c.closed_on"),
        ("supports", "c.supports"),
        ("answer", ANSWER),
    ),
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
    found = _found(filters, part)
    return cases.Page([_row(row) for row in found.rows], found.next_cursor), found.version


def of_ids(ids: Sequence[int]) -> list[Row]:
    """Return the public ones of some reports, in the order of the ids that are given."""
    return [_row(row) for row in listed.of_ids(REPORTS, ids)]


def _row(row: Sequence[Any]) -> Row:
    return Row(*listed.common(row), *row[OWN:])


def items(
    filters: Mapping[str, Any], address: str, part: Part | None = None
) -> tuple[cases.Page, str | None]:
    """Return one page of the list as the API gives it, each item in JSON: released words only.

    `address` is that of the list of reports.
    """
    found = _found(filters, part, address)
    return cases.Page(found.rows, found.next_cursor), found.version


def _found(
    filters: Mapping[str, Any], part: Part | None, address: str | None = None
) -> listed.Found:
    read = listed.found if address is None else partial(listed.items, address=address)
    if part is None:
        return read(REPORTS, filters)
    version = listed.current()  # what stands in the window is read before the rows
    ids = maps.ids_inside(part.window, part.finest)
    within = (
        listed.these(ids) if ids is not None else maps.standing_inside(part.window, part.finest)
    )
    found = read(REPORTS, filters, within=within, by_id=ids is not None)
    return listed.Found(found.rows, found.next_cursor, version)
