# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the nation.

The first migration: nothing was there before. The index of words is a virtual table on SQLite
(FTS5) and a tsvector on PostgreSQL; Alembic does not compare it. Raw tables come first in meaning:
`record`, `incident_cell`, `set_aside`, `item` and `received` can be dropped and derived again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_verified", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lang", sa.String(length=35), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_account_issuer_subject")),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("granted", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('command', 'claim')", name=op.f("ck_role_grant_source")),
        sa.CheckConstraint(
            "subject IS NOT NULL OR email IS NOT NULL", name=op.f("ck_role_grant_names_somebody")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_role_grant_provider_email"), ["provider", "email"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_role_grant_provider_subject"), ["provider", "subject"], unique=False
        )

    op.create_table(
        "town",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("siren", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("contact", sa.String(length=500), nullable=False),
        sa.Column("population_band", sa.String(length=16), nullable=False),
        sa.Column("software", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("dns", sa.String(length=16), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'quarantined', 'suspended')",
            name=op.f("ck_town_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_town")),
        sa.UniqueConstraint("siren", name=op.f("uq_town_siren")),
    )
    with op.batch_alter_table("town", schema=None) as batch_op:
        batch_op.create_index("ix_town_name_siren", ["name", "siren"], unique=False)

    op.create_table(
        "log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("town_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("prefix", sa.String(length=500), nullable=False),
        sa.Column("vkey", sa.String(length=400), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_log_town_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log")),
        sa.UniqueConstraint("origin", name=op.f("uq_log_origin")),
    )
    with op.batch_alter_table("log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_log_town_id"), ["town_id"], unique=False)

    op.create_table(
        "town_commune",
        sa.Column("town_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("insee", sa.String(length=5), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_town_commune_town_id")),
        sa.PrimaryKeyConstraint("town_id", "insee", name=op.f("pk_town_commune")),
    )
    with op.batch_alter_table("town_commune", schema=None) as batch_op:
        batch_op.create_index("ix_town_commune_insee", ["insee"], unique=False)

    op.create_table(
        "town_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("town_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(length=24), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_town_event_town_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_town_event")),
    )
    with op.batch_alter_table("town_event", schema=None) as batch_op:
        batch_op.create_index("ix_town_event_town_id_id", ["town_id", "id"], unique=False)

    op.create_table(
        "web_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_web_session_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_session_token_hash")),
    )
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_web_session_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_web_session_ends"), ["ends"], unique=False)

    op.create_table(
        "absent_content",
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_absent_content_log_id")),
        sa.PrimaryKeyConstraint("log_id", "position", name=op.f("pk_absent_content")),
    )
    op.create_table(
        "content_bundle",
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "bundle",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("etag", sa.String(length=210), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_content_bundle_log_id")),
        sa.PrimaryKeyConstraint("log_id", "bundle", name=op.f("pk_content_bundle")),
    )
    op.create_table(
        "incident_cell",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("town_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("family", sa.String(length=12), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("area", sa.String(length=9), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("closed", sa.Integer(), nullable=True),
        sa.Column("delay", sa.String(length=8), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_incident_cell_log_id")),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_incident_cell_town_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_cell")),
    )
    with op.batch_alter_table("incident_cell", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_cell_area"), ["area"], unique=False)
        batch_op.create_index("ix_incident_cell_until_id", ["until", "id"], unique=False)
        batch_op.create_index(
            "ix_incident_cell_town_id_until_id", ["town_id", "until", "id"], unique=False
        )

    op.create_table(
        "item",
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("first", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("withdrawn", sa.String(length=16), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_item_log_id")),
        sa.PrimaryKeyConstraint("log_id", "position", name=op.f("pk_item")),
    )
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.create_index("ix_item_log_id_first", ["log_id", "first"], unique=False)

    op.create_table(
        "log_state",
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("etag", sa.String(length=210), nullable=True),
        sa.Column("behind", sa.Integer(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("grown_on", sa.Date(), nullable=True),
        sa.Column("grown", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_log_state_log_id")),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_log_state")),
    )
    with op.batch_alter_table("log_state", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_log_state_due_at"), ["due_at"], unique=False)

    op.create_table(
        "raw_entry",
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_raw_entry_log_id")),
        sa.PrimaryKeyConstraint("log_id", "position", name=op.f("pk_raw_entry")),
    )
    op.create_table(
        "received",
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("released", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_received_log_id")),
        sa.PrimaryKeyConstraint("log_id", "position", name=op.f("pk_received")),
    )
    op.create_table(
        "record",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("town_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("commune", sa.String(length=9), nullable=True),
        sa.Column("theme", sa.String(length=12), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("clock", sa.String(length=20), nullable=True),
        sa.Column("supports", sa.String(length=8), nullable=True),
        sa.Column("demand", sa.Integer(), nullable=False),
        sa.Column("answered", sa.String(length=8), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("known", sa.JSON(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_record_log_id")),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_record_town_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
    )
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.create_index(
            "ix_record_kind_answered_id", ["kind", "answered", "id"], unique=False
        )
        batch_op.create_index(
            "ix_record_kind_commune_period_id", ["kind", "commune", "period", "id"], unique=False
        )
        batch_op.create_index("ix_record_kind_demand_id", ["kind", "demand", "id"], unique=False)
        batch_op.create_index("ix_record_kind_period_id", ["kind", "period", "id"], unique=False)
        batch_op.create_index(
            "ix_record_kind_status_period_id", ["kind", "status", "period", "id"], unique=False
        )
        batch_op.create_index(
            "ix_record_kind_theme_period_id", ["kind", "theme", "period", "id"], unique=False
        )
        batch_op.create_index(
            "ix_record_kind_town_id_period_id", ["kind", "town_id", "period", "id"], unique=False
        )

    op.create_table(
        "set_aside",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("log_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("town_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.Column("labels", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_set_aside_log_id")),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_set_aside_town_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside")),
    )
    with op.batch_alter_table("set_aside", schema=None) as batch_op:
        batch_op.create_index("ix_set_aside_town_id_why", ["town_id", "why"], unique=False)

    op.create_table(
        "content",
        sa.Column(
            "log_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log_id", "position"],
            ["raw_entry.log_id", "raw_entry.position"],
            name=op.f("fk_content_log_id_position"),
        ),
        sa.PrimaryKeyConstraint("log_id", "position", name=op.f("pk_content")),
    )

    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE record_search "
            "USING fts5(words, tokenize='unicode61', prefix='2 3')"
        )
    else:
        op.execute(
            "CREATE TABLE record_search (record_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_record_search_words ON record_search USING GIN (words)")


def downgrade() -> None:
    op.execute("DROP TABLE record_search")
    op.drop_table("content")
    with op.batch_alter_table("set_aside", schema=None) as batch_op:
        batch_op.drop_index("ix_set_aside_town_id_why")

    op.drop_table("set_aside")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index("ix_record_kind_town_id_period_id")
        batch_op.drop_index("ix_record_kind_theme_period_id")
        batch_op.drop_index("ix_record_kind_status_period_id")
        batch_op.drop_index("ix_record_kind_period_id")
        batch_op.drop_index("ix_record_kind_demand_id")
        batch_op.drop_index("ix_record_kind_commune_period_id")
        batch_op.drop_index("ix_record_kind_answered_id")

    op.drop_table("record")
    op.drop_table("received")
    op.drop_table("raw_entry")
    with op.batch_alter_table("log_state", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_log_state_due_at"))

    op.drop_table("log_state")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_index("ix_item_log_id_first")

    op.drop_table("item")
    with op.batch_alter_table("incident_cell", schema=None) as batch_op:
        batch_op.drop_index("ix_incident_cell_town_id_until_id")
        batch_op.drop_index("ix_incident_cell_until_id")
        batch_op.drop_index(batch_op.f("ix_incident_cell_area"))

    op.drop_table("incident_cell")
    op.drop_table("content_bundle")
    op.drop_table("absent_content")
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_web_session_ends"))
        batch_op.drop_index(batch_op.f("ix_web_session_account_id"))

    op.drop_table("web_session")
    with op.batch_alter_table("town_event", schema=None) as batch_op:
        batch_op.drop_index("ix_town_event_town_id_id")

    op.drop_table("town_event")
    with op.batch_alter_table("town_commune", schema=None) as batch_op:
        batch_op.drop_index("ix_town_commune_insee")

    op.drop_table("town_commune")
    with op.batch_alter_table("log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_log_town_id"))

    op.drop_table("log")
    with op.batch_alter_table("town", schema=None) as batch_op:
        batch_op.drop_index("ix_town_name_siren")

    op.drop_table("town")
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_grant_provider_subject"))
        batch_op.drop_index(batch_op.f("ix_role_grant_provider_email"))

    op.drop_table("role_grant")
    op.drop_table("account")
