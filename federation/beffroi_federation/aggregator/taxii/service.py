# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping the list of shared objects in step with what the nation shows. None commits."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, select, update

from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.models import Item, Record
from beffroi_federation.aggregator.taxii import rules
from beffroi_federation.aggregator.taxii.models import SharedObject
from beffroi_federation.aggregator.towns.queries import TownRow, towns_of_logs

KIND = "cyber_incident"


@dataclass(frozen=True, slots=True)
class Changed:
    """What is to be done: new versions of records, and objects whose record was withdrawn."""

    fresh: list[Any]
    gone: list[Any]

    def __bool__(self) -> bool:
        """Say whether there is anything to do."""
        return bool(self.fresh or self.gone)


def changed(log_ids: Collection[int] | None) -> Changed:
    """Return what is shared otherwise than it is shown, of these logs or of all; only reads."""
    same = and_(SharedObject.record_id == Record.id, SharedObject.position == Record.position)
    fresh = (
        select(Record.id, Record.log_id, Record.town_id, Record.first, Record.position,
               Record.known, Record.seen_at)
        .outerjoin(SharedObject, same)
        .where(Record.kind == KIND, SharedObject.id.is_(None))
        .order_by(Record.seen_at, Record.id)
    )  # fmt: skip
    told = and_(Item.log_id == SharedObject.log_id, Item.position == SharedObject.position)
    gone = (
        select(SharedObject.id, SharedObject.log_id)
        .outerjoin(Record, Record.id == SharedObject.record_id)
        .outerjoin(Item, told)
        .where(SharedObject.kind == rules.INCIDENT, SharedObject.revoked.is_(False))
        .where(Record.id.is_(None))
        .where(Item.withdrawn.is_not(None) | Item.position.is_(None))
        .order_by(SharedObject.id)
    )
    if log_ids is not None:
        fresh = fresh.where(Record.log_id.in_(log_ids))
        gone = gone.where(SharedObject.log_id.in_(log_ids))
    return Changed(list(db.session.execute(fresh)), list(db.session.execute(gone)))


def _last_added(now: datetime) -> datetime:
    """Return the moment after which rows are added; the others that add wait for this one."""
    db.session.execute(
        select(SharedObject.id).where(SharedObject.uuid == rules.CLEAR).with_for_update()
    )
    last = db.session.scalar(select(func.max(SharedObject.added_at)))
    return max(now, last) if last else now


def share(log_ids: Collection[int] | None, *, now: datetime) -> int:
    """Bring the list into step; return how many objects changed."""
    last = _last_added(now)
    found = changed(log_ids)
    towns = towns_of_logs([row.log_id for row in found.fresh])
    known = set(db.session.scalars(select(SharedObject.uuid).where(
        SharedObject.kind == rules.IDENTITY
    )))  # fmt: skip
    rows: list[dict[str, Any]] = []
    moment = rules.whole(now)
    for row in found.fresh:
        town = towns[row.log_id]
        own = rules.uuid_of_town(town.siren)
        if own not in known:
            known.add(own)
            rows.append(_row(own, rules.IDENTITY, moment, town_id=town.id))
        rows.append(_version(row, town))
    for number, one in enumerate(rows, 1):
        one["added_at"] = rules.after(last, number)
    if rows:
        db.session.execute(insert(SharedObject), rows)
    for number, one in enumerate(found.gone, len(rows) + 1):
        values = {"revoked": True, "modified_at": moment, "added_at": rules.after(last, number)}
        db.session.execute(update(SharedObject).where(SharedObject.id == one.id).values(**values))
    return len(rows) + len(found.gone)


def _version(record: Any, town: TownRow) -> dict[str, Any]:
    """Return the row of a record's new version, in the place of its earlier one."""
    uuid = rules.uuid_of(town.origin, record.known["id"])
    created = db.session.scalar(select(SharedObject.created_at).where(SharedObject.uuid == uuid))
    db.session.execute(delete(SharedObject).where(SharedObject.uuid == uuid))
    modified = rules.whole(record.seen_at)
    return _row(
        uuid, rules.INCIDENT, created or modified, modified=modified, town_id=record.town_id,
        log_id=record.log_id, first=record.first, position=record.position, record_id=record.id,
    )  # fmt: skip


def _row(
    uuid: str, kind: str, created: datetime, modified: datetime | None = None, **more: Any
) -> dict[str, Any]:
    empty = dict.fromkeys(("log_id", "first", "position", "record_id"))
    head = {"uuid": uuid, "kind": kind, "revoked": False, "created_at": created}
    return {**empty, **head, "modified_at": modified or created, **more}
