# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public list of requests, for people and for programs; how it is read: `cases.listed`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beffroi.cases import queries as cases
from beffroi.cases.queries import listed
from beffroi.cases.queries.listed import OWN
from beffroi.cases.queries.listing import ANSWER, Listing, released, shown
from beffroi.cases.rules import DATA_REQUEST

SORTS = (*cases.SORTS, "relevance")

_REUSES = (
    "(SELECT count(*) FROM case_text r WHERE r.case_id = c.id AND r.role = 'reuse'"
    " AND coalesce(r.state, '') = 'released' AND r.public <> '')"
)
_REDIRECTED_TO = "CASE WHEN a.state = 'released' AND a.public IS NOT NULL THEN o.redirected_to END"
REQUESTS = Listing(
    kind=DATA_REQUEST,
    table="data_request",
    card=(shown("title"), "d.object", "d.theme", _REUSES),
    item=(
        ("ref", "c.ref"),
        ("object", "d.object"),
        ("theme", "d.theme"),
        ("status", "c.status"),
        ("title", released("title")),
        ("wanted", released("wanted")),
        ("commune", "c.commune"),
        ("received_on", "c.received_on"),
        ("due_on", "c.due_on"),
        ("closed_on", "c.closed_on"),
        ("supports", "c.supports"),
        ("outcome", "o.outcome"),
        ("answer", ANSWER),
        ("licence", "o.licence"),
        ("swhid", "o.swhid"),
        ("redirected_to", _REDIRECTED_TO),
        ("software", released("software")),
        ("decision", released("decision")),
        ("reuses", _REUSES),
    ),
    narrowed_by=("object", "theme"),
)


@dataclass(frozen=True, slots=True)
class Row(listed.Row):
    """A request of a list as its card shows it."""

    object: str
    theme: str | None
    reuses: int
    kind: str = DATA_REQUEST


def cards(filters: Mapping[str, Any]) -> tuple[cases.Page, str | None]:
    """Return one page of the list for people, and the version of the data, None of no rows.

    `filters` are `q status object theme sort cursor limit`.
    """
    found = listed.found(REQUESTS, filters)
    return cases.Page([_row(row) for row in found.rows], found.next_cursor), found.version


def of_ids(ids: Sequence[int]) -> list[Row]:
    """Return the public ones of some requests, in the order of the ids that are given."""
    return [_row(row) for row in listed.of_ids(REQUESTS, ids)]


def _row(row: Sequence[Any]) -> Row:
    return Row(*listed.common(row), *row[OWN:])


def items(filters: Mapping[str, Any], address: str) -> tuple[cases.Page, str | None]:
    """Return one page of the list as the API gives it, each item in JSON: released words only.

    `address` is that of the list of requests.
    """
    found = listed.items(REQUESTS, filters, address)
    return cases.Page(found.rows, found.next_cursor), found.version
