# SPDX-License-Identifier: AGPL-3.0-or-later
"""What waits for an agent's eye: pending texts, those shown by themselves, drawn ones. For agents.

Only texts that a release would make public: of listed cases, and not what stays with the town.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from beffroi.accounts.models import TABLES as ACCOUNTS
from beffroi.cases.models import Case, CaseText, Party, SampleWeek, TextSample
from beffroi.cases.queries import Page, Statement
from beffroi.cases.rules import CONFIDENTIAL, NEVER_PUBLIC
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid
from beffroi.texts.rules.sampling import MEASURED_OVER, Standing
from beffroi_web.paging import decode_cursor, encode_cursor
from beffroi_web.words import N_

SHELVES = ("waiting", "shown", "drawn")
"""The three lists: nobody has read them; shown by themselves; drawn and not judged yet."""

BEGINS = 160


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which texts are wanted: a shelf, a status of the program, a reason."""

    shelf: str = "waiting"
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WaitingText:
    """A text in a list: how it begins, and what the program says of it (`review` if nothing)."""

    id: int
    ref: str
    kind: str
    role: str
    state: str
    status: str
    reasons: tuple[str, ...]
    written_at: datetime
    begins: str


@dataclass(frozen=True, slots=True)
class ReviewText:
    """One text as an agent decides on it; `drawn` while it waits for the verdict of a draw."""

    id: int
    case_id: int
    ref: str
    kind: str
    visibility: str
    role: str
    original: str
    public: str | None
    state: str
    voice: str
    written_at: datetime
    hidden: tuple[str, ...]
    case_party: int | None
    text_party: int | None
    drawn: bool


def _known() -> ColumnElement[bool]:
    return Case.kind != CONFIDENTIAL


def _drawn() -> Any:
    return select(TextSample.text_id).where(TextSample.judged_at.is_(None))


def _public() -> tuple[ColumnElement[bool], ...]:
    return (Case.visibility == "public", CaseText.role.not_in(NEVER_PUBLIC))


def _narrowed(statement: Statement, wanted: Narrowing) -> Statement:
    if wanted.shelf == "drawn":
        statement = statement.where(CaseText.id.in_(_drawn()), _known())
    else:
        state = "pending" if wanted.shelf == "waiting" else "shown"
        statement = statement.where(*_public(), CaseText.state == state)
    if wanted.status == "review":
        statement = statement.where(or_(CaseText.verdict == "review", CaseText.verdict.is_(None)))
    elif wanted.status:
        statement = statement.where(CaseText.verdict == wanted.status)
    if wanted.reason:
        statement = statement.where(
            CaseText.reasons.contains(f"|{wanted.reason}|", autoescape=True)
        )
    return statement


def listing(wanted: Narrowing, *, cursor: str | None, limit: int = 50) -> Page:
    """Return one page of a list, oldest first, by keyset."""
    statement = _narrowed(
        select(
            CaseText.id,
            Case.ref,
            Case.kind,
            CaseText.role,
            CaseText.state,
            CaseText.verdict,
            CaseText.reasons,
            CaseText.written_at,
            func.substr(CaseText.original, 1, BEGINS).label("begins"),
        ).join(Case, Case.id == CaseText.case_id),
        wanted,
    )
    if cursor:
        statement = statement.where(_after(*_place(cursor)))
    rows = db.session.execute(
        statement.order_by(CaseText.written_at, CaseText.id).limit(limit + 1)
    ).all()
    items = [
        WaitingText(
            r.id, r.ref, r.kind, r.role, r.state, r.verdict or "review", codes_of(r.reasons),
            r.written_at, r.begins,
        )
        for r in rows[:limit]
    ]  # fmt: skip
    more = len(rows) > limit
    last = items[-1] if items else None
    token = encode_cursor([last.written_at.isoformat(), last.id]) if more and last else None
    return Page(items, token)


def codes_of(reasons: str | None) -> tuple[str, ...]:
    """Return the reasons that a row keeps (`|civility|too long|`)."""
    return tuple(code for code in (reasons or "").split("|") if code)


def _after(at: datetime, text_id: int) -> ColumnElement[bool]:
    same = and_(CaseText.written_at == at, CaseText.id > text_id)
    return or_(CaseText.written_at > at, same)


