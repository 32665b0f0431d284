# SPDX-License-Identifier: AGPL-3.0-or-later
"""Further ways into one's own account: taken by an explicit act, given up by another. None commits.

Refused, with words, is whatever would join two people's things or an institution's to a person's:
an identity whose account here has anything of its own, and accounts of people who act for the
institution. An account that only ever signed in ends when its identity is added to another.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from beffroi.accounts import queries as accounts
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, NotFound
from beffroi.rights import queries
from beffroi.rights.service import expire_account
from beffroi_web.sign_in.linking import Offer
from beffroi_web.sign_in.store import SignInStore
from beffroi_web.words import N_

ACTS_FOR_TOWN = N_(
    "Your account acts for the institution, so no other way to sign in is added to it: what you do "
    "there and what you ask as a citizen stay apart."
)
_OWN = N_("This is a way to sign in to your account already.")
_ANOTHERS = N_(
    "This way to sign in opens another account here. Sign in with it and take it away there first."
)
_FULL = N_(
    "With this way to sign in there is another account here, and it is in use. Two accounts are "
    "never joined, because a mistake could not be undone. Erase that one first, or keep both."
)
_ANOTHER_THERE = N_(
    "Your account has another identity at this service already. Take it away first."
)


@dataclass(frozen=True, slots=True)
class Ending:
    """The account that ends when an identity is added: never used for anything; or None."""

    account_id: int | None


def examine(offer: Offer, store: SignInStore, *, staff_issuers: frozenset[str]) -> Ending:
    """Say what adding an identity does; Conflict, with the reason, if it cannot be added. Reads."""
    mine = store.account(offer.account_id)
    if mine is None or mine.issuer in staff_issuers or accounts.has_role(mine.id):
        raise Conflict(ACTS_FOR_TOWN)
    if offer.issuer in staff_issuers:
        raise Conflict(ACTS_FOR_TOWN)
    there = store.account_at(offer.issuer, offer.subject)
    if there == mine.id:
        raise Conflict(_OWN)
    if mine.issuer == offer.issuer or store.links.subject_at(mine.id, offer.issuer):
        raise Conflict(_ANOTHER_THERE)
    if store.links.account_of(offer.issuer, offer.subject) is not None:
        raise Conflict(_ANOTHERS)
    if there is not None and _in_use(there, store):
        raise Conflict(_FULL)
    return Ending(there)


def _in_use(account_id: int, store: SignInStore) -> bool:
    """Say whether an account has anything that would be lost or joined with it."""
    whose = queries.person(account_id)
    return bool(
        whose.parties
        or store.links.of(account_id)
        or accounts.has_role(account_id)
        or accounts.tokens_of(account_id)
        or queries.kept_for(account_id)
        or queries.archives_of(account_id)
    )


def add(offer: Offer, store: SignInStore, *, staff_issuers: frozenset[str], now: datetime) -> None:
    """Let an identity open the account of whoever was offered it; Conflict if it cannot be."""
    ending = examine(offer, store, staff_issuers=staff_issuers)
    if ending.account_id is not None:
        expire_account(queries.person(ending.account_id), store, now=now)
    try:
        with db.session.begin_nested():
            store.links.add(offer, now)
    except IntegrityError:  # somebody pressed the same button a moment ago
        raise Conflict(_OWN) from None


def remove(account_id: int, link_id: int, store: SignInStore) -> None:
    """Take a way in away and end the sessions that it opened; NotFound if there is none such."""
    gone = store.links.remove(account_id, link_id)
    if gone is None:
        raise NotFound(N_("Your account has no such way to sign in."))
    store.end_sessions_at(account_id, gone.issuer)
