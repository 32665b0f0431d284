# SPDX-License-Identifier: AGPL-3.0-or-later
"""Full-text search over public words: one interface, SQLite FTS5 and PostgreSQL tsvector.

Only released public text is ever put in. Words are folded (accents and case dropped) in Python
before they are stored or searched, so both databases find the same rows; each word of a query
matches as a prefix, and all words must match.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, text

from beffroi.kernel.db import db

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
MOST_WORDS = 12


def fold(sentence: str) -> str:
    """Return the sentence without accents, in lower case, for matching only."""
    decomposed = unicodedata.normalize("NFKD", sentence)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def words_of(query: str) -> list[str]:
    """Return the folded words of a query, at most `MOST_WORDS` of them."""
    return _WORD.findall(fold(query))[:MOST_WORDS]


def put(case_id: int, public_words: str) -> None:
    """Index the public words of a case, replacing what was there; empty words remove it."""
    remove(case_id)
    if public_words.strip():
        put_many({case_id: public_words})


def put_many(public_words: Mapping[int, str]) -> None:
    """Index the public words of many new cases at once."""
    if not public_words:
        return
    if db.engine.dialect.name == "sqlite":
        statement = "INSERT INTO case_search (rowid, words) VALUES (:id, :words)"
    else:
        statement = (
            "INSERT INTO case_search (case_id, words) VALUES (:id, to_tsvector('simple', :words))"
        )
    rows = [{"id": case_id, "words": fold(words)} for case_id, words in public_words.items()]
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
    words = words_of(query)
    if not words:
        return None
    if db.engine.dialect.name == "sqlite":
        expression = " ".join(f'"{word}"*' for word in words)
        statement = "SELECT rowid FROM case_search WHERE case_search MATCH :q"
    else:
        expression = " & ".join(f"{word}:*" for word in words)
        statement = "SELECT case_id FROM case_search WHERE words @@ to_tsquery('simple', :q)"
    found: Any = text(statement).bindparams(q=expression)
    return lambda column: column.in_(found)
