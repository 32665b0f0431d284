# SPDX-License-Identifier: AGPL-3.0-or-later
"""The colour of the pages can be chosen at the desk, and read from the host's manifest."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "town_look",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("colour", sa.String(length=7), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_town_look")),
    )


def downgrade() -> None:
    op.drop_table("town_look")
