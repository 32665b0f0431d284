# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of cases. Whatever is named `public_…` or `card…` gives public text only.

On the town's own pages (`public_texts`, `public_timeline`, `card_select`, the search) that is what
an agent released and what was shown by itself; in everything else (`public_words`, `words_by_case`:
API, mail, records) what an agent released, and nothing more.

Originals are read by `originals` and `review` (for agents), by `own_texts` and `persons.texts_by`
(for their author) and by `persons.texts_of_case` (to be kept apart); nothing else in the town
selects that column.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, tuple_
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from beffroi.accounts.models import TABLES as ACCOUNTS
from beffroi.cases.models import (
    ERASED,
    Attachment,
    Case,
    CaseText,
    Department,
    Follower,
    InternalNote,
    OfficialAnswer,
    Party,
    Support,
    TimelineRow,
)
from beffroi.cases.queries import similar
from beffroi.cases.rules import BY_ANYBODY, CONFIDENTIAL, SHOWN
from beffroi.kernel import driver, search
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid
from beffroi_web.paging import decode_cursor, encode_cursor
from beffroi_web.words import N_

Statement = Any
"""A select; its columns are those that its maker names."""

Sort = Literal["newest", "oldest", "supported", "due"]
SORTS: tuple[Sort, ...] = ("newest", "oldest", "supported")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows and the cursor of the next, or None at the end."""

    items: Sequence[Any]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PublicText:
    """A text as everyone may see it: words only when released, or shown by itself.

    `gone` says that its author has withdrawn it: nothing is left of it.
    """

    id: int
    role: str
    state: str
    words: str | None
    voice: str
    at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True)
class PublicStep:
    """One public row of a timeline."""

    at: datetime
    step: str
    voice: str
    codes: Mapping[str, Any]
    words: str | None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """An official answer as everyone may see it."""

    outcome: str
    words: str | None
    ground: str | None
    url: str | None
    planned: str | None
    duplicate_of: str | None
    at: datetime
    licence: str | None = None
    swhid: str | None = None
    redirected_to: str | None = None


@dataclass(frozen=True, slots=True)
class CaseHead:
    """The codes and dates of a case, without any free text."""

    id: int
    ref: str
    kind: str
    status: str
    open: bool
    visibility: str
    channel: str
    lang: str
    commune: str | None
    party_id: int | None
    department_id: int | None
    assigned_to: int | None
    received_on: date
    received_at: datetime
    changed_at: datetime
    due_on: date | None
    closed_on: date | None
    supports: int
    version: int
    sensitive: bool


_HEAD = [getattr(Case, name) for name in CaseHead.__dataclass_fields__]


_BY_REF = select(*_HEAD).where(Case.ref == bindparam("ref"))
_BY_ID = select(*_HEAD).where(Case.id == bindparam("case_id"))


def head(ref: str) -> CaseHead | None:
    """Return the head of a case by its reference."""
    row = db.session.execute(_BY_REF, {"ref": ref}).first()
    return CaseHead(*row) if row else None


def head_by_id(case_id: int) -> CaseHead | None:
    """Return the head of a case by its id."""
    row = db.session.execute(_BY_ID, {"case_id": case_id}).first()
    return CaseHead(*row) if row else None


# Statements that run for every entry of a batch are made once: building them costs more than
# running them.
_TEXTS = (
    select(
        CaseText.id,
        CaseText.role,
        CaseText.state,
        CaseText.public,
        CaseText.voice,
        CaseText.written_at,
        CaseText.party_id,
    )
    .where(CaseText.case_id == bindparam("case_id"))
    .order_by(CaseText.id)
)
_TEXT, _OTHER = aliased(CaseText), aliased(Case)
_TIMELINE = (
    select(
        TimelineRow.at,
        TimelineRow.step,
        TimelineRow.voice,
        TimelineRow.codes,
        _TEXT.public,
        _TEXT.state,
    )
    .outerjoin(_TEXT, _TEXT.id == TimelineRow.text_id)
    .where(TimelineRow.case_id == bindparam("case_id"), TimelineRow.public.is_(True))
    .order_by(TimelineRow.id)
)
_ANSWERS = (
    select(
        OfficialAnswer.case_id,
        OfficialAnswer.outcome,
        _TEXT.public,
        _TEXT.state,
        OfficialAnswer.ground,
        OfficialAnswer.url,
        OfficialAnswer.planned,
        _OTHER.ref,
        OfficialAnswer.answered_at,
        OfficialAnswer.licence,
        OfficialAnswer.swhid,
        OfficialAnswer.redirected_to,
    )
    .join(_TEXT, _TEXT.id == OfficialAnswer.text_id)
    .outerjoin(_OTHER, _OTHER.id == OfficialAnswer.duplicate_of)
    .where(OfficialAnswer.case_id.in_(bindparam("case_ids", expanding=True)))
    .order_by(OfficialAnswer.id.desc())
)
# The state is looked at here and not in SQL: SQLite would else take the index on states, and read
# every released text of the town to find those of one case.
_WORDS = (
    select(CaseText.case_id, CaseText.role, CaseText.public, CaseText.state)
    .where(CaseText.case_id.in_(bindparam("case_ids", expanding=True)))
    .order_by(CaseText.id)
)

_REUSES = (
    select(CaseText.case_id, CaseText.public, CaseText.state)
    .where(CaseText.case_id.in_(bindparam("case_ids", expanding=True)), CaseText.role == "reuse")
    .order_by(CaseText.id)
)


def public_texts(case_id: int) -> list[PublicText]:
    """Return every text of a case, oldest first; words only where released or shown."""
    return [
        PublicText(
            r.id,
            r.role,
            r.state,
            r.public if r.state in SHOWN else None,
            r.voice,
            r.written_at,
            _is_withdrawn(r),
        )
        for r in db.session.execute(_TEXTS, {"case_id": case_id})
    ]


def _is_withdrawn(row: Any) -> bool:
    """Say whether a comment was withdrawn: nobody wrote it any more, and nothing of it is kept."""
    nobody = row.party_id is None and row.public is None and row.voice == "citizen"
    return bool(row.role in BY_ANYBODY and row.state == "held" and nobody)


def public_words(case_id: int) -> dict[str, str]:
    """Return the newest released words of each single-valued role of a case."""
    return words_by_case([case_id])[case_id]


def public_timeline(case_id: int) -> list[PublicStep]:
    """Return the public rows of a timeline, oldest first, with public words only."""
    return [
        PublicStep(r.at, r.step, r.voice, r.codes, r.public if r.state in SHOWN else None, r.state)
        for r in db.session.execute(_TIMELINE, {"case_id": case_id})
    ]


def public_answers(case_id: int) -> list[PublicAnswer]:
    """Return a case's official answers, newest first."""
    return answers_by_case([case_id])[case_id]


