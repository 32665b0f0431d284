# SPDX-License-Identifier: AGPL-3.0-or-later
"""Putting names and words on the town's lists, and taking them off. None commits."""

from datetime import datetime

from sqlalchemy import delete, select

from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi.texts import rules
from beffroi.texts.models import TownWord
from beffroi_privacy.strong import find_strong
from beffroi_web.words import N_

SHORTEST = 3


def add_words(kind: str, words: str, reason: str, *, actor: Actor, now: datetime) -> TownWord:
    """Put a name or words on a list; raise Invalid or Conflict, naming the field, where it cannot.

    The reason is an office for a name that stays readable, and why for words that never do.
    """
    said, why = " ".join(words.split()), " ".join(reason.split())
    errors: dict[str, list[str]] = {}
    if kind not in rules.LIST_KINDS:
        errors["kind"] = [N_("Choose one of the two lists.")]
    if sum(c.isalnum() for c in said) < SHORTEST or len(said) > 120:
        errors["words"] = [N_("Write a name or words of 3 to 120 characters.")]
    elif kind == "allow" and find_strong(said):
        errors["words"] = [N_("Only names may stay readable: this is an address or a number.")]
    if not why or len(why) > 200:
        errors["reason"] = [N_("Say which office or why, in at most 200 characters.")]
    if errors:
        raise Invalid(N_("This cannot be put on the list."), errors=errors)
    folded = rules.folded(said)
    there = db.session.scalar(select(TownWord.kind).where(TownWord.folded == folded))
    if there is not None:
        sentence = (
            N_("These words are on this list already.")
            if there == kind
            else N_("These words are on the other list: take them off there first.")
        )
        raise Conflict(sentence, errors={"words": [sentence]})
    row = TownWord(
        kind=kind, words=said, folded=folded, reason=why, added_by=actor.account_id, added_at=now
    )
    db.session.add(row)
    db.session.flush()
    return row


def remove_words(word_id: int) -> None:
    """Take an entry off its list, or raise NotFound."""
    gone = db.session.execute(delete(TownWord).where(TownWord.id == word_id))
    if not int(getattr(gone, "rowcount", 0)):
        raise NotFound(N_("There is no such entry on the lists."))
