# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is destroyed when a case is taken off, at once and for good. None commits.

Two depths. `hide` is for every removal: no public form of a text is left. `erase` is for a removal
that a person has a right to: originals, receipts, notes, files, reasons and the link to the author
go too, and what was decided about their words; what stays are codes and dates, so that the
institution's own figures do not change.

Followers are still owed word of the removal, so their rows and addresses go when the message has
left (`notifications.service.forget_the_gone`).
"""

from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, Select, delete, or_, select, update

from beffroi.cases import queries
from beffroi.cases.models import (
    ERASED,
    Attachment,
    Case,
    CaseText,
    Follower,
    InternalNote,
    JoinOffer,
    MaskDecision,
    OfficialAnswer,
    Party,
    Subscriber,
    Subscription,
    Support,
    TextSample,
    TimelineRow,
)
from beffroi.kernel.db import db


def hide(case: Case) -> None:
    """Destroy the public form of every text of a case, and hold its photos back."""
    db.session.execute(
        update(CaseText)
        .where(CaseText.case_id == case.id)
        .values(public=None, state="held")
        .execution_options(synchronize_session="fetch")
    )
    db.session.execute(
        update(Attachment)
        .where(Attachment.case_id == case.id)
        .values(state="held")
        .execution_options(synchronize_session="fetch")
    )


def is_erased(case: Case) -> bool:
    """Say whether a case was erased before; one whose author has left is not."""
    if case.visibility != "removed":
        return False
    party = db.session.get(Party, case.party_id) if case.party_id else None
    return party is not None and party.kind == ERASED


def erase(case: Case, *, now: datetime) -> None:
    """Destroy what was written in a case or about its author; codes and dates stay."""
    db.session.execute(
        update(CaseText)
        .where(CaseText.case_id == case.id)
        .values(original="", public=None, state="held", party_id=None, hidden=None)
        .execution_options(synchronize_session="fetch")
    )
    db.session.execute(
        update(OfficialAnswer)
        .where(OfficialAnswer.case_id == case.id)
        .values(url=None, swhid=None, redirected_to=None)
    )
    for table in (InternalNote, Attachment, Support, MaskDecision, TextSample):
        db.session.execute(delete(table).where(table.case_id == case.id))
    db.session.execute(
        delete(JoinOffer).where(or_(JoinOffer.case_id == case.id, JoinOffer.other_id == case.id))
    )
    rows = db.session.scalars(select(TimelineRow).where(TimelineRow.case_id == case.id))
    for row in rows:
        if row.voice == "citizen":
            row.account_id = None
        if "reason" in row.codes:
            row.codes = {name: code for name, code in row.codes.items() if name != "reason"}
    nobody = Party(kind=ERASED, lang=case.lang, created_at=now)
    db.session.add(nobody)
    db.session.flush()
    case.party_id = nobody.id


def forget_followers(owed: Select[int]) -> int:
    """End the following of erased cases to which no message is owed; return how many ended.

    `owed` selects the cases about which a message has yet to leave.
    """
    gone = db.session.execute(
        delete(Follower)
        .where(Follower.case_id.in_(queries.erased()), Follower.case_id.not_in(owed))
        .execution_options(synchronize_session=False)
    )
    return int(getattr(gone, "rowcount", 0))


def forget_parties(owed: Select[int] | CompoundSelect[int]) -> int:
    """Delete people without an account to whom nothing leads any more; return how many.

    A link that stopped what nobody remembers any more goes too.

    `owed` selects the parties that a message may still name, or that others know.
    """
    tied: list[ColumnElement[bool]] = [
        Party.id.not_in(select(column).where(column.is_not(None)))
        for column in (
            Case.party_id,
            CaseText.party_id,
            Follower.party_id,
            Support.party_id,
            Subscription.party_id,
            JoinOffer.party_id,
        )
    ]
    db.session.execute(
        delete(Subscriber)
        .where(Subscriber.party_id.not_in(select(Subscription.party_id)))
        .execution_options(synchronize_session=False)
    )
    gone = db.session.execute(
        delete(Party)
        .where(Party.kind.in_(("email", "desk")), Party.account_id.is_(None), *tied)
        .where(Party.id.not_in(owed))
        .execution_options(synchronize_session=False)
    )
    return int(getattr(gone, "rowcount", 0))
