# SPDX-License-Identifier: AGPL-3.0-or-later
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
