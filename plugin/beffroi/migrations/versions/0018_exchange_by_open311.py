# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys of other applications, what they sent, what was passed on to them, positions of reports."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _keys(big: sa.types.TypeEngine, moment: sa.types.TypeEngine) -> None:
    op.create_table(
        "api_key",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("party_id", big, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("used_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_api_key_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_key_digest")),
    )
    op.create_table(
        "open311_update",
        sa.Column("id", big, nullable=False),
        sa.Column("key_id", big, nullable=False),
        sa.Column("update_id", sa.String(length=100), nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.Column("ours", sa.String(length=32), nullable=False),
        sa.Column("taken_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["api_key.id"], name=op.f("fk_open311_update_key_id_api_key")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_open311_update_case_id_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open311_update")),
        sa.UniqueConstraint("key_id", "update_id", name=op.f("uq_open311_update_key_id_update_id")),
    )
    op.create_index(op.f("ix_open311_update_case_id"), "open311_update", ["case_id"])


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    _keys(big, moment)
    op.create_table(
        "open311_passed_on",
        sa.Column("case_id", big, autoincrement=False, nullable=False),
        sa.Column("tool", sa.String(length=32), nullable=False),
        sa.Column("foreign_id", sa.String(length=100), nullable=True),
        sa.Column("token", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("fault", sa.String(length=300), nullable=True),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("polled_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_open311_passed_on_case_id_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_open311_passed_on")),
    )
    op.create_index("ix_open311_passed_on_tool", "open311_passed_on", ["tool"])
    op.create_table(
        "incident_position",
        sa.Column("case_id", big, autoincrement=False, nullable=False),
        sa.Column("latitude", sa.Float(precision=53), nullable=False),
        sa.Column("longitude", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_incident_position_case_id_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_incident_position")),
    )
    told = sa.text("step IN ('moved', 'answered', 'reopened')")
    op.create_index(
        "ix_timeline_told", "timeline", ["at"], sqlite_where=told, postgresql_where=told
    )


def downgrade() -> None:
    op.drop_index("ix_timeline_told", table_name="timeline")
    for table in ("incident_position", "open311_passed_on", "open311_update", "api_key"):
        op.drop_table(table)
