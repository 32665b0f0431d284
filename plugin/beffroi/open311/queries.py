# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of keys, of updates that were taken, and of what was passed on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from beffroi.kernel.db import db
from beffroi.open311.models import ApiKey, PassedOn, UpdateTaken


def digest(key: str) -> str:
    """Return the hash by which a key is known (SHA-256, hexadecimal; keys are 24 random bytes)."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Client:
    """An application that may write: its key's id and name, and its party."""

    id: int
    name: str
    party_id: int


def client(key: str) -> Client | None:
    """Return the application of a key that has not been revoked."""
    row = db.session.execute(
        select(ApiKey.id, ApiKey.name, ApiKey.party_id).where(
            ApiKey.digest == digest(key), ApiKey.revoked_at.is_(None)
        )
    ).first()
    return Client(*row) if row else None


@dataclass(frozen=True, slots=True)
class KeyCard:
    """A key as an administrator sees it, without the key."""

    id: int
    name: str
    made_at: datetime
    used_on: date | None
    revoked_at: datetime | None


def keys() -> list[KeyCard]:
    """Return every key, the newest first."""
    rows = db.session.execute(
        select(ApiKey.id, ApiKey.name, ApiKey.made_at, ApiKey.used_on, ApiKey.revoked_at).order_by(
            ApiKey.id.desc()
        )
    )
    return [KeyCard(*r) for r in rows]


def update_taken(key_id: int, update_id: str) -> tuple[int, str] | None:
    """Return (case, our name) of an update that an application has sent before."""
    row = db.session.execute(
        select(UpdateTaken.case_id, UpdateTaken.ours).where(
            UpdateTaken.key_id == key_id, UpdateTaken.update_id == update_id
        )
    ).first()
    return (row.case_id, row.ours) if row else None


@dataclass(frozen=True, slots=True)
class Passed:
    """How a report stands that was passed on."""

    case_id: int
    tool: str
    foreign_id: str | None
    token: str | None
    status: str | None
    sent_at: datetime | None


def passed_on(case_id: int) -> Passed | None:
    """Return how a report stands that was, or will be, passed on."""
    row = db.session.execute(
        select(*(getattr(PassedOn, name) for name in Passed.__dataclass_fields__)).where(
            PassedOn.case_id == case_id
        )
    ).first()
    return Passed(*row) if row else None


def passed_on_by_tool() -> Sequence[Any]:
    """Return (tool, reports, sent, fault) of each tool: how many, and the newest fault's words."""
    newest = (
        select(PassedOn.tool, func.max(PassedOn.fault).label("fault"))
        .where(PassedOn.fault.is_not(None))
        .group_by(PassedOn.tool)
        .subquery()
    )
    return db.session.execute(
        select(
            PassedOn.tool,
            func.count().label("reports"),
            func.count(PassedOn.sent_at).label("sent"),
            func.max(newest.c.fault).label("fault"),
        )
        .outerjoin(newest, newest.c.tool == PassedOn.tool)
        .group_by(PassedOn.tool)
        .order_by(PassedOn.tool)
    ).all()
