# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts of those who work for the institution: who, when, which act, on what. Never a text."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class Act(Model):
    """One act; `account_id` is None at the machine's own commands.

    The account is a number without a key, so that the line stays when the account ends. `way` is
    `page`, `token` or `command`; `act` the name of the view or command, `on` what it was done on.
    """

    __tablename__ = "journal_act"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    account_id: Mapped[int | None] = mapped_column(BigId, index=True)
    roles: Mapped[str] = mapped_column(String(100))
    way: Mapped[str] = mapped_column(String(8))
    act: Mapped[str] = mapped_column(String(60))
    on: Mapped[str] = mapped_column(String(200), default="")
