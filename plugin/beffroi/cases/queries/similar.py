# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of a case's shown words goes into the two indexes: of search, and of what is alike."""

from collections.abc import Iterable
from datetime import datetime

from beffroi.cases.rules import DATA_REQUEST
from beffroi.kernel.nearby import Index, Text
from beffroi.kernel.search import Indexed

INDEX = Index("case", fewest=3)
"""A word of fewer than three requests is in no list: it may be somebody's name."""
_BODY = ("wanted", "area", "period")


def text_of(case_id: int, kind: str, shown: Iterable[tuple[str, str | None]]) -> Text:
    """Return what of a case's shown texts, by role, tells whether it asks the same thing.

    Comments and answers do not; of an incident nothing is kept.
    """
    if kind != DATA_REQUEST:
        return Text(case_id, "")
    by_role = {role: words for role, words in shown if words}
    body = "\n".join(by_role[role] for role in _BODY if role in by_role)
    return Text(case_id, by_role.get("title", ""), body)


def searched(
    case_id: int, received_at: datetime, ref: str, shown: Iterable[tuple[str, str | None]]
) -> Indexed:
    """Return by which words a case is found: its reference, and all of its shown texts by role."""
    said = [(role, words) for role, words in shown if words]
    titles = [words for role, words in said if role == "title"]
    more = [words for role, words in said if role != "title"]
    return Indexed(case_id, received_at, "\n".join(titles), "\n".join([ref, *more]))
