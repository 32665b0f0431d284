# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers are drafted, read by a second agent, published at a time; people are asked to join.

An answer says under which licence something is published, its SWHID, and to whom a request was
passed on. Whoever stood behind a request that repeats another one is asked about the other.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _drafts(big: sa.types.TypeEngine) -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "answer_draft",
        sa.Column("id", big, nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("publish_at", moment, nullable=True),
        sa.Column("written_by", big, nullable=True),
        sa.Column("reviewed_by", big, nullable=True),
        sa.Column("word", sa.Text(), nullable=True),
        sa.Column("changed_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_answer_draft_case_id_case")
        ),
        sa.ForeignKeyConstraint(
            ["written_by"], ["account.id"], name=op.f("fk_answer_draft_written_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["account.id"], name=op.f("fk_answer_draft_reviewed_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_draft")),
        sa.UniqueConstraint("case_id", name=op.f("uq_answer_draft_case_id")),
    )
    op.create_index(op.f("ix_answer_draft_publish_at"), "answer_draft", ["publish_at"])
    op.create_table(
        "answer_template",
        sa.Column("id", big, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_template")),
        sa.UniqueConstraint("code", "lang", name=op.f("uq_answer_template_code_lang")),
    )


def _offers(big: sa.types.TypeEngine) -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "join_offer",
        sa.Column("id", big, nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.Column("other_id", big, nullable=False),
        sa.Column("party_id", big, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("supports", sa.Boolean(), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("said", sa.String(length=3), nullable=True),
        sa.Column("said_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_join_offer_case_id_case")),
        sa.ForeignKeyConstraint(
            ["other_id"], ["case.id"], name=op.f("fk_join_offer_other_id_case")
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["party.id"], name=op.f("fk_join_offer_party_id_party")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_offer")),
        sa.UniqueConstraint(
            "case_id", "other_id", "party_id", name=op.f("uq_join_offer_case_id_other_id_party_id")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_join_offer_token")),
    )
    for column in ("other_id", "party_id"):
        op.create_index(op.f(f"ix_join_offer_{column}"), "join_offer", [column])


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _drafts(big)
    _offers(big)
    with op.batch_alter_table("official_answer") as batch_op:
        batch_op.add_column(sa.Column("licence", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("swhid", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("redirected_to", sa.String(length=200), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (
            ("answer_draft", "form"),
            ("answer_draft", "word"),
            ("official_answer", "redirected_to"),
        ):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    with op.batch_alter_table("official_answer") as batch_op:
        for column in ("redirected_to", "swhid", "licence"):
            batch_op.drop_column(column)
    for table in ("join_offer", "answer_template", "answer_draft"):
        op.drop_table(table)
