# SPDX-License-Identifier: AGPL-3.0-or-later
"""Full-text search over public words: one interface, SQLite FTS5 and PostgreSQL tsvector.

Only released public text is ever put in. Sentences are cut into words, folded (accents and case
dropped) and stemmed in Python before they are stored or searched, never by the database:
PostgreSQL's parser takes `data.ville.fr` or `l’école` for one word and `-0042` for a number, so the
two would find different rows. All words of a query must match, each by its stem; where no text
holds them so, each word matches as the beginning of one: it may not be typed to its end.

A row's key is the second in which its case was received and the case's id, in one number. So the
newest hits are read in the order of the index and reading ends with the page, however many there
are. FTS5 walks its lists so by itself. PostgreSQL's GIN knows no order: each row also holds the
week, the month and the year it was received in, and a search narrows itself to as few of them as
fill the page.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, text

from beffroi.kernel import driver
from beffroi.kernel.db import db
from beffroi.kernel.ranking import Remembered, fold, stem, stemmed, words

MOST_WORDS = 12
MOST_RANKED = 2_000
"""The newest hits that are put in order by how well they fit; older ones are not looked at."""
MONTHS = (2, 4, 8)
"""How many months a search narrows itself to, where two weeks do not fill the page."""
ID_BITS = 30
IDS = (1 << ID_BITS) - 1
_IN_TITLE = "^"
"""Marks a stem of a title; no word holds it."""

__all__ = [
    "IDS",
    "Asked",
    "Indexed",
    "fold",
    "key_of",
    "matches",
    "put",
    "put_many",
    "remove",
    "words_of",
]


@dataclass(frozen=True, slots=True)
class Indexed:
    """The public words of a case: its title, what else it says, when it was received."""

    id: int
    received_at: datetime
    title: str
    more: str = ""


def key_of(received_at: datetime, case_id: int) -> int:
    """Return the key of a case in the index; keys are in the order of receipt."""
    return (max(0, int(received_at.timestamp())) << ID_BITS) | case_id


def words_of(query: str) -> list[str]:
    """Return the folded words of a query, at most `MOST_WORDS` of them."""
    return words(query)[:MOST_WORDS]


def put(one: Indexed) -> None:
    """Index the public words of a case, replacing what was there; empty words remove it."""
    remove(one.id, one.received_at)
    put_many([one])


def put_many(cases: Iterable[Indexed]) -> None:
    """Index the public words of many new cases at once; those without words are left out."""
    cut = Remembered(stemmed)
    rows = [row for one in cases if (row := row_of(one, cut))["title"] or row["more"]]
    if not rows:
        return
    if _on_sqlite():
        statement = "INSERT INTO case_search (rowid, title, more) VALUES (?, ?, ?)"
        values: list[tuple[Any, ...]] = [(row["key"], row["title"], row["more"]) for row in rows]
    else:
        statement = (
            "INSERT INTO case_search (key, words) VALUES (?, array_to_tsvector(CAST(? AS text[])))"
        )
        values = [(row["key"], lexemes(row)) for row in rows]
    driver.execute_many(statement, values)


def row_of(one: Indexed, cut: Callable[[str], Iterable[str]] = stemmed) -> dict[str, Any]:
    """Return a case's key, and its title and other words as stems parted by spaces."""
    return {
        "key": key_of(one.received_at, one.id),
        "title": " ".join(cut(one.title)),
        "more": " ".join(cut(one.more)),
    }


def lexemes(row: dict[str, Any]) -> list[str]:
    """Return what PostgreSQL's index holds of a row of `row_of`: its stems, those of its title once
    more with a mark, and its spans."""
    title = row["title"].split()
    said = {*title, *row["more"].split()}
    return sorted(said | {_IN_TITLE + one for one in title} | set(spans(row["key"])))


def remove(case_id: int, received_at: datetime) -> None:
    """Take a case out of the index."""
    key = "rowid" if _on_sqlite() else "key"
    db.session.execute(
        text(f"DELETE FROM case_search WHERE {key} = :key"),
        {"key": key_of(received_at, case_id)},
    )


def matches(query: str) -> Callable[[Any], ColumnElement[bool]] | None:
    """Return a condition on a case-id column for a query, or None when it holds no word."""
    asked = Asked.of(query)
    if asked is None:
        return None
    found: Any = text(ids_that_match().replace("?", ":q"))
    found = found.bindparams(q=asked.exact if asked.is_known() else asked.begun)
    return lambda column: column.in_(found)


def ids_that_match() -> str:
    """Return the statement that gives the ids of cases that match an expression (one `?`)."""
    if _on_sqlite():
        return f"SELECT rowid & {IDS} FROM case_search WHERE case_search MATCH ?"
    return f"SELECT key & {IDS} FROM case_search WHERE words @@ CAST(? AS tsquery)"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query in the database's language: by whole stems, and by the beginnings of words."""

    stems: tuple[str, ...]
    exact: str
    begun: str

    @classmethod
    def of(cls, query: str) -> "Asked | None":
        """Return a query as asked, or None where it holds no word."""
        typed = words_of(query)
        if not typed:
            return None
        stems = tuple(dict.fromkeys(map(stem, typed)))
        pairs = [(stem(word), word) for word in dict.fromkeys(typed)]
        if _on_sqlite():
            exact = " AND ".join(f'"{one}"' for one in stems)
            begun = " AND ".join(f'("{one}" OR "{word}"*)' for one, word in pairs)
        else:
            exact = " & ".join(f"'{one}'" for one in stems)
            begun = " & ".join(f"('{one}' | '{word}':*)" for one, word in pairs)
        return cls(stems, exact, begun)

    def is_known(self) -> bool:
        """Say whether any text holds all the words as they are."""
        return bool(_hits("", self.exact, "", None, 1))

    def in_title(self, stem: str) -> str:
        """Return the same query, by whole stems, of what has one of them in its title."""
        if _on_sqlite():
            return f'{self.exact} AND {{title}} : "{stem}"'
        return f"{self.exact} & '{_IN_TITLE}{stem}'"