def _place(cursor: str) -> tuple[datetime, int]:
    """Return the moment and id that a cursor holds, or raise Invalid: cursors come from outside."""
    try:
        at, last_id = decode_cursor(cursor)
        moment = datetime.fromisoformat(at)  # type: ignore[arg-type]  # checked by the error below
        if not isinstance(last_id, int) or moment.tzinfo is None:
            raise ValueError
        return moment, last_id
    except (ValueError, TypeError) as error:
        raise Invalid(N_("This page address is not one of ours; start from the list.")) from error


def next_text(wanted: Narrowing, *, after: ReviewText | None) -> int | None:
    """Return the next text of a list after one, or its first, or None when nothing is left."""
    ids = _narrowed(select(CaseText.id).join(Case, Case.id == CaseText.case_id), wanted)
    ids = ids.order_by(CaseText.written_at, CaseText.id).limit(1)
    if after is not None:
        ids = ids.where(CaseText.id != after.id)
        following = db.session.scalar(ids.where(_after(after.written_at, after.id)))
        if following is not None:
            return int(following)
    first = db.session.scalar(ids)
    return None if first is None else int(first)


def counts() -> dict[str, int]:
    """Return how many texts wait by status, and how many each list has."""
    rows = db.session.execute(
        select(CaseText.state, CaseText.verdict, func.count())
        .join(Case, Case.id == CaseText.case_id)
        .where(*_public(), CaseText.state.in_(("pending", "shown")))
        .group_by(CaseText.state, CaseText.verdict)
    ).all()
    found = dict.fromkeys(("waiting", "clean", "masked", "review", "shown"), 0)
    for state, verdict, count in rows:
        if state == "shown":
            found["shown"] += int(count)
        else:
            found["waiting"] += int(count)
            found[verdict or "review"] += int(count)
    drawn = select(func.count()).select_from(TextSample).where(TextSample.judged_at.is_(None))
    return {**found, "drawn": int(db.session.scalar(drawn) or 0)}


def waiting_since() -> datetime | None:
    """Return since when the text that waits longest waits for an agent."""
    return db.session.scalar(
        select(func.min(CaseText.written_at))
        .join(Case, Case.id == CaseText.case_id)
        .where(*_public(), CaseText.state == "pending")
    )


def text(text_id: int) -> ReviewText | None:
    """Return one text with its original, whatever its state; for agents only."""
    row = db.session.execute(
        select(
            CaseText.id,
            Case.id.label("case_id"),
            Case.ref,
            Case.kind,
            Case.visibility,
            CaseText.role,
            CaseText.original,
            CaseText.public,
            CaseText.state,
            CaseText.voice,
            CaseText.written_at,
            CaseText.hidden,
            Case.party_id.label("case_party"),
            CaseText.party_id.label("text_party"),
            CaseText.id.in_(_drawn()).label("drawn"),
        )
        .join(Case, Case.id == CaseText.case_id)
        .where(CaseText.id == text_id, _known())
    ).first()
    if row is None:
        return None
    values = {**row._mapping, "hidden": tuple((row.hidden or "").splitlines())}
    return ReviewText(**{**values, "drawn": bool(row.drawn)})


def known_of(*parties: int | None) -> tuple[str, ...]:
    """Return what is known of people: names, addresses; each is hidden wherever it stands."""
    ids = {one for one in parties if one is not None}
    if not ids:
        return ()
    account = ACCOUNTS.account.c
    rows = db.session.execute(
        select(Party.name, Party.email, account.display_name)
        .outerjoin(ACCOUNTS.account, account.id == Party.account_id)
        .where(Party.id.in_(ids))
        .order_by(Party.id)
    )
    found = [value for row in rows for value in (row.name, row.email, row.display_name) if value]
    return tuple(dict.fromkeys(found))


def standing(*, wanted: bool, now: datetime) -> Standing:
    """Return what the draws of the last 90 days say, and what still waits for a verdict."""
    judged: Sequence[Any] = db.session.execute(
        select(TextSample.leak, func.count())
        .where(TextSample.judged_at >= now - MEASURED_OVER)
        .group_by(TextSample.leak)
    ).all()
    by_verdict = {bool(leak): int(count) for leak, count in judged}
    opened, oldest = db.session.execute(
        select(func.count(), func.min(TextSample.drawn_at)).where(TextSample.judged_at.is_(None))
    ).one()
    return Standing(
        wanted=wanted,
        leaks=by_verdict.get(True, 0),
        judged=sum(by_verdict.values()),
        open=int(opened),
        oldest=oldest,
    )


def was_drawn(week: Any) -> bool:
    """Say whether the draw of a week (its Monday) was held."""
    return db.session.scalar(select(SampleWeek.week).where(SampleWeek.week == week)) is not None
