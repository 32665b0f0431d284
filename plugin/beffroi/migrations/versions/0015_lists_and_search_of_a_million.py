# SPDX-License-Identifier: AGPL-3.0-or-later
"""A value that names the state of lists, and the index of public words in the order of receipt.

The index is made anew from the words that are shown: by stems, with titles apart, and under a key
that begins with the second of receipt. On the way back it holds whole words under the case's id.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa
from alembic import op

from beffroi.kernel.ranking import stem, words

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
contracts = "0.1.0: the index of words has its key and its stems under other names"

AT_ONCE = 1000
INDEXES = {
    "ix_case_status": ["kind", "visibility", "status", "received_at", "id"],
    "ix_case_supported": ["kind", "visibility", "supports", "id"],
}

CASES = sa.table(
    "case",
    sa.column("id", sa.BigInteger()),
    sa.column("ref", sa.String()),
    sa.column("visibility", sa.String()),
    sa.column("received_at", sa.DateTime(timezone=True)),
)
TEXTS = sa.table(
    "case_text",
    sa.column("id", sa.BigInteger()),
    sa.column("case_id", sa.BigInteger()),
    sa.column("role", sa.String()),
    sa.column("state", sa.String()),
    sa.column("public", sa.Text()),
)

Row = dict[str, Any]


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    op.create_table(
        "data_version",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_version")),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "case", columns)
    op.execute("DROP TABLE case_search")
    if _sqlite():
        op.execute(
            "CREATE VIRTUAL TABLE case_search"
            " USING fts5(title, more, tokenize='unicode61', prefix='2 3')"
        )
        _fill("(rowid, title, more) VALUES (:key, :title, :more)", _stemmed)
        return
    op.execute("CREATE TABLE case_search (key BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
    op.execute("ALTER TABLE case_search ALTER COLUMN words SET STATISTICS 0")
    _fill("(key, words) VALUES (:key, array_to_tsvector(CAST(:words AS text[])))", _stemmed)
    op.execute("CREATE INDEX ix_case_search_words ON case_search USING GIN (words)")


def downgrade() -> None:
    op.execute("DROP TABLE case_search")
    for name in INDEXES:
        op.drop_index(name, "case")
    op.drop_table("data_version")
    if _sqlite():
        op.execute(
            "CREATE VIRTUAL TABLE case_search USING fts5(words, tokenize='unicode61', prefix='2 3')"
        )
        _fill("(rowid, words) VALUES (:id, :said)", _whole)
        return
    op.execute("CREATE TABLE case_search (case_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
    op.execute("ALTER TABLE case_search ALTER COLUMN words SET STATISTICS 0")
    _fill(
        "(case_id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[])))",
        _whole,
    )
    op.execute("CREATE INDEX ix_case_search_words ON case_search USING GIN (words)")


def _fill(into: str, row: Callable[[Any, str, str], Row]) -> None:
    """Put the shown words of every listed case into the index, some at a time."""
    statement = sa.text(f"INSERT INTO case_search {into}")
    wanted = set(statement._bindparams)
    rows = _rows(row)
    while some := list(islice(rows, AT_ONCE)):
        op.get_bind().execute(statement, [{name: one[name] for name in wanted} for one in some])


def _rows(row: Callable[[Any, str, str], Row]) -> Iterator[Row]:
    after = 0
    shown = (
        sa.select(CASES.c.id, CASES.c.ref, CASES.c.received_at, TEXTS.c.role, TEXTS.c.public)
        .select_from(
            CASES.outerjoin(
                TEXTS,
                sa.and_(TEXTS.c.case_id == CASES.c.id, TEXTS.c.state.in_(("released", "shown"))),
            )
        )
        .where(CASES.c.visibility == "public")
        .order_by(CASES.c.id, TEXTS.c.id)
    )
    heads = sa.select(CASES.c.id).order_by(CASES.c.id).limit(AT_ONCE)
    while ids := op.get_bind().scalars(heads.where(CASES.c.id > after)).all():
        block = shown.where(CASES.c.id > after, CASES.c.id <= ids[-1])
        after = ids[-1]
        found = op.get_bind().execute(block).all()
        for _, texts in groupby(found, key=lambda one: one.id):
            said = list(texts)
            titles = [t.public for t in said if t.role == "title" and t.public]
            more = [t.public for t in said if t.role != "title" and t.public]
            yield row(said[0], "\n".join(titles), "\n".join([said[0].ref, *more]))


def _stemmed(head: Any, title: str, more: str) -> Row:
    at = head.received_at
    moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    titles, others = [stem(w) for w in words(title)], [stem(w) for w in words(more)]
    return {
        "key": (max(0, int(moment.timestamp())) << 30) | head.id,
        "title": " ".join(titles),
        "more": " ".join(others),
        "words": sorted({*titles, *others, *(f"^{one}" for one in titles), *_spans(moment)}),
    }


def _spans(moment: datetime) -> tuple[str, str, str]:
    week: tuple[int, int, int] = date.isocalendar(moment)
    return (f"~{week[0]}w{week[1]:02}", f"~{moment.year}m{moment.month:02}", f"~{moment.year}")


def _whole(head: Any, title: str, more: str) -> Row:
    said = words(f"{title}\n{more}")
    return {"id": head.id, "said": " ".join(said), "words": sorted(set(said))}
