# SPDX-License-Identifier: AGPL-3.0-or-later
"""A proposal of another site has the names under which it is filed, and may stand by a request."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None
contracts = "0.1.0: whoever writes a bridged item says under which names it is filed"


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("bridged_item") as batch_op:
        batch_op.add_column(sa.Column("labels", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("beside_id", big, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_bridged_item_beside_id_case"), "case", ["beside_id"], ["id"]
        )
        batch_op.create_index(op.f("ix_bridged_item_beside_id"), ["beside_id"])
    with op.batch_alter_table("bridged_item") as batch_op:
        batch_op.alter_column("labels", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("bridged_item") as batch_op:
        batch_op.drop_index(op.f("ix_bridged_item_beside_id"))
        batch_op.drop_constraint(op.f("fk_bridged_item_beside_id_case"), type_="foreignkey")
        batch_op.drop_column("beside_id")
        batch_op.drop_column("labels")
