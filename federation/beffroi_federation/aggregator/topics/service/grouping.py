# SPDX-License-Identifier: AGPL-3.0-or-later
"""Putting requests into topics, some hundred at a time, in the order in which they were seen."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.queries import RecordRow, requests_by_id
from beffroi_federation.aggregator.national.rules import reference
from beffroi_federation.aggregator.topics import queries
from beffroi_federation.aggregator.topics.models import (
    Hint,
    HintSource,
    Topic,
    TopicApart,
    TopicDue,
    TopicMark,
    TopicMember,
    TopicProfile,
)
from beffroi_federation.aggregator.topics.rules import topic as rules
from beffroi_federation.aggregator.topics.rules import words
from beffroi_federation.aggregator.topics.rules.grouping import (
    OFTEN,
    STAY,
    Board,
    choose,
    likeness,
    sought,
    strays,
)
from beffroi_federation.aggregator.topics.service import store
from beffroi_federation.aggregator.topics.service.leaving import leave
from beffroi_federation.aggregator.towns.queries import TownRow, towns_of_logs

BATCH = 250
MOST_LOOKED_AGAIN = 200
"""Members up to which a topic that has grown is looked through for strays."""


@dataclass(slots=True)
class _Request:
    """A request that is to be put into a topic: what it says, and where it stood before."""

    row: RecordRow
    town: TownRow
    marks: dict[str, float]
    before: int | None
    stays: bool
    pinned: bool

    @property
    def reference(self) -> str:
        return reference(self.town.siren, self.town.epoch, self.row.first)


def drop_derived() -> None:
    """Drop what is derived; where records stood, and what was corrected, is kept."""
    store.lock()
    for table in (TopicMember, TopicProfile, TopicMark, TopicDue, Hint, HintSource):
        db.session.execute(delete(table))


def group_due(limit: int = BATCH, *, now: datetime) -> int:
    """Put up to `limit` requests that are due into topics; return how many were due.

    A record that stood in a topic stays there while the rules and its words are the same, or a
    curator has put it there, or it is still like the others. What becomes of topics is written
    into their history.
    """
    store.lock()
    ids = list(
        db.session.scalars(select(TopicDue.record_id).order_by(TopicDue.record_id).limit(limit))
    )
    if not ids:
        return 0
    rows = requests_by_id(ids)
    leave(ids)
    requests = _requests(sorted(rows, key=lambda row: (row.seen_at, row.id)))
    by_mark = queries.near(mark for one in requests for mark in sought(one.marks))
    wanted = {id for found in by_mark.values() for id in found}
    wanted |= {one.before for one in requests if one.before is not None}
    board = Board(queries.profiles(wanted), by_mark)
    turn = _Turn(board, now)
    for one in requests:
        turn.place(one)
    turn.write(requests)
    return len(ids)


def _requests(rows: Sequence[RecordRow]) -> list[_Request]:
    towns = towns_of_logs(row.log_id for row in rows)
    before = store.places([row.id for row in rows])
    alive = _alive({topic for topic, *_ in before.values()})
    found = []
    for row in rows:
        topic, position, version, pinned = before.get(row.id, (None, -1, -1, False))
        town, known = towns[row.log_id], row.known
        marks = words.marks(
            str(known.get("title") or ""), str(known.get("summary") or ""),
            str(known.get("lang") or "fr"), names=[town.name],
        )  # fmt: skip
        same = position == row.position and version == words.VERSION
        found.append(
            _Request(row, town, marks, alive.get(topic) if topic else None, same or pinned, pinned)
        )
    return found


def _alive(ids: set[int]) -> dict[int, int]:
    """Return what each topic is now: itself, or the one that it has become part of."""
    rows = bulk.rows_of('SELECT "id", "into" FROM "topic" WHERE', "id", sorted(ids))
    return {row[0]: row[1] if row[1] is not None else row[0] for row in rows}


class _Turn:
    """One batch: the board, and what is to be written when it is done."""

    def __init__(self, board: Board, now: datetime) -> None:
        self._board, self._now = board, now
        self._topic: dict[int, int] = {}
        self._into: dict[int, int] = {}
        self._kept: set[int] = set(db.session.scalars(select(Topic.id).where(Topic.kept)))

    def place(self, one: _Request) -> None:
        """Choose the topic of a request, and merge what it has brought together."""
        board, id = self._board, self._into.get(one.before or 0, one.before)
        if id is not None and not one.stays:
            home = board.get(id)
            if home.size and likeness(one.marks, home) < STAY:
                id = None
        if id is None:
            id = choose(one.marks, board.near(one.marks))
            if id is not None and one.before is not None:
                store.note("moved", id, now=self._now, other=one.before, record=one.row.id)
        if id is None:
            id = self._begin(one)
        board.put(id, one.marks)
        self._topic[one.row.id] = id
        if not one.stays:
            self._merge(id)

    def _begin(self, one: _Request) -> int:
        id = begin(one.reference, now=self._now)
        store.note("begun", id, now=self._now, record=one.row.id)
        if one.before is not None:
            store.note("split", one.before, now=self._now, other=id, record=one.row.id)
        return id

    def _merge(self, id: int) -> None:
        done = len(self._board.merged)
        self._board.settle(id, self._may)
        for gone, kept in self._board.merged[done:]:
            store.become_part(gone, kept)
            self._into = {a: kept if b == gone else b for a, b in self._into.items()} | {gone: kept}
            store.note("merged", kept, now=self._now, other=gone)
            self._topic = {
                record: kept if topic == gone else topic for record, topic in self._topic.items()
            }

    def _may(self, gone: int, kept: int) -> bool:
        if gone in self._kept:
            return False
        pair = sorted((gone, kept))
        return db.session.get(TopicApart, (pair[0], pair[1])) is None

    def write(self, requests: Sequence[_Request]) -> None:
        """Write members, places and topics; then look for those that are strays now."""
        _write_members(requests, self._topic)
        db.session.flush()
        self._look_again()
        store.write_profiles(self._board.changed)

    def _look_again(self) -> None:
        """Give members a topic of their own that are not like the others any more."""
        changed = [self._board.get(id) for id in sorted(self._board.changed)]
        looked_at = {
            topic.id: topic
            for topic in changed
            if 3 <= topic.size <= MOST_LOOKED_AGAIN
            and (topic.size <= OFTEN or topic.size % OFTEN == 0)
            and topic.id not in self._kept
        }
        members: dict[int, dict[int, dict[str, float]]] = {id: {} for id in looked_at}
        head = 'SELECT "topic_id", "record_id", "marks" FROM "topic_member" WHERE'
        for id, record, marks in bulk.rows_of(head, "topic_id", sorted(looked_at)):
            members[id][record] = json.loads(marks)
        for id, topic in looked_at.items():
            found = strays(members[id], topic)
            placed = store.places(found)
            loose = [record for record in found if not placed[record][3]]
            if loose:
                self._part(id, {record: members[id][record] for record in loose})

    def _part(self, id: int, loose: Mapping[int, dict[str, float]]) -> None:
        """Make a topic of some members of one."""
        record = min(loose)
        row = requests_by_id([record])[0]
        town = towns_of_logs([row.log_id])[row.log_id]
        new = begin(reference(town.siren, town.epoch, row.first), now=self._now)
        store.note("split", id, now=self._now, other=new, record=record)
        for marks in loose.values():
            self._board.put(id, marks, -1)
            self._board.put(new, marks)
        put_into(new, list(loose))


def begin(name: str, *, now: datetime) -> int:
    """Write a new topic, whose id comes from its first record's public name; return the id."""
    id = rules.founded(name)
    while db.session.get(Topic, id) is not None:  # that record had founded one before
        id = rules.founded(f"{name} {id}")
    db.session.add(Topic(id=id, born_at=now))
    db.session.flush()
    return id


