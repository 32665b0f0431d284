# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which logs a job of several machines has taken on, and until when nobody else does.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pull_claim",
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_pull_claim_log_id")),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_pull_claim")),
    )


def downgrade() -> None:
    op.drop_table("pull_claim")
