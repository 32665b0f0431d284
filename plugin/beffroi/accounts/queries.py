# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of accounts: who is acting, and how agents are named at the desk."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from beffroi.accounts.models import (
    TABLES,
    AccessToken,
    AccountCorrection,
    AccountWarning,
    AddressChange,
)
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.extension import settings
from beffroi_web.visitors import Visitor


@dataclass(frozen=True, slots=True)
class AccountCard:
    """What an account says of its person."""

    id: int
    name: str
    email: str | None
    lang: str | None


def account(account_id: int) -> AccountCard | None:
    """Return an account; its e-mail only where the provider has checked it."""
    a = TABLES.account.c
    row = db.session.execute(
        select(a.id, a.display_name, a.email, a.email_verified, a.lang).where(a.id == account_id)
    ).first()
    if row is None:
        return None
    email = row.email if row.email_verified else None
    return AccountCard(row.id, row.display_name, email, row.lang)


def details(visitor: Visitor | None) -> tuple[str, ...]:
    """Return what is known of a visitor, name and checked address; nothing of a stranger."""
    card = account(visitor.account_id) if visitor else None
    return tuple(value for value in (card.name, card.email) if value) if card else ()


def actor(visitor: Visitor | None) -> Actor:
    """Return who acts for a visitor; a visitor without an account acts without a name."""
    if visitor is None:
        return Actor()
    return Actor(account_id=visitor.account_id, name=visitor.display_name, roles=visitor.roles)


def names(ids: set[int]) -> Mapping[int, str]:
    """Return the names of accounts by id, for the desk."""
    a = TABLES.account.c
    rows = db.session.execute(select(a.id, a.display_name).where(a.id.in_(ids or {0})))
    return {r.id: r.display_name for r in rows}


def _held_by_account() -> ColumnElement[bool]:
    """Say which grants are an account's: a number at one provider is somebody else at another.

    An identity that was added to the account counts, except at a provider for staff.
    """
    a, g, t = TABLES.account.c, TABLES.role_grant.c, TABLES.linked_identity
    assert t is not None  # noqa: S101  a town's accounts have several ways in
    theirs = []
    for one in settings().providers:
        first = and_(a.issuer == one.issuer, a.subject == g.subject)
        same = and_(t.c.account_id == a.id, t.c.issuer == one.issuer, t.c.subject == g.subject)
        found = select(t.c.id).where(same).correlate(TABLES.account, TABLES.role_grant).exists()
        added = false() if one.staff else found
        theirs.append(and_(g.provider == one.key, or_(first, added)))
    return or_(false(), *theirs)


@dataclass(frozen=True, slots=True)
class Idle:
    """An account that nobody has used for long."""

    id: int
    name: str
    email: str | None
    lang: str | None
    seen: datetime
    warned_at: datetime | None


def idle(*, before: datetime, after: int = 0, most: int = 500) -> list[Idle]:
    """Return accounts without a role that were last used before a moment, by id, from one on.

    `warned_at` is when they were told that they will end, None if it was before the last visit.
    """
    a, g, w = TABLES.account.c, TABLES.role_grant.c, AccountWarning
    staff = select(g.id).where(_held_by_account()).exists()
    rows = db.session.execute(
        select(a.id, a.display_name, a.email, a.email_verified, a.lang, a.seen, w.warned_at)
        .outerjoin(w, w.account_id == a.id)
        .where(a.seen < before, a.id > after, ~staff)
        .order_by(a.id)
        .limit(most)
    )
    return [
        Idle(
            r.id,
            r.display_name,
            r.email if r.email_verified else None,
            r.lang,
            r.seen,
            r.warned_at if r.warned_at is not None and r.warned_at > r.seen else None,
        )
        for r in rows
    ]


def has_role(account_id: int) -> bool:
    """Say whether an account holds a role; at the provider that it was given for."""
    a, g = TABLES.account.c, TABLES.role_grant.c
    held = (
        select(g.id)
        .select_from(TABLES.role_grant)
        .join(TABLES.account, _held_by_account())
        .where(a.id == account_id)
    )
    return db.session.scalar(held.limit(1)) is not None


