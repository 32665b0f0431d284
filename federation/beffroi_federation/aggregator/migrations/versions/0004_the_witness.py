# SPDX-License-Identifier: AGPL-3.0-or-later
"""The witness: what was accepted of each log, and the nation's own log of it.

What a pull had accepted before is what the witness goes on from: its size and root are the second
and third line of the note. Without that, a first submission could found another history.

Revision ID: 0004
Revises: 0003
"""

import base64
import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    witnessed = op.create_table(
        "witnessed",
        sa.Column("log_id", big, autoincrement=False, nullable=False),
        sa.Column("origin_hash", sa.String(length=64), nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cosignature", sa.String(length=512), nullable=True),
        sa.Column("cosigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_witnessed_log_id")),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_witnessed")),
        sa.UniqueConstraint("origin_hash", name=op.f("uq_witnessed_origin_hash")),
    )
    op.create_index(op.f("ix_witnessed_cosigned_at"), "witnessed", ["cosigned_at"])
    accepted = op.create_table(
        "accepted_checkpoint",
        sa.Column("id", big, nullable=False),
        sa.Column("log_id", big, nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=68), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", big, nullable=True),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_accepted_checkpoint_log_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accepted_checkpoint")),
        sa.UniqueConstraint("log_id", "size", name=op.f("uq_accepted_checkpoint_log_id_size")),
    )
    op.create_index(op.f("ix_accepted_checkpoint_position"), "accepted_checkpoint", ["position"])
    op.create_table(
        "witness_tile",
        sa.Column("log_id", big, autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", big, autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_witness_tile_log_id")),
        sa.PrimaryKeyConstraint("log_id", "level", "index", name=op.f("pk_witness_tile")),
    )
    op.create_table(
        "own_log",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("published", big, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_log")),
    )
    op.create_table(
        "own_entry",
        sa.Column("position", big, autoincrement=False, nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_own_entry")),
    )
    op.create_table(
        "own_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", big, autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_own_tile")),
    )
    _go_on_from_the_pulls(witnessed, accepted)


def _go_on_from_the_pulls(witnessed: sa.Table, accepted: sa.Table) -> None:
    """Take what the pulls had accepted as what the witness has seen."""
    log = sa.table("log", sa.column("id"), sa.column("origin", sa.String), sa.column("vkey"))
    state = sa.table(
        "log_state",
        sa.column("log_id"),
        sa.column("note", sa.LargeBinary),
        sa.column("verified_at", sa.DateTime(timezone=True)),
    )
    rows = op.get_bind().execute(
        sa.select(log.c.id, log.c.origin, log.c.vkey, state.c.note, state.c.verified_at)
        .join(state, state.c.log_id == log.c.id)
        .where(state.c.note.is_not(None))
    )
    seen, entered = [], []
    for row in rows.all():
        size, root, line, signature = _read(bytes(row.note).decode(), row.origin, row.vkey)
        text = bytes(row.note).decode().partition("\n\n")[0]
        base = {"log_id": row.id, "size": size, "root": root}
        seen.append(
            base
            | {"origin_hash": hashlib.sha256(row.origin.encode()).hexdigest(),
               "note": f"{text}\n\n{line}\n", "since": row.verified_at, "cosignature": None,
               "cosigned_at": None}
        )  # fmt: skip
        entered.append(base | {"signature": signature, "at": row.verified_at, "position": None})
    if seen:
        op.bulk_insert(witnessed, seen)
        op.bulk_insert(accepted, entered)


def _read(note: str, origin: str, vkey: str) -> tuple[int, bytes, str, bytes]:
    """Return size, root, and the line and bytes of the pinned key's signature of a stored note."""
    text, _, tail = note.rpartition("\n\n")
    lines: list[Any] = text.split("\n")
    key_id = bytes.fromhex(vkey.split("+")[1])
    for line in tail.splitlines():
        _, name, data = line.split(" ")
        signature = base64.b64decode(data)
        if name == origin and signature[:4] == key_id:
            return int(lines[1]), base64.b64decode(lines[2]), line, signature
    raise RuntimeError(f"the stored checkpoint of {origin} does not bear its pinned key's line")


def downgrade() -> None:
    for table in ("own_tile", "own_entry", "own_log", "witness_tile"):
        op.drop_table(table)
    op.drop_index(op.f("ix_accepted_checkpoint_position"), table_name="accepted_checkpoint")
    op.drop_table("accepted_checkpoint")
    op.drop_index(op.f("ix_witnessed_cosigned_at"), table_name="witnessed")
    op.drop_table("witnessed")
