# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the town's own names and words."""

from collections.abc import Sequence

from sqlalchemy import select

from beffroi.kernel.db import db
from beffroi.texts.models import TownWord
from beffroi.texts.rules import Lists


def lists() -> Lists:
    """Return the names and words of the town, for a proposal."""
    rows = db.session.execute(select(TownWord.kind, TownWord.words).order_by(TownWord.id)).all()
    return Lists(
        tuple(row.words for row in rows if row.kind == "allow"),
        tuple(row.words for row in rows if row.kind == "deny"),
    )


def entries(kind: str) -> Sequence[TownWord]:
    """Return one of the two lists with who added what and why, in the order of the words."""
    rows = select(TownWord).where(TownWord.kind == kind)
    return list(db.session.scalars(rows.order_by(TownWord.folded, TownWord.id)))
