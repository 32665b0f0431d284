# SPDX-License-Identifier: AGPL-3.0-or-later
"""Counts by index: requests of a town by status, what is still untold, what was withdrawn.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UNTOLD = sa.text("released IS NULL")
WITHDRAWN = sa.text("withdrawn IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_record_town_id_kind_status", "record", ["town_id", "kind", "status"])
    op.create_index(
        "ix_received_untold",
        "received",
        ["log_id", "seen_at"],
        sqlite_where=UNTOLD,
        postgresql_where=UNTOLD,
    )
    op.create_index(
        "ix_item_withdrawn",
        "item",
        ["log_id", "withdrawn"],
        sqlite_where=WITHDRAWN,
        postgresql_where=WITHDRAWN,
    )


def downgrade() -> None:
    op.drop_index("ix_item_withdrawn", "item")
    op.drop_index("ix_received_untold", "received")
    op.drop_index("ix_record_town_id_kind_status", "record")