def answers_by_case(case_ids: Sequence[int]) -> dict[int, list[PublicAnswer]]:
    """Return the official answers of each of some cases, newest first, by one statement."""
    found: dict[int, list[PublicAnswer]] = {case_id: [] for case_id in case_ids}
    for case_id, outcome, words, state, *codes in db.session.execute(
        _ANSWERS, {"case_ids": list(case_ids)}
    ):
        shown = words if state == "released" else None
        found[case_id].append(PublicAnswer(outcome, shown, *codes))
    return found


def words_by_case(case_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return the newest released words of each single-valued role of each of some cases."""
    found: dict[int, dict[str, str]] = {case_id: {} for case_id in case_ids}
    for case_id, role, words, state in db.session.execute(_WORDS, {"case_ids": list(case_ids)}):
        if state == "released" and words is not None and role not in BY_ANYBODY:
            found[case_id][role] = words
    return found


def reuses_by_case(case_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the released words of every reuse of each of some cases, oldest first."""
    found: dict[int, list[str]] = {case_id: [] for case_id in case_ids}
    for case_id, words, state in db.session.execute(_REUSES, {"case_ids": list(case_ids)}):
        if state == "released" and words:
            found[case_id].append(words)
    return found


def _first_words(column: Any, *conditions: ColumnElement[bool]) -> Any:
    """Return a subquery: the title of the case in a row, or else what happened."""
    return (
        select(column)
        .where(CaseText.case_id == Case.id, CaseText.role.in_(("title", "description")))
        .where(*conditions)
        .order_by(CaseText.role.desc(), CaseText.id)
        .limit(1)
        .scalar_subquery()
    )


_KEPT_WORDS = func.coalesce(func.nullif(CaseText.original, ""), CaseText.public)
"""A text as agents and its author read it; the public form once the original's time is over."""


def card_select(*extra: Any) -> Statement:
    """Return the select of cards: listed cases with the title that everybody sees."""
    title = _first_words(CaseText.public, CaseText.state.in_(SHOWN))
    return select(
        Case.id,
        Case.ref,
        Case.kind,
        Case.status,
        Case.open,
        Case.commune,
        Case.received_on,
        Case.received_at,
        Case.due_on,
        Case.closed_on,
        Case.supports,
        title.label("title"),
        *extra,
    ).where(Case.visibility == "public")


_KEYS: Mapping[str, tuple[Any, bool]] = {
    "newest": (Case.received_at, True),
    "oldest": (Case.received_at, False),
    "supported": (Case.supports, True),
    "due": (func.coalesce(Case.due_on, date(9999, 12, 31)), False),
}


_READERS: Mapping[str, Any] = {
    "newest": datetime.fromisoformat,
    "oldest": datetime.fromisoformat,
    "supported": int,
    "due": date.fromisoformat,
}
_MOST = 2**31


def place(sort: str, values: Sequence[str | int | None]) -> tuple[Any, int]:
    """Return the key and id that a cursor holds, or raise Invalid: cursors come from outside."""
    try:
        at, ref = values
        key = _READERS[sort](at)
        if not isinstance(ref, str) or (isinstance(key, int) and abs(key) >= _MOST):
            raise ValueError
        if isinstance(key, datetime) and key.tzinfo is None:
            raise ValueError
        last = driver.read('SELECT id FROM "case" WHERE ref = ? AND kind <> ?', ref, CONFIDENTIAL)
        if not last:
            raise ValueError
        return key, last[0][0]
    except (ValueError, TypeError) as error:
        raise Invalid(N_("This page address is not one of ours; start from the list.")) from error


def page(statement: Statement, *, sort: str, cursor: str | None, limit: int) -> Page:
    """Return one page of a list by keyset: any page costs what the first one costs.

    A cursor names the last row by its reference, never by its id: the gaps between ids would tell
    of the cases that the list leaves out.
    """
    key, falling = _KEYS[sort]
    if cursor:
        at, last_id = place(sort, decode_cursor(cursor))
        if falling:
            statement = statement.where(tuple_(key, Case.id) < tuple_(at, last_id))
        else:
            statement = statement.where(tuple_(key, Case.id) > tuple_(at, last_id))
    order = (key.desc(), Case.id.desc()) if falling else (key.asc(), Case.id.asc())
    rows: list[Any] = list(
        db.session.execute(
            statement.add_columns(key.label("_key")).order_by(*order).limit(limit + 1)
        )
    )
    items = rows[:limit]
    more = len(rows) > limit
    token = None
    if more and items:
        at = items[-1]._mapping["_key"]
        token = encode_cursor(
            [at.isoformat() if isinstance(at, date | datetime) else at, items[-1].ref]
        )
    return Page(items, token)


def supported_by(case_id: int, party_id: int) -> bool:
    """Say whether a party supports a case."""
    found = select(Support.id).where(Support.case_id == case_id, Support.party_id == party_id)
    return db.session.scalar(found) is not None


def followed_by(case_id: int, party_id: int) -> bool:
    """Say whether a party follows a case now."""
    found = select(Follower.id).where(
        Follower.case_id == case_id, Follower.party_id == party_id, Follower.ended_at.is_(None)
    )
    return db.session.scalar(found) is not None


def party_of_account(account_id: int) -> int | None:
    """Return the party of an account, where it ever had one."""
    return db.session.scalar(select(Party.id).where(Party.account_id == account_id))


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is owed word of a step."""

    party_id: int
    email: str
    lang: str
    token: str


def recipients(case_id: int) -> list[Recipient]:
    """Return everyone who follows a case (its author is one) and has an address.

    The language chosen in an account wins over the one in which the person first wrote.
    """
    lang = func.coalesce(ACCOUNTS.account.c.lang, Party.lang).label("lang")
    rows = db.session.execute(
        select(Party.id, Party.email, lang, Follower.token)
        .join(Follower, Follower.party_id == Party.id)
        .outerjoin(ACCOUNTS.account, ACCOUNTS.account.c.id == Party.account_id)
        .where(Follower.case_id == case_id, Follower.ended_at.is_(None), Party.email.is_not(None))
        .order_by(Party.id)
    )
    return [Recipient(r.id, r.email, r.lang, r.token) for r in rows]


def readers(parties: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return (address, language) of each of some parties that has an address.

    The language chosen in an account wins over the one in which the person first wrote.
    """
    lang = func.coalesce(ACCOUNTS.account.c.lang, Party.lang).label("lang")
    rows = db.session.execute(
        select(Party.id, Party.email, lang)
        .outerjoin(ACCOUNTS.account, ACCOUNTS.account.c.id == Party.account_id)
        .where(Party.id.in_(parties), Party.email.is_not(None))
    )
    return {row.id: (row.email, row.lang) for row in rows}


def follower(token: str) -> tuple[str, bool] | None:
    """Return (case reference, still following) for a token in a mail, or None."""
    row = db.session.execute(
        select(Case.ref, Follower.ended_at)
        .join(Follower, Follower.case_id == Case.id)
        .where(Follower.token == token)
    ).first()
    return (row.ref, row.ended_at is None) if row else None


def cases_of(party_id: int) -> Sequence[Any]:
    """Return the cases that a party brought, newest first, with its own words; for that party."""
    return db.session.execute(
        select(
            Case.ref,
            Case.kind,
            Case.status,
            Case.open,
            Case.received_on,
            Case.due_on,
            _first_words(_KEPT_WORDS).label("title"),
        )
        .where(Case.party_id == party_id)
        .order_by(Case.id.desc())
        .limit(200)
    ).all()


def own_texts(case_id: int, party_id: int) -> list[tuple[str, str, str]]:
    """Return (role, original, state) of the texts that this party wrote; for their author only."""
    rows = db.session.execute(
        select(CaseText.role, CaseText.original, CaseText.state)
        .where(CaseText.case_id == case_id, CaseText.party_id == party_id)
        .where(CaseText.original != "", CaseText.role != "message")
        .order_by(CaseText.id)
    )
    return [(r.role, r.original, r.state) for r in rows]


# ---- for agents ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeskText:
    """A text as an agent sees it."""

    id: int
    role: str
    original: str
    public: str | None
    state: str
    voice: str
    at: datetime
    hidden: str | None
    party_id: int | None


def originals(case_id: int) -> list[DeskText]:
    """Return every text of a case with its original; for agents only."""
    rows = db.session.execute(
        select(
            CaseText.id,
            CaseText.role,
            CaseText.original,
            CaseText.public,
            CaseText.state,
            CaseText.voice,
            CaseText.written_at,
            CaseText.hidden,
            CaseText.party_id,
        )
        .where(CaseText.case_id == case_id)
        .order_by(CaseText.id)
    )
    return [DeskText(*r) for r in rows]


def originals_of(case_ids: Collection[int], roles: Collection[str]) -> dict[int, str]:
    """Return the words of some roles of each of some cases, as they were written; for rules that
    say which department handles a case, and for agents only.
    """
    found: dict[int, str] = {}
    for _, case_id, role, words in sorted(driver.rows_of(_ORIGINALS, list(case_ids))):
        if role in roles:
            found[case_id] = f"{found[case_id]}\n{words}" if case_id in found else words
    return found


_ORIGINALS = "SELECT id, case_id, role, original FROM case_text WHERE case_id IN (?)"


def ids_of(refs: Sequence[str]) -> dict[str, int]:
    """Return the ids of cases by their references."""
    return dict(driver.rows_of('SELECT ref, id FROM "case" WHERE ref IN (?)', refs))


def public_refs(ids: Collection[int]) -> dict[int, str]:
    """Return the references of those of some cases that everybody sees, by id."""
    rows = select(Case.id, Case.ref).where(Case.id.in_(ids or {0}), Case.visibility == "public")
    return {case_id: ref for case_id, ref in db.session.execute(rows)}


@dataclass(frozen=True, slots=True)
class AuthorCard:
    """What the desk knows of a case's author."""

    kind: str
    name: str | None
    email: str | None
    postal: str | None
    organisation: str | None


def author(party_id: int | None) -> AuthorCard | None:
    """Return what is known of a party; for agents only."""
    if party_id is None:
        return None
    row = db.session.execute(
        select(Party.kind, Party.name, Party.email, Party.postal, Party.organisation).where(
            Party.id == party_id
        )
    ).first()
    return AuthorCard(*row) if row else None


def desk_timeline(case_id: int) -> list[TimelineRow]:
    """Return the whole timeline, internal steps included; for agents only."""
    return list(
        db.session.scalars(
            select(TimelineRow).where(TimelineRow.case_id == case_id).order_by(TimelineRow.id)
        )
    )


def notes(case_id: int) -> list[InternalNote]:
    """Return the internal notes of a case, oldest first; for agents only."""
    return list(
        db.session.scalars(
            select(InternalNote).where(InternalNote.case_id == case_id).order_by(InternalNote.id)
        )
    )


def departments() -> Sequence[Any]:
    """Return (id, name) of the departments, by name."""
    return db.session.execute(
        select(Department.id, Department.name).order_by(Department.name)
    ).all()


def department_addresses() -> dict[int, tuple[str, str | None]]:
    """Return (name, e-mail address) of each department; for agents only."""
    rows = db.session.execute(select(Department.id, Department.name, Department.email))
    return {row.id: (row.name, row.email) for row in rows}


def desk_select() -> Statement:
    """Return the select behind the desk's lists: heads, queue facts, titles; no other free text."""
    waiting = (
        select(func.count())
        .select_from(CaseText)
        .where(CaseText.case_id == Case.id, CaseText.state == "pending", CaseText.role != "purpose")
        .scalar_subquery()
    )
    photos = (
        select(func.count())
        .select_from(Attachment)
        .where(Attachment.case_id == Case.id, Attachment.state == "pending")
        .where(Case.visibility == "public")
        .correlate(Case)
        .scalar_subquery()
    )
    return (
        select(
            Case.id,
            Case.ref,
            Case.kind,
            Case.status,
            Case.open,
            Case.received_on,
            Case.received_at,
            Case.due_on,
            Case.supports,
            Case.visibility,
            Case.channel,
            _first_words(_KEPT_WORDS).label("title"),
            Department.name.label("department"),
            (waiting + photos).label("waiting"),
        )
        .outerjoin(Department, Department.id == Case.department_id)
        .where(not_confidential())
    )


def not_confidential() -> ColumnElement[bool]:
    """Return the condition that keeps confidential cases out of what every agent sees."""
    return Case.kind != CONFIDENTIAL


def confidential() -> Select[int]:
    """Return a select of the ids of confidential cases, to leave them out by."""
    return select(Case.id).where(Case.kind == CONFIDENTIAL)


def is_confidential(case_id: int) -> bool:
    """Say whether a case is confidential."""
    return db.session.scalar(confidential().where(Case.id == case_id)) is not None


def _to_review() -> Any:
    """Return a select of the cases with a text or a photo that nobody has looked at yet."""
    texts = select(CaseText.case_id).where(
        CaseText.state == "pending", CaseText.role.not_in(("purpose",))
    )
    photos = select(Attachment.case_id).join(Case, Case.id == Attachment.case_id)
    return texts.union(photos.where(Attachment.state == "pending", Case.visibility == "public"))


def desk_counts(today: date) -> dict[str, int]:
    """Return the sizes of the desk's queues: new, late, review, open."""

    def count(*conditions: ColumnElement[bool]) -> int:
        statement = select(func.count()).select_from(Case).where(*conditions)
        return int(db.session.scalar(statement) or 0)

    known = (Case.visibility != "removed", not_confidential())
    live = (Case.open.is_(True), *known)
    return {
        "new": count(*live, Case.status == "open"),
        "late": count(*live, Case.due_on < today),
        "review": count(*known, Case.id.in_(_to_review())),
        "open": count(*live),
    }


def desk_narrow(statement: Statement, queue: str, today: date) -> Statement:
    """Narrow the desk's list to one queue."""
    statement = statement.where(Case.visibility != "removed")
    if queue == "review":
        return statement.where(Case.id.in_(_to_review()))
    if queue == "answers":
        return statement  # narrowed by whoever keeps drafts of answers
    if queue == "closed":
        return statement.where(Case.open.is_(False))
    statement = statement.where(Case.open.is_(True))
    if queue == "new":
        return statement.where(Case.status == "open")
    if queue == "late":
        return statement.where(Case.due_on < today)
    return statement


def among(statement: Statement, ids: Select[int]) -> Statement:
    """Narrow a list to the cases of a select of ids."""
    return statement.where(Case.id.in_(ids))


def open_among(ids: Collection[int]) -> int:
    """Return how many of some cases are open at the desk."""
    live = (Case.open.is_(True), Case.visibility != "removed", not_confidential())
    found = select(func.count()).select_from(Case).where(Case.id.in_(ids), *live)
    return int(db.session.scalar(found) or 0) if ids else 0


def by_ids(statement: Statement, ids: Collection[int]) -> Statement:
    """Narrow a list to the cases of some ids."""
    return statement.where(Case.id.in_(ids))


def desk_kind(statement: Statement, kind: str, query: str) -> Statement:
    """Narrow the desk's list to one kind of case and to words or a reference."""
    if kind:
        statement = statement.where(Case.kind == kind)
    if query:
        found = search.matches(query)
        by_ref = Case.ref == query.strip()
        statement = statement.where(by_ref if found is None else or_(by_ref, found(Case.id)))
    return statement


def totals() -> dict[str, int]:
    """Return how many cases there are: data requests and incidents, whatever their state."""
    rows = db.session.execute(select(Case.kind, func.count()).group_by(Case.kind)).all()
    by_kind = {kind: int(count) for kind, count in rows}
    asked = by_kind.pop("data_request", 0)
    return {"data_requests": asked, "incidents": sum(by_kind.values())}


def first_public_day() -> date | None:
    """Return the day of the oldest case that everyone sees, or None: where counting begins.

    Not that of the oldest case: the first period that is told would tell of one that nobody sees.
    """
    return db.session.scalar(select(func.min(Case.received_on)).where(Case.visibility == "public"))


def erased() -> Select[int]:
    """Return a select of the ids of erased cases: removed ones, whose author is nobody any more.

    A case whose author's account has ended without being asked for stays public, and followed.
    """
    gone = (Party.kind == ERASED, Case.visibility == "removed")
    return select(Case.id).join(Party, Party.id == Case.party_id).where(*gone)


@dataclass(frozen=True, slots=True)
class IndexedCase:
    """A case and the words by which it is found; none while it is not public."""

    case_id: int
    received_at: datetime
    searched: search.Indexed | None
    near: similar.Shown


def released_words(after: int, most: int) -> list[IndexedCase]:
    """Return the cases after one, in the order of their ids, with their released words."""
    heads = db.session.execute(
        select(Case.id, Case.ref, Case.kind, Case.visibility, Case.received_at)
        .where(Case.id > after)
        .order_by(Case.id)
        .limit(most)
    ).all()
    said: dict[int, list[tuple[str, str]]] = {head.id: [] for head in heads}
    public = [head.id for head in heads if head.visibility == "public"]
    texts = select(CaseText.case_id, CaseText.role, CaseText.public).where(
        CaseText.case_id.in_(public), CaseText.state.in_(SHOWN), CaseText.public.is_not(None)
    )
    for text in db.session.execute(texts.order_by(CaseText.id)):
        said[text.case_id].append((text.role, text.public))
    return [
        IndexedCase(
            head.id,
            head.received_at,
            similar.searched(head.id, head.received_at, head.ref, said[head.id])
            if head.visibility == "public"
            else None,
            (head.id, head.kind, said[head.id]),
        )
        for head in heads
    ]


def stored_names(seen: Connection | None = None) -> set[str]:
    """Return the names under which files of cases are stored, as a connection sees them."""
    rows = (seen or db.session).execute(select(Attachment.stored_name, Attachment.thumb_name))
    return {name for row in rows for name in row if name}
