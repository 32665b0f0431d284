# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of a case's shown words goes into the indexes: of search, and of what is alike."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from beffroi.cases.rules import DATA_REQUEST, STREET
from beffroi.kernel.nearby import Index, Text
from beffroi.kernel.search import Indexed

INDEX = Index("case", fewest=3)
"""A word of fewer than three requests is in no list: it may be somebody's name."""
STREETS = Index("street", fewest=3)
"""The same of street reports: what happened, and where it is in words."""
_OF: dict[str, tuple[Index, tuple[str, ...], tuple[str, ...]]] = {
    DATA_REQUEST: (INDEX, ("title",), ("wanted", "area", "period")),
    STREET: (STREETS, ("title", "description"), ("place",)),
}
"""The index of each kind, the roles that are its line, and those that are its details."""


def _text_of(case_id: int, kind: str, shown: Iterable[tuple[str, str | None]]) -> Text:
    """Return what of a case's shown texts, by role, tells whether it is about the same thing.

    Comments and answers do not.
    """
    by_role = {role: words for role, words in shown if words}
    line, more = (
        "\n".join(by_role[role] for role in roles if role in by_role) for roles in _OF[kind][1:]
    )
    return Text(case_id, line, more)


Shown = tuple[int, str, Sequence[tuple[str, str | None]]]
"""A case: its id, its kind, its shown texts by role."""


def put(cases: Iterable[Shown], *, new: bool = False) -> None:
    """Index the shown words of cases in the place of what was there; `new` ones had nothing.

    A case without shown words is taken out.
    """
    found: dict[str, list[Text]] = {kind: [] for kind in _OF}
    for case_id, kind, shown in cases:
        if kind in _OF:
            found[kind].append(_text_of(case_id, kind, shown))
    for kind, texts in found.items():
        index = _OF[kind][0]
        (index.add if new else index.put)(texts)


def remove(case_ids: Sequence[int]) -> None:
    """Take cases out of the indexes of what is alike."""
    for index, *_ in _OF.values():
        index.remove(case_ids)


def are_counted() -> bool:
    """Say whether the words of each index were ever counted."""
    return all(index.is_counted() for index, *_ in _OF.values())


def count_again() -> int:
    """Count anew in how many cases each word stands; return how many requests there are."""
    STREETS.count_again()
    return INDEX.count_again()


def searched(
    case_id: int, received_at: datetime, ref: str, shown: Iterable[tuple[str, str | None]]
) -> Indexed:
    """Return by which words a case is found: its reference, and all of its shown texts by role."""
    said = [(role, words) for role, words in shown if words]
    titles = [words for role, words in said if role == "title"]
    more = [words for role, words in said if role != "title"]
    return Indexed(case_id, received_at, "\n".join(titles), "\n".join([ref, *more]))
