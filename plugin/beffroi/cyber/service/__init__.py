# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on confidential cases: open the file, take up, decide, tell, write. None commits.

The case itself (its status, its texts, its answer) is changed by the services below; here is what
its readers decide. Each verb leaves a step of the institution behind.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as case_queries
from beffroi.cases import service as cases
from beffroi.cases.models import Case
from beffroi.config import Settings
from beffroi.cyber import rules
from beffroi.cyber.events import CyberForwarded, CyberNews
from beffroi.cyber.models import (
    CyberCase,
    CyberClock,
    CyberContact,
    CyberReader,
    CyberStep,
    CyberTask,
)
from beffroi.cyber.queries import desk
from beffroi.cyber.rules import embargo, sites
from beffroi.cyber.service import clocks
from beffroi.incidents.models import Incident
from beffroi.kernel.actors import Actor
from beffroi.kernel.bus import publish
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Body:
    """The regional CSIRT as the settings name it; empty where they do not."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say: the town's zone, whether NIS 2 covers it, whom to tell."""

    zone: str
    nis2: bool = False
    csirt: Body = Body()


def terms_of(settings: Settings) -> Terms:
    """Return what the settings say that these verbs need."""
    csirt = Body(settings.cyber_csirt_name, settings.cyber_csirt_email)
    return Terms(settings.time_zone, settings.cyber_nis2, csirt)


def step(
    case_id: int, code: str, *, now: datetime, words: str = "", rule: str | None = None,
    actor: Actor | None = None,
) -> None:  # fmt: skip
    """Write a step of the institution; who did it is kept, and never leaves with the file."""
    who = actor.account_id if actor is not None else None
    db.session.add(
        CyberStep(case_id=case_id, at=now, code=code, rule=rule, words=words[:2000], who=who)
    )
    db.session.flush()


def open_file(
    case_id: int,
    category: str,
    place: str,
    terms: Terms,
    known: Sequence[sites.Known],
    *,
    at: datetime,
    imported: bool = False,
) -> CyberCase:
    """Make the file of a new report: under embargo, known to officers until one takes it up.

    Delays begin with the reception, and a site of another body (by the list `known`) is told to
    that body and the CSIRT; not for a case that comes from elsewhere and is long over.
    """
    host = sites.host_of(place)
    owner = sites.owner_of(host, known) if host else sites.Owner(sites.UNKNOWN)
    row = CyberCase(
        case_id=case_id,
        site=host,
        owner=owner.code,
        owner_name=owner.name,
        personal_data=category in rules.PERSONAL,
        tlp=rules.FIRST_TLP,
        embargo_until=at + embargo.FIRST,
        embargo_zone=terms.zone,
        opened_at=at,
        addresses="",
        severity="",
    )
    db.session.add(row)
    step(case_id, "received", now=at)
    if not imported:
        clocks.begin(row, category, terms, now=at)
        tell(case_id, "cyber-arrived", now=at)
        if owner.code == sites.PUBLIC:
            _forward(row, owner, terms, now=at)
    return row


def complete(
    case_id: int, addresses: Sequence[str], personal_data: bool, terms: Terms, *, now: datetime
) -> None:
    """Add to a new file what the form asked beyond an incident's fields."""
    row = _row(case_id)
    row.addresses = "\n".join(addresses)
    row.personal_data = row.personal_data or personal_data
    db.session.flush()
    clocks.begin(row, _category(case_id), terms, now=now)


def _forward(row: CyberCase, owner: sites.Owner, terms: Terms, *, now: datetime) -> None:
    ref = _case(row.case_id).ref
    bodies = [("body", owner.name or row.site, owner.contact or "")]
    if terms.csirt.name or terms.csirt.email:
        bodies.append(("csirt", terms.csirt.name or terms.csirt.email, terms.csirt.email))
    for role, name, address in bodies:
        contact = CyberContact(
            case_id=row.case_id, role=role, name=name, address=address,
            told_at=now if address else None,
        )  # fmt: skip
        db.session.add(contact)
        db.session.flush()
        if address:
            step(row.case_id, "told", now=now, words=name)
            key = _key(ref, role, address)
            publish(CyberForwarded(to=address, key=key, site=row.site, ref=ref, at=now))


