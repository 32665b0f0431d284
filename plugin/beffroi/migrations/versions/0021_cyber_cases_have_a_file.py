# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports on public sites get a file each, with who may know of it; sites that the town knows."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def _of_case(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f(f"fk_{table}_case_id_case"))


def _cases() -> None:
    op.create_table(
        "cyber_case",
        sa.Column("case_id", BIG, autoincrement=False, nullable=False),
        sa.Column("site", sa.String(length=253), nullable=False),
        sa.Column("owner", sa.String(length=8), nullable=False),
        sa.Column("owner_name", sa.String(length=200), nullable=True),
        sa.Column("addresses", sa.Text(), nullable=False),
        sa.Column("personal_data", sa.Boolean(), nullable=False),
        sa.Column("rsit", sa.String(length=80), nullable=True),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("surface", sa.String(length=20), nullable=True),
        sa.Column("tlp", sa.String(length=12), nullable=False),
        sa.Column("embargo_until", MOMENT, nullable=True),
        sa.Column("embargo_zone", sa.String(length=64), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.Column("allowed_at", MOMENT, nullable=True),
        sa.Column("made_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        _of_case("cyber_case"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_cyber_case")),
        sa.UniqueConstraint("record_id", name=op.f("uq_cyber_case_record_id")),
    )
    op.create_index(op.f("ix_cyber_case_embargo_until"), "cyber_case", ["embargo_until"])
    op.create_table(
        "cyber_reader",
        sa.Column("case_id", BIG, autoincrement=False, nullable=False),
        sa.Column("account_id", BIG, autoincrement=False, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        _of_case("cyber_reader"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_cyber_reader_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("case_id", "account_id", name=op.f("pk_cyber_reader")),
    )
    op.create_index(op.f("ix_cyber_reader_account_id"), "cyber_reader", ["account_id"])


def _work() -> None:
    op.create_table(
        "cyber_step",
        sa.Column("id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("who", BIG, nullable=True),
        _of_case("cyber_step"),
        sa.ForeignKeyConstraint(
            ["who"], ["account.id"], name=op.f("fk_cyber_step_who_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cyber_step")),
    )
    op.create_index("ix_cyber_step_case_id_id", "cyber_step", ["case_id", "id"])
    op.create_table(
        "cyber_task",
        sa.Column("id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        _of_case("cyber_task"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cyber_task")),
    )
    op.create_index(op.f("ix_cyber_task_case_id"), "cyber_task", ["case_id"])
    op.create_table(
        "cyber_contact",
        sa.Column("id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        _of_case("cyber_contact"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cyber_contact")),
    )
    op.create_index(op.f("ix_cyber_contact_case_id"), "cyber_contact", ["case_id"])


def upgrade() -> None:
    _cases()
    _work()
    op.create_table(
        "cyber_clock",
        sa.Column("id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("struck_at", MOMENT, nullable=True),
        sa.Column("met_at", MOMENT, nullable=True),
        sa.Column("dropped_at", MOMENT, nullable=True),
        _of_case("cyber_clock"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cyber_clock")),
        sa.UniqueConstraint("case_id", "rule", name=op.f("uq_cyber_clock_case_id_rule")),
    )
    op.create_index(op.f("ix_cyber_clock_due_at"), "cyber_clock", ["due_at"])
    op.create_table(
        "cyber_site",
        sa.Column("id", BIG, nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cyber_site")),
        sa.UniqueConstraint("host", name=op.f("uq_cyber_site_host")),
    )
    # Cases from before: nobody has taken them up, so that officers see them and nobody else.
    op.execute(
        "INSERT INTO cyber_case (case_id, site, owner, addresses, personal_data, severity, tlp,"
        " embargo_zone, opened_at) SELECT id, '', 'unknown', '', sensitive, '', 'AMBER+STRICT',"
        " 'Europe/Paris', received_at FROM \"case\" WHERE kind = 'cyber'"
    )


def downgrade() -> None:
    for table in (
        "cyber_site", "cyber_clock", "cyber_contact", "cyber_task", "cyber_step", "cyber_reader",
        "cyber_case",
    ):  # fmt: skip
        op.drop_table(table)
