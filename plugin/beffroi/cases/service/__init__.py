# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on a case: each changes tables, appends to the timeline, tells what happened. None commits.

The moment, the actor and chance are arguments. Rules decide; this module carries out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from beffroi.cases import queries, rules
from beffroi.cases.events import (
    CaseChanged,
    CaseErased,
    CaseWithdrawn,
    PublicVersionChanged,
    StepTaken,
    TextReleased,
)
from beffroi.cases.models import (
    Attachment,
    Case,
    CaseText,
    Department,
    Follower,
    InternalNote,
    OfficialAnswer,
    Party,
    RefCounter,
    Support,
    TimelineRow,
)
from beffroi.cases.queries import similar
from beffroi.cases.service import erasing, offering, reading
from beffroi.cases.service.erasing import forget_followers as forget_followers
from beffroi.cases.service.erasing import forget_parties as forget_parties
from beffroi.kernel import bulk, driver, search
from beffroi.kernel.actors import Actor
from beffroi.kernel.bus import publish
from beffroi.kernel.chance import Chance, system_chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from beffroi.texts import queries as texts
from beffroi.texts.rules import still_personal, strong_in
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a form, the desk or an importer brings for a new case."""

    kind: str
    channel: str
    lang: str
    texts: Mapping[str, str]
    received_on: date
    party_id: int | None
    commune: str | None = None
    due_on: date | None = None
    visibility: str = "public"
    sensitive: bool = False
    hidden: tuple[str, ...] = ()
    """What its author wants hidden in whatever is shown of the texts."""


def party_for_account(
    account_id: int, *, email: str | None, name: str, lang: str, now: datetime
) -> int:
    """Return the party of an account, made at its first case; its address is kept current."""
    known = select(Party).where(Party.account_id == account_id)
    party = db.session.scalar(known)
    if party is None:
        party = Party(kind="account", account_id=account_id, created_at=now, lang=lang)
        try:
            with db.session.begin_nested():
                db.session.add(party)
        except IntegrityError:  # the same person did something else at the same moment
            party = db.session.scalars(known).one()
    party.email, party.name = email, name
    db.session.flush()
    return party.id


def party_for_email(email: str, *, lang: str, now: datetime) -> int:
    """Return the party of a confirmed e-mail address (no account), made when new."""
    address = email.strip().lower()
    found = db.session.scalar(select(Party.id).where(Party.kind == "email", Party.email == address))
    if found is not None:
        return int(found)
    party = Party(kind="email", email=address, lang=lang, created_at=now)
    db.session.add(party)
    db.session.flush()
    return party.id


def party_at_desk(*, name: str, postal: str, email: str, lang: str, now: datetime) -> int:
    """Return a new party for somebody who wrote, called or came; what they left is kept."""
    party = Party(
        kind="desk",
        name=name or None,
        postal=postal or None,
        email=email.strip().lower() or None,
        lang=lang,
        created_at=now,
    )
    db.session.add(party)
    db.session.flush()
    return party.id


def new_party(kind: str, *, lang: str, now: datetime) -> int:
    """Return a new party without any personal detail, for importers and bridges."""
    party = Party(kind=kind, lang=lang, created_at=now)
    db.session.add(party)
    db.session.flush()
    return party.id


def new_parties(kind: str, count: int, *, lang: str, now: datetime) -> list[int]:
    """Return so many new parties without any personal detail, by one statement."""
    rows = [{"kind": kind, "lang": lang, "created_at": now} for _ in range(count)]
    return list(db.session.scalars(insert(Party).returning(Party.id), rows)) if rows else []


def next_reference(year: int) -> str:
    """Return the next free reference of a year; the counter's row is locked by the write."""
    last = db.session.execute(
        update(RefCounter)
        .where(RefCounter.year == year)
        .values(last=RefCounter.last + 1)
        .returning(RefCounter.last)
    ).scalar()
    if last is None:
        try:
            with db.session.begin_nested():
                db.session.add(RefCounter(year=year, last=1))
        except IntegrityError:  # another process made the year's first case just now
            return next_reference(year)
        last = 1
    return rules.reference(year, last)


