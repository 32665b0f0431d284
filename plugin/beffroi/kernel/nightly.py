# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the town's worker does once a night; see `beffroi_web.nightly`."""

from beffroi.kernel.db import Base, db
from beffroi_web.nightly import Night, Nights, last_night, nightly_table

REWRITE = "rewrite"
"""The task that writes the database's files anew, without what was deleted."""

RETENTION = "retention"
"""The task that erases what has been kept for long enough; before the rewrite."""

NIGHTS = Nights(db, nightly_table(Base.metadata))

__all__ = ["NIGHTS", "RETENTION", "REWRITE", "Night", "last_night"]
