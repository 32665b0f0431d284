# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposals of other participation sites: sources, items, hints, and answers given there."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "bridge_source",
        sa.Column("id", big, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("component", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("optional", sa.String(length=100), nullable=True),
        sa.Column("space", sa.String(length=120), nullable=False),
        sa.Column("credentials", sa.Text(), nullable=True),
        sa.Column("hook_secret", sa.Text(), nullable=True),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("tried_at", moment, nullable=True),
        sa.Column("read_at", moment, nullable=True),
        sa.Column("swept_at", moment, nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("vanished", sa.Integer(), nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bridge_source")),
    )
    op.create_table(
        "bridged_item",
        sa.Column("id", big, nullable=False),
        sa.Column("source_id", big, nullable=False),
        sa.Column("external_id", sa.String(length=60), nullable=False),
        sa.Column("case_id", big, nullable=True),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("light", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_raw", sa.String(length=60), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("public_title", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("public_answer", sa.Text(), nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("published_at", moment, nullable=False),
        sa.Column("supports", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Integer(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("gone_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_bridged_item_case_id_case")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["bridge_source.id"],
            name=op.f("fk_bridged_item_source_id_bridge_source"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bridged_item")),
        sa.UniqueConstraint(
            "source_id", "external_id", name=op.f("uq_bridged_item_source_id_external_id")
        ),
    )
    op.create_index(op.f("ix_bridged_item_case_id"), "bridged_item", ["case_id"])
    op.create_index(op.f("ix_bridged_item_state"), "bridged_item", ["state"])
    op.create_table(
        "bridge_hint",
        sa.Column("id", big, nullable=False),
        sa.Column("source_id", big, nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["bridge_source.id"], name=op.f("fk_bridge_hint_source_id_bridge_source")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bridge_hint")),
        sa.UniqueConstraint("source_id", "mark", name=op.f("uq_bridge_hint_source_id_mark")),
    )
    op.create_table(
        "bridge_answer",
        sa.Column("id", big, nullable=False),
        sa.Column("item_id", big, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("sent_at", moment, nullable=False),
        sa.Column("confirmed_at", moment, nullable=True),
        sa.Column("fault", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"], ["bridged_item.id"], name=op.f("fk_bridge_answer_item_id_bridged_item")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bridge_answer")),
        sa.UniqueConstraint("key", name=op.f("uq_bridge_answer_key")),
    )
    op.create_index(op.f("ix_bridge_answer_item_id"), "bridge_answer", ["item_id"])


def downgrade() -> None:
    for table in ("bridge_answer", "bridge_hint", "bridged_item", "bridge_source"):
        op.drop_table(table)
