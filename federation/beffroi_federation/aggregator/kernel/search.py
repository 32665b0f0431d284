# SPDX-License-Identifier: AGPL-3.0-or-later
"""Full-text search over the words of open records: SQLite FTS5 and PostgreSQL tsvector.

Words are folded (accents and case dropped) in Python before they are stored or searched, so both
databases find the same rows; each word of a query matches as a prefix, and all must match.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, text

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
MOST_WORDS = 12


def fold(sentence: str) -> str:
    """Return the sentence without accents, in lower case, for matching only."""
    decomposed = unicodedata.normalize("NFKD", sentence)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def all_words(sentence: str) -> list[str]:
    """Return every folded word of a sentence."""
    return _WORD.findall(fold(sentence))


def words_of(query: str) -> list[str]:
    """Return the folded words of a query, at most `MOST_WORDS` of them."""
    return _WORD.findall(fold(query))[:MOST_WORDS]


def put(rows: Sequence[tuple[int, str]]) -> None:
    """Index the words of records, `(record id, words)`; none of them is in the index yet."""
    if not rows:
        return
    if db.engine.dialect.name == "sqlite":
        statement = "INSERT INTO record_search (rowid, words) VALUES (?, ?)"
    else:
        statement = (
            "INSERT INTO record_search (record_id, words) VALUES (?, to_tsvector('simple', ?))"
        )
    bulk.run(statement, [(key, " ".join(_WORD.findall(fold(words)))) for key, words in rows])


def remove(ids: Sequence[int]) -> None:
    """Take records out of the index."""
    bulk.delete_in("record_search", "", _key(), (), ids)


def clear() -> None:
    """Empty the index."""
    db.session.execute(text("DELETE FROM record_search"))


def compact() -> None:
    """Write the index anew without what was deleted; for the nightly tidying (SQLite only)."""
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("INSERT INTO record_search(record_search) VALUES ('optimize')"))


def matches(query: str) -> Callable[[ColumnElement[int]], ColumnElement[bool]] | None:
    """Return a condition on a record-id column for a query, or None when it holds no word."""
    words = words_of(query)
    if not words:
        return None
    if db.engine.dialect.name == "sqlite":
        expression = " ".join(f'"{word}"*' for word in words)
        statement = "SELECT rowid FROM record_search WHERE record_search MATCH :q"
    else:
        expression = " & ".join(f"{word}:*" for word in words)
        statement = "SELECT record_id FROM record_search WHERE words @@ to_tsquery('simple', :q)"
    found: Any = text(statement).bindparams(q=expression)
    return lambda column: column.in_(found)


def _key() -> str:
    return "rowid" if db.engine.dialect.name == "sqlite" else "record_id"
