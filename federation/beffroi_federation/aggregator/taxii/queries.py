# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of what is shared: pages of objects, and the records that are events of MISP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.models import Record
from beffroi_federation.aggregator.taxii import rules
from beffroi_federation.aggregator.taxii.models import SharedObject
from beffroi_federation.aggregator.towns.models import Town


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which objects: added after a moment, of some ids, types and versions; empty means any."""

    after: datetime | None = None
    ids: Sequence[str] = ()
    types: Sequence[str] = ()
    versions: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Shared:
    """One object's row, with the content of its record (None where it was withdrawn)."""

    uuid: str
    kind: str
    created_at: datetime
    modified_at: datetime
    added_at: datetime
    revoked: bool
    siren: str | None
    town: str | None
    known: Any

    @property
    def id(self) -> str:
        """The identifier of STIX."""
        return f"{self.kind}--{self.uuid}"

    def written(self) -> dict[str, Any]:
        """Return the object."""
        if self.kind == rules.MARKING:
            return rules.marking()
        created = rules.version(self.created_at)
        if self.kind == rules.IDENTITY:
            return rules.identity(self.uuid, self.town or "", self.siren or "", created)
        by = rules.uuid_of_town(self.siren or "")
        known = None if self.revoked else self.known
        return rules.incident(self.uuid, by, created, rules.version(self.modified_at), known)


_SHARED = (
    SharedObject.uuid, SharedObject.kind, SharedObject.created_at, SharedObject.modified_at,
    SharedObject.added_at, SharedObject.revoked, Town.siren, Town.name, Record.known,
)  # fmt: skip
_RECORD = and_(
    Record.id == SharedObject.record_id,
    Record.position == SharedObject.position,
    SharedObject.revoked.is_(False),
)
_THERE = or_(
    SharedObject.kind != rules.INCIDENT, SharedObject.revoked.is_(True), Record.id.is_not(None)
)
"""What can be served: an incident whose record is not shown just now cannot."""


def objects(wanted: Wanted, limit: int) -> list[Shared]:
    """Return up to `limit` objects in the order in which they were added."""
    query = (
        select(*_SHARED)
        .outerjoin(Town, Town.id == SharedObject.town_id)
        .outerjoin(Record, _RECORD)
        .where(_THERE)
    )
    if wanted.after is not None:
        query = query.where(SharedObject.added_at > wanted.after)
    if wanted.ids:
        pairs = [one.partition("--") for one in wanted.ids]
        named = [
            and_(SharedObject.kind == kind, SharedObject.uuid == uuid) for kind, _, uuid in pairs
        ]
        query = query.where(or_(*named))
    if wanted.types:
        query = query.where(SharedObject.kind.in_(wanted.types))
    if wanted.versions:
        query = query.where(SharedObject.modified_at.in_(wanted.versions))
    query = query.order_by(SharedObject.added_at, SharedObject.id).limit(limit)
    return [Shared(*row) for row in db.session.execute(query)]


@dataclass(frozen=True, slots=True)
class Event:
    """One record as the feed of MISP names it."""

    uuid: str
    by: str
    town: str
    modified_at: datetime
    known: Any


def events(uuid: str | None = None) -> list[Event]:
    """Return the records that are shown now, the newest first; or the one of this identifier."""
    query = (
        select(SharedObject.uuid, Town.siren, Town.name, SharedObject.modified_at, Record.known)
        .join(Record, _RECORD)
        .join(Town, Town.id == SharedObject.town_id)
        .order_by(SharedObject.added_at.desc())
    )
    if uuid is not None:
        query = query.where(SharedObject.uuid == uuid, SharedObject.kind == rules.INCIDENT)
    return [
        Event(row[0], rules.uuid_of_town(row[1]), row[2], row[3], row[4])
        for row in db.session.execute(query)
    ]
