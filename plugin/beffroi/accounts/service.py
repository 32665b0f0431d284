# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts: their store, what people correct of them, and how they end. None commits.

The verbs of signing in are `beffroi_web.sign_in.store`'s.
"""

import hashlib
from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select, update

from beffroi.accounts import rules
from beffroi.accounts.models import (
    TABLES,
    AccessToken,
    AccountCorrection,
    AccountWarning,
    AddressChange,
)
from beffroi.config import Settings
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Gone, NotFound
from beffroi_web.sign_in.store import SignInStore
from beffroi_web.words import N_

TOKEN_BEGINS = "bft_"  # noqa: S105  a mark, no secret
"""By this a token is known wherever it is found."""


def make_store(settings: Settings) -> SignInStore:
    """Return the store of this town's accounts, on its own tables and providers."""
    return SignInStore(
        db,
        TABLES,
        settings.secret_key,
        settings.providers,
        absolute_life=timedelta(hours=settings.session_hours),
        idle_life=timedelta(hours=settings.session_idle_hours),
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _correction(account_id: int) -> AccountCorrection:
    row = db.session.get(AccountCorrection, account_id)
    if row is None:
        row = AccountCorrection(account_id=account_id)
        db.session.add(row)
    return row


def correct_name(account_id: int, typed: str) -> str:
    """Put another name in place of the provider's, for good; return it as it is kept."""
    name = rules.checked_name(typed)
    _correction(account_id).name = name
    db.session.flush()
    apply_corrections(account_id)
    return name


def ask_address(account_id: int, typed: str, *, now: datetime, chance: Chance) -> tuple[str, str]:
    """Keep a new address until its owner confirms it; return (address, token for the mail)."""
    address, token = rules.checked_address(typed), chance(24).hex()
    db.session.execute(delete(AddressChange).where(AddressChange.account_id == account_id))
    db.session.add(
        AddressChange(account_id=account_id, token_hash=_hash(token), email=address, made_at=now)
    )
    db.session.flush()
    return address, token


def confirm_address(account_id: int, token: str, *, now: datetime) -> tuple[str | None, str]:
    """Take the address that a link confirms; return (the address before, the new one)."""
    waiting = db.session.scalar(
        select(AddressChange)
        .where(AddressChange.token_hash == _hash(token), AddressChange.account_id == account_id)
        .with_for_update()
    )
    if waiting is None:
        raise NotFound(N_("This link confirms nothing: it was used, replaced, or is not yours."))
    if now - waiting.made_at > rules.CONFIRM_WITHIN:
        raise Gone(N_("This link is more than two days old. Please ask for another."))
    a = TABLES.account.c
    before = db.session.scalar(select(a.email).where(a.id == account_id))
    _correction(account_id).email = waiting.email
    email = waiting.email
    db.session.delete(waiting)
    db.session.flush()
    apply_corrections(account_id)
    return before, email


def apply_corrections(account_id: int) -> None:
    """Write what a person has corrected over what the provider says; at each sign-in too."""
    row = db.session.get(AccountCorrection, account_id)
    if row is None:
        return
    values: dict[str, object] = {}
    if row.name:
        values["display_name"] = row.name
    if row.email:
        values |= {"email": row.email, "email_verified": True}
    if values:
        db.session.execute(
            update(TABLES.account).where(TABLES.account.c.id == account_id).values(**values)
        )


def make_token(account_id: int, wanted: rules.TokenWanted, *, now: datetime, chance: Chance) -> str:
    """Make a token for a program and return it: it is shown once, and kept as a hash alone."""
    mine = select(func.count()).where(AccessToken.account_id == account_id)
    if (db.session.scalar(mine) or 0) >= rules.MOST_TOKENS:
        raise Conflict(N_("You have twenty tokens already: end one that is not used any more."))
    token = TOKEN_BEGINS + chance(32).hex()
    db.session.add(
        AccessToken(
            account_id=account_id,
            name=wanted.name,
            digest=_hash(token),
            scopes=" ".join(wanted.scopes),
            made_at=now,
            ends_at=now + timedelta(days=wanted.days),
        )
    )
    db.session.flush()
    return token


def end_token(account_id: int, token_id: int) -> None:
    """Delete a token of an account; one that is there no more is none."""
    mine = AccessToken.id == token_id, AccessToken.account_id == account_id
    db.session.execute(delete(AccessToken).where(*mine))


def shut_out(account_id: int, store: SignInStore, *, tokens: bool) -> None:
    """End every session of an account, and with `tokens` what its programs hold, too.

    Whoever may sign in at the provider may do so again. NotFound where there is no such account.
    """
    if store.account(account_id) is None:
        raise NotFound(N_("There is no such account."))
    store.sign_out_everywhere(account_id)
    if tokens:
        db.session.execute(delete(AccessToken).where(AccessToken.account_id == account_id))


def note_use(token_id: int, today: date, *, now: datetime) -> None:
    """Write down the day on which a token was used; its account was in use, too."""
    t, a = AccessToken, TABLES.account
    db.session.execute(update(t).where(t.id == token_id).values(used_on=today))
    whose = select(t.account_id).where(t.id == token_id).scalar_subquery()
    db.session.execute(update(a).where(a.c.id == whose).values(seen=now))


def forget_tokens(now: datetime) -> int:
    """Delete tokens that have ended; return how many."""
    old = delete(AccessToken).where(AccessToken.ends_at <= now)
    return int(getattr(db.session.execute(old), "rowcount", 0))


def forget_address_changes(now: datetime) -> int:
    """Delete new addresses that nobody confirmed in time; return how many."""
    old = AddressChange.made_at < now - rules.CONFIRM_WITHIN
    return int(getattr(db.session.execute(delete(AddressChange).where(old)), "rowcount", 0))


def warn(account_ids: Collection[int], *, now: datetime) -> None:
    """Note that some accounts were told that they will end."""
    db.session.execute(delete(AccountWarning).where(AccountWarning.account_id.in_(account_ids)))
    for account_id in account_ids:
        db.session.add(AccountWarning(account_id=account_id, warned_at=now))
    db.session.flush()


def forget(account_id: int, store: SignInStore) -> None:
    """Delete an account with everything that hangs on it: sessions, roles, corrections."""
    for table in (AccountCorrection, AddressChange, AccountWarning, AccessToken):
        db.session.execute(delete(table).where(table.account_id == account_id))
    store.forget(account_id)
