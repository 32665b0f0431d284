# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sums over all towns by category and quarter, and what moves them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEYS = (("what", 8), ("family", 12), ("category", 64), ("span", 8))
SUMS = ("shown", "protected", "reported", "closed")


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "nation_tally",
        *(sa.Column(name, sa.String(length=size), nullable=False) for name, size in KEYS),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.PrimaryKeyConstraint(*(name for name, _ in KEYS), name=op.f("pk_nation_tally")),
    )
    op.create_table(
        "nation_move",
        sa.Column("id", big, nullable=False),
        *(sa.Column(name, sa.String(length=size), nullable=False) for name, size in KEYS),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in SUMS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nation_move")),
    )
    op.execute(
        "INSERT INTO nation_tally (what, family, category, span, shown, protected, reported,"
        " closed) SELECT 'cells', family, category, span, sum(shown), sum(protected),"
        " sum(reported), sum(closed) FROM cell_tally GROUP BY family, category, span"
    )
    op.execute(
        "INSERT INTO nation_tally (what, family, category, span, shown, protected, reported,"
        " closed) SELECT 'cyber', '', code, '', sum(n), 0, 0, 0 FROM town_tally"
        " WHERE what = 'cyber' GROUP BY code"
    )


def downgrade() -> None:
    op.drop_table("nation_move")
    op.drop_table("nation_tally")