def new_reference(visibility: str, year: int, chance: Chance) -> str:
    """Return the reference of a new case: counted where everyone sees it, drawn where nobody does.

    Only what is listed is counted on, so that no gap between two listed cases tells of another.
    """
    if visibility != "unlisted":
        return next_reference(year)
    while True:
        ref = rules.drawn_reference(year, chance(rules.DRAWN_BYTES))
        if db.session.scalar(select(Case.id).where(Case.ref == ref)) is None:
            return ref


def open_case(new: NewCase, *, actor: Actor, now: datetime, chance: Chance) -> Case:
    """Open a case with its texts (all pending), its first timeline row and its author following."""
    case = Case(
        ref=new_reference(new.visibility, new.received_on.year, chance),
        kind=new.kind,
        status="open",
        open=True,
        visibility=new.visibility,
        channel=new.channel,
        lang=new.lang,
        commune=new.commune,
        party_id=new.party_id,
        received_on=new.received_on,
        received_at=now,
        changed_at=now,
        due_on=new.due_on,
        sensitive=new.sensitive,
        supports=0,
        version=0,
    )
    db.session.add(case)
    db.session.flush()
    aids = reading.aids_for(new.party_id, hidden=new.hidden)
    for role, words in new.texts.items():
        if words.strip():
            add_text(case, role, words, party_id=new.party_id, voice="citizen", now=now, aids=aids)
    if new.party_id is not None:
        follow(case.id, new.party_id, now=now, chance=chance)
    step(case, "received", actor=actor, now=now, codes={"channel": new.channel})
    return case


def add_text(
    case: Case,
    role: str,
    words: str,
    *,
    party_id: int | None,
    voice: str,
    now: datetime,
    aids: reading.Aids | None = None,
) -> CaseText:
    """Add a text to a case; it is pending: nobody but its author and agents reads it.

    `aids` are what the program reads it with: what is known of the author, what the author hides.
    """
    original = rules.checked_text(role, words)
    row = CaseText(
        case_id=case.id,
        role=role,
        original=original,
        public=None,
        state="pending",
        version=0,
        lang=case.lang,
        party_id=party_id,
        voice=voice,
        written_at=now,
        **reading.remembered(original, aids),
    )
    db.session.add(row)
    db.session.flush()
    return row


def step(
    case: Case,
    name: str,
    *,
    actor: Actor,
    now: datetime,
    codes: Mapping[str, Any] | None = None,
    text_id: int | None = None,
    public: bool = True,
    told: bool = True,
) -> TimelineRow:
    """Append a step to a case's timeline; followers are told of official ones if `told`."""
    row = TimelineRow(
        case_id=case.id,
        at=now,
        step=name,
        voice=actor.voice,
        account_id=actor.account_id,
        codes=dict(codes or {}),
        text_id=text_id,
        public=public,
    )
    db.session.add(row)
    case.changed_at = now
    db.session.flush()
    publish(CaseChanged(case_id=case.id, kind=case.kind, at=now))
    if public and told and name in rules.OFFICIAL_STEPS:
        publish(StepTaken(case_id=case.id, timeline_id=row.id, step=name, at=now))
    return row


def the_case(ref: str) -> Case:
    """Return a case by its reference for a change, or raise NotFound.

    Its row is locked until the transaction ends, so that changes of one case follow each other:
    without it two agents at once would give two versions the same number, which the log refuses.
    """
    alone = select(Case).where(Case.ref == ref).with_for_update(key_share=True)
    case = db.session.scalar(alone.execution_options(populate_existing=True))
    if case is None:
        raise NotFound(N_("There is no case with this reference."))
    return case


def case_by_id(case_id: int) -> Case | None:
    """Return a case for a change, locked like `the_case`, or None."""
    alone = select(Case).where(Case.id == case_id).with_for_update(key_share=True)
    return db.session.scalar(alone.execution_options(populate_existing=True))


def the_text(case: Case, text_id: int) -> CaseText:
    """Return one text of a case for a change, or raise NotFound."""
    row = db.session.get(CaseText, text_id)
    if row is None or row.case_id != case.id:
        raise NotFound(N_("This case has no such text."))
    return row


