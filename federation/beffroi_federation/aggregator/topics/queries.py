# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of topics. Words come from the records that are shown, so that none outlives its record."""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db, rows_of
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national.models import Record
from beffroi_federation.aggregator.national.queries import RecordRow
from beffroi_federation.aggregator.topics.models import (
    Hint,
    Topic,
    TopicDue,
    TopicEvent,
    TopicMember,
    TopicProfile,
)
from beffroi_federation.aggregator.topics.rules import topic as rules
from beffroi_federation.aggregator.topics.rules import words
from beffroi_federation.aggregator.topics.rules.grouping import Profile, likeness, sought

MOST_FOUND = 100
"""Topics looked at for each mark: those of which it makes the most."""
LEAST_LIKE = 0.4
"""The likeness (cosine) to a question under which a topic is not shown."""
CANDIDATES = 24
"""Topics whose likeness to a question is worked out."""
MOST_NEAR = 5
"""Topics out of which similar requests are taken."""
MOST_OF_EACH = 24
"""Requests looked at in each of those, the answered ones first."""


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic that has requests, with its counts of towns; titles are a curator's or a request's.

    `title_fr` and `title_en` are empty in a language in which nobody asked.
    """

    id: int
    size: int
    theme: str
    towns: int
    published: int
    refused: int
    waiting: int
    title_fr: str
    title_en: str

    @property
    def slug(self) -> str:
        """Return its public name."""
        return rules.slug(self.id)

    @property
    def answered(self) -> int:
        """Return how many towns published or refused."""
        return self.published + self.refused

    def title(self, lang: str) -> str:
        """Return the title in a language, or in the other one."""
        return self.title_fr if self.title_lang(lang) == "fr" else self.title_en

    def title_lang(self, lang: str) -> str:
        """Return the language of the title that is shown to somebody who reads another one."""
        if lang == "en":
            return "en" if self.title_en else "fr"
        return "fr" if self.title_fr else "en"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of topics is narrowed to; empty values do not narrow.

    `state` is `published`, `refused` or `waiting`: topics in which at least one town is so.
    """

    state: str = ""
    theme: str = ""
    town_id: int | None = None
    among: Select[Any] | None = None  # of the ids of towns


_COLUMNS = ("topic_id", "size", "theme", "towns", "published", "refused", "waiting", "title_fr",
            "title_en")  # fmt: skip


@cache
def _profiles() -> Select[Any]:
    return select(*(getattr(TopicProfile, name) for name in _COLUMNS))


def something_due() -> bool:
    """Say whether any request waits to be put into a topic."""
    return db.session.scalar(select(TopicDue.record_id).limit(1)) is not None


def profiles(ids: Collection[int]) -> dict[int, Profile]:
    """Return the profiles of topics that have members."""
    found: dict[int, Profile] = {}
    for some in bulk.batches(sorted(ids), bulk.AT_ONCE):
        query = select(TopicProfile.topic_id, TopicProfile.size, TopicProfile.marks)
        for row in rows_of(query.where(TopicProfile.topic_id.in_(some))):
            found[row.topic_id] = Profile(row.topic_id, row.size, json.loads(row.marks))
    return found


def near(marks: Iterable[str]) -> dict[str, list[int]]:
    """Return the topics that each mark makes the most of, at most `MOST_FOUND` each."""
    found: dict[str, list[int]] = {}
    wanted = sorted({mark[:64] for mark in marks})
    for mark, topic_id in bulk.rows_of(_NEAR, "mark", wanted, _THE_MOST):
        found.setdefault(mark, []).append(topic_id)
    return found


_NEAR = (
    'SELECT "mark", "topic_id" FROM (SELECT "mark", "topic_id", "weight", ROW_NUMBER() OVER '
    '(PARTITION BY "mark" ORDER BY "weight" DESC, "topic_id" DESC) AS "place" '
    'FROM "topic_mark" WHERE'
)
_WEIGHED = _NEAR.replace(
    'SELECT "mark", "topic_id" FROM', 'SELECT "mark", "topic_id", "weight" FROM'
)
_THE_MOST = (
    f') AS "placed" WHERE "place" <= {MOST_FOUND} ORDER BY "mark", "weight" DESC, "topic_id" DESC'
)


def rows(ids: Sequence[int]) -> list[TopicRow]:
    """Return topics by their ids, in that order; without those that have no requests."""
    found = {}
    for some in bulk.batches(ids, bulk.AT_ONCE):
        query = _profiles()
        for row in rows_of(query.where(TopicProfile.topic_id.in_(some))):
            found[row.topic_id] = row
    return _titled([found[id] for id in ids if id in found])


