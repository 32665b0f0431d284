# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tallies of towns, so that no page counts records; who holds a theme; unmet demand by theme.

What is shown already is counted.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from json import loads
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SOME = 5_000


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "town_tally",
        sa.Column("town_id", big, nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_town_tally_town_id_town")),
        sa.PrimaryKeyConstraint("town_id", "what", "code", name=op.f("pk_town_tally")),
    )
    op.create_table(
        "cell_tally",
        sa.Column("town_id", big, nullable=False),
        sa.Column("family", sa.String(length=12), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("span", sa.String(length=8), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("protected", sa.Integer(), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=op.f("fk_cell_tally_town_id_town")),
        sa.PrimaryKeyConstraint(
            "town_id", "family", "category", "span", name=op.f("pk_cell_tally")
        ),
    )
    op.create_table(
        "theme_holder",
        sa.Column("theme", sa.String(length=16), nullable=False),
        sa.Column("holder_fr", sa.String(length=200), nullable=False),
        sa.Column("holder_en", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("theme", name=op.f("pk_theme_holder")),
    )
    op.create_table(
        "holder_event",
        sa.Column("id", big, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("theme", sa.String(length=16), nullable=False),
        sa.Column("holder_fr", sa.String(length=200), nullable=False),
        sa.Column("holder_en", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder_event")),
    )
    unmet = ["theme", "waiting", "refused", "published", "topic_id"]
    op.create_index("ix_topic_profile_unmet", "topic_profile", unmet)
    _count_records()
    _count_cells()


def downgrade() -> None:
    op.drop_index("ix_topic_profile_unmet", "topic_profile")
    op.drop_table("holder_event")
    op.drop_table("theme_holder")
    op.drop_table("cell_tally")
    op.drop_table("town_tally")


def _all(query: str) -> Iterator[Any]:
    """Yield the rows of a query that ends with a condition on `id`, some at a time."""
    last = -1
    while True:
        rows = op.get_bind().execute(sa.text(query), {"last": last, "some": SOME}).all()
        yield from rows
        if len(rows) < SOME:
            return
        last = rows[-1].id


def _count_records() -> None:
    counted: Counter[tuple[int, str, str]] = Counter()
    for row in _all(
        "SELECT id, town_id, kind, status, theme, period, answered, known FROM record "
        "WHERE id > :last ORDER BY id LIMIT :some"
    ):
        if row.kind == "request":
            counted[row.town_id, "status", str(row.status)] += 1
            counted[row.town_id, "theme", str(row.theme)] += 1
            if (weeks := _weeks(row.period, row.answered)) is not None:
                counted[row.town_id, "weeks", f"{weeks:03d}"] += 1
        elif row.kind == "cyber_incident":
            known = loads(row.known) if isinstance(row.known, str) else row.known
            counted[row.town_id, "cyber", f"{known.get('class')} {row.period}"[:48]] += 1
    rows = [{"t": t, "w": w, "c": c, "n": n} for (t, w, c), n in counted.items()]
    if rows:
        op.get_bind().execute(
            sa.text("INSERT INTO town_tally (town_id, what, code, n) VALUES (:t, :w, :c, :n)"), rows
        )


def _weeks(received: str | None, answered: str | None) -> int | None:
    try:
        first, last = (
            date.fromisocalendar(*map(int, one.split("-W")), 1)
            for one in (received or "", answered or "")
        )
    except ValueError:
        return None
    return min(max(0, (last - first).days // 7), 260)


def _count_cells() -> None:
    summed: dict[tuple[int, str, str, str], list[int]] = {}
    for row in _all(
        "SELECT id, town_id, family, category, period, until, state, count AS n, closed "
        "FROM incident_cell WHERE id > :last ORDER BY id LIMIT :some"
    ):
        key = (row.town_id, row.family, row.category, _span(row.period, row.until))
        sums = summed.setdefault(key, [0, 0, 0, 0])
        sums[0 if row.state == "shown" else 1] += 1
        sums[2] += row.n or 0
        sums[3] += row.closed or 0
    rows = [
        {"t": t, "f": f, "c": c, "s": s, "a": a, "b": b, "d": d, "e": e}
        for (t, f, c, s), (a, b, d, e) in summed.items()
    ]
    if rows:
        op.get_bind().execute(
            sa.text(
                "INSERT INTO cell_tally (town_id, family, category, span, shown, protected, "
                "reported, closed) VALUES (:t, :f, :c, :s, :a, :b, :d, :e)"
            ),
            rows,
        )


def _span(period: str, until: str) -> str:
    if len(period) == 4:
        return period
    last = date.fromordinal(date.fromisoformat(until).toordinal() - 1)
    return f"{last.year:04d}-Q{(last.month + 2) // 3}"
