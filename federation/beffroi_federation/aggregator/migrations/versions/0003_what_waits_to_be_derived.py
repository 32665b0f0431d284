# SPDX-License-Identifier: AGPL-3.0-or-later
"""What waits to be derived, marked with what was taken; each log counts the turns it was written.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "waiting",
        sa.Column("id", big, nullable=False),
        sa.Column("log_id", big, nullable=False),
        sa.Column("begins", big, nullable=False),
        sa.Column("ends", big, nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_waiting_log_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting")),
    )
    with op.batch_alter_table("waiting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiting_log_id"), ["log_id"], unique=False)
    with op.batch_alter_table("log_state", schema=None) as batch_op:
        batch_op.add_column(sa.Column("turn", big, nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("log_state", schema=None) as batch_op:
        batch_op.drop_column("turn")
    with op.batch_alter_table("waiting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waiting_log_id"))
    op.drop_table("waiting")
