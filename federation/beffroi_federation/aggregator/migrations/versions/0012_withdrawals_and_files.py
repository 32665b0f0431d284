# SPDX-License-Identifier: AGPL-3.0-or-later
"""Withdrawals are told, files of the whole are kept, and records know their département."""

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RECORD = {
    "ix_record_kind_department_period_id": ["kind", "department", "period", "id"],
    "ix_record_kind_seen_at_id": ["kind", "seen_at", "id"],
    "ix_record_kind_theme_seen_at_id": ["kind", "theme", "seen_at", "id"],
    "ix_record_kind_department_seen_at_id": ["kind", "department", "seen_at", "id"],
}
CELL = {
    "ix_incident_cell_department_until_id": ["department", "until", "id"],
    "ix_incident_cell_seen_at_id": ["seen_at", "id"],
}


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    when = sa.DateTime(timezone=True)
    op.create_table(
        "tombstone",
        sa.Column("id", big, nullable=False, autoincrement=False),
        sa.Column("log_id", big, nullable=False),
        sa.Column("at", when, nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_tombstone_log_id_log")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
    )
    op.create_index("ix_tombstone_at_id", "tombstone", ["at", "id"])
    op.create_index(op.f("ix_tombstone_log_id"), "tombstone", ["log_id"])
    op.create_table(
        "held_text",
        sa.Column("id", big, nullable=False, autoincrement=False),
        sa.Column("log_id", big, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", when, nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["log.id"], name=op.f("fk_held_text_log_id_log")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_text")),
    )
    op.create_index(op.f("ix_held_text_log_id"), "held_text", ["log_id"])
    op.create_index(op.f("ix_held_text_at"), "held_text", ["at"])
    op.create_table(
        "export_file",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("rows", big, nullable=False),
        sa.Column("bytes", big, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", when, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_export_file")),
    )
    op.create_table(
        "export_due",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("year", sa.String(length=4), nullable=False),
        sa.Column("at", when, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_due")),
    )
    for table, indexes in (("record", RECORD), ("incident_cell", CELL)):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("department", sa.String(length=3), nullable=True))
        _fill(table, "commune" if table == "record" else "area")
        for name, columns in indexes.items():
            op.create_index(name, table, columns)
    op.execute(
        "DELETE FROM topic_place WHERE record_id IN (SELECT log_id * 1099511627776 + first "
        "FROM item WHERE next IS NULL AND withdrawn IS NOT NULL)"
    )


def _fill(table: str, named: str) -> None:
    """Give what is shown already its département, by the rule of that day."""
    connection = op.get_bind()
    communes: dict[int, list[str]] = {}
    for town_id, insee in connection.execute(sa.text("SELECT town_id, insee FROM town_commune")):
        communes.setdefault(town_id, []).append(insee)
    two, three = "substr({0}, 1, 2)", "substr({0}, 1, 3)"
    head = f"CASE WHEN {two} IN ('97', '98') THEN {three} ELSE {two} END"
    for town_id, served in communes.items():
        counted = Counter(one[: 3 if one[:2] in {"97", "98"} else 2] for one in served)
        most = min(counted, key=lambda one: (-counted[one], one))
        connection.execute(
            sa.text(f"UPDATE {table} SET department = :most WHERE town_id = :town"),  # noqa: S608
            {"most": most, "town": town_id},
        )
    connection.execute(
        sa.text(
            f"UPDATE {table} SET department = {head.format(named)} WHERE EXISTS (SELECT 1 FROM "  # noqa: S608
            f"town_commune AS t WHERE t.town_id = {table}.town_id AND t.insee = {table}.{named})"
        )
    )


def downgrade() -> None:
    for table, indexes in (("record", RECORD), ("incident_cell", CELL)):
        for name in indexes:
            op.drop_index(name, table)
        with op.batch_alter_table(table) as batch:
            batch.drop_column("department")
    for table in ("export_due", "export_file", "held_text", "tombstone"):
        op.drop_table(table)