def tell(case_id: int, letter: str, *, now: datetime, key: str = "") -> None:
    """Have everybody who needs to know told by mail; the mail holds the reference and a link."""
    ref = _case(case_id).ref
    for one in desk.to_tell(case_id):
        if one.email:
            publish(
                CyberNews(
                    letter=letter,
                    to=one.email,
                    lang=one.lang or "fr",
                    key=_key(ref, letter, key or now.isoformat(), str(one.id)),
                    path=f"/desk/cyber/{ref}",
                    ref=ref,
                    at=now,
                )
            )


def _key(*parts: str) -> str:
    """Return what names a message for good; a hash, since numbers would tell of other cases."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def _case(case_id: int) -> Case:
    case = cases.case_by_id(case_id)
    if case is None:
        raise NotFound(N_("There is no case with this reference."))
    return case


def _row(case_id: int) -> CyberCase:
    row = db.session.get(CyberCase, case_id)
    if row is None:
        raise NotFound(N_("There is no case with this reference."))
    return row


def _category(case_id: int) -> str:
    found = select(Incident.category).where(Incident.case_id == case_id)
    return str(db.session.scalar(found))


def is_taken(case_id: int) -> bool:
    """Say whether somebody has taken a case up."""
    return _row(case_id).taken_at is not None


# ---- who knows ----------------------------------------------------------------------------------


def take_up(case: Case, *, actor: Actor, now: datetime, today: date) -> None:
    """Take a new case up: from here on its list is whoever took it, and whom they add."""
    row = _row(case.id)
    if row.taken_at is not None or actor.account_id is None:
        raise Conflict(N_("Somebody has taken this case up already."))
    row.taken_at = now
    if case.status == "open":
        cases.move(case, "acknowledged", by="desk", actor=actor, now=now, today=today)
    add_reader(case.id, actor.account_id, actor=actor, now=now, code="taken")


def add_reader(
    case_id: int, account_id: int, *, actor: Actor, now: datetime, code: str = "readers"
) -> None:
    """Put a colleague on the list of a case; twice is the same as once."""
    if account_id not in {one.id for one in accounts.staff()}:
        raise Invalid(N_("Choose a colleague."), errors={"reader": [N_("Unknown.")]})
    if db.session.get(CyberReader, (case_id, account_id)) is not None:
        return
    db.session.add(CyberReader(case_id=case_id, account_id=account_id, added_at=now))
    step(case_id, code, now=now, actor=actor)


def drop_reader(case_id: int, account_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a colleague off the list; the last one stays, or nobody could act any more."""
    listed = list(db.session.scalars(select(CyberReader).where(CyberReader.case_id == case_id)))
    mine = [one for one in listed if one.account_id == account_id]
    if not mine or len(listed) == 1:
        raise Conflict(N_("One person at least stays on the list."))
    db.session.delete(mine[0])
    step(case_id, "readers", now=now, actor=actor)


# ---- what is decided ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Classification:
    """What an agent finds: codes of RSIT, severity, surface, TLP; whether data is concerned."""

    rsit: str
    severity: str
    surface: str
    tlp: str
    personal_data: bool


def classify(
    case_id: int, found: Classification, terms: Terms, *, actor: Actor, now: datetime
) -> None:
    """Set the codes of a case; delays begin or end with what they say."""
    row = _row(case_id)
    refuse_if_made(row)
    row.rsit, row.severity = found.rsit or None, found.severity
    row.surface, row.tlp = found.surface or None, found.tlp
    row.personal_data = found.personal_data
    db.session.flush()
    words = " · ".join(one for one in (found.rsit, found.severity, f"TLP:{found.tlp}") if one)
    step(case_id, "classified", now=now, words=words, actor=actor)
    clocks.begin(row, _category(case_id), terms, now=now, since=row.opened_at)


def set_embargo(
    case_id: int, until: datetime | None, zone: str, *, actor: Actor, now: datetime
) -> None:
    """Set until when nothing is said of a case, or that something may be."""
    row = _row(case_id)
    refuse_if_made(row)
    row.embargo_until, row.embargo_zone = until, zone
    step(case_id, "embargo", now=now, words=until.isoformat() if until else "–", actor=actor)


