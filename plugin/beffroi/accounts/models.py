# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of accounts, sessions and roles; the columns come from `beffroi_web.sign_in`.

Beside them, what a person has corrected: the provider says its own name and address again at every
sign-in, and these win.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Base, Model
from beffroi_web.database import BigId, UtcDateTime
from beffroi_web.sign_in.tables import sign_in_tables

TABLES = sign_in_tables(Base.metadata, linking=True)


class AccountCorrection(Model):
    """The name and the confirmed address that a person has put in place of the provider's."""

    __tablename__ = "account_correction"

    account_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))


class AddressChange(Model):
    """A new address that waits to be confirmed by the link in a mail; one an account."""

    __tablename__ = "address_change"

    account_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccessToken(Model):
    """A token with which a program acts for a person; of the token only a hash."""

    __tablename__ = "access_token"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_on: Mapped[date | None]


class AccountWarning(Model):
    """When somebody who has not been here for long was told that the account will end."""

    __tablename__ = "account_warning"

    account_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    warned_at: Mapped[datetime] = mapped_column(UtcDateTime)
