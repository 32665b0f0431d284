# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said about persons, accounts and sessions between provider, store and pages."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a provider says somebody is, after every check.

    `provider` is the key of its settings; `claim_roles` the roles its claims give there (empty
    unless the provider is marked `staff`).
    """

    provider: str
    issuer: str
    subject: str
    display_name: str
    email: str | None
    email_verified: bool
    claim_roles: frozenset[str]
    id_token: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in led to: the account, whether it is new, and the roles it has now."""

    account_id: int
    new: bool
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Account:
    """One person at one provider, as the person's own page shows it."""

    id: int
    issuer: str
    subject: str
    display_name: str
    email: str | None
    email_verified: bool
    lang: str | None
    created: datetime
    seen: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One place where an account is signed in; `current` marks the one that asks."""

    id: int
    provider: str
    created: datetime
    seen: datetime
    ends: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A session that has just ended, with what its provider needs to end its own."""

    account_id: int
    provider: str
    id_token: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A role given to a person: by `beffroi agents` (`command`) or by a provider's `claim`."""

    id: int
    provider: str
    subject: str | None
    email: str | None
    role: str
    source: str
    granted: datetime