def put_into(topic_id: int, record_ids: Sequence[int], *, pinned: bool = False) -> None:
    """Make records members of another topic, where they stand as members of one."""
    for table in ("topic_member", "topic_place"):
        statement = f'UPDATE "{table}" SET "topic_id" = ? WHERE "record_id" = ?'  # noqa: S608  fixed names
        bulk.run(statement, [(topic_id, one) for one in record_ids])
    if pinned:
        bulk.run(
            'UPDATE "topic_place" SET "pinned" = ? WHERE "record_id" = ?',
            [(True, one) for one in record_ids],
        )


def _write_members(requests: Sequence[_Request], topic: Mapping[int, int]) -> None:
    columns = ("record_id", "topic_id", "town_id", "state", "demand", "lang", "theme", "marks")
    bulk.insert(
        TopicMember,
        columns,
        [
            (
                one.row.id, topic[one.row.id], one.row.town_id,
                rules.state_of(one.row.known.get("status"), one.row.known.get("outcome")),
                _demand(one.row), str(one.row.known.get("lang") or "fr")[:8],
                str(one.row.known.get("theme") or "")[:16],
                json.dumps(one.marks, ensure_ascii=False),
            )
            for one in requests
        ],
    )  # fmt: skip
    store.write_places(
        [
            (one.row.id, topic[one.row.id], one.row.position, words.VERSION, one.pinned)
            for one in requests
        ]
    )


def _demand(row: RecordRow) -> int:
    bands = ("0", "1-9", "10-49", "50-199", "200+")
    supports = row.known.get("supports")
    return bands.index(str(supports)) if supports in bands else 0
