# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people correct and leave behind, what is kept apart, the period in which a year is counted.

Links between accounts and what authors of erased cases did go, as they do at an erasure from now
on. PostgreSQL keeps no samples of columns that hold words.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WORDS = {
    "account_correction": ("name", "email"),
    "address_change": ("email",),
    "kept_apart": ("content",),
}


def _account(big: sa.types.TypeEngine, table: str, *, cascade: bool) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("account_id", big, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f(f"fk_{table}_account_id_account"),
            ondelete="CASCADE" if cascade else None,
        ),
    ]


def _of_accounts(big: sa.types.TypeEngine) -> None:
    op.create_table(
        "account_correction",
        *_account(big, "account_correction", cascade=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_correction")),
    )
    op.create_table(
        "address_change",
        *_account(big, "address_change", cascade=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_address_change")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_address_change_token_hash")),
    )
    op.create_table(
        "account_warning",
        *_account(big, "account_warning", cascade=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_warning")),
    )


def _of_rights(big: sa.types.TypeEngine) -> None:
    op.create_table(
        "personal_archive",
        sa.Column("id", big, nullable=False),
        *_account(big, "personal_archive", cascade=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("stored_name", sa.String(length=64), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_archive")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_personal_archive_token_hash")),
        sa.UniqueConstraint("stored_name", name=op.f("uq_personal_archive_stored_name")),
    )
    op.create_table(
        "export_access",
        sa.Column("id", big, nullable=False),
        sa.Column("account_id", big, nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_export_access_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_access")),
    )
    op.create_table(
        "kept_apart",
        sa.Column("id", big, nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("account_id", big, nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_kept_apart_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_apart")),
    )


def _of_counts() -> None:
    op.create_table(
        "count_period",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("family", sa.String(length=8), nullable=False),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("area", sa.String(length=14), nullable=False),
        sa.Column("grain", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("year", "family", "category", "area", name=op.f("pk_count_period")),
    )


INDEXES = (
    ("personal_archive", "account_id"),
    ("personal_archive", "ends_at"),
    ("export_access", "account_id"),
    ("export_access", "at"),
    ("kept_apart", "ref"),
    ("kept_apart", "ends_on"),
    ("kept_apart", "account_id"),
)


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _of_accounts(big)
    _of_rights(big)
    _of_counts()
    for table, column in INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in WORDS.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
    op.execute(
        "UPDATE timeline SET account_id = NULL WHERE voice = 'citizen' AND case_id IN"
        " (SELECT c.id FROM \"case\" c JOIN party p ON p.id = c.party_id WHERE p.kind = 'erased')"
    )


def downgrade() -> None:
    for table in (
        "count_period",
        "kept_apart",
        "export_access",
        "personal_archive",
        "account_warning",
        "address_change",
        "account_correction",
    ):
        op.drop_table(table)
