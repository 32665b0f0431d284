# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of unmet demand and of who holds what."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from beffroi_federation.aggregator.kernel.db import rows_of
from beffroi_federation.aggregator.needs.models import HolderEvent, ThemeHolder
from beffroi_federation.aggregator.needs.rules import (
    HOLDERS,
    REFUSED,
    WAITS,
    Holder,
    domains,
    ranked,
)
from beffroi_federation.aggregator.topics import queries as topics
from beffroi_federation.aggregator.topics.models import TopicProfile
from beffroi_federation.aggregator.topics.queries import TopicRow


@dataclass(frozen=True, slots=True)
class Group:
    """The topics that should be opened first in a theme, or in all themes that one body holds."""

    themes: tuple[str, ...]
    holder: Holder
    topics: tuple[TopicRow, ...]


def holders() -> dict[str, Holder]:
    """Return who holds each theme."""
    rows = rows_of(select(ThemeHolder.theme, ThemeHolder.holder_fr, ThemeHolder.holder_en))
    return {**HOLDERS, **{row[0]: Holder(row[1], row[2]) for row in rows}}


def by_theme(most: int) -> list[Group]:
    """Return, of each theme with unmet demand, the first `most` topics."""
    named = holders()
    found = _first(most)
    return [
        Group((theme,), named[theme], tuple(ranked(found[theme], most)))
        for theme in named
        if found.get(theme)
    ]


def by_domain(most: int) -> list[Group]:
    """Return, of each holder whose themes have unmet demand, the first `most` topics."""
    named = holders()
    found = _first(most)
    groups = []
    for themes in domains(named).values():
        rows = [row for theme in themes for row in found.get(theme, ())]
        if rows:
            groups.append(Group(tuple(themes), named[themes[0]], tuple(ranked(rows, most))))
    return groups


def first(most: int) -> list[TopicRow]:
    """Return the first `most` topics of all themes."""
    return ranked((row for rows in _first(most).values() for row in rows), most)


def _first(most: int) -> dict[str, list[TopicRow]]:
    """Return the first topics of each theme, in the order of `rules.order`, from one index."""
    one = TopicProfile
    place = func.row_number().over(
        partition_by=one.theme,
        order_by=(
            (WAITS * one.waiting + REFUSED * one.refused).desc(),
            one.published.desc(),
            one.topic_id,
        ),
    )
    asked = one.waiting + one.refused > 0
    placed = select(one.topic_id, place.label("place")).where(asked).subquery()
    ids = [row[0] for row in rows_of(select(placed.c.topic_id).where(placed.c.place <= most))]
    found: dict[str, list[TopicRow]] = {}
    for row in topics.rows(ids):
        found.setdefault(row.theme, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Naming:
    """One naming of a holder, as everybody reads it."""

    at: datetime
    theme: str
    holder_fr: str
    holder_en: str
    by: str
    reason: str


def namings(most: int = 50) -> list[Naming]:
    """Return what curators said of holders, newest first."""
    columns = [getattr(HolderEvent, name) for name in Naming.__dataclass_fields__]
    query = select(*columns).order_by(HolderEvent.id.desc()).limit(most)
    return [Naming(*row) for row in rows_of(query)]
