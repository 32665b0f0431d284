# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sums of the map have a row for all categories of a cell together."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO incident_area (level, y, x, category, open, reports)"
        " SELECT level, y, x, '', open, sum(reports) FROM incident_area"
        " GROUP BY level, y, x, open"
    )


def downgrade() -> None:
    op.execute("DELETE FROM incident_area WHERE category = ''")
