# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the API's lists give of a case is kept; the database takes it away with any change.

Triggers do it, so that no statement of anybody, in whatever order, leaves released words standing
that were withdrawn in the same transaction. Whoever rebuilds one of the watched tables (SQLite's
way to alter one drops its triggers) makes them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

WATCHED = ("case_text", "official_answer", "data_request", "incident")
NEW_CASE = "INSERT INTO case_item (case_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;"
WAIT = "PERFORM pg_advisory_xact_lock_shared(330033);"
"""While items are put together, whoever changes a case waits: what they see is put together then,
and is taken away after."""
STALE = "UPDATE case_item SET ref = NULL, item = NULL WHERE case_id = {} AND item IS NOT NULL;"


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "case_item",
        sa.Column("case_id", big, autoincrement=False, nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=True),
        sa.Column("item", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_case_item_case_id_case"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_item")),
    )
    due = sa.text("item IS NULL")
    op.create_index(
        "ix_case_item_due", "case_item", ["case_id"], sqlite_where=due, postgresql_where=due
    )
    op.execute('INSERT INTO case_item (case_id) SELECT id FROM "case"')
    if op.get_bind().dialect.name == "sqlite":
        _watch_sqlite()
    else:
        _watch_postgresql()


def _watch_sqlite() -> None:
    def watch(name: str, when: str, table: str, does: str) -> None:
        op.execute(f'CREATE TRIGGER {name} AFTER {when} ON "{table}" BEGIN {does} END')

    watch("case_is_new", "INSERT", "case", NEW_CASE)
    watch("case_changed", "UPDATE", "case", STALE.format("NEW.id"))
    for table in WATCHED:
        old, new = STALE.format("OLD.case_id"), STALE.format("NEW.case_id")
        watch(f"{table}_came", "INSERT", table, new)
        watch(f"{table}_changed", "UPDATE", table, f"{old} {new}")
        watch(f"{table}_went", "DELETE", table, old)


def _watch_postgresql() -> None:
    def function(name: str, does: str) -> None:
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {WAIT} {does} RETURN NULL; END $$"
        )

    # No samples of words, and none of those that were taken of stems: a type set anew drops them.
    op.execute("ALTER TABLE case_item ALTER COLUMN item SET STATISTICS 0")
    op.execute("ALTER TABLE nearby_stem ALTER COLUMN stem TYPE varchar(100)")
    op.execute("ALTER TABLE nearby_stem ALTER COLUMN stem SET STATISTICS 0")
    function("beffroi_case_is_new", NEW_CASE)
    function("beffroi_case_changed", STALE.format("NEW.id"))
    old, new = STALE.format("OLD.case_id"), STALE.format("NEW.case_id")
    function(
        "beffroi_item_changed",
        f"IF TG_OP <> 'INSERT' THEN {old} END IF; IF TG_OP <> 'DELETE' THEN {new} END IF;",
    )

    def watch(name: str, when: str, table: str, does: str) -> None:
        op.execute(
            f'CREATE TRIGGER {name} AFTER {when} ON "{table}" FOR EACH ROW'
            f" EXECUTE FUNCTION {does}()"
        )

    watch("case_is_new", "INSERT", "case", "beffroi_case_is_new")
    watch("case_changed", "UPDATE", "case", "beffroi_case_changed")
    op.execute(  # before its item's row is taken, or the two could wait for each other
        "CREATE FUNCTION beffroi_case_goes() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {WAIT} RETURN OLD; END $$"
    )
    op.execute(
        'CREATE TRIGGER case_goes BEFORE DELETE ON "case" FOR EACH ROW'
        " EXECUTE FUNCTION beffroi_case_goes()"
    )
    for table in WATCHED:
        watch(f"{table}_changed", "INSERT OR UPDATE OR DELETE", table, "beffroi_item_changed")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("case_is_new", "case_changed"):
            op.execute(f"DROP TRIGGER {name}")
        for table in WATCHED:
            for what in ("came", "changed", "went"):
                op.execute(f"DROP TRIGGER {table}_{what}")
    else:
        for name in ("case_is_new", "case_changed", "item_changed", "case_goes"):
            op.execute(f"DROP FUNCTION beffroi_{name}() CASCADE")
    op.drop_table("case_item")
