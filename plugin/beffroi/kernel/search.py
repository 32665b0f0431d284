# SPDX-License-Identifier: AGPL-3.0-or-later
"""Full-text search over public words: one interface, SQLite FTS5 and PostgreSQL tsvector.

Only released public text is ever put in. Sentences are cut into words and folded (accents and case
dropped) in Python before they are stored or searched, never by the database: PostgreSQL's parser
takes `data.ville.fr` or `l’école` for one word and `-0042` for a number, so the two would find
different rows. Each word of a query matches as a prefix, and all words must match.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, text

from beffroi.kernel.db import db
from beffroi.kernel.ranking import fold, words

MOST_WORDS = 12

__all__ = ["fold", "matches", "put", "put_many", "remove", "words_of"]


def words_of(query: str) -> list[str]:
    """Return the folded words of a query, at most `MOST_WORDS` of them."""
    return words(query)[:MOST_WORDS]


def put(case_id: int, public_words: str) -> None:
    """Index the public words of a case, replacing what was there; empty words remove it."""
    remove(case_id)
    if public_words.strip():
        put_many({case_id: public_words})


def put_many(public_words: Mapping[int, str]) -> None:
    """Index the public words of many new cases at once."""
    rows: list[dict[str, Any]] = [
        {"id": case_id, "words": words(said)} for case_id, said in public_words.items()
    ]
    rows = [row for row in rows if row["words"]]
    if not rows:
        return
    if db.engine.dialect.name == "sqlite":
        statement = "INSERT INTO case_search (rowid, words) VALUES (:id, :words)"
        rows = [{"id": row["id"], "words": " ".join(row["words"])} for row in rows]
    else:
        statement = (
            "INSERT INTO case_search (case_id, words)"
            " VALUES (:id, array_to_tsvector(CAST(:words AS text[])))"
        )
    db.session.execute(text(statement), rows)


def remove(case_id: int) -> None:
    """Take a case out of the index."""
    key = "rowid" if db.engine.dialect.name == "sqlite" else "case_id"
    db.session.execute(
        text(f"DELETE FROM case_search WHERE {key} = :id"),  # noqa: S608  a fixed name
        {"id": case_id},
    )


def matches(query: str) -> Callable[[Any], ColumnElement[bool]] | None:
    """Return a condition on a case-id column for a query, or None when it holds no word."""
    asked = words_of(query)
    if not asked:
        return None
    if db.engine.dialect.name == "sqlite":
        expression = " ".join(f'"{word}"*' for word in asked)
        statement = "SELECT rowid FROM case_search WHERE case_search MATCH :q"
    else:
        expression = " & ".join(f"'{word}':*" for word in asked)
        statement = "SELECT case_id FROM case_search WHERE words @@ CAST(:q AS tsquery)"
    found: Any = text(statement).bindparams(q=expression)
    return lambda column: column.in_(found)
