# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cyber cases are handed over to the CERT: what was sent, its receipt, its answer."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

UNSENT = sa.text("sent_at IS NULL")


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "handover",
        sa.Column("id", big, nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("recipient", sa.String(length=500), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("message_id", sa.String(length=254), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("fault", sa.String(length=300), nullable=True),
        sa.Column("foreign_id", sa.String(length=100), nullable=True),
        sa.Column("refused_at", moment, nullable=True),
        sa.Column("received_at", moment, nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_handover_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_case_id_id", "handover", ["case_id", "id"])
    op.create_index(
        "ix_handover_waiting", "handover", ["case_id", "channel"], unique=True,
        sqlite_where=UNSENT, postgresql_where=UNSENT,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("handover")
