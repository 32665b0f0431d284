# SPDX-License-Identifier: AGPL-3.0-or-later
"""One case as lists show it: the same value feeds the card and its twin, the table row."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Tone = Literal["neutral", "active", "waiting", "good", "closed", "late"]
"""What a badge's colour says; its word says it too. `late` alone asks for action."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in one word, with its tone and the name of its icon (by default the tone's)."""

    word: str
    tone: Tone = "neutral"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A legal delay on one case: what is due, when, by which text, and whether it has passed.

    `what` is a phrase in the reader's language (`Réponse due`), `ground` the article.
    """

    what: str
    on: date
    ground: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class CaseCard:
    """A case in a list. Words are in the reader's language; the title is public text.

    `facts` are short phrases beside each other (age, theme, supports); `mark` is a word of honour
    such as "already open".
    """

    reference: str
    title: str
    url: str
    badge: Badge
    summary: str = ""
    facts: tuple[str, ...] = field(default=())
    due: Due | None = None
    mark: str = ""