def _titled(found: Sequence[Any]) -> list[TopicRow]:
    """Return topics with their titles; one whose titles are gone with their records is left out."""
    wanted = {one for row in found for one in (row.title_fr, row.title_en) if one is not None}
    titles = national.titles_by_id(wanted)
    ids = [row.topic_id for row in found]
    query = select(Topic.id, Topic.name_fr, Topic.name_en).where(Topic.id.in_(ids), Topic.kept)
    named = {row.id: (row.name_fr, row.name_en) for row in rows_of(query)}
    made = []
    for row in found:
        french, english = named.get(row.topic_id, ("", ""))
        one = TopicRow(
            row.topic_id, row.size, row.theme, row.towns, row.published, row.refused, row.waiting,
            french or titles.get(row.title_fr, ""), english or titles.get(row.title_en, ""),
        )  # fmt: skip
        if one.title("fr"):
            made.append(one)
    return made


def listed(
    wanted: Wanted, *, after: tuple[int, int] | None = None, limit: int
) -> tuple[list[TopicRow], tuple[int, int] | None]:
    """Return up to `limit` topics, those of the most towns first, and the place of the next."""
    query = _narrowed(wanted)
    if after is not None:
        towns, id = TopicProfile.towns, TopicProfile.topic_id
        query = query.where(or_(towns < after[0], and_(towns == after[0], id < after[1])))
    query = query.order_by(TopicProfile.towns.desc(), TopicProfile.topic_id.desc())
    found = rows_of(query.limit(limit + 1))
    last = found[limit - 1] if len(found) > limit else None
    return _titled(found[:limit]), (last.towns, last.topic_id) if last is not None else None


def _narrowed(wanted: Wanted) -> Select[Any]:
    """Return the query of the topics that are meant."""
    query = _profiles()
    if wanted.theme:
        query = query.where(TopicProfile.theme == wanted.theme)
    if wanted.state:
        query = query.where(getattr(TopicProfile, wanted.state) > 0)
    of_town = select(TopicMember.topic_id)
    if wanted.town_id is not None:
        asked = of_town.where(TopicMember.town_id == wanted.town_id)
        query = query.where(TopicProfile.topic_id.in_(asked))
    if wanted.among is not None:
        asked = of_town.where(TopicMember.town_id.in_(wanted.among))
        query = query.where(TopicProfile.topic_id.in_(asked))
    return query


def nearest_rows(line: str, wanted: Wanted, limit: int) -> list[TopicRow]:
    """Return up to `limit` of the topics that are meant, the nearest to a line first."""
    ids = [id for _, id in nearest(line, MOST_FOUND)]
    query = _narrowed(wanted).where(TopicProfile.topic_id.in_(ids))
    found = {row.topic_id: row for row in rows_of(query)}
    return _titled([found[id] for id in ids if id in found][:limit])


def now_is(topic_id: int) -> int | None:
    """Return what a topic is now: itself, or what it has become part of; None if unknown."""
    found = rows_of(select(Topic.id, Topic.into).where(Topic.id == topic_id))
    return (found[0].into or topic_id) if found else None


def names(topic_id: int) -> tuple[str, str]:
    """Return the names that a curator gave a topic, in French and in English."""
    row = db.session.execute(
        select(Topic.name_fr, Topic.name_en).where(Topic.id == topic_id)
    ).first()
    return ("", "") if row is None else (row.name_fr, row.name_en)


def topic_of(record_id: int) -> int | None:
    """Return the topic in which a request is."""
    return db.session.scalar(select(TopicMember.topic_id).where(TopicMember.record_id == record_id))


def members(
    topic_id: int,
    *,
    state: int | None = None,
    after: tuple[int, int, int] | None = None,
    limit: int,
) -> tuple[list[RecordRow], tuple[int, int, int] | None]:
    """Return up to `limit` requests of a topic, answered ones first, and the place of the next."""
    one = TopicMember
    query = select(one.state, one.demand, one.record_id).where(one.topic_id == topic_id)
    if state is not None:
        query = query.where(one.state == state)
    if after is not None:
        query = query.where(
            or_(
                one.state < after[0],
                and_(one.state == after[0], one.demand < after[1]),
                and_(one.state == after[0], one.demand == after[1], one.record_id < after[2]),
            )
        )
    query = query.order_by(one.state.desc(), one.demand.desc(), one.record_id.desc())
    found = rows_of(query.limit(limit + 1))
    ids = [row.record_id for row in found[:limit]]
    by_id = {row.id: row for row in national.requests_by_id(ids)}
    last = found[limit - 1] if len(found) > limit else None
    place = (last.state, last.demand, last.record_id) if last is not None else None
    return [by_id[id] for id in ids if id in by_id], place


def member_ids(topic_id: int) -> Any:
    """Return a query of the ids of a topic's requests, for a read of another feature."""
    return select(TopicMember.record_id).where(TopicMember.topic_id == topic_id)


