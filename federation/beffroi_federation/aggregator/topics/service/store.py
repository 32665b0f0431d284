# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of topics read and written many at once, and the counts of a topic from its members."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import case, delete, func, select, text, update

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.queries import titles_by_id
from beffroi_federation.aggregator.topics.models import (
    Topic,
    TopicEvent,
    TopicMark,
    TopicMember,
    TopicProfile,
)
from beffroi_federation.aggregator.topics.rules import topic as rules
from beffroi_federation.aggregator.topics.rules.grouping import Profile, likeness

MARKS_INDEXED = 16
LARGE = 64
"""Requests of a topic from which on its title is chosen anew only at every so many."""
MOST_TITLES = 24
"""Requests of a topic among which its title is chosen."""
_LOCK = 0x746F7069


def lock() -> None:
    """Be the one writer of topics until the transaction ends; SQLite has one writer anyway."""
    if db.engine.dialect.name != "sqlite":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def heaviest(profile: Profile) -> list[tuple[str, float]]:
    """Return the marks by which a topic is found, with how much of a member each makes."""
    told = [(mark, value) for mark, value in profile.total.items() if mark[0] not in "@~"]
    told.sort(key=lambda one: (-one[1], one[0]))
    return [(mark[:64], value / profile.size) for mark, value in told[:MARKS_INDEXED]]


def write_profiles(changed: Mapping[int, Profile]) -> None:
    """Write profiles and marks anew, with counts and titles; one without members goes."""
    ids = sorted(changed)
    shown = {id: one for id, one in changed.items() if one.size > 0}
    titles = _kept_titles(shown)
    for some in bulk.batches(ids, bulk.AT_ONCE):
        db.session.execute(delete(TopicMark).where(TopicMark.topic_id.in_(some)))
        db.session.execute(delete(TopicProfile).where(TopicProfile.topic_id.in_(some)))
    counted = _counts(shown)
    titled = {id for id, _ in titles}
    titles |= _titles({id: one for id, one in shown.items() if id not in titled})
    nothing = ("", 0, 0, 0, 0)
    rows = [
        (
            id, one.size, json.dumps(one.total, ensure_ascii=False), *counted.get(id, nothing),
            titles.get((id, "fr")), titles.get((id, "en")),
        )
        for id, one in shown.items()
    ]  # fmt: skip
    columns = ("topic_id", "size", "marks", "theme", "towns", "published", "refused", "waiting",
               "title_fr", "title_en")  # fmt: skip
    bulk.insert(TopicProfile, columns, rows)
    marks = ((mark, id, weight) for id, one in shown.items() for mark, weight in heaviest(one))
    bulk.run(
        'INSERT INTO "topic_mark" ("mark", "topic_id", "weight") VALUES (?, ?, ?)', list(marks)
    )


def _counts(ids: Collection[int]) -> dict[int, tuple[str, int, int, int, int]]:
    """Return theme, towns, and towns by the best that came of their requests, for each topic."""
    found: dict[int, tuple[str, int, int, int, int]] = {}
    for some in bulk.batches(sorted(ids), bulk.AT_ONCE):
        best = func.max(TopicMember.state).label("best")
        towns = (
            select(TopicMember.topic_id, TopicMember.town_id, best)
            .where(TopicMember.topic_id.in_(some))
            .group_by(TopicMember.topic_id, TopicMember.town_id)
            .subquery()
        )
        by_state = [
            func.sum(case((towns.c.best == one, 1), else_=0))
            for one in (rules.PUBLISHED, rules.REFUSED, rules.WAITING)
        ]
        themes: dict[int, str] = {}
        query = (
            select(TopicMember.topic_id, TopicMember.theme)
            .where(TopicMember.topic_id.in_(some))
            .group_by(TopicMember.topic_id, TopicMember.theme)
            .order_by(func.count(), TopicMember.theme.desc())
        )
        for topic_id, theme in db.session.execute(query):
            themes[topic_id] = theme
        for row in db.session.execute(
            select(towns.c.topic_id, func.count(), *by_state).group_by(towns.c.topic_id)
        ):
            found[row[0]] = (themes[row[0]], row[1], int(row[2]), int(row[3]), int(row[4]))
    return found


