# SPDX-License-Identifier: AGPL-3.0-or-later
"""What agents and administrators did is kept, a line an act."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "journal_act",
        sa.Column("id", big, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", big, nullable=True),
        sa.Column("roles", sa.String(length=100), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("on", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_act")),
    )
    op.create_index(op.f("ix_journal_act_at"), "journal_act", ["at"])
    op.create_index(op.f("ix_journal_act_account_id"), "journal_act", ["account_id"])


def downgrade() -> None:
    op.drop_table("journal_act")
