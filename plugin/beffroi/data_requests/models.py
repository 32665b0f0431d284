# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a data request has beyond a case."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class DataRequest(Model):
    """The codes of a data request and the receipt of what was received."""

    __tablename__ = "data_request"

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    object: Mapped[str] = mapped_column(String(20), index=True)
    theme: Mapped[str | None] = mapped_column(String(4), index=True)
    organisation: Mapped[str | None] = mapped_column(String(14))
    source: Mapped[str | None] = mapped_column(String(120), unique=True)
    receipt_salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    receipt_content: Mapped[bytes | None] = mapped_column(LargeBinary)


class PendingRequest(Model):
    """A request whose e-mail address waits to be confirmed; becomes a case, or is forgotten."""

    __tablename__ = "pending_request"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    lang: Mapped[str] = mapped_column(String(8))
    form: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    case_ref: Mapped[str | None] = mapped_column(String(16))