def newest(asked: Asked, before: int | None, most: int) -> list[int]:
    """Return the keys of the newest cases that match, before a key if one is given."""
    found = _newest(asked.exact, before, most)
    if found or (before is not None and asked.is_known()):
        return found
    return _newest(asked.begun, before, most)


def oldest(asked: Asked, after: int | None, most: int) -> list[int]:
    """Return the keys of the oldest cases that match, after a key if one is given."""
    place = "" if after is None else ">"
    found = _hits("ASC", asked.exact, place, after, most)
    if found or (after is not None and asked.is_known()):
        return found
    return _hits("ASC", asked.begun, place, after, most)


def ranked(asked: Asked) -> list[int]:
    """Return the newest cases that match, those first that have most of the words in their title.

    Only `MOST_RANKED` are looked at, by the index alone; of equals the newest comes first.
    """
    found = newest(asked, None, MOST_RANKED)
    if not found:
        return []
    held = Counter[int]()
    for stem_ in asked.stems:
        held.update(_between(asked.in_title(stem_), found[-1], found[0]))
    return sorted(found, key=lambda key: (-held[key], -key))


def _newest(expression: str, before: int | None, most: int) -> list[int]:
    place = "" if before is None else "<"
    if _on_sqlite():
        return _hits("DESC", expression, place, before, most)
    newest_key = driver.read("SELECT max(key) FROM case_search")[0][0]
    if newest_key is None:
        return []
    top = newest_key if before is None else before
    rate: float | None = None
    for narrowing, first in narrowings(top):
        seconds = (top >> ID_BITS) - (first >> ID_BITS)
        if rate is not None and rate * seconds < most:
            continue  # it would not fill the page either
        found = _hits("DESC", f"({expression}) & {narrowing}", place, before, most)
        if len(found) == most:
            return found
        rate = len(found) / max(1, seconds)
    return _hits("DESC", expression, place, before, most)


def _between(expression: str, first: int, last: int) -> list[int]:
    """Return the hits from the first to the last of some keys, at most `MOST_RANKED`."""
    if not _on_sqlite():
        covering = (narrowing for narrowing, begin in narrowings(last) if begin <= first)
        narrowed = next(covering, None)
        expression = f"({expression}) & {narrowed}" if narrowed else expression
    return _hits("DESC", expression, ">=", first, MOST_RANKED)


def _hits(order: str, expression: str, place: str, key: int | None, most: int) -> list[int]:
    """Return hits in the order of keys; `place` says on which side of `key` they lie, if any."""
    name = "rowid" if _on_sqlite() else "key"
    where = "case_search MATCH ?" if _on_sqlite() else "words @@ CAST(? AS tsquery)"
    # + 0: PostgreSQL, which knows nothing of how rare words are, is not to walk along the keys
    by = "rowid" if _on_sqlite() else "key + 0"
    beyond = f" AND {by} {place} ?" if place else ""
    sorting = f" ORDER BY {by} {order}" if order else ""
    statement = f"SELECT {name} FROM case_search WHERE {where}{beyond}{sorting} LIMIT ?"
    values = (expression, key, most) if place else (expression, most)
    return [row[0] for row in driver.read(statement, *values)]


def spans(key: int) -> tuple[str, str, str]:
    """Return the week, month and year of a key, spelt so that they are no words of anybody's."""
    day = datetime.fromtimestamp(key >> ID_BITS, UTC)
    year, week, _ = day.isocalendar()
    return (f"~{year}w{week:02}", f"~{day.year}m{day.month:02}", f"~{day.year}")


def narrowings(key: int) -> list[tuple[str, int]]:
    """Return how a search of the newest hits before a key is narrowed, the shortest span first.

    Each is what is asked besides the words, and the first key that it covers. All reach back beyond
    the span of the key itself, for the key may be at the beginning of its own.
    """
    at = datetime.fromtimestamp(key >> ID_BITS, UTC)
    monday = at - timedelta(days=at.weekday())
    narrowed = [_narrowing([at, at - timedelta(days=7)], 0, monday - timedelta(days=7))]
    months = [at]
    for many in MONTHS:
        while len(months) < many:
            months.append(_before(months[-1].replace(day=1)))
        narrowed.append(_narrowing(months, 1, months[-1].replace(day=1)))
    last_year = _before(at.replace(month=1, day=1)).replace(month=1, day=1)
    return [*narrowed, _narrowing([at, last_year], 2, last_year)]


def _narrowing(moments: Iterable[datetime], place: int, first: datetime) -> tuple[str, int]:
    """Return what asks for the spans of some moments, and the key with which a day begins."""
    said = " | ".join(f"'{spans(key_of(moment, 0))[place]}'" for moment in moments)
    return f"({said})", key_of(first.replace(hour=0, minute=0, second=0, microsecond=0), 0)


def _before(first: datetime) -> datetime:
    """Return the day before a day, or 1970 itself."""
    return max(first - timedelta(days=1), datetime(1970, 1, 1, tzinfo=UTC))


def _on_sqlite() -> bool:
    return bool(db.engine.dialect.name == "sqlite")
