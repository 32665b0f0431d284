# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports on a map, by cells and their sums; questions of a category; what is reported nearby."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NEARBY = "nearby_street"
SHOWN = """
    FROM incident_position p
    JOIN "case" c ON c.id = p.case_id
    JOIN incident i ON i.case_id = p.case_id
    WHERE c.kind = 'street' AND c.visibility = 'public' AND i.listed
    AND EXISTS (SELECT 1 FROM case_text t WHERE t.case_id = c.id
        AND t.role IN ('title', 'description') AND t.state IN ('released', 'shown'))
"""


def _nearby(sqlite: bool) -> None:
    if sqlite:
        op.execute(
            f"CREATE VIRTUAL TABLE {NEARBY} USING fts5(title, body, also, tokenize='unicode61')"
        )
        return
    op.execute(
        f"CREATE TABLE {NEARBY} (id BIGINT PRIMARY KEY, title TEXT NOT NULL,"
        " body TEXT NOT NULL, also TEXT NOT NULL, words TSVECTOR NOT NULL)"
    )
    op.execute(f"CREATE INDEX ix_{NEARBY}_words ON {NEARBY} USING GIN (words)")
    for column in ("title", "body", "also", "words"):
        op.execute(f"ALTER TABLE {NEARBY} ALTER COLUMN {column} SET STATISTICS 0")


def _questions(big: sa.types.TypeEngine) -> None:
    op.create_table(
        "incident_question",
        sa.Column("id", big, nullable=False),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("hint", sa.JSON(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_question")),
        sa.UniqueConstraint("category", "code", name=op.f("uq_incident_question_category_code")),
    )
    op.create_table(
        "incident_answer",
        sa.Column("id", big, nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_incident_answer_case_id_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_answer")),
        sa.UniqueConstraint("case_id", "code", name=op.f("uq_incident_answer_case_id_code")),
    )


def _map(big: sa.types.TypeEngine) -> None:
    op.create_table(
        "incident_spot",
        sa.Column("case_id", big, autoincrement=False, nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_incident_spot_case_id_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_incident_spot")),
    )
    op.create_table(
        "incident_area",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("y", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("x", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "level", "y", "x", "category", "open", name=op.f("pk_incident_area")
        ),
    )


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    sqlite = op.get_bind().dialect.name == "sqlite"
    _nearby(sqlite)
    _questions(big)
    _map(big)
    # SQLite cuts where it casts, PostgreSQL rounds: both are to go down to the cell's edge.
    down = "CAST({} AS INTEGER)" if sqlite else "CAST(FLOOR({}) AS INTEGER)"
    y, x = down.format("(p.latitude + 90) / 0.00225"), down.format("(p.longitude + 180) / 0.0034")
    op.execute(
        "INSERT INTO incident_spot (case_id, y, x, category, open)"
        f" SELECT p.case_id, {y}, {x}, i.category, c.open {SHOWN}"
    )
    for level in (0, 2, 4, 6):
        op.execute(
            "INSERT INTO incident_area (level, y, x, category, open, reports)"  # noqa: S608
            f" SELECT {level}, y >> {level}, x >> {level}, category, open, count(*)"
            f" FROM incident_spot GROUP BY y >> {level}, x >> {level}, category, open"
        )
    for name, columns in (
        ("cell", ["y", "x", "open", "category", "case_id"]),
        ("category", ["category", "open", "y", "x", "case_id"]),
    ):
        op.create_index(f"ix_incident_spot_{name}", "incident_spot", columns)
    op.create_index("ix_incident_position_place", "incident_position", ["latitude", "longitude"])


def downgrade() -> None:
    op.drop_index("ix_incident_position_place", table_name="incident_position")
    for table in (
        NEARBY, "incident_area", "incident_spot", "incident_answer", "incident_question",
    ):  # fmt: skip
        op.drop_table(table)