def gate(words: str, field: str = "public") -> None:
    """Raise Invalid, naming what and where, if words to be public hold what must not be in them.

    That is a strong identifier, or words that the town always hides.
    """
    found = still_personal(words, texts.lists())
    if found:
        where = ", ".join(f"{m.label} ({m.start}-{m.end})" for m in found)
        raise Invalid(
            N_("This text still holds personal details, so it cannot be released: %(where)s."),
            errors={field: [N_("Mask what is marked, then release.")]},
            where=where,
        )


def release_text(
    case: Case, row: CaseText, public_words: str, *, actor: Actor, now: datetime
) -> None:
    """Make a text public in the words given, after the gate; the case's public version rises."""
    if row.role in rules.NEVER_PUBLIC:
        raise Forbidden(N_("This text stays with the institution."))
    words = rules.checked_text(row.role, public_words)
    if not words:
        raise Invalid(N_("There is nothing to release: the public text is empty."))
    gate(words)
    row.public, row.state = words, "released"
    row.version += 1
    row.released_at, row.released_by = now, actor.account_id
    step(case, "released", actor=actor, now=now, codes={"role": row.role}, text_id=row.id)
    if row.version == 1:
        publish(TextReleased(case_id=case.id, text_id=row.id, role=row.role, at=now))
    public_changed(case, now=now)


