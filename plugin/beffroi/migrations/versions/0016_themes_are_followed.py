# SPDX-License-Identifier: AGPL-3.0-or-later
"""Themes and whole towns are followed, once a day; catalogues are connected at the desk too.

What the validators of the open data follow from stands in one index of cases.

PostgreSQL keeps no samples of addresses. A catalogue that was connected at the desk is forgotten on
the way back, with its datasets: the settings know nothing of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CHANGED = ["kind", "visibility", "changed_at", "version", "supports", "id"]
INDEXED = {"subscription": ("theme",), "subscriber": ("told_on",)}


def _party(big: sa.types.TypeEngine, table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("party_id", big, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["party_id"], ["party.id"], name=op.f(f"fk_{table}_party_id_party")
        ),
    ]


def _of_subscribers(big: sa.types.TypeEngine, moment: sa.types.TypeEngine) -> None:
    op.create_table(
        "subscriber",
        *_party(big, "subscriber"),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("told_to", big, nullable=False),
        sa.Column("told_at", moment, nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("token", name=op.f("uq_subscriber_token")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", big, nullable=False),
        *_party(big, "subscription"),
        sa.Column("theme", sa.String(length=4), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("party_id", "theme", name=op.f("uq_subscription_party_id_theme")),
    )
    op.create_table(
        "pending_subscription",
        sa.Column("id", big, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("theme", sa.String(length=4), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_subscription")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_pending_subscription_token_hash")),
    )


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    _of_subscribers(big, moment)
    op.create_table(
        "digest",
        sa.Column("id", big, nullable=False),
        *_party(big, "digest"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("after", big, nullable=False),
        sa.Column("until", big, nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("party_id", "day", name=op.f("uq_digest_party_id_day")),
        sa.UniqueConstraint("message_id", name=op.f("uq_digest_message_id")),
    )
    for table, columns in INDEXED.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index(op.f("ix_pending_subscription_email"), "pending_subscription", ["email"])
    op.create_index("ix_case_changed", "case", CHANGED)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE pending_subscription ALTER COLUMN email SET STATISTICS 0")
    # Column by column: a table that datasets point to cannot be made anew on SQLite.
    op.add_column(
        "catalogue", sa.Column("name", sa.String(length=120), nullable=False, server_default="")
    )
    op.add_column(
        "catalogue", sa.Column("fixed", sa.Boolean(), nullable=False, server_default=sa.true())
    )


def downgrade() -> None:
    catalogue = sa.table("catalogue", sa.column("id"), sa.column("fixed", sa.Boolean()))
    dataset = sa.table("dataset", sa.column("id"), sa.column("catalogue_id"))
    key = "rowid" if op.get_bind().dialect.name == "sqlite" else "id"
    nearby = sa.table("nearby_dataset", sa.column(key))
    desk = sa.select(catalogue.c.id).where(sa.not_(catalogue.c.fixed))
    theirs = sa.select(dataset.c.id).where(dataset.c.catalogue_id.in_(desk))
    op.execute(sa.delete(nearby).where(nearby.c[key].in_(theirs)))
    op.execute(sa.delete(dataset).where(dataset.c.catalogue_id.in_(desk)))
    op.execute(sa.delete(catalogue).where(sa.not_(catalogue.c.fixed)))
    for column in ("fixed", "name"):
        op.drop_column("catalogue", column)
    op.drop_index("ix_case_changed", "case")
    for table in ("digest", "pending_subscription", "subscription", "subscriber"):
        op.drop_table(table)
