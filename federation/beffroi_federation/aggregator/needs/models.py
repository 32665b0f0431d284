# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who holds the data of a theme, where a curator has said so, and every time one did."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from beffroi_federation.aggregator.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class ThemeHolder(Model):
    """The holder of a theme as a curator named it; a theme without a row has that of `rules`."""

    __tablename__ = "theme_holder"

    theme: Mapped[str] = mapped_column(String(16), primary_key=True)
    holder_fr: Mapped[str] = mapped_column(String(200))
    holder_en: Mapped[str] = mapped_column(String(200))


class HolderEvent(Model):
    """One naming of a holder: never edited, read by everybody."""

    __tablename__ = "holder_event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    theme: Mapped[str] = mapped_column(String(16))
    holder_fr: Mapped[str] = mapped_column(String(200))
    holder_en: Mapped[str] = mapped_column(String(200))
    by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
