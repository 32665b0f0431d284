# SPDX-License-Identifier: AGPL-3.0-or-later
"""Connected catalogues with their datasets, and the indexes that find what is near a request.

The index of requests is filled by the worker when it first counts words; code from before leaves it
alone. PostgreSQL keeps no samples of the words of requests.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEXES = ("nearby_case", "nearby_dataset")


def _catalogues(big: sa.types.TypeEngine) -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "catalogue",
        sa.Column("id", big, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("modified", sa.String(length=200), nullable=False),
        sa.Column("tried_at", moment, nullable=True),
        sa.Column("imported_at", moment, nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("datasets", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue")),
        sa.UniqueConstraint("address", name=op.f("uq_catalogue_address")),
    )
    op.create_table(
        "dataset",
        sa.Column("id", big, nullable=False),
        sa.Column("catalogue_id", big, nullable=False),
        sa.Column("source_id", sa.String(length=500), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("licence", sa.String(length=200), nullable=False),
        sa.Column("themes", sa.String(length=100), nullable=False),
        sa.Column("high_value", sa.String(length=16), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_dataset_catalogue_id_catalogue")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint(
            "catalogue_id", "source_id", name=op.f("uq_dataset_catalogue_id_source_id")
        ),
    )


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _catalogues(big)
    op.create_table(
        "nearby_stem",
        sa.Column("index_name", sa.String(length=16), nullable=False),
        sa.Column("stem", sa.String(length=100), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("index_name", "stem", name=op.f("pk_nearby_stem")),
    )
    for table in INDEXES:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE VIRTUAL TABLE {table} USING fts5(title, body, also, tokenize='unicode61')"
            )
            continue
        op.execute(
            f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, title TEXT NOT NULL,"
            " body TEXT NOT NULL, also TEXT NOT NULL, words TSVECTOR NOT NULL)"
        )
        op.execute(f"CREATE INDEX ix_{table}_words ON {table} USING GIN (words)")
        for column in ("title", "body", "also", "words"):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    for table in (*INDEXES, "nearby_stem", "dataset", "catalogue"):
        op.drop_table(table)
