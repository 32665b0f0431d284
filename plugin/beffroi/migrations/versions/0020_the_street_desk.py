# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk of street reports: who handles what, until when, which other body is competent.

Every report that is there gets its row of the queue, without a date that was never promised.
Templates of answers are of a kind of case; what a department is told goes to its address.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_BEFORE = "step IN ('moved', 'answered', 'reopened')"
_NOW = "step IN ('moved', 'answered', 'reopened', 'updated')"


def _queue(big: sa.types.TypeEngine) -> None:
    op.create_table(
        "street_report",
        sa.Column("case_id", big, autoincrement=False, nullable=False),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("department", big, nullable=False),
        sa.Column("assigned_to", big, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("rule_id", big, nullable=True),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_street_report_case_id_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_street_report")),
    )
    op.execute(
        "INSERT INTO street_report (case_id, category, commune, status, open, department,"
        " assigned_to, due_on)"
        " SELECT c.id, i.category, c.commune, c.status, c.open, COALESCE(c.department_id, 0),"
        " c.assigned_to, COALESCE(c.due_on, '9999-12-31')"
        ' FROM "case" c JOIN incident i ON i.case_id = c.id'
        " WHERE c.kind = 'street' AND c.visibility <> 'removed'"
    )
    op.create_index("ix_street_report_due", "street_report", ["open", "due_on", "case_id"])
    for column in ("department", "category"):
        op.create_index(
            f"ix_street_report_{column}", "street_report", ["open", column, "due_on", "case_id"]
        )
    op.create_index("ix_street_report_remind", "street_report", ["remind_on"])


def _rules(big: sa.types.TypeEngine) -> None:
    op.create_table(
        "street_area",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("corners", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_area")),
        sa.UniqueConstraint("name", name=op.f("uq_street_area_name")),
    )
    op.create_table(
        "competent_body",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("tool", sa.String(length=32), nullable=True),
        sa.Column("contact", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competent_body")),
        sa.UniqueConstraint("name", name=op.f("uq_competent_body_name")),
    )
    op.create_table(
        "street_rule",
        sa.Column("id", big, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=24), nullable=True),
        sa.Column("commune", sa.String(length=5), nullable=True),
        sa.Column("area_id", big, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("department_id", big, nullable=True),
        sa.Column("body_id", big, nullable=True),
        sa.ForeignKeyConstraint(
            ["area_id"], ["street_area.id"], name=op.f("fk_street_rule_area_id_street_area")
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["department.id"],
            name=op.f("fk_street_rule_department_id_department"),
        ),
        sa.ForeignKeyConstraint(
            ["body_id"], ["competent_body.id"], name=op.f("fk_street_rule_body_id_competent_body")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_rule")),
    )
    op.create_table(
        "street_target",
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("remind_days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("category", name=op.f("pk_street_target")),
    )


def _kept(big: sa.types.TypeEngine, moment: sa.types.TypeEngine) -> None:
    op.create_table(
        "saved_filter",
        sa.Column("id", big, nullable=False),
        sa.Column("account_id", big, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_saved_filter_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_saved_filter_account_id_name")),
    )
    op.create_table(
        "forwarding",
        sa.Column("case_id", big, autoincrement=False, nullable=False),
        sa.Column("body_id", big, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("named_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("agreed_at", moment, nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("answer_text_id", big, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_forwarding_case_id_case")),
        sa.ForeignKeyConstraint(
            ["body_id"], ["competent_body.id"], name=op.f("fk_forwarding_body_id_competent_body")
        ),
        sa.ForeignKeyConstraint(
            ["answer_text_id"],
            ["case_text.id"],
            name=op.f("fk_forwarding_answer_text_id_case_text"),
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_forwarding")),
    )
    op.create_index(op.f("ix_forwarding_body_id"), "forwarding", ["body_id"])
    op.create_table(
        "done_photo",
        sa.Column("stored_name", sa.String(length=64), nullable=False),
        sa.Column("case_id", big, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_done_photo_case_id_case")),
        sa.PrimaryKeyConstraint("stored_name", name=op.f("pk_done_photo")),
    )
    op.create_index(op.f("ix_done_photo_case_id"), "done_photo", ["case_id"])


def _told(steps: str) -> None:
    op.drop_index("ix_timeline_told", table_name="timeline")
    where = sa.text(steps)
    op.create_index(
        "ix_timeline_told", "timeline", ["at"], sqlite_where=where, postgresql_where=where
    )


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _queue(big)
    _rules(big)
    _kept(big, sa.DateTime(timezone=True))
    _told(_NOW)
    with op.batch_alter_table("answer_template") as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=16), nullable=False, server_default="data_request")
        )
        batch_op.drop_constraint(op.f("uq_answer_template_code_lang"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_answer_template_kind_code_lang"), ["kind", "code", "lang"]
        )


def downgrade() -> None:
    op.execute("DELETE FROM answer_template WHERE kind <> 'data_request'")
    with op.batch_alter_table("answer_template") as batch_op:
        batch_op.drop_constraint(op.f("uq_answer_template_kind_code_lang"), type_="unique")
        batch_op.drop_column("kind")
        batch_op.create_unique_constraint(op.f("uq_answer_template_code_lang"), ["code", "lang"])
    _told(_BEFORE)
    for table in (
        "done_photo", "forwarding", "saved_filter", "street_target", "street_rule",
        "competent_body", "street_area", "street_report",
    ):  # fmt: skip
        op.drop_table(table)
