# SPDX-License-Identifier: AGPL-3.0-or-later
"""A curator's corrections: they stay through rebuilds, and no grouping undoes them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update

from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.topics import queries
from beffroi_federation.aggregator.topics.models import Topic, TopicApart, TopicMember, TopicPlace
from beffroi_federation.aggregator.topics.rules import topic as rules
from beffroi_federation.aggregator.topics.rules.grouping import Profile, added
from beffroi_federation.aggregator.topics.service import store
from beffroi_federation.aggregator.topics.service.grouping import begin, put_into
from beffroi_web.errors import Invalid, NotFound
from beffroi_web.words import N_

NO_TOPIC = N_("There is no such topic.")


def rename(
    topic_id: int, *, name_fr: str, name_en: str, by: str, reason: str, now: datetime
) -> None:
    """Give a topic a name in each language; an empty one leaves it to its requests' titles."""
    store.lock()
    topic = _alive(topic_id)
    reason = _reason(reason)
    topic.name_fr, topic.name_en = (
        name.strip()[: rules.LONGEST_NAME] for name in (name_fr, name_en)
    )
    topic.kept = True
    store.note("renamed", topic_id, now=now, by=by, reason=reason)


def merge(gone: int, kept: int, *, by: str, reason: str, now: datetime) -> None:
    """Make a topic part of another one, whose address the old one leads to from now on."""
    store.lock()
    if gone == kept:
        sentence = N_("A topic cannot become part of itself.")
        raise Invalid(sentence, errors={"into": [sentence]})
    _alive(gone)
    other, reason = _alive(kept), _reason(reason)
    known = queries.profiles([gone, kept])
    store.become_part(gone, kept)
    _pin(kept)
    other.kept = True
    pair = _pair(gone, kept)
    parted = db.session.get(TopicApart, pair)
    if parted is not None:
        db.session.delete(parted)
    store.note("merged", kept, now=now, other=gone, by=by, reason=reason)
    left, right = (known.get(id) or Profile(id, 0, {}) for id in (gone, kept))
    total = added(right.total, left.total)
    store.write_profiles(
        {gone: Profile(gone, 0, {}), kept: Profile(kept, left.size + right.size, total)}
    )


def move(record_id: int, to: int, *, by: str, reason: str, now: datetime) -> None:
    """Move a request into another topic, in which it stays whatever its words are."""
    store.lock()
    target, reason = _alive(to), _reason(reason)
    members = _members(None, [record_id])
    if not members:
        raise NotFound(N_("This request is in no topic."))
    origin, marks = members[record_id]
    if origin == to:
        sentence = N_("The request is in this topic already.")
        raise Invalid(sentence, errors={"into": [sentence]})
    target.kept = True
    _shift(origin, to, {record_id: marks})
    store.note("moved", to, now=now, other=origin, record=record_id, by=by, reason=reason)


def split(
    topic_id: int, record_ids: Sequence[int], *, reference: str, by: str, reason: str, now: datetime
) -> int:
    """Make a topic of some requests of one; return its id. The two never become one by themselves.

    `reference` is the public name of the first of those requests.
    """
    store.lock()
    topic, reason = _alive(topic_id), _reason(reason)
    members = _members(topic_id, record_ids)
    whole = queries.profiles([topic_id]).get(topic_id)
    if not members or whole is None or len(members) >= whole.size:
        sentence = N_("Choose some of the requests, and not all of them.")
        raise Invalid(sentence, errors={"records": [sentence]})
    new = begin(reference, now=now)
    topic.kept = True
    db.session.get_one(Topic, new).kept = True
    pair = _pair(topic_id, new)
    db.session.add(TopicApart(one=pair[0], other=pair[1]))
    _shift(topic_id, new, {record: marks for record, (_, marks) in members.items()})
    store.note("split", topic_id, now=now, other=new, by=by, reason=reason)
    return new


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _shift(origin: int, to: int, moved: Mapping[int, Mapping[str, float]]) -> None:
    """Put records from one topic into another, for good, and write both anew."""
    put_into(to, list(moved), pinned=True)
    known = queries.profiles([origin, to])
    left, right = (known.get(id) or Profile(id, 0, {}) for id in (origin, to))
    less, more = left.total, right.total
    for marks in moved.values():
        less, more = added(less, marks, -1.0), added(more, marks)
    store.write_profiles(
        {
            origin: Profile(origin, left.size - len(moved), less),
            to: Profile(to, right.size + len(moved), more),
        }
    )


def _members(
    topic_id: int | None, record_ids: Sequence[int]
) -> dict[int, tuple[int, dict[str, float]]]:
    query = select(TopicMember.record_id, TopicMember.topic_id, TopicMember.marks)
    query = query.where(TopicMember.record_id.in_(record_ids))
    if topic_id is not None:
        query = query.where(TopicMember.topic_id == topic_id)
    rows = db.session.execute(query)
    return {row.record_id: (row.topic_id, json.loads(row.marks)) for row in rows}


def _pin(topic_id: int) -> None:
    db.session.execute(
        update(TopicPlace).where(TopicPlace.topic_id == topic_id).values(pinned=True)
    )


def _alive(topic_id: int) -> Topic:
    topic = db.session.get(Topic, topic_id)
    if topic is None or topic.into is not None:
        raise NotFound(NO_TOPIC)
    return topic


def _reason(reason: str) -> str:
    said = reason.strip()
    if not said:
        sentence = N_("A correction has a reason, which is shown to everybody.")
        raise Invalid(sentence, errors={"reason": [sentence]})
    return said[: rules.LONGEST_REASON]
