# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rows of a town of many requests: titles from the words of real ones, and what follows.

Words come from the titles of real requests and datasets, the frequent ones first, and a tail of
made-up words behind them; the word of rank n is drawn as often as 1/n says (Zipf), so that there
are words in hundreds of thousands of requests and words in ten. Everything is the same in every
run.
"""

import csv
import gzip
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from beffroi.cases.rules import DATA_REQUEST, is_open, reference
from beffroi.data_requests.rules import OBJECTS, THEMES
from beffroi.kernel.ranking import stem, stems, words
from beffroi.kernel.search import key_of, lexemes
from beffroi.legal.calendars import add_months

FIRST_DAY = datetime(2017, 1, 2, 8, tzinfo=UTC)
DAYS = 3_600
VOCABULARY = 40_000
STREAM = 1_000_000
"""Words drawn once; a text is a piece of them."""
PARTIES = 50_000
OUTCOMES = {"published": "published", "refused": "refused", "redirected": "redirected"}
SYLLABLES = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "u", "an", "ou")]
SOURCES = (
    ("demandes/datagouv-discussions.csv.gz", ("title_discussion", "title_dataset")),
    ("demandes/foi-canada/ca_on_toronto.csv.gz", ("abstract",)),
    ("catalogues/datagouv-catalogue-2020.csv.gz", ("title",)),
)


def vocabulary(data: Path | None) -> list[str]:
    """Return `VOCABULARY` words, the frequent first; without real data all are made up."""
    chance = random.Random(7)
    counted: Counter[str] = Counter()
    csv.field_size_limit(10_000_000)
    for name, columns in SOURCES if data else ():
        path = data / name if data else Path()
        if not path.exists():
            continue
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for column in columns:
                    counted.update(w for w in words(row[column] or "") if not w.isdigit())
    found = [word for word, _ in counted.most_common(VOCABULARY // 2)]
    known = set(found)
    while len(found) < VOCABULARY:
        word = "".join(chance.choices(SYLLABLES, k=chance.randrange(2, 5)))
        if word not in known:
            known.add(word)
            found.append(word)
    return found


@dataclass(frozen=True, slots=True)
class Later:
    """Stems of a tsvector, made where one is wanted: SQLite has none."""

    stems: Callable[[], list[str]]


@dataclass(slots=True)
class Block:
    """Rows of some requests by table, each a tuple in the order of `COLUMNS`."""

    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def add(self, table: str, *row: Any) -> None:
        """Add one row."""
        self.rows.setdefault(table, []).append(row)


COLUMNS: dict[str, str] = {
    "case": "id ref kind status open visibility channel lang commune party_id received_on"
    " received_at changed_at due_on closed_on supports version sensitive",
    "data_request": "case_id object theme clock clock_on",
    "case_text": "id case_id role original public state version lang party_id voice written_at"
    " released_at",
    "official_answer": "case_id text_id outcome ground url answered_at",
    "case_search": "",
    "nearby_case": "",
}


class Rows:
    """Makes the rows of one town; `today` is the day that clocks are wound for."""

    def __init__(self, count: int, data: Path | None, today: date, *, bare: bool = False) -> None:
        self.count, self.today, self.bare = count, today, bare
        self.words = vocabulary(data)
        self.chance = random.Random(11)
        law = list(accumulate(1 / (rank + 2.7) for rank in range(len(self.words))))
        self.said = self.chance.choices(self.words, cum_weights=law, k=STREAM)
        found = {word: (stem(word), " ".join(stems(word))) for word in self.words}
        self.stems = [found[word][0] for word in self.said]
        self.near = [found[word][1] for word in self.said]
        self.in_year: Counter[int] = Counter()
        self.texts = 0

    def blocks(self, size: int = 10_000) -> Iterator[Block]:
        """Yield the rows of all requests, some at a time, in the order of receipt."""
        for first in range(1, self.count + 1, size):
            block = Block()
            for number in range(first, min(first + size, self.count + 1)):
                self._one(block, number)
            yield block

    def draw(self, least: int, most: int) -> slice:
        """Return where in the stream of words a text stands."""
        first = int(self.chance.random() * (STREAM - most))
        return slice(first, first + least + int(self.chance.random() * (most - least)))

    def _one(self, block: Block, number: int) -> None:
        at = FIRST_DAY + timedelta(days=DAYS) * (number / self.count)
        at = at.replace(microsecond=number % 1_000_000)
        self.in_year[at.year] += 1
        ref = reference(at.year, self.in_year[at.year])
        status, closed = self._state(at)
        due = add_months(at.date(), 1)
        party = self.chance.randrange(1, PARTIES + 1)
        commune = "99999" if self.chance.random() < 0.9 else None
        supports = int(self.chance.paretovariate(1.2)) - 1
        block.add(
            "case", number, ref, DATA_REQUEST, status, is_open(DATA_REQUEST, status), "public",
            "web", "fr", commune, party, at.date(), at, at, due, closed, min(supports, 9_999), 3,
            False,
        )  # fmt: skip
        theme = self.chance.choice([*THEMES, None])
        clock_on = None if closed else self._clock_on(number)
        block.add(
            "data_request", number, self.chance.choice(list(OBJECTS)), theme, "in_time", clock_on
        )
        if not self.bare:
            self._texts(block, number, ref, at, party, status, closed)

    def _state(self, at: datetime) -> tuple[str, date | None]:
        """Return a status and the day of closing; a bare town has nothing but open requests."""
        if self.bare or self.chance.random() < 0.15:
            return self.chance.choice(("open", "under_review")), None
        return self.chance.choice(list(OUTCOMES)), at.date() + timedelta(
            days=self.chance.randrange(3, 90)
        )

    def _clock_on(self, number: int) -> date:
        """Return the day on which a clock strikes: today for one in ten thousand, else later."""
        if number % 10_000 == 0:
            return self.today
        return self.today + timedelta(days=self.chance.randrange(1, 700))

    def _texts(
        self, block: Block, number: int, ref: str, at: datetime, party: int, status: str,
        closed: date | None,
    ) -> None:  # fmt: skip
        title, wanted = self.draw(4, 10), self.draw(6, 14)
        answer = self.draw(6, 12) if closed else None
        said = (("title", title, party), ("wanted", wanted, party), ("answer", answer, None))
        for role, drawn, author in said:
            if drawn is None:
                continue
            self.texts += 1
            public = " ".join(self.said[drawn]).capitalize()
            voice = "citizen" if author else "institution"
            block.add(
                "case_text", self.texts, number, role, public, public, "released", 1, "fr", author,
                voice, at, at,
            )  # fmt: skip
        if answer:
            ground = "privacy" if status == "refused" else None
            url = "https://data.ville.example/jeu" if status == "published" else None
            block.add("official_answer", number, self.texts, OUTCOMES[status], ground, url, at)
        self._index(block, number, at, ref, (title, wanted, answer))

    def _index(
        self, block: Block, number: int, at: datetime, ref: str, said: tuple[slice | None, ...]
    ) -> None:
        title, *others = (self.stems[one] for one in said if one is not None)
        more = " ".join((*ref.split("-"), *(word for words in others for word in words)))
        row = {"key": key_of(at, number), "title": " ".join(title), "more": more}
        block.add("case_search", *row.values(), Later(lambda: lexemes(row)))
        near = [" ".join(filter(None, self.near[one])) for one in said[:2] if one is not None]
        if any(near):
            both = Later(lambda: sorted({*near[0].split(), *near[1].split()}))
            block.add("nearby_case", number, *near, "", both)
