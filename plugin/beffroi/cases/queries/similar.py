# SPDX-License-Identifier: AGPL-3.0-or-later
"""The index of data requests by which one that was asked before is found; shown words only."""

from collections.abc import Iterable

from beffroi.cases.rules import DATA_REQUEST
from beffroi.kernel.nearby import Index, Text

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
