# SPDX-License-Identifier: AGPL-3.0-or-later
"""What frames and other sites are shown: released words of listed cases, by their features' reads.

A text that appeared by itself, which no agent has read, is for the town's own pages: it is not
here. A case that is held, unlisted or removed is as one that never was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from beffroi.cases import queries as cases
from beffroi.cases.rules import DATA_REQUEST
from beffroi.data_requests import queries as requests
from beffroi.data_requests.queries import listed
from beffroi.incidents import queries as incidents

LOOKED_AT = 20
"""How many more requests are looked at for some that have a title."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A case as others may show it: its head, its codes, its released words, its newest answer."""

    head: cases.CaseHead
    codes: Any
    words: dict[str, str]
    answer: cases.PublicAnswer | None


def board(filters: dict[str, Any], most: int) -> Sequence[Any]:
    """Return the rows of a board (filters as of the list of requests), released titles only.

    Of the newest ones those that have a title come first, as on the front page.
    """
    page, _ = listed.cards({**filters, "limit": most + LOOKED_AT})
    words = cases.words_by_case([row.id for row in page.items])
    rows = [replace(row, title=words[row.id].get("title")) for row in page.items]
    return [*(r for r in rows if r.title), *(r for r in rows if not r.title)][:most]


def request(ref: str) -> Shown | None:
    """Return a listed data request, or None."""
    return _shown(ref, of_requests=True)


def incident(ref: str) -> Shown | None:
    """Return a listed street report, or None."""
    return _shown(ref, of_requests=False)


def _shown(ref: str, *, of_requests: bool) -> Shown | None:
    head = cases.head(ref)
    if head is None or head.visibility != "public" or (head.kind == DATA_REQUEST) != of_requests:
        return None
    codes: Any = requests.codes(head.id) if of_requests else incidents.codes(head.id)
    if codes is None or not (of_requests or codes.listed):
        return None
    answers = cases.public_answers(head.id)
    return Shown(head, codes, cases.public_words(head.id), answers[0] if answers else None)


def figures() -> dict[str, dict[str, int]]:
    """Return the figures of the front page."""
    return {"requests": requests.figures(), "incidents": incidents.figures()}