def grounds(topic_id: int, most: int = 200) -> dict[str, int]:
    """Return how often each ground was given among (at most) the refusals of a topic."""
    one = TopicMember
    refused = (
        select(one.record_id)
        .where(one.topic_id == topic_id, one.state == rules.REFUSED)
        .order_by(one.demand.desc(), one.record_id.desc())
        .limit(most)
    )
    ids = [row[0] for row in rows_of(refused)]
    ground = func.coalesce(Record.known["ground"].as_string(), "")
    query = select(ground, func.count()).where(Record.id.in_(ids)).group_by(ground)
    found = {name: count for name, count in rows_of(query)}
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that became of a topic."""

    at: datetime
    step: str
    other_id: int | None
    by: str
    reason: str

    @property
    def other(self) -> str:
        """Return the public name of the other topic, empty if there is none."""
        return "" if self.other_id is None else rules.slug(self.other_id)


def history(topic_id: int, most: int = 30) -> list[Event]:
    """Return what became of a topic, newest first."""
    one = TopicEvent
    query = select(one.at, one.step, one.other_id, one.by, one.reason)
    query = query.where(one.topic_id == topic_id).order_by(one.id.desc()).limit(most)
    return [Event(*row) for row in rows_of(query)]


def corrections(most: int = 50) -> list[tuple[int, Event]]:
    """Return (topic, what a curator did), newest first."""
    one = TopicEvent
    query = select(one.topic_id, one.at, one.step, one.other_id, one.by, one.reason)
    query = query.where(one.by != "").order_by(one.id.desc()).limit(most)
    return [(row[0], Event(*row[1:])) for row in rows_of(query)]


def count() -> int:
    """Return how many topics have requests of at least two towns."""
    query = select(func.count()).select_from(TopicProfile).where(TopicProfile.towns > 1)
    return int(db.session.scalar(query) or 0)


def nearest(line: str, most: int = MOST_NEAR) -> list[tuple[float, int]]:
    """Return (likeness, topic) of the topics nearest to a line in French or English."""
    scored: dict[int, float] = {}
    for marks in _asked(line):
        for topic in profiles(_candidates(marks, max(CANDIDATES, 2 * most))).values():
            like = _cosine(marks, topic)
            scored[topic.id] = max(scored.get(topic.id, 0.0), like)
    told = sorted(scored.items(), key=lambda one: (-one[1], one[0]))
    return [(like, id) for id, like in told[:most] if like >= LEAST_LIKE]


def _candidates(marks: Mapping[str, float], most: int) -> list[int]:
    """Return the topics in which the heaviest marks of a question weigh the most.

    A profile grows with its topic, so few are read: those that the index of marks puts first.
    """
    wanted = {mark[:64]: marks[mark] for mark in sought(marks)}
    weighed: dict[int, float] = {}
    for mark, topic_id, weight in bulk.rows_of(_WEIGHED, "mark", sorted(wanted), _THE_MOST):
        weighed[topic_id] = weighed.get(topic_id, 0.0) + wanted[mark] * weight
    return sorted(weighed, key=lambda id: (-weighed[id], id))[:most]


def _asked(line: str) -> list[dict[str, float]]:
    """Return the marks of a line, read as French and as English, without the mark of plainness."""
    found: list[dict[str, float]] = []
    for lang in ("fr", "en"):
        marks = words.marks(line, "", lang)
        marks.pop(words.PLAIN, None)
        marks = words.unit(marks)
        if marks and marks not in found:
            found.append(marks)
    return found


def _cosine(marks: Mapping[str, float], topic: Profile) -> float:
    total = [value for mark, value in topic.total.items() if mark != words.PLAIN]
    length = math.sqrt(math.fsum(value * value for value in total))
    return likeness(marks, topic) * topic.size / length if length else 0.0


def similar(line: str, limit: int) -> list[tuple[TopicRow, RecordRow]]:
    """Return up to `limit` requests of the topics nearest to a line, each with its topic.

    Topics come by likeness; in each, what was published first, then refused; of these the likest.
    """
    found = nearest(line)
    topics = {row.id: row for row in rows([id for _, id in found])}
    asked = _asked(line)
    chosen: list[tuple[int, int]] = []
    for _, topic_id in found:
        if topic_id not in topics or len(chosen) >= limit:
            continue
        query = select(TopicMember.record_id, TopicMember.state, TopicMember.marks).where(
            TopicMember.topic_id == topic_id
        )
        order = (TopicMember.state.desc(), TopicMember.demand.desc(), TopicMember.record_id.desc())
        scored = [
            (row.state, _like(json.loads(row.marks), asked), row.record_id)
            for row in db.session.execute(query.order_by(*order).limit(MOST_OF_EACH))
        ]
        scored.sort(reverse=True)
        chosen += [(topic_id, record) for _, _, record in scored]
    chosen = chosen[:limit]
    by_id = {row.id: row for row in national.requests_by_id([record for _, record in chosen])}
    return [(topics[topic], by_id[record]) for topic, record in chosen if record in by_id]


def _like(marks: Mapping[str, float], asked: Sequence[Mapping[str, float]]) -> float:
    return max(
        (sum(value * marks.get(mark, 0.0) for mark, value in one.items()) for one in asked),
        default=0.0,
    )


def hint(town_id: int) -> tuple[str, datetime] | None:
    """Return the file of hints that is ready for a town, and when it was made."""
    row = db.session.get(Hint, town_id)
    return None if row is None else (row.body, row.made_at)
