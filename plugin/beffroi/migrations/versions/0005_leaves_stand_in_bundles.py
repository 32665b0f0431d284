# SPDX-License-Identifier: AGPL-3.0-or-later
"""Leaves stand by 256 in bundles, as they are served, and no longer one a row.

A bundle is its leaves one after the other, each after its length in two bytes. The leaves are
moved a few bundles at a time; none is changed.
"""

from collections.abc import Iterator
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
contracts = "0.1.0: leaves are read from and written to bundles, no longer to log_entry"

WIDTH = 256
AT_ONCE = 16 * WIDTH

entries = sa.table("log_entry", sa.column("log_id"), sa.column("position"), sa.column("leaf"))
bundles = sa.table(
    "log_bundle",
    sa.column("log_id", sa.Integer),
    sa.column("index", sa.BigInteger),
    sa.column("leaves", sa.LargeBinary),
)


def upgrade() -> None:
    op.create_table(
        "log_bundle",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "index",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "index", name=op.f("pk_log_bundle")),
    )
    for log_id, rows in _entries():
        made = [
            {
                "log_id": log_id,
                "index": index,
                "leaves": b"".join(_written(row.leaf.encode("ascii")) for row in some),
            }
            for index, some in groupby(rows, lambda row: row.position // WIDTH)
        ]
        op.bulk_insert(bundles, made)
    op.drop_table("log_entry")


def downgrade() -> None:
    op.create_table(
        "log_entry",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "position", name=op.f("pk_log_entry")),
    )
    bind = op.get_bind()
    places = bind.execute(
        sa.select(bundles.c.log_id, bundles.c["index"]).order_by(
            bundles.c.log_id, bundles.c["index"]
        )
    ).all()
    for log_id, index in places:
        data = bind.scalar(
            sa.select(bundles.c.leaves).where(
                bundles.c.log_id == log_id, bundles.c["index"] == index
            )
        )
        made = [
            {"log_id": log_id, "position": index * WIDTH + at, "leaf": leaf}
            for at, leaf in enumerate(_read(bytes(data)))
        ]
        bind.execute(sa.insert(entries), made)
    op.drop_table("log_bundle")


def _entries() -> Iterator[tuple[int, list[sa.Row]]]:
    """Yield the rows of each log, whole bundles at a time."""
    bind = op.get_bind()
    for log_id in bind.scalars(sa.select(entries.c.log_id).distinct()).all():
        first = 0
        while rows := bind.execute(
            sa.select(entries.c.position, entries.c.leaf)
            .where(entries.c.log_id == log_id)
            .where(entries.c.position >= first, entries.c.position < first + AT_ONCE)
            .order_by(entries.c.position)
        ).all():
            yield log_id, rows
            first += AT_ONCE


def _written(leaf: bytes) -> bytes:
    return len(leaf).to_bytes(2, "big") + leaf


def _read(data: bytes) -> Iterator[str]:
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : end].decode("ascii")
        at = end
