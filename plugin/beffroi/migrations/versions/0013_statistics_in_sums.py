# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sums for the statistics, kept by each change of a request from now on, filled from what is there.

Code from before does not keep them: what it changes while both serve is counted anew when the case
changes next.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MEASURES = (
    *("received", "open", "in_time", "late", "undated", "given_up", "by_silence", "still_silent"),
    *("published", "refused", "redirected", "duplicate"),
)
PLACES = (
    *(("'town'", period, "''") for period in ("0", "quarter / 10", "quarter")),
    *(("'theme'", period, "theme") for period in ("0", "quarter / 10", "quarter")),
    ("'department'", "quarter / 10", "department"),
)
"""The rows in which a request counts: dimension, period, code."""

ANSWERED = "('published', 'refused', 'redirected', 'duplicate')"
OPEN = f"status NOT IN {ANSWERED} AND status <> 'abandoned'"
WHEN = {
    "received": "1 = 1",
    "open": OPEN,
    "in_time": f"status IN {ANSWERED} AND in_time",
    "late": f"status IN {ANSWERED} AND NOT in_time",
    "undated": f"status IN {ANSWERED} AND in_time IS NULL",
    "given_up": "status = 'abandoned'",
    "by_silence": "silence",
    "still_silent": f"silence AND {OPEN}",
    **{status: f"status = '{status}'" for status in MEASURES[-4:]},
}

COUNTED = """
INSERT INTO counted_request
    (case_id, quarter, theme, department, status, days, in_time, silence)
SELECT id, quarter, theme, department, status, days,
    CASE WHEN days IS NULL OR due_on IS NULL THEN NULL ELSE closed_on <= due_on END, silence
FROM (
    SELECT c.id, {quarter} AS quarter, COALESCE(d.theme, '') AS theme,
        COALESCE(CAST(c.department_id AS VARCHAR(20)), '0') AS department, c.status,
        CASE WHEN c.status IN {answered} AND c.closed_on >= c.received_on THEN {days} END AS days,
        c.closed_on, c.due_on, e.case_id IS NOT NULL AS silence
    FROM "case" c
    JOIN data_request d ON d.case_id = c.id
    LEFT JOIN legal_event e ON e.case_id = c.id AND e.code = 'implicit_refusal'
    WHERE c.kind = 'data_request' AND c.visibility = 'public'
) AS listed
"""
DATES = {
    "sqlite": {
        "quarter": (
            "CAST(strftime('%Y', c.received_on) AS INTEGER) * 10"
            " + (CAST(strftime('%m', c.received_on) AS INTEGER) + 2) / 3"
        ),
        "days": "CAST(julianday(c.closed_on) - julianday(c.received_on) AS INTEGER)",
    },
    "postgresql": {
        "quarter": (
            "CAST(EXTRACT(YEAR FROM c.received_on) AS INTEGER) * 10"
            " + CAST(EXTRACT(QUARTER FROM c.received_on) AS INTEGER)"
        ),
        "days": "c.closed_on - c.received_on",
    },
}


def _tables() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "counted_request",
        sa.Column("case_id", big, autoincrement=False, nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("theme", sa.String(length=4), nullable=False),
        sa.Column("department", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.Column("silence", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_counted_request_case_id_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_counted_request")),
    )
    key = ("dimension", "period", "code")

    def place() -> tuple[sa.Column, ...]:
        return (
            sa.Column("dimension", sa.String(length=12), nullable=False),
            sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("code", sa.String(length=20), nullable=False),
        )

    op.create_table(
        "request_sum",
        *place(),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in MEASURES),
        sa.Column("median", sa.Integer(), nullable=True),
        sa.Column("ninetieth", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_request_sum")),
    )
    op.create_table(
        "request_delay",
        *place(),
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*key, "days", name=op.f("pk_request_delay")),
    )
    op.create_table(
        "request_sums_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", big, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_sums_version")),
    )


def _fill() -> None:
    """Read every request once, then groups of them, and add the groups up for each row."""
    op.execute(COUNTED.format(answered=ANSWERED, **DATES[op.get_bind().dialect.name]))
    sums = ", ".join(
        f"SUM(CASE WHEN {WHEN[name]} THEN 1 ELSE 0 END) AS {name}" for name in MEASURES
    )
    group = "quarter, theme, department"
    op.execute(
        f"CREATE TEMPORARY TABLE counted_group AS SELECT {group}, {sums}"
        f" FROM counted_request GROUP BY {group}"
    )
    op.execute(
        f"CREATE TEMPORARY TABLE counted_days AS SELECT {group}, days, COUNT(*) AS times"
        f" FROM counted_request WHERE days IS NOT NULL GROUP BY {group}, days"
    )
    for place in PLACES:
        _add_up(*place)
    for column, hundredths in (("median", 50), ("ninetieth", 90)):
        # The smallest delay that at least so many hundredths of the delays do not exceed.
        op.execute(
            f"UPDATE request_sum SET {column} = (SELECT MIN(days) FROM (SELECT d.days,"
            " SUM(d.times) OVER (ORDER BY d.days) AS until, SUM(d.times) OVER () AS whole"
            " FROM request_delay d WHERE d.dimension = request_sum.dimension"
            " AND d.period = request_sum.period AND d.code = request_sum.code) AS ranked"
            f" WHERE until * 100 >= whole * {hundredths})"
        )
    for table in ("counted_group", "counted_days"):
        op.execute(f"DROP TABLE {table}")
    op.execute("INSERT INTO request_sums_version (id, version) VALUES (1, 1)")


def _add_up(dimension: str, period: str, code: str) -> None:
    """Fill the rows of one dimension and one sort of period."""
    place = f"{dimension}, {period}, {code}"
    parts = [part for part in (period, code) if part not in {"0", "''"}]
    by = f"GROUP BY {', '.join(parts)}" if parts else ""
    sums = ", ".join(f"SUM({name})" for name in MEASURES)
    op.execute(
        f"INSERT INTO request_sum (dimension, period, code, {', '.join(MEASURES)})"
        f" SELECT {place}, {sums} FROM counted_group {by} HAVING COUNT(*) > 0"
    )
    op.execute(
        "INSERT INTO request_delay (dimension, period, code, days, times)"
        f" SELECT {place}, days, SUM(times) FROM counted_days"
        f" GROUP BY {', '.join([*parts, 'days'])}"
    )


def upgrade() -> None:
    _tables()
    _fill()


def downgrade() -> None:
    for table in ("request_sums_version", "request_delay", "request_sum", "counted_request"):
        op.drop_table(table)
