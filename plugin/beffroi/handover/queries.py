# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of hand-overs; whoever asks has asked `cyber.queries.may_see` before."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from beffroi.handover.models import Handover
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class Handed:
    """One hand-over, and how it stands."""

    id: int
    case_id: int
    channel: str
    recipient: str
    fingerprint: str | None
    message_id: str
    made_at: datetime
    sent_at: datetime | None
    fault: str | None
    foreign_id: str | None
    refused_at: datetime | None
    received_at: datetime | None
    answered_at: datetime | None
    answer: str | None

    @property
    def why(self) -> tuple[str, str]:
        """Return the marked sentence of the last fault, and what the other side said."""
        sentence, _, detail = (self.fault or "").partition("|")
        return sentence, detail

    @property
    def state(self) -> str:
        """Return the code of `rules.STATES`."""
        for name, at in (
            ("answered", self.answered_at), ("received", self.received_at),
            ("refused", self.refused_at), ("sent", self.sent_at),
        ):  # fmt: skip
            if at is not None:
                return name
        return "failed" if self.fault else "waiting"


_COLUMNS = [getattr(Handover, name) for name in Handed.__dataclass_fields__]


def by_id(handover_id: int) -> Handed | None:
    """Return one hand-over, or None."""
    row = db.session.execute(select(*_COLUMNS).where(Handover.id == handover_id)).first()
    return Handed(*row) if row else None


def of_case(case_id: int) -> list[Handed]:
    """Return the hand-overs of a case, the newest first."""
    rows = select(*_COLUMNS).where(Handover.case_id == case_id).order_by(Handover.id.desc())
    return [Handed(*row) for row in db.session.execute(rows)]
