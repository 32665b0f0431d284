# SPDX-License-Identifier: AGPL-3.0-or-later
"""The root of the staged tree stands beside its size."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("log_state") as batch:
        batch.add_column(sa.Column("root", sa.LargeBinary(length=32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("log_state") as batch:
        batch.drop_column("root")
