# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which files of the whole there are, and which are to be made anew before the night.

The files themselves lie in the data folder, named by their sums; a file that no row names is
served to nobody. Nothing of a record stands here.
"""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi_federation.aggregator.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class ExportFile(Model):
    """A file as it is served: `requests.csv`, `requests-2026.parquet`; its rows, bytes and sum."""

    __tablename__ = "export_file"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    rows: Mapped[int] = mapped_column(BigId)
    bytes: Mapped[int] = mapped_column(BigId)
    sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExportDue(Model):
    """Something was withdrawn since the files of a kind (and year) were made; one row each time."""

    __tablename__ = "export_due"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    year: Mapped[str] = mapped_column(String(4))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
