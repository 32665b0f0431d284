# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sums of a town's cells stand with its other tallies, so that no page adds up categories."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for code in ("reported", "closed", "protected"):
        op.execute(
            "INSERT INTO town_tally (town_id, what, code, n)"  # noqa: S608  one of three words
            f" SELECT town_id, 'cells', '{code}', sum({code}) FROM cell_tally"
            f" GROUP BY town_id HAVING sum({code}) <> 0"
        )


def downgrade() -> None:
    op.execute("DELETE FROM town_tally WHERE what = 'cells'")
