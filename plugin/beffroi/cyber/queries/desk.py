# SPDX-License-Identifier: AGPL-3.0-or-later
"""What those who need to know see of confidential cases at the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select

from beffroi.accounts import queries as accounts
from beffroi.accounts.queries import Colleague
from beffroi.cases.models import Case, CaseText
from beffroi.cyber.models import (
    CyberCase,
    CyberClock,
    CyberContact,
    CyberReader,
    CyberSite,
    CyberStep,
    CyberTask,
)
from beffroi.cyber.queries import seen_by
from beffroi.cyber.rules import OFFICER
from beffroi.cyber.rules.sites import Known
from beffroi.incidents.models import Incident
from beffroi.kernel.db import db

MOST = 200
"""Cases that the list shows at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """One case of the list."""

    ref: str
    category: str
    status: str
    open: bool
    received_at: datetime
    site: str
    severity: str
    tlp: str
    embargo_until: datetime | None
    embargo_zone: str
    taken: bool
    due_at: datetime | None


def listing(account_id: int, *, is_open: bool) -> list[Row]:
    """Return the cases that an account may know of, what is due first; at most `MOST`."""
    running = (CyberClock.struck_at.is_(None), *_live())
    due = (
        select(func.min(CyberClock.due_at))
        .where(CyberClock.case_id == CyberCase.case_id, *running)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            Case.ref,
            Incident.category,
            Case.status,
            Case.open,
            Case.received_at,
            CyberCase.site,
            CyberCase.severity,
            CyberCase.tlp,
            CyberCase.embargo_until,
            CyberCase.embargo_zone,
            CyberCase.taken_at.is_not(None),
            due.label("due_at"),
        )
        .join(CyberCase, CyberCase.case_id == Case.id)
        .join(Incident, Incident.case_id == Case.id)
        .where(seen_by(account_id), Case.open.is_(is_open), Case.visibility != "removed")
        .order_by(due.is_(None), due, Case.received_at.desc())
        .limit(MOST)
    )
    return [Row(*tuple(row)) for row in rows]


def count(account_id: int) -> int:
    """Return how many open cases an account may know of."""
    found = (
        select(func.count())
        .select_from(CyberCase)
        .join(Case, Case.id == CyberCase.case_id)
        .where(seen_by(account_id), Case.open.is_(True), Case.visibility != "removed")
    )
    return int(db.session.scalar(found) or 0)


def knows_any(account_id: int) -> bool:
    """Say whether an account receives new reports, or is on the list of any case."""
    mine = select(CyberReader.case_id).where(CyberReader.account_id == account_id).limit(1)
    return accounts.holds(account_id, OFFICER) or db.session.scalar(mine) is not None


def the_case(case_id: int) -> CyberCase | None:
    """Return the codes of a case; for its readers."""
    return db.session.get(CyberCase, case_id)


def readers(case_id: int) -> list[Colleague]:
    """Return who is on the list of a case, by name; nobody before it was taken up."""
    ids = set(
        db.session.scalars(select(CyberReader.account_id).where(CyberReader.case_id == case_id))
    )
    return [one for one in accounts.staff() if one.id in ids]


def to_tell(case_id: int) -> list[Colleague]:
    """Return who is told of news of a case: its readers, or the officers before it has any."""
    listed = select(CyberReader.account_id).where(CyberReader.case_id == case_id)
    ids = set(db.session.scalars(listed))
    return [one for one in accounts.staff() if one.id in ids] if ids else accounts.staff(OFFICER)


def clocks(case_id: int) -> Sequence[CyberClock]:
    """Return the delays of a case, what ends first first; open-ended ones last."""
    found = select(CyberClock).where(CyberClock.case_id == case_id)
    order = (CyberClock.due_at.is_(None), CyberClock.due_at, CyberClock.id)
    return db.session.scalars(found.order_by(*order)).all()


def _live() -> Sequence[Any]:
    return CyberClock.met_at.is_(None), CyberClock.dropped_at.is_(None)


def striking(now: datetime, most: int) -> list[int]:
    """Return the delays that are over by a moment and of which nobody was told yet."""
    found = select(CyberClock.id).where(
        CyberClock.due_at <= now, CyberClock.struck_at.is_(None), *_live()
    )
    return list(db.session.scalars(found.order_by(CyberClock.due_at, CyberClock.id).limit(most)))


def steps(case_id: int) -> Sequence[CyberStep]:
    """Return the institution's steps in a case, oldest first."""
    found = select(CyberStep).where(CyberStep.case_id == case_id)
    return db.session.scalars(found.order_by(CyberStep.id)).all()


def tasks(case_id: int) -> Sequence[CyberTask]:
    """Return the tasks of a case: what is to be done first, by day."""
    found = select(CyberTask).where(CyberTask.case_id == case_id)
    order = (CyberTask.done_at.is_not(None), CyberTask.due_on.is_(None), CyberTask.due_on)
    return db.session.scalars(found.order_by(*order, CyberTask.id)).all()


def contacts(case_id: int) -> Sequence[CyberContact]:
    """Return the bodies of a case, as they were added."""
    found = select(CyberContact).where(CyberContact.case_id == case_id)
    return db.session.scalars(found.order_by(CyberContact.id)).all()


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the thread with the reporter; `voice` is `citizen` or `institution`."""

    voice: str
    words: str
    at: datetime


def messages(case_id: int) -> list[Message]:
    """Return the thread with who reported a case, oldest first; for both sides of it only."""
    rows = db.session.execute(
        select(CaseText.voice, CaseText.original, CaseText.written_at)
        .where(CaseText.case_id == case_id, CaseText.role == "message", CaseText.original != "")
        .order_by(CaseText.id)
    )
    return [Message(*row) for row in rows]


def sites() -> Sequence[CyberSite]:
    """Return the sites that the town knows: its own first, by name."""
    found = select(CyberSite).order_by(CyberSite.ours.desc(), CyberSite.host)
    return db.session.scalars(found).all()


def known(own_host: str, town: str) -> list[Known]:
    """Return the sites that the town knows, its own service (`own_host`) among them."""
    listed = [Known(one.host, one.ours, one.name, one.contact) for one in sites()]
    return [*listed, *([Known(own_host, True, town)] if own_host else [])]


def waiting_records(now: datetime, most: int) -> list[int]:
    """Return closed cases past their embargo whose record was allowed and is not made yet."""
    over = or_(CyberCase.embargo_until.is_(None), CyberCase.embargo_until <= now)
    found = (
        select(CyberCase.case_id)
        .join(Case, Case.id == CyberCase.case_id)
        .where(
            CyberCase.allowed_at.is_not(None),
            CyberCase.made_at.is_(None),
            CyberCase.withdrawn_at.is_(None),
            CyberCase.tlp == "CLEAR",
            Case.open.is_(False),
            over,
        )
    )
    return list(db.session.scalars(found.order_by(CyberCase.allowed_at).limit(most)))


def read_by(account_id: int) -> Sequence[Any]:
    """Return (ref, added_at) of the cases on whose list an account stands, for its holder."""
    return db.session.execute(
        select(Case.ref, CyberReader.added_at)
        .join(Case, Case.id == CyberReader.case_id)
        .where(CyberReader.account_id == account_id)
        .order_by(Case.id)
    ).all()


def happened_on(case_id: int) -> date | None:
    """Return the day on which a case was seen, if it was said."""
    return db.session.scalar(select(Incident.happened_on).where(Incident.case_id == case_id))