def _kept_titles(shown: Mapping[int, Profile]) -> dict[tuple[int, str], int]:
    """Return the titles that large topics have and may keep for now: one request changes little."""
    large = [id for id, one in shown.items() if one.size > LARGE and one.size % LARGE]
    head = 'SELECT "topic_id", "title_fr", "title_en" FROM "topic_profile" WHERE'
    rows = bulk.rows_of(head, "topic_id", large)
    alive = titles_by_id({one for row in rows for one in row[1:] if one is not None})
    return {
        (row[0], lang): one
        for row in rows
        if all(one is None or one in alive for one in row[1:])
        for lang, one in zip(("fr", "en"), row[1:], strict=True)
        if one is not None
    }


def _titles(shown: Mapping[int, Profile]) -> dict[tuple[int, str], int]:
    """Return the record whose title stands for each topic, by language: the most typical one."""
    best: dict[tuple[int, str], tuple[float, int, int]] = {}
    chosen = [row[0] for row in bulk.rows_of(_WANTED, "topic_id", sorted(shown), _THE_MOST)]
    titles = titles_by_id(chosen)
    for record, topic, lang, marks in bulk.rows_of(_MEMBERS, "record_id", chosen):
        title = titles.get(record)
        if title is None:
            continue
        near = round(likeness(json.loads(marks), shown[topic]), 1)
        key = (topic, "en" if lang == "en" else "fr")
        best[key] = max(best.get(key, (-1.0, 0, 0)), (near, -len(title), -record))
    return {key: -one[2] for key, one in best.items()}


_WANTED = (
    'SELECT "record_id" FROM (SELECT "record_id", ROW_NUMBER() OVER (PARTITION BY "topic_id" '
    'ORDER BY "state" DESC, "demand" DESC, "record_id" DESC) AS "place" '
    'FROM "topic_member" WHERE'
)
_THE_MOST = f') AS "placed" WHERE "place" <= {MOST_TITLES}'
_MEMBERS = 'SELECT "record_id", "topic_id", "lang", "marks" FROM "topic_member" WHERE'


def note(
    step: str, topic_id: int, *, now: datetime, other: int | None = None,
    record: int | None = None, by: str = "", reason: str = "",
) -> None:  # fmt: skip
    """Write into a topic's history; `by` is empty for what happened by itself."""
    db.session.add(
        TopicEvent(
            at=now, topic_id=topic_id, other_id=other, record_id=record, step=step,
            by=by[:200], reason=reason[: rules.LONGEST_REASON],
        )
    )  # fmt: skip


def become_part(gone: int, kept: int) -> None:
    """Make every member of a topic, and whatever became part of it, members of another."""
    db.session.flush()
    for table in ("topic_member", "topic_place"):
        bulk.run(f'UPDATE "{table}" SET "topic_id" = ? WHERE "topic_id" = ?', [(kept, gone)])  # noqa: S608  fixed names
    db.session.execute(update(Topic).where(Topic.into == gone).values(into=kept))
    db.session.execute(update(Topic).where(Topic.id == gone).values(into=kept))


def places(record_ids: Sequence[int]) -> dict[int, tuple[int, int, int, bool]]:
    """Return (topic, position, rules, pinned) of records that stood in a topic before."""
    rows = bulk.rows_of(
        'SELECT "record_id", "topic_id", "position", "rules", "pinned" FROM "topic_place" WHERE',
        "record_id",
        record_ids,
    )
    return {row[0]: (row[1], row[2], row[3], bool(row[4])) for row in rows}


def write_places(rows: Sequence[tuple[int, int, int, int, bool]]) -> None:
    """Write (record, topic, position, rules, pinned), instead of what stood there."""
    bulk.run(
        'INSERT INTO "topic_place" ("record_id", "topic_id", "position", "rules", "pinned") '
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET topic_id = excluded.topic_id,"
        " position = excluded.position, rules = excluded.rules, pinned = excluded.pinned",
        rows,
    )
