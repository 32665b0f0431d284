# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of accounts, sessions and roles, declared on the metadata of one application.

Each application owns its migrations; these tables are part of them like any other.
"""

from dataclasses import dataclass

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from beffroi_web.database import BigId, UtcDateTime


@dataclass(frozen=True, slots=True)
class SignInTables:
    """The three tables that signing in needs, and a fourth where accounts have several ways in."""

    account: Table
    web_session: Table
    role_grant: Table
    linked_identity: Table | None = None


def sign_in_tables(metadata: MetaData, *, linking: bool = False) -> SignInTables:
    """Declare the tables on an application's metadata and return them.

    An account is one person at one provider: `(issuer, subject)`. A session keeps the SHA-256 of
    its token, never the token. A grant names a person by provider and subject, or by an e-mail
    address until the first sign-in that matches it writes the subject in.
    """
    account = Table(
        "account",
        metadata,
        Column("id", BigId, primary_key=True),
        Column("issuer", String(500), nullable=False),
        Column("subject", String(255), nullable=False),
        Column("display_name", String(200), nullable=False),
        Column("email", String(254)),
        Column("email_verified", Boolean, nullable=False, server_default=false()),
        Column("lang", String(35)),
        Column("created", UtcDateTime, nullable=False),
        Column("seen", UtcDateTime, nullable=False),
        UniqueConstraint("issuer", "subject"),
    )
    web_session = Table(
        "web_session",
        metadata,
        Column("id", BigId, primary_key=True),
        Column("token_hash", String(64), nullable=False, unique=True),
        Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        Column("provider", String(32), nullable=False),
        Column("id_token", Text),  # encrypted; the provider asks for it back at sign-out
        Column("created", UtcDateTime, nullable=False),
        Column("seen", UtcDateTime, nullable=False),
        Column("ends", UtcDateTime, nullable=False, index=True),
        Index(None, "account_id"),
    )
    role_grant = Table(
        "role_grant",
        metadata,
        Column("id", BigId, primary_key=True),
        Column("provider", String(32), nullable=False),
        Column("subject", String(255)),
        Column("email", String(254)),
        Column("role", String(20), nullable=False),
        Column("source", String(8), nullable=False),
        Column("granted", UtcDateTime, nullable=False),
        CheckConstraint("subject IS NOT NULL OR email IS NOT NULL", name="names_somebody"),
        CheckConstraint("source IN ('command', 'claim')", name="source"),
        Index(None, "provider", "subject"),
        Index(None, "provider", "email"),
    )
    linked = _linked_identity(metadata) if linking else None
    return SignInTables(account, web_session, role_grant, linked)


def _linked_identity(metadata: MetaData) -> Table:
    """Declare the identities that open an account beside its first: one at each provider."""
    return Table(
        "linked_identity",
        metadata,
        Column("id", BigId, primary_key=True),
        Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        Column("issuer", String(500), nullable=False),
        Column("subject", String(255), nullable=False),
        Column("linked", UtcDateTime, nullable=False),
        UniqueConstraint("issuer", "subject"),
        UniqueConstraint("account_id", "issuer"),
    )
