# SPDX-License-Identifier: AGPL-3.0-or-later
"""Campaigns: series, editions with their steps, who helps, meet-ups, requests, ballots, followers,
and a delivery for each announcement and recipient.

Nothing that was there changes; code from before leaves the new tables alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def _column(name: str, kind: sa.types.TypeEngine, *, empty: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=empty)


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def _once(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _series() -> None:
    op.create_table(
        "campaign_series",
        _column("id", BIG),
        _column("titles", sa.JSON()),
        _column("words", sa.JSON()),
        _column("theme", sa.String(length=4), empty=True),
        _column("owed", sa.Integer()),
        _column("first_on", sa.Date()),
        _column("every_months", sa.Integer()),
        _column("weeks", sa.JSON()),
        _column("active", sa.Boolean()),
        _column("made_at", MOMENT),
        _key("campaign_series"),
    )


def _editions() -> None:
    table = "campaign"
    op.create_table(
        table,
        _column("id", BIG),
        _column("series_id", BIG),
        _column("number", sa.Integer()),
        _column("slug", sa.String(length=80)),
        _column("record_id", sa.String(length=32)),
        _column("titles", sa.JSON()),
        _column("words", sa.JSON()),
        _column("theme", sa.String(length=4), empty=True),
        _column("owed", sa.Integer()),
        *(_column(f"{p}_on", sa.Date()) for p in ("call", "sorting", "research", "note", "over")),
        _column("phase", sa.String(length=10)),
        _column("next_on", sa.Date(), empty=True),
        _column("version", sa.Integer()),
        _column("voters", sa.Integer(), empty=True),
        _column("note", sa.JSON()),
        _column("note_at", MOMENT, empty=True),
        _column("changed_at", MOMENT),
        _key(table),
        _to(table, "series_id", "campaign_series"),
        _once(table, "series_id", "number"),
        _once(table, "slug"),
        _once(table, "record_id"),
    )
    _index(table, "call_on")
    _index(table, "next_on")


def _steps() -> None:
    table = "campaign_step"
    op.create_table(
        table,
        _column("id", BIG),
        _column("campaign_id", BIG),
        _column("step", sa.String(length=10)),
        _column("on_day", sa.Date()),
        _column("at", MOMENT),
        _key(table),
        _to(table, "campaign_id", "campaign"),
        _once(table, "campaign_id", "step"),
    )


def _associations() -> None:
    table = "campaign_association"
    op.create_table(
        table,
        _column("id", BIG),
        _column("campaign_id", BIG),
        _column("code", sa.String(length=60)),
        _column("name", sa.String(length=120)),
        _column("number", sa.String(length=14), empty=True),
        _column("url", sa.String(length=500), empty=True),
        _key(table),
        _to(table, "campaign_id", "campaign"),
        _once(table, "campaign_id", "code"),
    )


def _meetings() -> None:
    table = "campaign_meeting"
    op.create_table(
        table,
        _column("id", BIG),
        _column("campaign_id", BIG),
        _column("uid", sa.String(length=32)),
        _column("title", sa.String(length=120)),
        _column("place", sa.String(length=200)),
        _column("begins_at", MOMENT),
        _column("ends_at", MOMENT),
        _key(table),
        _to(table, "campaign_id", "campaign"),
        _once(table, "uid"),
    )
    _index(table, "campaign_id")


def _requests() -> None:
    table = "campaign_request"
    op.create_table(
        table,
        _column("case_id", BIG),
        _column("campaign_id", BIG),
        _column("association_id", BIG, empty=True),
        _column("eligible", sa.Boolean(), empty=True),
        _column("reason", sa.Text(), empty=True),
        _column("points", sa.Integer(), empty=True),
        _column("place", sa.Integer(), empty=True),
        _column("joined_at", MOMENT),
        sa.PrimaryKeyConstraint("case_id", name=op.f(f"pk_{table}")),
        _to(table, "case_id", "case"),
        _to(table, "campaign_id", "campaign"),
        _to(table, "association_id", "campaign_association"),
    )
    _index(table, "campaign_id")
    _index(table, "association_id")


def _votes() -> None:
    table = "campaign_vote"
    op.create_table(
        table,
        _column("id", BIG),
        _column("campaign_id", BIG),
        _column("party_id", BIG),
        _column("choice", sa.Integer()),
        _column("case_id", BIG),
        _column("at", MOMENT),
        _key(table),
        _to(table, "campaign_id", "campaign"),
        _to(table, "party_id", "party"),
        _to(table, "case_id", "case"),
        _once(table, "campaign_id", "party_id", "choice"),
    )
    _index(table, "party_id")
    _index(table, "case_id")


def _followers() -> None:
    table = "campaign_follower"
    op.create_table(
        table,
        _column("id", BIG),
        _column("series_id", BIG),
        _column("party_id", BIG),
        _column("token", sa.String(length=64)),
        _column("since", MOMENT),
        _column("ended_at", MOMENT, empty=True),
        _key(table),
        _to(table, "series_id", "campaign_series"),
        _to(table, "party_id", "party"),
        _once(table, "series_id", "party_id"),
        _once(table, "token"),
    )
    _index(table, "party_id")


def _announcements() -> None:
    table = "announcement"
    op.create_table(
        table,
        _column("id", BIG),
        _column("step_id", BIG),
        _column("party_id", BIG),
        _column("token", sa.String(length=64)),
        _column("message_id", sa.String(length=120)),
        _column("made_at", MOMENT),
        _column("sent_at", MOMENT, empty=True),
        _key(table),
        _to(table, "step_id", "campaign_step"),
        _to(table, "party_id", "party"),
        _once(table, "step_id", "party_id"),
        _once(table, "message_id"),
    )
    _index(table, "party_id")


def upgrade() -> None:
    for make in (
        _series, _editions, _steps, _associations, _meetings, _requests, _votes, _followers,
        _announcements,
    ):  # fmt: skip
        make()


def downgrade() -> None:
    for table in (
        "announcement", "campaign_follower", "campaign_vote", "campaign_request",
        "campaign_meeting", "campaign_association", "campaign_step", "campaign", "campaign_series",
    ):  # fmt: skip
        op.drop_table(table)