def holds(account_id: int, role: str) -> bool:
    """Say whether an account was given one role by the operator."""
    a, g = TABLES.account.c, TABLES.role_grant.c
    held = select(g.id).select_from(TABLES.role_grant).join(TABLES.account, _held_by_account())
    held = held.where(a.id == account_id, g.role == role, g.source == "command")
    return db.session.scalar(held.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Colleague:
    """An account that acts for the institution, for lists that agents choose from."""

    id: int
    name: str
    email: str | None
    lang: str | None


def staff(*roles: str) -> list[Colleague]:
    """Return the accounts that hold a role (one of some, if named), by name."""
    a, g = TABLES.account.c, TABLES.role_grant.c
    held = select(g.id).where(_held_by_account())
    if roles:
        held = held.where(g.role.in_(roles), g.source == "command")
    rows = db.session.execute(
        select(a.id, a.display_name, a.email, a.email_verified, a.lang)
        .where(held.exists())
        .order_by(a.display_name, a.id)
    )
    return [
        Colleague(r.id, r.display_name, r.email if r.email_verified else None, r.lang) for r in rows
    ]


def role_is_held(role: str) -> bool:
    """Say whether anybody was given a role, signed in yet or not."""
    held = select(TABLES.role_grant.c.id).where(TABLES.role_grant.c.role == role)
    return db.session.scalar(held.limit(1)) is not None


def may_handle_letters(visitor: Visitor | None) -> bool:
    """Say whether somebody handles the CADA's letters: the person in charge, where one is named."""
    if visitor is None:
        return False
    agent = visitor.may("agent") and not role_is_held("access_officer")
    return agent or visitor.may("access_officer")


def pending_address(account_id: int) -> str | None:
    """Return the address that waits to be confirmed, or None."""
    return db.session.scalar(
        select(AddressChange.email).where(AddressChange.account_id == account_id)
    )


def stale_addresses(before: datetime) -> int:
    """Return how many new addresses were not confirmed, of those asked for before a moment."""
    old = select(func.count()).select_from(AddressChange).where(AddressChange.made_at < before)
    return int(db.session.scalar(old) or 0)


def ended_sessions(now: datetime, idle_life: timedelta) -> int:
    """Return how many sessions are over at a moment and not deleted yet."""
    s = TABLES.web_session.c
    over = (s.ends <= now) | (s.seen <= now - idle_life)
    return int(
        db.session.scalar(select(func.count()).select_from(TABLES.web_session).where(over)) or 0
    )


@dataclass(frozen=True, slots=True)
class WholeAccount:
    """Everything that is kept of an account, for its holder."""

    id: int
    issuer: str
    subject: str
    display_name: str
    email: str | None
    email_verified: bool
    lang: str | None
    created: datetime
    seen: datetime
    corrected_name: str | None
    corrected_email: str | None
    pending_email: str | None
    warned_at: datetime | None


def whole(account_id: int) -> WholeAccount | None:
    """Return everything that is kept of an account, or None; for its holder."""
    t, c = TABLES.account, AccountCorrection
    row = db.session.execute(
        select(
            *(t.c[name] for name in list(WholeAccount.__dataclass_fields__)[:9]),
            c.name,
            c.email.label("own_email"),
            AddressChange.email.label("pending"),
            AccountWarning.warned_at,
        )
        .outerjoin(c, c.account_id == t.c.id)
        .outerjoin(AddressChange, AddressChange.account_id == t.c.id)
        .outerjoin(AccountWarning, AccountWarning.account_id == t.c.id)
        .where(t.c.id == account_id)
    ).first()
    return WholeAccount(*tuple(row)) if row else None


def ended_tokens(now: datetime) -> int:
    """Return how many tokens of programs have ended."""
    old = select(func.count()).select_from(AccessToken).where(AccessToken.ends_at <= now)
    return db.session.scalar(old) or 0


def tokens_of(account_id: int) -> Sequence[Any]:
    """Return (id, name, scopes, made_at, ends_at, used_on) of an account's tokens."""
    t = AccessToken
    return db.session.execute(
        select(t.id, t.name, t.scopes, t.made_at, t.ends_at, t.used_on)
        .where(t.account_id == account_id)
        .order_by(t.id)
    ).all()


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """For whom a token acts, what it is for, and the day of its last use."""

    token_id: int
    account_id: int
    display_name: str
    lang: str | None
    scopes: frozenset[str]
    used_on: date | None


def holder_of(token: str, now: datetime) -> TokenHolder | None:
    """Return for whom a token acts now, or None for one that never was or has ended."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    a, t = TABLES.account.c, AccessToken
    row = db.session.execute(
        select(t.id, t.account_id, a.display_name, a.lang, t.scopes, t.used_on)
        .join(TABLES.account, a.id == t.account_id)
        .where(t.digest == digest, t.ends_at > now)
    ).first()
    if row is None:
        return None
    return TokenHolder(
        row.id, row.account_id, row.display_name, row.lang, frozenset(row.scopes.split()),
        row.used_on,
    )  # fmt: skip


def sessions_of(account_id: int) -> Sequence[Any]:
    """Return (provider, created, seen, ends) of an account's sessions, for its holder."""
    s = TABLES.web_session.c
    return db.session.execute(
        select(s.provider, s.created, s.seen, s.ends).where(s.account_id == account_id)
    ).all()


def roles_of(account_id: int) -> Sequence[Any]:
    """Return (provider, role, source, granted) of the roles of an account, for its holder."""
    a, g = TABLES.account.c, TABLES.role_grant.c
    return db.session.execute(
        select(g.provider, g.role, g.source, g.granted)
        .select_from(TABLES.role_grant)
        .join(TABLES.account, _held_by_account())
        .where(a.id == account_id)
    ).all()


def sign_ins_of(account_id: int) -> Sequence[Any]:
    """Return (issuer, subject, linked) of the ways in that somebody added, for the holder."""
    assert TABLES.linked_identity is not None  # noqa: S101  a town's accounts have several
    t = TABLES.linked_identity.c
    return db.session.execute(
        select(t.issuer, t.subject, t.linked).where(t.account_id == account_id).order_by(t.id)
    ).all()


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as an administrator sees it: no name, no address."""

    id: int
    created: datetime
    seen: datetime


def known(account_id: int) -> KnownAccount | None:
    """Return an account as an administrator sees it, or None."""
    a = TABLES.account.c
    row = db.session.execute(select(a.id, a.created, a.seen).where(a.id == account_id)).first()
    return KnownAccount(row.id, row.created, row.seen) if row else None


def found(typed: str, code: Callable[[int], str]) -> list[KnownAccount]:
    """Return the accounts that a number, an e-mail address or a code of the log names exactly.

    `code` gives the code of an account's number. Parts of an address find nothing: this is for
    whoever knows which account is meant, and no list of people.
    """
    a, said = TABLES.account.c, typed.strip().lower()
    if said.isascii() and said.isdigit() and len(said) < 16:
        one = known(int(said))
        return [one] if one else []
    if re.fullmatch(r"[0-9a-f]{16}", said):
        ids = [one for one in db.session.scalars(select(a.id)) if code(one) == said]
    elif "@" in said:
        ids = list(db.session.scalars(select(a.id).where(func.lower(a.email) == said).limit(20)))
    else:
        return []
    return [one for one in map(known, sorted(ids)) if one]
