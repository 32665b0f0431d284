# SPDX-License-Identifier: AGPL-3.0-or-later
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.kernel import search
from beffroi.kernel.db import db
from beffroi.kernel.ranking import stem
from support.town import Town


def indexed(town: Town, case_id: int, said: str) -> search.Indexed:
    return search.Indexed(case_id, town.now, said)


def put(town: Town, **words: str) -> None:
    """Index words under the ids that the names end in: `c1`, `c2`."""
    with town.change():
        for name, said in words.items():
            search.put(indexed(town, int(name[1:]), said))


def found(town: Town, query: str) -> list[int] | None:
    """The ids that match, or None where the query narrows nothing."""
    with town.look():
        condition = search.matches(query)
        if condition is None:
            return None
        ids = db.session.scalars(
            db.select(db.column("id"))
            .select_from(
                db.text("(SELECT 1 AS id UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) AS ids")
            )
            .where(condition(db.column("id")))
        )
        return sorted(ids)


def test_accents_and_case_do_not_matter(town: Town) -> None:
    put(town, c1="Les MENUS de l’École élémentaire", c2="Un contrat de voirie")
    put(town, c3="Chefs-d’ŒUVRE")
    assert found(town, "oeuvre") == found(town, "œuvre") == [3]
    for query in ("ecole", "ÉCOLE", "école", "élémentaire menus", "Elementaire"):
        assert found(town, query) == [1], query


def test_words_match_by_their_stems_and_all_must(town: Town) -> None:
    put(town, c1="cantines scolaires", c2="cantine municipale")
    for query in ("cantine", "cantines", "CANTINES"):
        assert found(town, query) == [1, 2], query
    assert found(town, "cantines scolaire") == [1]


def test_a_word_that_no_text_holds_matches_the_beginning_of_one(town: Town) -> None:
    put(town, c1="cantines scolaires", c2="cantine municipale")
    assert found(town, "canti") == [1, 2]
    assert found(town, "cantines scol") == [1]
    assert found(town, "antine") == []
    assert found(town, "cantine piscine") == []


def test_words_are_cut_alike_on_both_databases(town: Town) -> None:
    put(town, c1="2027-0042 https://data.ville.example/l'ecole TER/bus 1e5 a_b 3,14 x@y.example")
    for query in (
        "2027-0042", "0042", "2027", "data.ville", "ville.example", "l'ecole", "TER/bus", "a_b",
    ):  # fmt: skip
        assert found(town, query) == [1], query


HOSTILE = (
    '"', '" OR *', "*", "()", "menus OR voirie", "menus AND (", "NEAR(menus voirie)", "-menus",
    "menus:*", "!menus", "menus & voirie", "menus | voirie", "words:menus", "'; DROP TABLE x;",
    "^menus", "{menus}", "menus\\", "\x00menus", "%", "_", "<->", "menus <-> voirie", "😀",
    "d'es", "'", "''",
)  # fmt: skip


def test_no_query_is_an_error_or_syntax(town: Town) -> None:
    said = {1: "des menus", 2: "la voirie"}
    put(town, c1=said[1], c2=said[2])
    for query in HOSTILE:
        wanted = search.words_of(query)
        expected = [
            n
            for n, words in said.items()
            if all(any(word.startswith(stem(w)) for word in words.split()) for w in wanted)
        ]
        assert found(town, query) == (expected if wanted else None), query


def test_a_query_of_many_words_is_cut_and_answered(town: Town) -> None:
    put(town, c1="menus " * 20)
    assert found(town, "menus " * 500) == [1]
    assert len(search.words_of("a " * 500)) == search.MOST_WORDS


def test_putting_again_replaces_and_empty_words_remove(town: Town) -> None:
    put(town, c1="menus", c2="menus")
    put(town, c1="voirie")
    assert found(town, "menus") == [2]
    assert found(town, "voirie") == [1]
    put(town, c1="  ")
    assert found(town, "voirie") == []
    with town.change():
        search.remove(2, town.now)
        search.remove(4, town.now)
    assert found(town, "menus") == []


def test_many_can_be_put_at_once(town: Town) -> None:
    with town.change():
        said = {1: "menus d’été", 2: "voirie", 3: " "}
        search.put_many(indexed(town, *pair) for pair in said.items())
    assert found(town, "ete") == [1]
    assert found(town, "voir") == [2]


def test_very_long_words_are_indexed_and_searched(town: Town) -> None:
    put(town, c1="é" * 3000 + " menus")
    assert found(town, "menus") == [1]
    assert found(town, "e" * 200) == [1]


def test_the_newest_hits_are_found_however_thinly_they_lie(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_RANKED", 12)
    chance = random.Random(3)
    days = [chance.randrange(0, 40) for _ in range(60)] + [
        chance.randrange(40, 2500) for _ in range(60)
    ]
    said = {
        id: (chance.choice(["menus", "voirie"]), chance.choice(["menus", "parcs", ""]))
        for id in range(1, 121)
    }
    rows = [
        search.Indexed(id, town.now - timedelta(days=day, minutes=id), title, more)
        for (id, (title, more)), day in zip(said.items(), days, strict=True)
    ]
    with town.change():
        search.put_many(rows)
    keys = {row.id: search.key_of(row.received_at, row.id) for row in rows}
    whole = sorted((keys[row.id] for row in rows if "menus" in (row.title, row.more)), reverse=True)
    titled = {keys[row.id] for row in rows if row.title == "menus"}
    with town.look():
        asked = search.Asked.of("menus")
        assert asked is not None
        for most in (1, 7, 40, 200):
            assert search.newest(asked, None, most) == whole[:most]
            assert search.newest(asked, whole[30], most) == whole[31 : 31 + most]
        best = search.ranked(asked)
    assert best == sorted(whole[:12], key=lambda key: (key not in titled, -key))
    assert {key in titled for key in best} == {True, False}


@given(day=st.integers(1_000, 45_000), minute=st.integers(0, 1439), back=st.integers(0, 800))
def test_what_a_search_is_narrowed_to_holds_every_moment_since_it_begins(
    day: int, minute: int, back: int
) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute)
    before = at - timedelta(days=back)
    key, spans = search.key_of(before, 0), search.spans(search.key_of(before, 0))
    for narrowing, first in search.narrowings(search.key_of(at, 0)):
        if first <= key:
            assert any(f"'{span}'" in narrowing for span in spans), (narrowing, before)
