# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of accounts: who is acting, and how agents are named at the desk."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from beffroi.accounts.models import TABLES
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
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
