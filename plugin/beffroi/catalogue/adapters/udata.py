# SPDX-License-Identifier: AGPL-3.0-or-later
"""Datasets of a portal that runs udata, as data.gouv.fr does: `/api/1/datasets/`, page by page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from beffroi.catalogue.adapters.values import parsed, text, texts
from beffroi.catalogue.rules import BadRow, Raw


def first(address: str) -> str:
    """Return what to ask for first: the address as it is, with its own filters."""
    return address


def read(address: str, body: bytes, more: Callable[[str], bytes]) -> Iterator[Raw | str]:
    """Yield the datasets of an answer and of those that follow it on the same host."""
    while True:
        page = parsed(body)
        rows = page.get("data") if isinstance(page, Mapping) else page
        if not isinstance(rows, list):
            raise BadRow("The answer holds no list of datasets (`data`)")
        yield from (_raw(row) for row in rows)
        following = page.get("next_page") if isinstance(page, Mapping) else None
        if not following:
            return
        if urlsplit(str(following))[:2] != urlsplit(address)[:2]:
            raise BadRow("The next page is on another host; it was not asked for")
        body = more(str(following))


def _raw(row: Any) -> Raw | str:
    if not isinstance(row, Mapping):
        return "not an object"
    if row.get("deleted") or row.get("archived") or row.get("private"):
        return "deleted, archived or private"
    extras = row.get("extras")
    themes = texts(extras.get("dcat:theme")) if isinstance(extras, Mapping) else ()
    badges = row.get("badges")
    marks = [text(b.get("kind")) for b in badges or () if isinstance(b, Mapping)]
    return Raw(
        id=text(row.get("id")),
        title=text(row.get("title")),
        url=text(row.get("page"), row.get("uri")),
        description=text(row.get("description")),
        publisher=text(row.get("organization")),
        licence=text(row.get("license")),
        keywords=(*texts(row.get("tags")), *marks),
        themes=tuple(themes),
    )
