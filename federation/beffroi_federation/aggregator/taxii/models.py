# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which objects of STIX are shared, since when, and which of them were withdrawn.

Nothing of a record stands here: its content is read where every other page reads it, so that what
is withdrawn is gone from here at the same moment. An object has one row, its newest version: older
versions of a record are not kept by the nation, nor is what a withdrawn one said.
"""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi_federation.aggregator.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class SharedObject(Model):
    """One object: an `incident` (a record), an `identity` (a town), a `marking-definition`.

    `added_at` is when this version was added, later than that of any row before it; `created_at`
    and `modified_at` are those of the object, in whole milliseconds. `record_id` is
    `national.rules.place(log_id, first)`, `position` the version that is shared.
    """

    __tablename__ = "shared_object"
    __table_args__ = (
        Index("ix_shared_object_added_at", "added_at"),
        Index("ix_shared_object_log_id_first", "log_id", "first"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    town_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("town.id"))
    log_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("log.id"))
    first: Mapped[int | None] = mapped_column(BigId)
    position: Mapped[int | None] = mapped_column(BigId)
    record_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    modified_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked: Mapped[bool] = mapped_column(Boolean, default=False)
