# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the open data of every kind of case share: blocks, validators, what was told last.

What each kind publishes of its cases is said in its own `published` module.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, exists, func, select

from beffroi.cases.models import Case, TimelineRow
from beffroi.kernel.db import db

TOLD = frozenset(
    {"received", "moved", "answered", "reopened", "implicit_refusal", "confirmed_refusal"}
)
"""Steps that renew a case in a feed, beside the release of one of its own texts."""


@dataclass(frozen=True, slots=True)
class State:
    """What changes whenever anything in the open data does; the moment is None without a case.

    The moment counts removals in: it must not go back when what changed last is taken away.
    """

    sums: tuple[int, ...]
    changed_at: datetime | None


def changed_at(kind: str, *of_removed: Any) -> datetime | None:
    """Return when a listed case of a kind changed last, or a removed one that was listed.

    `of_removed` narrows the removed ones, for kinds of which some were never listed.
    """
    newest = select(func.max(Case.changed_at)).where(Case.kind == kind)
    moments = [
        db.session.scalar(newest.where(Case.visibility == "public")),
        db.session.scalar(newest.where(Case.visibility == "removed", *of_removed)),
    ]
    return max((one for one in moments if one is not None), default=None)


def state(kind: str, *of_removed: Any) -> State:
    """Return what everything published of a kind follows from, read from one index alone."""
    sums = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Case.id), 0),
            func.coalesce(func.sum(Case.version), 0),
            func.coalesce(func.sum(Case.supports), 0),
        ).where(Case.kind == kind, Case.visibility == "public")
    ).one()
    return State(tuple(int(one) for one in sums), changed_at(kind, *of_removed))


Row = TypeVar("Row")


def blocks(
    first: Any, following: Any, size: int, made: Callable[[Sequence[Any]], list[Row]]
) -> Iterator[list[Row]]:
    """Give every listed case, the oldest first, a block at a time.

    Each block is a transaction of its own, ended before the block is handed on: a slow reader
    holds no connection and no snapshot, and what is removed meanwhile does not follow.
    """
    rows: Sequence[Any] = db.session.execute(first, {"most": size}).all()
    while rows:
        block, last = made(rows), rows[-1]
        db.session.rollback()
        yield block
        place = {"at": last.received_at, "after": last.id, "most": size}
        rows = db.session.execute(following, place).all()
    db.session.rollback()


def told_lately(of_listed: Select[Any], *, steps_read: int, most: int) -> Mapping[int, datetime]:
    """Return the listed cases of which something was told last, each with when; newest first.

    Steps are walked from the newest back, and only those of listed cases count: how far the walk
    goes does not depend on what is not listed. `of_listed` selects the ids of listed cases.
    """
    steps = (
        select(TimelineRow.case_id, TimelineRow.at, TimelineRow.step, TimelineRow.codes)
        .where(TimelineRow.public.is_(True), TimelineRow.step.in_((*TOLD, "released")))
        .where(exists(of_listed.where(Case.id == TimelineRow.case_id).correlate(TimelineRow)))
        .order_by(TimelineRow.id.desc())
        .limit(steps_read)
    )
    told: dict[int, datetime] = {}
    for case_id, at, step, codes in db.session.execute(steps):
        if step != "released" or (codes or {}).get("role") != "comment":
            told[case_id] = max(at, told.get(case_id, at))
    newest = sorted(told, key=lambda case_id: (told[case_id], case_id), reverse=True)[:most]
    return {case_id: told[case_id] for case_id in newest}
