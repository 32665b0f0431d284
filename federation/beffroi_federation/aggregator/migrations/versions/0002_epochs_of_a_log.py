# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each log says whether it waits for approval, is current or has ended: a town may begin an epoch.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("log", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("state", sa.String(length=8), nullable=False, server_default="current")
        )
    log = sa.table("log", sa.column("state", sa.String), sa.column("active", sa.Boolean))
    op.execute(log.update().where(log.c.active.is_(sa.false())).values(state="ended"))
    with op.batch_alter_table("log", schema=None) as batch_op:
        batch_op.create_check_constraint("state", "state IN ('waiting', 'current', 'ended')")


def downgrade() -> None:
    with op.batch_alter_table("log", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_log_state"), type_="check")
        batch_op.drop_column("state")