def refuse_if_made(row: CyberCase) -> None:
    """Raise Conflict where the public record stands already: it is withdrawn first."""
    if row.made_at is not None and row.withdrawn_at is None:
        raise Conflict(N_("The public record of this case is made: withdraw it first."))


def note(case_id: int, words: str, *, actor: Actor, now: datetime) -> None:
    """Write a line into the institution's own timeline of a case."""
    if not words.strip():
        raise Invalid(N_("The note is empty."), errors={"note": [N_("Missing.")]})
    step(case_id, "noted", now=now, words=words.strip(), actor=actor)


def add_task(case_id: int, words: str, due_on: date | None) -> None:
    """Add something that has to be done."""
    if not words.strip():
        raise Invalid(N_("Say what is to be done."), errors={"task": [N_("Missing.")]})
    db.session.add(CyberTask(case_id=case_id, words=words.strip()[:500], due_on=due_on))


def finish_task(case_id: int, task_id: int, *, now: datetime) -> None:
    """Tick a task off, or take the tick away."""
    row = db.session.get(CyberTask, task_id)
    if row is None or row.case_id != case_id:
        raise NotFound(N_("There is no such task."))
    row.done_at = None if row.done_at else now


def add_contact(case_id: int, role: str, name: str, address: str) -> None:
    """Add a body that may be told: host, CSIRT, other body."""
    if role not in rules.ROLES or not name.strip():
        raise Invalid(N_("Say who it is."), errors={"contact_name": [N_("Missing.")]})
    row = CyberContact(
        case_id=case_id, role=role, name=name.strip()[:200], address=address.strip()[:254]
    )
    db.session.add(row)


def mark_contact(case_id: int, contact_id: int, *, actor: Actor, now: datetime) -> None:
    """Note that a body was told; the second time, that it answered."""
    row = db.session.get(CyberContact, contact_id)
    if row is None or row.case_id != case_id:
        raise NotFound(N_("There is no such body."))
    if row.told_at is None:
        row.told_at = now
        step(case_id, "told", now=now, words=row.name, actor=actor)
    elif row.answered_at is None:
        row.answered_at = now
        step(case_id, "answered", now=now, words=row.name, actor=actor)


# ---- the thread ---------------------------------------------------------------------------------


def write(case: Case, words: str, *, party_id: int | None, actor: Actor, now: datetime) -> None:
    """Add a message to the thread with the reporter; the other side is told where it can be."""
    if case.visibility == "removed":
        raise NotFound(N_("There is no case with this reference."))
    if not words.strip():
        raise Invalid(N_("The message is empty."), errors={"message": [N_("Missing.")]})
    inside = actor.account_id is not None and party_id is None
    voice = "institution" if inside else "citizen"
    row = cases.add_text(case, "message", words, party_id=party_id, voice=voice, now=now)
    step(case.id, "replied" if inside else "written", now=now, actor=actor if inside else None)
    if not inside:
        tell(case.id, "cyber-wrote", now=now, key=str(row.id))
        return
    for reader in case_queries.recipients(case.id):
        if reader.party_id == case.party_id:
            publish(
                CyberNews(
                    letter="cyber-replied",
                    to=reader.email,
                    lang=reader.lang,
                    key=_key(case.ref, str(row.id)),
                    path=f"/incidents/{case.ref}/exchange",
                    ref=case.ref,
                    at=now,
                )
            )


def forget(case_ids: Collection[int]) -> None:
    """Destroy what was written about some cases: sites, addresses, steps, tasks, bodies."""
    for table in (CyberStep, CyberTask, CyberContact):
        db.session.execute(delete(table).where(table.case_id.in_(case_ids)))
    for row in db.session.scalars(select(CyberCase).where(CyberCase.case_id.in_(case_ids))):
        row.site, row.addresses, row.owner_name = "", "", None
    db.session.flush()


def stop_clocks(case_id: int, *, now: datetime) -> None:
    """Let no delay of an erased case strike any more."""
    for row in db.session.scalars(select(CyberClock).where(CyberClock.case_id == case_id)):
        row.dropped_at = row.dropped_at or now
    db.session.flush()
