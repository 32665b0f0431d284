# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happens to topics in the transaction in which records come or go."""

import json
from collections.abc import Sequence

from sqlalchemy import delete, select

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.topics import queries
from beffroi_federation.aggregator.topics.models import Hint, HintSource, TopicMember
from beffroi_federation.aggregator.topics.rules.grouping import Profile, added
from beffroi_federation.aggregator.topics.service import store


def due(ids: Sequence[int]) -> None:
    """Note that requests are new, changed or kept back; they are put into topics soon after."""
    statement = 'INSERT INTO "topic_due" ("record_id") VALUES (?) ON CONFLICT DO NOTHING'
    bulk.run(statement, [(one,) for one in ids])


def forget_places(ids: Sequence[int]) -> None:
    """Forget where withdrawn records stood: they do not come back, as one that changes does."""
    bulk.delete_in("topic_place", "", "record_id", (), ids)


def leave(ids: Sequence[int]) -> None:
    """Take records that are shown no longer out of their topics, counts, titles and hints."""
    store.lock()
    bulk.delete_in("topic_due", "", "record_id", (), ids)
    gone: dict[int, list[str]] = {}
    for some in bulk.batches(ids, bulk.AT_ONCE):
        query = select(TopicMember.topic_id, TopicMember.marks)
        for row in db.session.execute(query.where(TopicMember.record_id.in_(some))):
            gone.setdefault(row.topic_id, []).append(row.marks)
    _forget_hints(ids)
    if not gone:
        return
    bulk.delete_in("topic_member", "", "record_id", (), ids)
    changed: dict[int, Profile] = {}
    for topic_id, profile in queries.profiles(gone).items():
        total = dict(profile.total)
        for marks in gone[topic_id]:
            total = added(total, json.loads(marks), -1.0)
        changed[topic_id] = Profile(topic_id, profile.size - len(gone[topic_id]), total)
    store.write_profiles(changed)


def _forget_hints(ids: Sequence[int]) -> None:
    """Drop the files of hints that speak of these records; they are made again at the next turn."""
    for some in bulk.batches(ids, bulk.AT_ONCE):
        query = select(HintSource.town_id).where(HintSource.record_id.in_(some)).distinct()
        towns = list(db.session.scalars(query))
        if towns:
            db.session.execute(delete(Hint).where(Hint.town_id.in_(towns)))
            db.session.execute(delete(HintSource).where(HintSource.town_id.in_(towns)))
