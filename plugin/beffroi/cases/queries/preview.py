# SPDX-License-Identifier: AGPL-3.0-or-later
"""What everyone will read of texts that are not sent yet; only the town's lists are read for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beffroi.cases.rules import NEVER_PUBLIC
from beffroi.texts import queries as lists
from beffroi.texts.rules import Mark, candidates, pieces, read


@dataclass(frozen=True, slots=True)
class Previewed:
    """A text with its marks, and pieces of it that its author may want hidden too.

    `failed` says that the program could not read it: an agent will, as always.
    """

    role: str
    pieces: tuple[tuple[str, Mark | None], ...]
    candidates: tuple[str, ...]
    public: bool
    failed: bool


def preview(
    texts: Mapping[str, str], *, known: Sequence[str], hidden: Sequence[str]
) -> list[Previewed]:
    """Return texts by role as they would be shown; what never is stands last."""
    town = lists.lists()
    shown = []
    for role, words in sorted(texts.items(), key=lambda pair: pair[0] in NEVER_PUBLIC):
        if role in NEVER_PUBLIC:
            shown.append(Previewed(role, ((words, None),), (), False, False))
            continue
        found = read(words, known=known, lists=town, hidden=hidden)
        cut = pieces(words, found.marks)
        offered = candidates(words, found.marks)
        shown.append(Previewed(role, cut, offered, True, not found.text))
    return shown