def hold_text(case: Case, row: CaseText, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a text out of every public page, with a reason; it can be released again.

    Where it has left the town, every version that held it is withdrawn; what is still released of
    the case enters the log anew.
    """
    if not reason.strip():
        raise Invalid(
            N_("Say why: holding a text needs a reason."), errors={"reason": [N_("Missing.")]}
        )
    has_left = row.state == "released" and row.role in rules.IN_RECORDS
    row.state = "held"
    step(
        case,
        "held",
        actor=actor,
        now=now,
        codes={"role": row.role, "reason": reason.strip()[:500]},
        public=False,
    )
    if has_left:
        publish(CaseWithdrawn(case_id=case.id, reason="error", at=now))
    public_changed(case, now=now)


def hold_case(case_id: int, *, reason: str, code: str, actor: Actor, now: datetime) -> None:
    """Take every text and photo of a case off the public pages, and withdraw what left the town.

    `code` is the protocol's. For what is found out afterwards; a case that was removed stays so.
    """
    case = case_by_id(case_id)
    if case is None or case.visibility == "removed":
        return
    shown = select(CaseText).where(CaseText.case_id == case_id, CaseText.state.in_(rules.SHOWN))
    for row in db.session.scalars(shown.order_by(CaseText.id)).all():
        row.state = "held"
        codes = {"role": row.role, "reason": reason}
        step(case, "held", actor=actor, now=now, codes=codes, public=False)
    photos = select(Attachment).where(Attachment.case_id == case_id, Attachment.state == "released")
    for photo in db.session.scalars(photos.order_by(Attachment.id)).all():
        photo.state = "held"
        step(case, "photo_held", actor=actor, now=now, codes={"reason": reason}, public=False)
    publish(CaseWithdrawn(case_id=case_id, reason=code, at=now))
    public_changed(case, now=now)


def index(case: Case) -> None:
    """Index a case anew by the words that its page shows."""
    db.session.flush()
    rows = db.session.execute(
        select(CaseText.role, CaseText.public)
        .where(CaseText.case_id == case.id, CaseText.state.in_(rules.SHOWN))
        .order_by(CaseText.id)
    )
    texts = [(role, words) for role, words in rows if words] if case.visibility == "public" else []
    shown = case.visibility == "public"
    if shown:
        search.put(similar.searched(case.id, case.received_at, case.ref, texts))
    else:
        search.remove(case.id, case.received_at)
    similar.put([(case.id, case.kind, texts)])


def public_changed(case: Case, *, now: datetime) -> None:
    """Raise a case's public version, index its public words anew and tell the outbox."""
    case.version += 1
    index(case)
    publish(PublicVersionChanged(case_id=case.id, kind=case.kind, version=case.version, at=now))


def remove_case(case: Case, *, reason: str, code: str, actor: Actor, now: datetime) -> None:
    """Take a whole case off every public page, with a reason; what left is withdrawn.

    The page stays, as a sentence with the reason: nothing is deleted in silence. `code` is the
    protocol's: erasure, reident, error, legal or expired. The public form of every text is
    destroyed; with a code of `rules.ERASING` the originals are too, also of a case that was removed
    before for another reason.
    """
    if not reason.strip():
        raise Invalid(
            N_("Say why: removing a case needs a reason."), errors={"reason": [N_("Missing.")]}
        )
    erases = code in rules.ERASING
    if case.visibility == "removed" and (not erases or erasing.is_erased(case)):
        raise Conflict(N_("This case is removed already."))
    gate(reason)
    take_off(
        case, {"code": code, "reason": reason.strip()[:500]}, erases=erases, actor=actor, now=now
    )


def take_off(
    case: Case, codes: Mapping[str, str], *, erases: bool, actor: Actor, now: datetime
) -> None:
    """Hide or erase a whole case, say so on its timeline, and have withdrawn what left of it.

    `codes` go to the timeline as they are: the protocol's `code`, and the reason or who did it.
    """
    case.visibility = "removed"
    case.version += 1
    search.remove(case.id, case.received_at)
    similar.remove([case.id])
    erasing.hide(case)
    if erases:
        erasing.erase(case, now=now)
        publish(CaseErased(case_id=case.id, ref=case.ref, at=now))
    step(case, "removed", actor=actor, now=now, codes=codes)
    publish(CaseWithdrawn(case_id=case.id, reason=codes["code"], at=now))


def move(
    case: Case, target: str, *, by: str, actor: Actor, now: datetime, today: date, reason: str = ""
) -> None:
    """Change a case's status along an allowed move, with a reason where the move owes one."""
    allowed = rules.move_allowed(case.kind, case.status, target, by)
    if allowed is None:
        raise Conflict(
            N_("A case cannot go from %(origin)s to %(target)s in this way."),
            origin=case.status,
            target=target,
        )
    if allowed.reason and not reason.strip():
        raise Invalid(N_("This step needs a reason."), errors={"reason": [N_("Missing.")]})
    was_open = case.open
    case.status, case.open = target, rules.is_open(case.kind, target)
    if case.open:
        case.closed_on = None
    elif was_open:
        case.closed_on = today
    if by == "desk":
        if reason.strip():
            gate(reason)
        name = "reopened" if case.open and not was_open else "moved"
        step(
            case,
            name,
            actor=actor,
            now=now,
            codes={"from": allowed.origin, "to": target, "reason": reason.strip()[:500]},
        )
        public_changed(case, now=now)


@dataclass(frozen=True, slots=True)
class Answer:
    """The institution's answer as the desk gives it."""

    status: str
    outcome: str
    words: str
    ground: str | None = None
    url: str | None = None
    planned: str | None = None
    duplicate_of: str | None = None
    licence: str | None = None
    swhid: str | None = None
    redirected_to: str | None = None


def _may_point(case: Case, other: Case | None) -> bool:
    """Say whether a duplicate may name a case: another of its kind, shown wherever this one is."""
    if other is None or other.id == case.id or other.kind != case.kind:
        return False
    return other.visibility == "public" or case.visibility != "public"


def gate_answer(given: Answer) -> None:
    """Raise Invalid unless the words of an answer, and the address that it gives, pass the gate."""
    gate(given.words)
    gate(unquote_plus(given.url or ""), "url")
    gate(given.redirected_to or "", "redirected_to")


def _repeated(case: Case, given: Answer) -> Case | None:
    """Return the case that an answer names as asked before, or None; raise where it may not."""
    if case.visibility == "removed":
        raise Conflict(N_("This case was removed: nothing is answered any more."))
    other = None
    if given.duplicate_of:  # read, not locked: two answers that name each other would wait for ever
        found = select(Case).where(Case.ref == given.duplicate_of)
        if case.kind != rules.CONFIDENTIAL:  # nobody learns by trying references
            found = found.where(Case.kind != rules.CONFIDENTIAL)
        other = db.session.scalar(found)
        if other is None:
            raise NotFound(N_("There is no case with this reference."))
    named = given.status == "duplicate" or other is not None
    if named and not _may_point(case, other):
        raise Invalid(
            N_("Say which case this one repeats."), errors={"duplicate_of": [N_("Missing.")]}
        )
    return other


def answer(
    case: Case,
    given: Answer,
    *,
    actor: Actor,
    now: datetime,
    today: date,
    chance: Chance = system_chance,
) -> OfficialAnswer:
    """Give an official answer: the status moves, the text is released, followers are told.

    Where it repeats another case, whoever stands behind it is asked about that one.
    """
    other = _repeated(case, given)
    move(
        case,
        given.status,
        by="official answer",
        actor=actor,
        now=now,
        today=today,
        reason=given.words,
    )
    gate_answer(given)
    text = add_text(case, "answer", given.words, party_id=None, voice="institution", now=now)
    text.public, text.state, text.version = text.original, "released", 1
    text.released_at, text.released_by = now, actor.account_id
    row = OfficialAnswer(
        case_id=case.id,
        text_id=text.id,
        outcome=given.outcome,
        ground=given.ground,
        url=given.url,
        planned=given.planned,
        duplicate_of=other.id if other else None,
        licence=given.licence,
        swhid=given.swhid,
        redirected_to=given.redirected_to,
        answered_at=now,
    )
    db.session.add(row)
    step(case, "answered", actor=actor, now=now, codes={"outcome": given.outcome}, text_id=text.id)
    if other is not None:
        offering.ask_to_join(case, other, actor=actor, now=now, chance=chance)
    public_changed(case, now=now)
    return row


def comment(
    case: Case,
    words: str,
    *,
    party_id: int,
    actor: Actor,
    now: datetime,
    hidden: tuple[str, ...] = (),
) -> CaseText:
    """Add a comment, pending until an agent releases it; `hidden`: what its author hides in it."""
    if case.visibility != "public":
        raise NotFound(N_("There is no case with this reference."))
    if not words.strip():
        raise Invalid(N_("The comment is empty."), errors={"comment": [N_("Missing.")]})
    aids = reading.aids_for(party_id, hidden=hidden)
    row = add_text(case, "comment", words, party_id=party_id, voice=actor.voice, now=now, aids=aids)
    step(case, "commented", actor=actor, now=now, text_id=row.id)
    return row


def support(case: Case, party_id: int, *, now: datetime) -> bool:
    """Count a party's support once; return False where it was counted before."""
    exists = db.session.scalar(
        select(Support.id).where(Support.case_id == case.id, Support.party_id == party_id)
    )
    if exists is not None:
        return False
    db.session.add(Support(case_id=case.id, party_id=party_id, at=now))
    case.supports += 1
    case.changed_at = now
    db.session.flush()
    return True


def follow(case_id: int, party_id: int, *, now: datetime, chance: Chance) -> None:
    """Make a party follow a case (again)."""
    row = db.session.scalar(
        select(Follower).where(Follower.case_id == case_id, Follower.party_id == party_id)
    )
    if row is None:
        db.session.add(
            Follower(case_id=case_id, party_id=party_id, token=chance(24).hex(), since=now)
        )
    else:
        row.ended_at = None
    db.session.flush()


def unfollow(token: str, *, now: datetime) -> int:
    """End the following that a token names; return the case's id, or raise NotFound."""
    row = db.session.scalar(select(Follower).where(Follower.token == token))
    if row is None:
        raise NotFound(N_("This link stops nothing: it is not (or no longer) known."))
    row.ended_at = row.ended_at or now
    return row.case_id


def note(case: Case, words: str, *, actor: Actor, now: datetime) -> None:
    """Write an internal note, for agents only."""
    if not words.strip():
        raise Invalid(N_("The note is empty."), errors={"note": [N_("Missing.")]})
    db.session.add(
        InternalNote(
            case_id=case.id, account_id=actor.account_id, words=words.strip()[:5000], at=now
        )
    )
    case.changed_at = now


def assign(
    case: Case, *, department_id: int | None, account_id: int | None, actor: Actor, now: datetime
) -> None:
    """Give a case to a department, and to one of its agents if named."""
    if department_id is not None and db.session.get(Department, department_id) is None:
        raise Invalid(N_("There is no such department."), errors={"department": [N_("Unknown.")]})
    case.department_id, case.assigned_to = department_id, account_id
    step(case, "assigned", actor=actor, now=now, codes={"department": department_id}, public=False)


def add_department(name: str, email: str | None = None) -> int:
    """Add a department; return its id, or that of the one of the same name."""
    found = db.session.scalar(select(Department.id).where(Department.name == name))
    if found is not None:
        return int(found)
    row = Department(name=name, email=email)
    db.session.add(row)
    db.session.flush()
    return row.id


def keep_department(department_id: int | None, name: str, email: str | None) -> int:
    """Keep the name and the address of a department, a new one without an id; return its id."""
    same = db.session.scalar(select(Department.id).where(Department.name == name))
    if same is not None and same != department_id:
        raise Invalid(
            N_("There is a department of this name."), errors={"name": [N_("Choose another.")]}
        )
    row = db.session.get(Department, department_id) if department_id else Department()
    if row is None:
        raise NotFound(N_("There is no such department."))
    row.name, row.email = name, email
    db.session.add(row)
    db.session.flush()
    return row.id


def give_to(case_ids: Sequence[int], department_id: int) -> None:
    """Give many new cases to a department at once, as an import does; no timeline tells of it."""
    driver.execute_many(
        'UPDATE "case" SET department_id = ? WHERE id = ?',
        [(department_id, one) for one in case_ids],
    )


@dataclass(slots=True)
class BroughtText:
    """A text from elsewhere; `official` words are `released` if the gate finds nothing in them."""

    role: str
    words: str
    official: bool
    released: bool = False


@dataclass(slots=True)
class BroughtCase:
    """A case from elsewhere; `case_id` is filled in by `import_cases`."""

    kind: str
    status: str
    visibility: str
    commune: str | None
    received_at: datetime
    closed_on: date | None
    sensitive: bool
    lang: str
    texts: list[BroughtText]
    due_on: date | None = None
    channel: str = "import"
    party_id: int | None = None
    case_id: int = 0


def import_cases(brought: list[BroughtCase], *, now: datetime, chance: Chance) -> None:
    """Insert many cases with texts, timeline and index, a statement a table."""
    if not brought:
        return
    heads = _with_references(brought, chance)
    bulk.insert(Case, [_case_values(b, ref, now) for b, ref in heads])
    ids = queries.ids_of([ref for _, ref in heads])
    for b, ref in heads:
        b.case_id = ids[ref]
    aids = reading.aids_for()
    official = [t for b in brought for t in b.texts if t.official]
    passing = {words: _passes(words, aids) for words in {t.words for t in official}}
    for t in official:
        t.released = passing[t.words]
    bulk.insert(CaseText, [_text_values(b, t, aids) for b, _ in heads for t in b.texts])
    codes = {channel: {"channel": channel} for channel in {b.channel for b in brought}}
    bulk.insert(
        TimelineRow,
        [
            {
                "case_id": b.case_id,
                "at": b.received_at,
                "step": "received",
                "voice": "system",
                "codes": codes[b.channel],
                "public": True,
            }
            for b, _ in heads
        ],
    )
    shown = [
        (b, ref, [(t.role, t.words) for t in b.texts if t.released])
        for b, ref in heads
        if b.visibility == "public"
    ]
    search.put_many(
        similar.searched(b.case_id, b.received_at, ref, texts) for b, ref, texts in shown
    )
    similar.put(((b.case_id, b.kind, texts) for b, _, texts in shown), new=True)


def _with_references(brought: list[BroughtCase], chance: Chance) -> list[tuple[BroughtCase, str]]:
    """Give each case its reference, year by year: counted where it is listed, else drawn."""
    heads: list[tuple[BroughtCase, str]] = []
    for year in sorted({b.received_at.year for b in brought}):
        block = [b for b in brought if b.received_at.year == year]
        listed = [b for b in block if b.visibility != "unlisted"]
        first = _reserve(year, len(listed)) if listed else 0
        heads += [(b, rules.reference(year, first + n)) for n, b in enumerate(listed)]
        hidden = [b for b in block if b.visibility == "unlisted"]
        heads += [(b, new_reference(b.visibility, year, chance)) for b in hidden]
    return heads


def _reserve(year: int, count: int) -> int:
    """Take `count` references of a year; return the first."""
    next_reference(year)
    last = db.session.execute(
        update(RefCounter)
        .where(RefCounter.year == year)
        .values(last=RefCounter.last + count - 1)
        .returning(RefCounter.last)
    ).scalar_one()
    return last - count + 1


def _case_values(b: BroughtCase, ref: str, now: datetime) -> dict[str, Any]:
    return {
        "ref": ref,
        "kind": b.kind,
        "status": b.status,
        "open": rules.is_open(b.kind, b.status),
        "visibility": b.visibility,
        "channel": b.channel,
        "lang": b.lang,
        "commune": b.commune,
        "party_id": b.party_id,
        "received_on": b.received_at.date(),
        "received_at": b.received_at,
        "changed_at": now,
        "closed_on": b.closed_on,
        "due_on": b.due_on,
        "supports": 0,
        "version": 1,
        "sensitive": b.sensitive,
    }


def _passes(words: str, aids: reading.Aids) -> bool:
    """Say whether the gate finds nothing in words of an institution, which are often the same."""
    return not still_personal(words, aids.lists, strong=strong_in)


def _text_values(b: BroughtCase, t: BroughtText, aids: reading.Aids) -> dict[str, Any]:
    released = t.released
    return {
        "case_id": b.case_id,
        "role": t.role,
        "original": t.words,
        "public": t.words if released else None,
        "state": "released" if released else "pending",
        "version": 1 if released else 0,
        "lang": b.lang,
        "voice": "institution" if t.official else "citizen",
        "written_at": b.received_at,
        "released_at": b.received_at if released else None,
        **reading.remembered(t.words, None if released else aids),
    }


@dataclass(frozen=True, slots=True)
class BroughtAnswer:
    """The official answer that a case from elsewhere had already, and the day on which."""

    outcome: str
    words: str
    on: date | None = None
    url: str | None = None
    planned: str | None = None


def waiting(brought: Sequence[BroughtCase]) -> int:
    """Return how many cases from elsewhere have words that will wait for an agent."""
    aids = reading.aids_for()
    return sum(not all(t.official and _passes(t.words, aids) for t in b.texts) for b in brought)


def import_answer(brought: BroughtCase, answer: BroughtAnswer, *, now: datetime) -> None:
    """Add the answer that a case from elsewhere already had; see `import_answers`."""
    import_answers([(brought, answer)], now=now)


def import_answers(pairs: Sequence[tuple[BroughtCase, BroughtAnswer]], *, now: datetime) -> None:
    """Add the answers that cases from elsewhere already had; their grounds are not known here.

    Words are shown if the gate finds nothing in them; otherwise they wait for an agent. An address
    in which the gate finds something is not taken. One statement a table.
    """
    if not pairs:
        return
    aids, texts, answers, steps = reading.aids_for(), [], [], []
    for brought, answer in pairs:
        words, outcome, url = answer.words, answer.outcome, answer.url
        clean = _passes(words, aids)
        if url and still_personal(url, aids.lists):
            url = None
        day = answer.on or brought.closed_on or now.date()
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        texts.append(
            {
                "case_id": brought.case_id,
                "role": "answer",
                "original": words,
                "public": words if clean else None,
                "state": "released" if clean else "pending",
                "version": 1 if clean else 0,
                "lang": brought.lang,
                "voice": "institution",
                "written_at": at,
                "released_at": at if clean else None,
                **reading.remembered(words, None if clean else aids),
            }
        )
        answers.append(
            {
                "case_id": brought.case_id,
                "outcome": outcome,
                "ground": "not_stated" if outcome in {"refused", "not_held"} else None,
                "url": url,
                "planned": answer.planned,
                "answered_at": at,
            }
        )
        steps.append(
            {
                "case_id": brought.case_id,
                "at": at,
                "step": "answered",
                "voice": "institution",
                "codes": {"outcome": outcome},
                "public": True,
            }
        )
    ids = db.session.scalars(
        insert(CaseText).returning(CaseText.id, sort_by_parameter_order=True), texts
    ).all()
    for text_id, row, step_row in zip(ids, answers, steps, strict=True):
        row["text_id"] = step_row["text_id"] = text_id
    db.session.execute(insert(OfficialAnswer), answers)
    db.session.execute(insert(TimelineRow), steps)
