# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the law's clock needs: what happened to a request, its state, and when it strikes next.

An open request that was received here strikes on the day its delay ends, past days included: the
worker writes it at its first turn. What was brought in from elsewhere had its clock there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("data_request") as batch_op:
        batch_op.add_column(sa.Column("clock", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("clock_on", sa.Date(), nullable=True))
        batch_op.create_index(op.f("ix_data_request_clock_on"), ["clock_on"])
    op.create_table(
        "legal_event",
        sa.Column("id", big, nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("of_itself", sa.Boolean(), nullable=False),
        sa.Column("remedies", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("meaning", sa.String(length=20), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_legal_event_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_event")),
        sa.UniqueConstraint("case_id", "code", name=op.f("uq_legal_event_case_id_code")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE legal_event ALTER COLUMN words SET STATISTICS 0")
    op.execute(
        'UPDATE data_request SET clock_on = (SELECT c.due_on FROM "case" c'
        " WHERE c.id = data_request.case_id AND c.open) WHERE source IS NULL"
    )


def downgrade() -> None:
    op.drop_table("legal_event")
    with op.batch_alter_table("data_request") as batch_op:
        batch_op.drop_index(op.f("ix_data_request_clock_on"))
        batch_op.drop_column("clock_on")
        batch_op.drop_column("clock")
