# SPDX-License-Identifier: AGPL-3.0-or-later
"""Leaves that come a few at a time are rows of their own until their bundle is written.

There and forth nothing is moved: the tail begins empty. Back, each log's tail is folded into its
last bundle and the tile of its hashes.
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WIDTH = 256

big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
tail = sa.table(
    "log_tail",
    sa.column("log_id", sa.Integer),
    sa.column("position", big),
    sa.column("leaf", sa.LargeBinary),
)
bundles = sa.table(
    "log_bundle",
    sa.column("log_id", sa.Integer),
    sa.column("index", big),
    sa.column("leaves", sa.LargeBinary),
)
tiles = sa.table(
    "log_tile",
    sa.column("log_id", sa.Integer),
    sa.column("level", sa.Integer),
    sa.column("index", big),
    sa.column("hashes", sa.LargeBinary),
)


def upgrade() -> None:
    op.create_table(
        "log_tail",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", big, autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "position", name=op.f("pk_log_tail")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    bind = op.get_bind()
    for log_id in bind.scalars(sa.select(tail.c.log_id).distinct()).all():
        rows = bind.execute(
            sa.select(tail.c.position, tail.c.leaf)
            .where(tail.c.log_id == log_id)
            .order_by(tail.c.position)
        ).all()
        index, leaves = rows[0].position // WIDTH, [bytes(row.leaf) for row in rows]
        spelt = [len(leaf).to_bytes(2, "big") + leaf for leaf in leaves]
        hashes = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
        place = {"log_id": log_id, "index": index}
        _grow(bundles, "leaves", place, b"".join(spelt))
        _grow(tiles, "hashes", {**place, "level": 0}, b"".join(hashes))
    op.drop_table("log_tail")


def _grow(table: sa.TableClause, column: str, place: dict[str, int], more: bytes) -> None:
    """Put bytes behind those of a row, which is made where there is none."""
    bind = op.get_bind()
    here = [table.c[name] == value for name, value in place.items()]
    held = bind.scalar(sa.select(table.c[column]).where(*here))
    if held is None:
        bind.execute(sa.insert(table).values({**place, column: more}))
    else:
        bind.execute(sa.update(table).where(*here).values({column: bytes(held) + more}))
