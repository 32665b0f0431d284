# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person's rights leave behind: files to fetch, who fetched one, and what is kept apart.

`kept_apart` is read by nobody here: no page, list, search or export selects its `content`. Whoever
runs the server reads it in the database when a court or an authority asks; the worker deletes it.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class PersonalArchive(Model):
    """A file with everything about a person, made by the worker, until it is deleted.

    `stored_name` names the file and is empty until it is there. The link's token is known to the
    person only; here is its hash.
    """

    __tablename__ = "personal_archive"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    stored_name: Mapped[str | None] = mapped_column(String(64), unique=True)
    size: Mapped[int | None] = mapped_column(Integer)
    lang: Mapped[str] = mapped_column(String(8))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ExportAccess(Model):
    """Somebody took data of persons out: when, what (`personal_archive`), and how large it was."""

    __tablename__ = "export_access"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    size: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class KeptApart(Model):
    """What a law or a pending clock requires of something that was erased, until `ends_on`.

    `account_id` says whom to tell of it as long as the account exists.
    """

    __tablename__ = "kept_apart"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(16), index=True)
    reason: Mapped[str] = mapped_column(String(16))
    ends_on: Mapped[date] = mapped_column(Date, index=True)
    account_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
