# SPDX-License-Identifier: AGPL-3.0-or-later
"""Connected catalogues and the datasets that they describe."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class Catalogue(Model):
    """A catalogue, and how its last import went; `fixed` where the settings name it."""

    __tablename__ = "catalogue"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(500), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    fixed: Mapped[bool] = mapped_column(Boolean, default=True)
    etag: Mapped[str] = mapped_column(String(200), default="")
    modified: Mapped[str] = mapped_column(String(200), default="")
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str | None] = mapped_column(Text)
    datasets: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)


class Dataset(Model):
    """A published dataset; `digest` tells whether what a catalogue says of it has changed."""

    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("catalogue_id", "source_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    catalogue_id: Mapped[int] = mapped_column(BigId, ForeignKey("catalogue.id"))
    source_id: Mapped[str] = mapped_column(String(500))
    title: Mapped[str] = mapped_column(String(300))
    url: Mapped[str] = mapped_column(String(500))
    summary: Mapped[str] = mapped_column(Text)
    publisher: Mapped[str] = mapped_column(String(200))
    licence: Mapped[str] = mapped_column(String(200))
    themes: Mapped[str] = mapped_column(String(100))
    high_value: Mapped[str | None] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64))
