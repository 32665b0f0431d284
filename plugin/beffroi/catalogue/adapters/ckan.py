# SPDX-License-Identifier: AGPL-3.0-or-later
"""Datasets of a CKAN portal: `/api/3/action/package_search`, a hundred at a time."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from beffroi.catalogue.adapters.values import parsed, text, texts
from beffroi.catalogue.rules import BadRow, Raw

SEARCH = "/api/3/action/package_search"
ROWS = 100


def first(address: str) -> str:
    """Return what to ask for first; the address is the portal's, or that of a search on it."""
    return _page(address, 0)


def _page(address: str, start: int) -> str:
    if SEARCH not in address:
        address = address.rstrip("/") + SEARCH
    return f"{address}{'&' if '?' in address else '?'}rows={ROWS}&start={start}"


def read(address: str, body: bytes, more: Callable[[str], bytes]) -> Iterator[Raw | str]:
    """Yield the datasets of a search, page after page."""
    portal = address.partition(SEARCH)[0].rstrip("/")
    start = 0
    while True:
        answer = parsed(body)
        result = answer.get("result") if isinstance(answer, Mapping) else None
        rows = result.get("results") if isinstance(result, Mapping) else None
        if not isinstance(rows, list) or not isinstance(result, Mapping):
            raise BadRow("The answer is not that of CKAN's package_search")
        yield from (_raw(row, portal) for row in rows)
        start += ROWS
        count = result.get("count")
        if not rows or not isinstance(count, int) or start >= count:
            return
        body = more(_page(address, start))


def _raw(row: Any, portal: str) -> Raw | str:
    if not isinstance(row, Mapping):
        return "not an object"
    if row.get("private") is True or row.get("state") not in (None, "active"):
        return "private or not active"
    name = text(row.get("name"), row.get("id"))
    extras = row.get("extras")
    said = {
        text(e.get("key")): text(e.get("value")) for e in extras or () if isinstance(e, Mapping)
    }
    themes = [*texts(row.get("theme")), said.get("theme", ""), said.get("hvd_category", "")]
    return Raw(
        id=text(row.get("id"), name),
        title=text(row.get("title"), row.get("name")),
        url=f"{portal}/dataset/{name}",
        description=text(row.get("notes")),
        publisher=text(row.get("organization"), row.get("author")),
        licence=text(row.get("license_title"), row.get("license_id")),
        keywords=tuple(texts(row.get("tags"))),
        themes=tuple(themes),
    )
