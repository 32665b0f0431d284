# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing files of hints: what other towns answered to what a town is asked."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.queries import RecordRow, requests_by_id
from beffroi_federation.aggregator.national.rules import reference
from beffroi_federation.aggregator.topics import queries
from beffroi_federation.aggregator.topics.models import Hint, HintSource, TopicMember, TopicProfile
from beffroi_federation.aggregator.topics.rules import hints as rules
from beffroi_federation.aggregator.topics.rules import topic as topics
from beffroi_federation.aggregator.topics.service import store
from beffroi_federation.aggregator.towns.queries import TownRow, towns_of_logs

Sign = Callable[[str], str]
"""Returns the signed note of a text."""


def towns_due(all_towns: Mapping[int, TownRow], *, now: datetime, limit: int) -> list[TownRow]:
    """Return towns with a file that is missing or of another day, and with a request in a topic."""
    fresh = {
        row.town_id
        for row in db.session.execute(select(Hint.town_id, Hint.made_at))
        if rules.night_of(row.made_at) >= rules.night_of(now)
    }
    waiting = set(
        db.session.scalars(
            select(TopicMember.town_id).where(TopicMember.state == topics.WAITING).distinct()
        )
    )
    old = set(db.session.scalars(select(Hint.town_id)))
    due = sorted((waiting | old) - fresh)
    return [all_towns[id] for id in due if id in all_towns][:limit]


def write_hints(town: TownRow, nation: str, sign: Sign, *, now: datetime) -> None:
    """Write the file of one town anew; it goes with the first of the answers it quotes."""
    store.lock()
    sources: set[int] = set()
    said = [_request(town, nation, sources, *one) for one in _waiting(town.id)]
    made = rules.document(
        town.siren, nation, rules.night_of(now), [one for one in said if one["answers"]]
    )
    body = {"hints": made, "note": sign(rules.signed_text(made))}
    db.session.execute(delete(Hint).where(Hint.town_id == town.id))
    db.session.execute(delete(HintSource).where(HintSource.town_id == town.id))
    db.session.add(Hint(town_id=town.id, body=json.dumps(body, ensure_ascii=False), made_at=now))
    db.session.flush()
    bulk.insert(HintSource, ("record_id", "town_id"), [(one, town.id) for one in sorted(sources)])


def _waiting(town_id: int) -> list[tuple[int, int]]:
    """Return (record, topic) of a town's open requests whose topic somebody has answered."""
    one, profile = TopicMember, TopicProfile
    query = (
        select(one.record_id, one.topic_id)
        .join(profile, profile.topic_id == one.topic_id)
        .where(one.town_id == town_id, one.state == topics.WAITING)
        .where(or_(profile.published > 0, profile.refused > 0))
        .order_by(one.demand.desc(), one.record_id.desc())
        .limit(rules.MOST_REQUESTS)
    )
    return [(row.record_id, row.topic_id) for row in db.session.execute(query)]


def _request(
    town: TownRow, nation: str, sources: set[int], record_id: int, topic_id: int
) -> dict[str, Any]:
    """Return one request of the town with others' answers, and note whose words these are."""
    asked = requests_by_id([record_id])
    rows = queries.rows([topic_id])
    if not asked or not rows:
        return {"answers": []}
    topic = rows[0]
    found, _ = queries.members(topic_id, limit=rules.MOST_ANSWERS * 4)
    answered = [
        row
        for row in found
        if row.town_id != town.id and (row.known.get("answer") or row.known.get("published_url"))
    ][: rules.MOST_ANSWERS]
    sources.update(row.id for row in [*asked, *answered])
    homes = towns_of_logs(row.log_id for row in answered)
    return {
        "ref": reference(town.siren, town.epoch, asked[0].first),
        "id": str(asked[0].known["id"]),
        "topic": {
            "id": topic.slug, "url": f"{nation}/topics/{topic.slug}", "towns": topic.towns,
            "published": topic.published, "refused": topic.refused, "waiting": topic.waiting,
        },
        "answers": [_answer(homes[row.log_id], row, nation) for row in answered],
    }  # fmt: skip


_SAID = ("title", "outcome", "ground", "answer", "answered", "published_url")


def _answer(town: TownRow, row: RecordRow, nation: str) -> dict[str, Any]:
    name = reference(town.siren, town.epoch, row.first)
    head = {"town": town.name, "siren": town.siren, "url": f"{nation}/requests/{name}"}
    said = {one: row.known[one] for one in _SAID if row.known.get(one)}
    return {**head, "index": row.position, **said}
