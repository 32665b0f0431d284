# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of cyber cases: who may see one, and its file. Nobody off the list learns that it is there.

Whatever shows a case asks `may_see` first; the lists here take the account that reads them.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, or_, select

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases.models import Attachment, Case, CaseText
from beffroi.cyber.models import CyberCase, CyberContact, CyberReader, CyberStep
from beffroi.cyber.rules import OFFICER, Contact, CyberFile, Evidence, Step
from beffroi.incidents.models import Incident
from beffroi.kernel.db import db
from beffroi.kernel.extension import extension, settings
from beffroi_privacy.photos import MEDIA_TYPE


def seen_by(account_id: int) -> ColumnElement[bool]:
    """Return the condition under which an account may know of a case (`CyberCase` in the select).

    It stands on the list of the case; or the case has no list yet and the account is an officer's.
    """
    on_list = select(CyberReader.case_id).where(CyberReader.case_id == CyberCase.case_id)
    mine = on_list.where(CyberReader.account_id == account_id).exists()
    if not accounts.holds(account_id, OFFICER):
        return mine
    return or_(mine, ~on_list.exists())


def may_see(case_id: int, account_id: int) -> bool:
    """Say whether an account may know that a case exists."""
    found = select(CyberCase.case_id).where(and_(CyberCase.case_id == case_id, seen_by(account_id)))
    return db.session.scalar(found) is not None


def hidden_from(account_id: int) -> Select[int]:
    """Return a select of the ids of confidential cases that an account may not know of."""
    known = select(CyberCase.case_id).where(seen_by(account_id))
    return cases.confidential().where(Case.id.not_in(known)).correlate(None)


def file_of(case_id: int) -> CyberFile | None:
    """Return the whole file of a case, or None where there is none; for its readers only."""
    row = db.session.execute(
        select(CyberCase, Case.ref, Case.closed_on, Incident.category, Incident.happened_on)
        .join(Case, Case.id == CyberCase.case_id)
        .join(Incident, Incident.case_id == Case.id)
        .where(CyberCase.case_id == case_id)
    ).first()
    if row is None:
        return None
    case: CyberCase = row[0]
    return CyberFile(
        ref=row.ref,
        case_id=case_id,
        town=settings().name,
        siren=settings().siren,
        category=row.category,
        rsit=case.rsit,
        severity=case.severity,
        tlp=case.tlp,
        embargo_until=case.embargo_until,
        embargo_zone=case.embargo_zone,
        opened_at=case.opened_at,
        happened_on=row.happened_on,
        closed_on=row.closed_on,
        site=case.site,
        addresses=tuple(case.addresses.splitlines()),
        words=_words(case_id),
        personal_data=case.personal_data,
        evidence=evidence(case_id),
        steps=_steps(case_id),
        contacts=_contacts(case_id),
    )


def _words(case_id: int) -> str:
    found = select(CaseText.original).where(
        CaseText.case_id == case_id, CaseText.role == "description"
    )
    return db.session.scalar(found.order_by(CaseText.id)) or ""


def evidence(case_id: int) -> tuple[Evidence, ...]:
    """Return the pictures of a case, oldest first; one whose bytes are gone is left out."""
    store = extension().files
    rows = db.session.execute(
        select(Attachment.stored_name, Attachment.sha256)
        .where(Attachment.case_id == case_id, Attachment.kind == "photo")
        .order_by(Attachment.id)
    )
    found = []
    for number, (stored_name, sha256) in enumerate(rows, 1):
        try:
            size = len(store.get(stored_name)) if store else 0
        except FileNotFoundError:
            continue
        name = f"evidence-{number}.jpg"
        found.append(Evidence(name, MEDIA_TYPE, sha256, size, stored_name))
    return tuple(found)


def _steps(case_id: int) -> tuple[Step, ...]:
    rows = db.session.scalars(
        select(CyberStep).where(CyberStep.case_id == case_id).order_by(CyberStep.id)
    )
    return tuple(Step(row.at, row.words, row.code) for row in rows)


def _contacts(case_id: int) -> tuple[Contact, ...]:
    rows = db.session.scalars(
        select(CyberContact).where(CyberContact.case_id == case_id).order_by(CyberContact.id)
    )
    return tuple(Contact(r.role, r.name, r.address, r.told_at, r.answered_at) for r in rows)


def has_record(case_id: int) -> bool:
    """Say whether a record was made of a case and is not withdrawn."""
    found = select(CyberCase.case_id).where(
        CyberCase.case_id == case_id,
        CyberCase.made_at.is_not(None),
        CyberCase.withdrawn_at.is_(None),
    )
    return db.session.scalar(found) is not None


def of_record(record_id: str) -> int | None:
    """Return the case whose record has this id, or None."""
    return db.session.scalar(select(CyberCase.case_id).where(CyberCase.record_id == record_id))


@dataclass(frozen=True, slots=True)
class Releasable:
    """What may leave of a case, in codes and days: no site, no words, nobody."""

    record_id: str
    incident_class: str
    surface: str
    impact: str
    began: date
    ended: date


def releasable(case_id: int) -> Releasable | None:
    """Return what may leave of a case whose record was made, or None."""
    row = db.session.execute(
        select(CyberCase, Case.received_on, Case.closed_on, Incident.happened_on)
        .join(Case, Case.id == CyberCase.case_id)
        .join(Incident, Incident.case_id == Case.id)
        .where(CyberCase.case_id == case_id, CyberCase.made_at.is_not(None))
        .where(CyberCase.withdrawn_at.is_(None), Case.visibility != "removed")
        .where(Case.open.is_(False))
    ).first()
    if row is None:
        return None
    case: CyberCase = row[0]
    began = min(row.happened_on or row.received_on, row.closed_on)
    return Releasable(
        record_id=case.record_id or "",
        incident_class=(case.rsit or "").partition(":")[0],
        surface=case.surface or "",
        impact=case.severity,
        began=began,
        ended=row.closed_on,
    )


def is_reader(case_id: int, account_id: int) -> bool:
    """Say whether an account stands on the list of a case."""
    return db.session.get(CyberReader, (case_id, account_id)) is not None
