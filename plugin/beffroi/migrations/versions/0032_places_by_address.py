# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town keeps its addresses; a report's place knows how exact it is, and its address."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def exact(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "place_file",
        sa.Column("commune", sa.String(length=5), nullable=False),
        sa.Column("addresses", sa.Integer(), nullable=False),
        sa.Column("streets", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("commune", name=op.f("pk_place_file")),
    )
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "place_street",
        sa.Column("id", big, nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("folded", exact(250), nullable=False),
        sa.Column("town", sa.String(length=100), nullable=False),
        sa.Column("postcode", sa.String(length=5), nullable=False),
        sa.Column("older", sa.String(length=100), nullable=False),
        sa.Column("also", sa.String(length=400), nullable=False),
        sa.Column("latitude", sa.Float(53), nullable=False),
        sa.Column("longitude", sa.Float(53), nullable=False),
        sa.Column("reach", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_street")),
        sa.UniqueConstraint("code", name=op.f("uq_place_street_code")),
    )
    op.create_index(op.f("ix_place_street_commune"), "place_street", ["commune"])
    op.create_index(op.f("ix_place_street_folded"), "place_street", ["folded"])
    op.create_table(
        "place_number",
        sa.Column("street_id", big, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("suffix", sa.String(length=12), nullable=False),
        sa.Column("latitude", sa.Float(53), nullable=False),
        sa.Column("longitude", sa.Float(53), nullable=False),
        sa.ForeignKeyConstraint(
            ["street_id"], ["place_street.id"], name=op.f("fk_place_number_street_id_place_street")
        ),
        sa.PrimaryKeyConstraint("street_id", "number", "suffix", name=op.f("pk_place_number")),
    )
    op.create_table(
        "place_word",
        sa.Column("word", exact(40), nullable=False),
        sa.Column("street_id", big, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["street_id"], ["place_street.id"], name=op.f("fk_place_word_street_id_place_street")
        ),
        sa.PrimaryKeyConstraint("word", "street_id", name=op.f("pk_place_word")),
    )
    op.create_index(op.f("ix_place_word_street_id"), "place_word", ["street_id"])
    op.create_table(
        "place_spelling",
        sa.Column("form", exact(40), nullable=False),
        sa.Column("word", exact(40), nullable=False),
        sa.PrimaryKeyConstraint("form", "word", name=op.f("pk_place_spelling")),
    )
    op.create_index(op.f("ix_place_spelling_word"), "place_spelling", ["word"])
    op.add_column(
        "incident_position",
        sa.Column("reach", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column(
        "incident_position",
        sa.Column("address", sa.String(length=300), nullable=False, server_default=""),
    )


def downgrade() -> None:
    op.drop_column("incident_position", "address")
    op.drop_column("incident_position", "reach")
    for table in ("place_spelling", "place_word", "place_number", "place_street", "place_file"):
        op.drop_table(table)
