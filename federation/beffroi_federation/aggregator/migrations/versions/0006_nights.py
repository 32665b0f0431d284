# SPDX-License-Identifier: AGPL-3.0-or-later
"""The files are rewritten once a night; statistics hold no words.

PostgreSQL's statistics would keep samples of contents and salts after their rows are gone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WORDS = {"content": ("salt", "content"), "record": ("title",), "record_search": ("words",)}


def statistics(target: int) -> None:
    """Tell PostgreSQL how much to sample of columns that hold words (0: nothing)."""
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in WORDS.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}")


def upgrade() -> None:
    op.create_table(
        "nightly",
        sa.Column("task", sa.String(length=24), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("night", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_ms", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_nightly")),
    )
    statistics(0)


def downgrade() -> None:
    statistics(-1)
    op.drop_table("nightly")
