# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a text's author hides, what the program said of it, the town's lists, decisions, draws."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("case_text", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hidden", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("verdict", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("reasons", sa.String(length=400), nullable=True))
        batch_op.add_column(sa.Column("sampled_on", sa.Date(), nullable=True))
    _lists()
    _decisions()
    _draws()


def _lists() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "town_word",
        sa.Column("id", big, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("folded", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("added_by", big, nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["account.id"], name=op.f("fk_town_word_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_town_word")),
        sa.UniqueConstraint("folded", name=op.f("uq_town_word_folded")),
    )


def _decisions() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "mask_decision",
        sa.Column("id", big, nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.Column("text_id", big, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=12), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", big, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mask_decision_account_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_mask_decision_case_id")),
        sa.ForeignKeyConstraint(
            ["text_id"], ["case_text.id"], name=op.f("fk_mask_decision_text_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mask_decision")),
    )
    for column in ("case_id", "digest"):
        op.create_index(op.f(f"ix_mask_decision_{column}"), "mask_decision", [column])


def _draws() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "sample_week",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_sample_week")),
    )
    op.create_table(
        "text_sample",
        sa.Column("id", big, nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.Column("text_id", big, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged_by", big, nullable=True),
        sa.Column("leak", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_text_sample_case_id")),
        sa.ForeignKeyConstraint(
            ["judged_by"], ["account.id"], name=op.f("fk_text_sample_judged_by")
        ),
        sa.ForeignKeyConstraint(["text_id"], ["case_text.id"], name=op.f("fk_text_sample_text_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_sample")),
        sa.UniqueConstraint("text_id", name=op.f("uq_text_sample_text_id")),
    )
    for column in ("case_id", "judged_at"):
        op.create_index(op.f(f"ix_text_sample_{column}"), "text_sample", [column])


def downgrade() -> None:
    # The code before knows no text that is shown by itself: an agent reads it again.
    op.execute(
        sa.text("UPDATE case_text SET state = 'pending', public = NULL WHERE state = 'shown'")
    )
    for table in ("text_sample", "sample_week", "mask_decision", "town_word"):
        op.drop_table(table)
    with op.batch_alter_table("case_text", schema=None) as batch_op:
        for name in ("sampled_on", "reasons", "verdict", "hidden"):
            batch_op.drop_column(name)
