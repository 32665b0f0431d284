# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages of records straight through the driver: one statement, and members as they are stored.

What most programs ask for needs neither objects nor reading the JSON of a record only to write it
again. Search by words and `since` go the longer way.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Raw

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.versions import reader
from beffroi_federation.aggregator.national.rules import reference

FILTERS = ("status", "theme", "commune", "department")
_PAGE = (
    "SELECT r.id, r.first, r.position, r.period, r.department, r.seen_at, CAST(r.known AS TEXT),"
    " l.epoch, l.origin, t.siren, t.name FROM (SELECT id, log_id, first, position, period,"
    " department, seen_at, known FROM record WHERE {where} ORDER BY period DESC, id DESC LIMIT ?) r"
    " JOIN log l ON l.id = r.log_id JOIN town t ON t.id = l.town_id"
    " ORDER BY r.period DESC, r.id DESC"
)


def records(
    given: Mapping[str, Any], *, town_id: int | None, after: tuple[Any, ...] | None, limit: int,
    pages: str,
) -> tuple[list[dict[str, Any]], tuple[str, int] | None]:  # fmt: skip
    """Return a page of records of one kind, newest period first, and the place of the next one.

    `pages` is what stands before a reference in the address of a request's page.
    """
    kind = given.get("kind", "request")
    where, values = ["kind = ?"], [kind]
    for name in FILTERS:
        if given.get(name):
            where.append(f"{name} = ?")
            values.append(given[name])
    if town_id is not None:
        where.append("town_id = ?")
        values.append(town_id)
    if after is not None:
        where.append("(period, id) < (?, ?)")
        values += after
    statement = _PAGE.format(where=" AND ".join(where))
    found = reader().rows(statement, (*values, limit + 1))
    items = [_item(row, pages if kind == "request" else None) for row in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return items, None if last is None else (last[3], last[0])


def _item(row: Any, pages: str | None) -> dict[str, Any]:
    ref = reference(row[9], row[7], row[1])
    seen_at = bulk.moment_of(row[5])
    return {
        "ref": ref,
        "url": None if pages is None else pages + ref,
        "siren": row[9],
        "town": row[10],
        "origin": row[8],
        "index": row[2],
        "department": row[4],
        "seen_at": None if seen_at is None else seen_at.isoformat(),
        "record": Raw(row[6].encode()),
    }
