# SPDX-License-Identifier: AGPL-3.0-or-later
"""An index of texts that finds those near a question, the same ones on SQLite and PostgreSQL.

The database only finds candidates: texts that hold one of the question's rarest stems, no more than
`MOST_FOUND`, so that a question costs the same in a town of a million requests. `ranking` puts them
in order. How many texts hold a stem is counted apart (`count_again`, once a day): counting as texts
come would make every writer wait for the rows of frequent words. A stem that is in few texts is not
written down there at all (`fewest`), so that a word of somebody's that was erased is in no list.

`pg_trgm` is not used: it needs a right on the database that towns do not have everywhere, and a
word that is not known is looked for in the list of stems, which is short, on both databases.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, String, bindparam, select, text
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel import driver
from beffroi.kernel.db import Model, db
from beffroi.kernel.ranking import (
    MOST_ASKED,
    MOST_STEMS,
    WEIGHTS,
    Kept,
    Near,
    Remembered,
    Sought,
    alike,
    asked,
    rank,
    stems,
)

MOST_FOUND = 800
"""Candidates of one question; what it costs in memory and time."""
MOST_GUESSED = 3
"""Unknown words of one question for which others that are spelt alike are looked up."""
ALIKE = 0.7
MOST_MISSING = 3
"""By how much an unknown word and the one that is meant may differ in length."""
SHORTEST = 3
"""Characters from which the beginning of a word is looked for."""
_WHOLE = ""


class StemCount(Model):
    """How many texts of an index hold a stem; the empty one stands for all texts."""

    __tablename__ = "nearby_stem"

    index_name: Mapped[str] = mapped_column(String(16), primary_key=True)
    stem: Mapped[str] = mapped_column(String(100), primary_key=True)
    texts: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True, slots=True)
class Text:
    """A text to keep in an index: what it is called, what it says, what else may name it."""

    id: int
    title: str
    body: str = ""
    also: str = ""


_COUNTS = select(StemCount.stem, StemCount.texts).where(
    StemCount.index_name == bindparam("index"),
    StemCount.stem.in_(bindparam("stems", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class Index:
    """One index: its table `nearby_NAME`, and in how many texts a stem is counted from."""

    name: str
    fewest: int = 1

    @property
    def table(self) -> str:
        """Return the name of its table."""
        return f"nearby_{self.name}"

    def put(self, texts: Iterable[Text]) -> None:
        """Keep texts, in the place of what was kept under their ids; empty ones are taken out."""
        texts = list(texts)
        self.remove([one.id for one in texts])
        self.add(texts)

    def add(self, texts: Iterable[Text]) -> None:
        """Keep texts whose ids are new."""
        cut = Remembered(stems)
        rows = [row for one in texts if any((row := _row(one, cut))[1:])]
        if not rows:
            return
        if _on_sqlite():
            into = "(rowid, title, body, also) VALUES (?, ?, ?, ?)"
        else:
            into = (
                "(id, title, body, also, words) VALUES"
                " (?, ?, ?, ?, array_to_tsvector(CAST(? AS text[])))"
            )
            rows = [(*row, sorted(set(" ".join(row[1:]).split()))) for row in rows]
        driver.execute_many(f"INSERT INTO {self.table} {into}", rows)

    def remove(self, ids: Sequence[int]) -> None:
        """Take texts out."""
        if ids:
            statement = text(f"DELETE FROM {self.table} WHERE {_key()} = :id")
            db.session.execute(statement, [{"id": one} for one in ids])

    def kept(self, ids: Sequence[int]) -> dict[int, Kept]:
        """Return what is kept of some texts, by their ids: stems parted by spaces."""
        rows = driver.rows_of(
            f"SELECT {_key()}, title, body, also FROM {self.table} WHERE {_key()} IN (?)", ids
        )
        return {row[0]: Kept(*row) for row in rows}

    def is_counted(self) -> bool:
        """Say whether the words of this index were ever counted."""
        return db.session.get(StemCount, (self.name, _WHOLE)) is not None

    def count_again(self) -> int:
        """Count anew how many texts hold each stem; return how many texts there are."""
        mine = {"index": self.name}
        db.session.execute(text("DELETE FROM nearby_stem WHERE index_name = :index"), mine)
        if _on_sqlite():
            # Of this connection alone: the database's own list of tables stays what it is.
            db.session.execute(
                text(
                    f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.counts_{self.name}"
                    f" USING fts5vocab(main, {self.table}, row)"
                )
            )
            source = f"SELECT term AS stem, doc AS texts FROM temp.counts_{self.name}"
        else:
            source = (
                f"SELECT word AS stem, ndoc AS texts FROM ts_stat('SELECT words FROM {self.table}')"
            )
        db.session.execute(
            text(
                "INSERT INTO nearby_stem (index_name, stem, texts)"
                f" SELECT :index, stem, texts FROM ({source}) AS counted"
                " WHERE texts >= :fewest AND length(stem) <= 100"
            ),
            {**mine, "fewest": self.fewest},
        )
        count = text(f"SELECT count(*) FROM {self.table}")
        whole = int(db.session.scalar(count) or 0)
        db.session.add(StemCount(index_name=self.name, stem=_WHOLE, texts=whole))
        db.session.flush()
        return whole

    def find(
        self, title: str, more: str = "", *, most: int = 5, covers: float = 0.0, but: int = 0
    ) -> list[Near]:
        """Return what is nearest to a question: its one line, and its details if there are any.

        What answers a smaller part of the question than `covers` is left out, as is the id `but`.
        """
        question = dict(list(asked(title, more).items())[:MOST_ASKED])
        if not question:
            return []
        line = stems(title)
        counts = self._counts(question)
        texts = counts.pop(_WHOLE, 0)
        sought = self._sought(question, line, counts, texts)
        found = self._candidates(sought)
        near = rank(sought, line, found, texts)
        return [one for one in near if one.covers >= covers and one.id != but][:most]

    def _counts(self, question: Iterable[str]) -> dict[str, int]:
        rows = db.session.execute(_COUNTS, {"index": self.name, "stems": [_WHOLE, *question]})
        return {stem: count for stem, count in rows.all()}

    def _sought(
        self, question: dict[str, float], line: Sequence[str], counts: dict[str, int], texts: int
    ) -> list[Sought]:
        """Return the stems to look for: those asked, and what unknown ones may have meant.

        An unknown word is rare, or is none: it counts as much as one that is in a text of fifty.
        """
        sought: list[Sought] = []
        guessed = 0
        for stem, weight in question.items():
            if stem in counts:
                sought.append(Sought(stem, weight, counts[stem]))
                continue
            typed = stem in line and len(stem) >= SHORTEST
            sought.append(Sought(stem, weight, max(self.fewest, texts // 50), begins=typed))
            if typed and len(stem) > SHORTEST and guessed < MOST_GUESSED:
                guessed += 1
                meant = self._meant(stem)
                if meant is not None and meant[0] not in question:
                    sought.append(Sought(meant[0], weight * WEIGHTS.guess, meant[1]))
        return sought

    def _meant(self, stem: str) -> tuple[str, int] | None:
        """Return the known stem that is spelt most like an unknown one, and its count."""
        exact = "" if _on_sqlite() else ' COLLATE "C"'
        rows = db.session.execute(
            text(
                "SELECT stem, texts FROM nearby_stem WHERE index_name = :index"
                f" AND stem{exact} >= :first AND stem{exact} < :after"
                " AND length(stem) BETWEEN :shortest AND :longest"
            ),
            {
                "index": self.name,
                "first": stem[:2],
                "after": stem[0] + chr(ord(stem[1]) + 1),
                "shortest": len(stem) - MOST_MISSING,
                "longest": len(stem) + MOST_MISSING,
            },
        ).all()
        likely = [(alike(stem, known), count, known) for known, count in rows]
        best = max(likely, default=(0.0, 0, ""))
        return (best[2], best[1]) if best[0] >= ALIKE else None

    def _candidates(self, sought: Sequence[Sought]) -> list[Kept]:
        """Return texts with the rarest stems; where even those are many, the newest with two."""
        chosen: list[Sought] = []
        room = MOST_FOUND
        for one in sorted(sought, key=lambda s: s.texts):
            if one.texts > room:
                break
            chosen.append(one)
            room -= one.texts
        if chosen:
            return self._with(_any, chosen, MOST_FOUND, rare=True)
        rarest = sorted(sought, key=lambda s: s.texts)[:2]
        found = self._with(_all, rarest, MOST_FOUND // 2)
        found += self._with(_any, rarest[:1], MOST_FOUND // 2)
        return list({text.id: text for text in found}.values())

    def _with(
        self, join: Callable[[Sequence[Sought]], str], stems: Sequence[Sought], most: int, *,
        rare: bool = False,
    ) -> list[Kept]:  # fmt: skip
        """Return the newest texts with some stems; `rare` says that few texts have them.

        PostgreSQL does not know: it would walk back along all texts, which is right for frequent
        stems alone. + 0 takes that way from it.
        """
        where = f"{self.table} MATCH ?" if _on_sqlite() else "words @@ CAST(? AS tsquery)"
        found = driver.rows(
            f"SELECT {_key()}, title, body, also FROM {self.table}"
            f" WHERE {where} ORDER BY {_key()}{' + 0' if rare else ''} DESC LIMIT ?",
            join(stems),
            most,
        )
        return [Kept(*row) for row in found]


def _on_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def _key() -> str:
    return "rowid" if _on_sqlite() else "id"


def _row(one: Text, cut: Remembered) -> tuple[Any, ...]:
    """Return a text's id, and the stems of its three fields parted by spaces."""
    fields = (one.title, one.body, one.also)
    return (one.id, *(" ".join(cut(said)[:MOST_STEMS]) for said in fields))


def _any(sought: Sequence[Sought]) -> str:
    return (" OR " if _on_sqlite() else " | ").join(_spelt(one) for one in sought)


def _all(sought: Sequence[Sought]) -> str:
    return (" AND " if _on_sqlite() else " & ").join(_spelt(one) for one in sought)


def _spelt(one: Sought) -> str:
    """Return a stem in the database's language; it holds letters and digits only."""
    if _on_sqlite():
        return f'"{one.stem}"' + ("*" if one.begins else "")
    return f"'{one.stem}'" + (":*" if one.begins else "")
