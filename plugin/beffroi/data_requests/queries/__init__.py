# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of data requests: released public text only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select

from beffroi.cases import queries as cases
from beffroi.cases.models import Case
from beffroi.cases.queries.similar import INDEX
from beffroi.data_requests.models import DataRequest, LegalEvent, PendingRequest
from beffroi.data_requests.queries import listed, statistics
from beffroi.kernel.db import db

LEAST = 0.3
"""The part of a question that a request must share to be shown as similar."""


@dataclass(frozen=True, slots=True)
class RequestCodes:
    """The codes of one data request."""

    object: str
    theme: str | None
    organisation: str | None


@dataclass(frozen=True, slots=True)
class HeadWithCodes:
    """A case's head and its request's codes as one row, as lists have them."""

    id: int
    ref: str
    object: str
    theme: str | None
    status: str
    commune: str | None
    received_on: date
    due_on: date | None
    closed_on: date | None
    supports: int

    @classmethod
    def of(cls, head: cases.CaseHead, codes: RequestCodes | None) -> "HeadWithCodes":
        """Return the row of a head and its codes."""
        return cls(
            head.id,
            head.ref,
            codes.object if codes else "document",
            codes.theme if codes else None,
            head.status,
            head.commune,
            head.received_on,
            head.due_on,
            head.closed_on,
            head.supports,
        )


_CODES = select(DataRequest.object, DataRequest.theme, DataRequest.organisation).where(
    DataRequest.case_id == bindparam("case_id")
)


def codes(case_id: int) -> RequestCodes | None:
    """Return the codes of a data request."""
    row = db.session.execute(_CODES, {"case_id": case_id}).first()
    return RequestCodes(*row) if row else None


def similar(title: str, more: str = "", *, but: int = 0, most: int = 5) -> list[listed.Row]:
    """Return public requests that ask for the same thing, the nearest first, without the id `but`.

    A request whose words nobody has released is not found: the index does not hold them.
    """
    found = INDEX.find(title, more, most=most, covers=LEAST, but=but)
    return listed.of_ids([near.id for near in found])


def figures() -> dict[str, int]:
    """Return the live figures of the front page: asked, answered, open."""
    total = statistics.total()
    return {"asked": total.received, "answered": total.answered, "open": total.open}


def receipt(case_id: int) -> tuple[bytes, bytes] | None:
    """Return (salt, content) of what was received, for its author only."""
    row = db.session.execute(
        select(DataRequest.receipt_salt, DataRequest.receipt_content).where(
            DataRequest.case_id == case_id
        )
    ).first()
    if row is None or row.receipt_salt is None or row.receipt_content is None:
        return None
    return row.receipt_salt, row.receipt_content


def refused_of(party_id: int) -> list[cases.CaseHead]:
    """Return the requests of a party that were refused, in writing or by silence, newest first."""
    ids = db.session.scalars(
        select(LegalEvent.case_id)
        .join(Case, Case.id == LegalEvent.case_id)
        .where(Case.party_id == party_id, LegalEvent.code.in_(("refused", "implicit_refusal")))
        .distinct()
    ).all()
    heads = [cases.head_by_id(case_id) for case_id in sorted(ids, reverse=True)]
    return [head for head in heads if head is not None and head.visibility != "removed"]


def pending_of(email: str) -> Sequence[Any]:
    """Return (made_at, form, lang) of what waits for an address to be confirmed, for its owner."""
    address = func.lower(PendingRequest.email) == email.strip().lower()
    return db.session.execute(
        select(PendingRequest.made_at, PendingRequest.form, PendingRequest.lang)
        .where(address, PendingRequest.case_ref.is_(None))
        .order_by(PendingRequest.id)
    ).all()
