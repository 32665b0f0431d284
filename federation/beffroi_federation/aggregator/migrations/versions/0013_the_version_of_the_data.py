# SPDX-License-Identifier: AGPL-3.0-or-later
"""One value names the state of what pages show; towns are found by the words of their names."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "data_version",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_version")),
    )
    by_sign = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
    words = op.create_table(
        "town_word",
        sa.Column("word", by_sign, nullable=False),
        sa.Column("town_id", big, nullable=False, autoincrement=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_town_word_town_id_town")),
        sa.PrimaryKeyConstraint("word", "town_id", name=op.f("pk_town_word")),
    )
    op.create_index(op.f("ix_town_word_town_id"), "town_word", ["town_id"])
    link = op.get_bind()
    rows = [
        {"word": word, "town_id": row.id}
        for row in link.execute(sa.text("SELECT id, name, siren FROM town")).all()
        for word in sorted({row.siren, *_words(row.name)})
    ]
    if rows:
        link.execute(words.insert(), rows)


def _words(name: str) -> list[str]:
    parts = unicodedata.normalize("NFKD", name)
    folded = "".join(one for one in parts if not unicodedata.combining(one)).lower()
    return re.findall(r"[^\W_]+", folded)


def downgrade() -> None:
    op.drop_table("town_word")
    op.drop_table("data_version")
