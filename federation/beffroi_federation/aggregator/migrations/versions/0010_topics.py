# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same thing asked in several towns becomes one topic; what is shown already is due."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "topic",
        sa.Column("id", big, nullable=False, autoincrement=False),
        sa.Column("born_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("into", big, nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
    )
    op.create_index("ix_topic_into", "topic", ["into"])
    op.create_table(
        "topic_place",
        sa.Column("record_id", big, nullable=False, autoincrement=False),
        sa.Column("topic_id", big, nullable=False),
        sa.Column("position", big, nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_topic_place")),
    )
    op.create_index("ix_topic_place_topic_id", "topic_place", ["topic_id"])
    op.create_table(
        "topic_apart",
        sa.Column("one", big, nullable=False, autoincrement=False),
        sa.Column("other", big, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_topic_apart")),
    )
    op.create_table(
        "topic_event",
        sa.Column("id", big, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic_id", big, nullable=False),
        sa.Column("other_id", big, nullable=True),
        sa.Column("record_id", big, nullable=True),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_event")),
    )
    op.create_index("ix_topic_event_topic_id_id", "topic_event", ["topic_id", "id"])
    op.create_table(
        "topic_member",
        sa.Column("record_id", big, nullable=False, autoincrement=False),
        sa.Column("topic_id", big, nullable=False),
        sa.Column("town_id", big, nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("demand", sa.Integer(), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("theme", sa.String(length=16), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_topic_member")),
    )
    op.create_index(
        "ix_topic_member_topic_id_state_demand_record_id",
        "topic_member",
        ["topic_id", "state", "demand", "record_id"],
    )
    op.create_index(
        "ix_topic_member_topic_id_town_id_state_theme",
        "topic_member",
        ["topic_id", "town_id", "state", "theme"],
    )
    op.create_index("ix_topic_member_town_id_topic_id", "topic_member", ["town_id", "topic_id"])
    op.create_table(
        "topic_profile",
        sa.Column("topic_id", big, nullable=False, autoincrement=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("theme", sa.String(length=16), nullable=False),
        sa.Column("towns", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("title_fr", big, nullable=True),
        sa.Column("title_en", big, nullable=True),
        sa.PrimaryKeyConstraint("topic_id", name=op.f("pk_topic_profile")),
    )
    op.create_index("ix_topic_profile_towns_topic_id", "topic_profile", ["towns", "topic_id"])
    op.create_index(
        "ix_topic_profile_theme_towns_topic_id", "topic_profile", ["theme", "towns", "topic_id"]
    )
    op.create_table(
        "topic_mark",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("topic_id", big, nullable=False, autoincrement=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "topic_id", name=op.f("pk_topic_mark")),
    )
    op.create_index(
        "ix_topic_mark_mark_weight_topic_id", "topic_mark", ["mark", "weight", "topic_id"]
    )
    op.create_index("ix_topic_mark_topic_id", "topic_mark", ["topic_id"])
    op.create_table(
        "topic_due",
        sa.Column("record_id", big, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_topic_due")),
    )
    op.create_table(
        "hint",
        sa.Column("town_id", big, nullable=False, autoincrement=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("town_id", name=op.f("pk_hint")),
    )
    op.create_table(
        "hint_source",
        sa.Column("record_id", big, nullable=False, autoincrement=False),
        sa.Column("town_id", big, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("record_id", "town_id", name=op.f("pk_hint_source")),
    )
    op.execute("INSERT INTO topic_due (record_id) SELECT id FROM record WHERE kind = 'request'")


def downgrade() -> None:
    for table in (
        "hint_source",
        "hint",
        "topic_due",
        "topic_mark",
        "topic_profile",
        "topic_member",
        "topic_event",
        "topic_apart",
        "topic_place",
        "topic",
    ):
        op.drop_table(table)
