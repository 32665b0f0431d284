# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the program says of a text, kept beside it so that agents can sort by it. None commits.

What is kept is a hint for lists and never enough to show a text: whoever shows or releases one
reads it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from beffroi.cases.models import Case, CaseText
from beffroi.cases.queries import review
from beffroi.kernel.db import db
from beffroi.texts import queries as texts
from beffroi.texts.rules import NO_LISTS, Lists, Reading, places, read

IN_HAND = ("pending", "shown")
"""States of the texts that nobody has decided about yet."""


@dataclass(frozen=True, slots=True)
class Aids:
    """What a text is read with: the town's lists, what is known of its author and what it hides."""

    lists: Lists = NO_LISTS
    known: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


def aids_for(*parties: int | None, hidden: Sequence[str] = ()) -> Aids:
    """Return what texts of some people are read with."""
    return Aids(texts.lists(), review.known_of(*parties), tuple(hidden))


def read_with(words: str, aids: Aids) -> Reading:
    """Read a text with its aids; never raises."""
    return read(words, known=aids.known, lists=aids.lists, hidden=aids.hidden)


def remembered(words: str, aids: Aids | None) -> dict[str, Any]:
    """Return the columns that a row of `case_text` keeps of a reading; all empty without aids."""
    if aids is None:
        return {"hidden": None, "verdict": None, "reasons": None}
    here = [one for one in aids.hidden if next(places(words, (one,), ""), None) is not None]
    return {"hidden": "\n".join(here) or None, **_verdict(read_with(words, aids))}


def _verdict(found: Reading) -> dict[str, str | None]:
    reasons = f"|{'|'.join(found.reasons)}|" if found.reasons else None
    return {"verdict": found.status, "reasons": reasons and reasons[:400]}


def forget_verdicts() -> None:
    """Have every text that nobody has decided about read again: the lists have changed."""
    db.session.execute(
        update(CaseText)
        .where(CaseText.state.in_(IN_HAND))
        .values(verdict=None)
        .execution_options(synchronize_session=False)
    )


def unread(most: int) -> list[int]:
    """Return the oldest texts that have to be read (again)."""
    rows = (
        select(CaseText.id)
        .where(CaseText.state.in_(IN_HAND), CaseText.verdict.is_(None))
        .order_by(CaseText.id)
        .limit(most)
    )
    return list(db.session.scalars(rows))


def read_again(ids: Sequence[int]) -> list[int]:
    """Read some texts and keep what is found; return those that are shown and clean no more."""
    rows = db.session.execute(
        select(
            CaseText.id,
            CaseText.original,
            CaseText.hidden,
            CaseText.state,
            CaseText.party_id,
            Case.party_id.label("case_party"),
        )
        .join(Case, Case.id == CaseText.case_id)
        .where(CaseText.id.in_(ids), CaseText.state.in_(IN_HAND))
    ).all()
    lists = texts.lists()
    known = {pair: review.known_of(*pair) for pair in {(r.party_id, r.case_party) for r in rows}}
    wrong = []
    for row in rows:
        hidden = tuple((row.hidden or "").splitlines())
        found = read_with(row.original, Aids(lists, known[row.party_id, row.case_party], hidden))
        db.session.execute(update(CaseText).where(CaseText.id == row.id).values(**_verdict(found)))
        if row.state == "shown" and found.status != "clean":
            wrong.append(row.id)
    return wrong
