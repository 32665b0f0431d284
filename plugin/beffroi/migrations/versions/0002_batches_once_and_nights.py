# SPDX-License-Identifier: AGPL-3.0-or-later
"""A period has one batch; the files are rewritten once a night; statistics hold no words.

`slot` is the period of a batch that the calendar asked for, once each; batches at once have none.
PostgreSQL's statistics would keep samples of words and salts after their rows are gone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORDS = {
    "log_content": ("salt", "content"),
    "case_text": ("original", "public"),
    "data_request": ("receipt_salt", "receipt_content"),
    "internal_note": ("words",),
    "party": ("name", "postal", "email"),
    "pending_request": ("email",),
    "job": ("last_error",),
    "case_search": ("words",),
}


def statistics(target: int) -> None:
    """Tell PostgreSQL how much to sample of columns that hold words (0: nothing)."""
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in WORDS.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}")


def upgrade() -> None:
    with op.batch_alter_table("log_batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("slot", sa.String(length=10), nullable=True))
    op.execute(
        "UPDATE log_batch SET slot = period WHERE position = (SELECT min(b.position)"
        " FROM log_batch b WHERE b.log_id = log_batch.log_id AND b.period = log_batch.period)"
    )
    with op.batch_alter_table("log_batch", schema=None) as batch_op:
        batch_op.create_unique_constraint(op.f("uq_log_batch_log_id_slot"), ["log_id", "slot"])
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
    with op.batch_alter_table("log_batch", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_log_batch_log_id_slot"), type_="unique")
        batch_op.drop_column("slot")
