# SPDX-License-Identifier: AGPL-3.0-or-later
"""Released cyber records are shared with CERTs as objects of STIX, withdrawn ones as revoked."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CLEAR = "94868c89-83c2-464b-929b-a1a8aa3c8487"
"""The marking of TLP 2.0 that all of it bears: the first object, which is always there."""
PUBLISHED = datetime(2022, 10, 1, tzinfo=UTC)


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    made = op.create_table(
        "shared_object",
        sa.Column("id", big, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("town_id", big, nullable=True),
        sa.Column("log_id", big, nullable=True),
        sa.Column("first", big, nullable=True),
        sa.Column("position", big, nullable=True),
        sa.Column("record_id", big, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("modified_at", moment, nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["town_id"], ["town.id"], name=op.f("fk_shared_object_town_id_town")
        ),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_shared_object_log_id_log")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_object")),
        sa.UniqueConstraint("uuid", name=op.f("uq_shared_object_uuid")),
    )
    op.create_index("ix_shared_object_added_at", "shared_object", ["added_at"])
    op.create_index("ix_shared_object_log_id_first", "shared_object", ["log_id", "first"])
    at = PUBLISHED if op.get_bind().dialect.name != "sqlite" else PUBLISHED.replace(tzinfo=None)
    op.bulk_insert(
        made,
        [{"uuid": CLEAR, "kind": "marking-definition", "revoked": False,
          "created_at": at, "modified_at": at, "added_at": at}],
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("shared_object")
