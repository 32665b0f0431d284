# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is near a question: words and pieces of words, the same on both databases."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from beffroi.kernel import nearby
from beffroi.kernel.nearby import Index, Text
from beffroi.kernel.ranking import (
    Kept,
    Remembered,
    Sought,
    asked,
    fold,
    pieces_of,
    rank,
    stemmed,
    stems,
    words,
)
from support.town import Town

INDEX = Index("dataset")
TEXTS = (
    Text(1, "Menus des cantines scolaires", "Les plats de chaque semaine, avec les allergènes."),
    Text(2, "Arbres d’alignement", "Essence, âge et état de chaque arbre des rues."),
    Text(3, "Comptages de vélos", "Passages par jour devant chaque compteur.", "Voirie"),
    Text(4, "Budget primitif", "Les recettes et les dépenses, et le coût des cantines."),
    Text(5, "École de l’œuvre", "L’accueil des élèves."),
)

spoken = st.text(alphabet=st.sampled_from("abéèçœ’ ÀZ9-ß ıİ"), max_size=60)


@given(spoken)
def test_folding_twice_is_folding_once_and_case_and_accents_are_nothing(said: str) -> None:
    assert fold(fold(said)) == fold(said)
    assert words(fold(said)) == words(said)
    assert all(" " not in one and one for one in stems(said))
    assert stems(said) == stems(said.replace("é", "e").replace("À", "A").replace("è", "e"))


@given(st.lists(spoken, max_size=3))
def test_lines_that_were_cut_before_are_cut_the_same(lines: list[str]) -> None:
    text = "\n".join([*lines, *lines])
    cut, whole = Remembered(stemmed), Remembered(stems)
    assert cut(text) == stemmed(text)
    assert whole(text) == stems(text)


@given(st.text(alphabet=st.sampled_from("aZé\u0301\u0338œÆΣßй한ⅷ "), max_size=40))
def test_folding_takes_every_mark_away_and_no_letter(said: str) -> None:
    plain = unicodedata.normalize("NFKD", said)
    bare = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    assert fold(said) == bare.replace("œ", "oe").replace("æ", "ae")


@given(
    st.lists(st.sampled_from(["menus", "cantine", "velos", "arbres", "budget", "rue"]), max_size=6),
    st.permutations(TEXTS),
)
def test_the_order_does_not_depend_on_what_was_found_first(line: list[str], texts: list[Text]):
    kept = [
        Kept(t.id, *(" ".join(stems(said)) for said in (t.title, t.body, t.also))) for t in texts
    ]
    question = asked(" ".join(line))
    sought = [Sought(stem, weight, 1) for stem, weight in question.items()]
    found = rank(sought, list(question), kept, len(kept))
    assert found == rank(sought, list(question), sorted(kept, key=lambda k: k.id), len(kept))
    assert all(0 < one.covers <= 1.000001 for one in found)
    marks = set(question)
    assert {f.id for f in found} == {
        k.id for k in kept if marks & set(f"{k.title} {k.body} {k.also}".split())
    }


def test_words_that_say_nothing_are_not_looked_for_and_chores_count_less() -> None:
    assert asked("Bonjour, je cherche les fichiers des cantines, merci") == {
        "fichi": asked("fichiers")["fichi"],
        "cantin": asked("cantines")["cantin"],
    }
    assert asked("fichier")["fichi"] < asked("cantine")["cantin"]
    assert asked("menus", "menus cantines")["menus"] > asked("", "menus")["menus"]
    assert pieces_of(["arbres", "a"]) == {"arbr", "rbre", "bres", "a"}


def ids(title: str, more: str = "", **options: float) -> list[int]:
    return [one.id for one in INDEX.find(title, more, **options)]  # type: ignore[arg-type]


def test_an_index_finds_what_is_meant(town: Town) -> None:
    with town.change():
        INDEX.put(TEXTS)
        assert ids("cantine")[0] == 1  # before anything was counted, too
        assert INDEX.count_again() == len(TEXTS)
    with town.look():
        assert ids("Le menu de la CANTINE scolaire") == [1, 4]
        assert ids("velo") == [3]
        assert ids("vélos comptés par la voirie")[0] == 3
        assert ids("arbre de la rue") == [2]
        assert ids("ecole de l'oeuvre") == [5]
        assert ids("Cantinne") == [1, 4]  # another spelling
        assert ids("compt") == [3]  # not typed to its end
        assert ids("le la les bonjour") == []
        assert ids("zzzz") == []
        assert ids("'quoted\" NEAR(arbre) & | ! :* -") == [2]
        assert ids("", "les dépenses") == [4]
        assert ids("cantines et jardins et piscines municipales", covers=0.9) == []
        assert ids("cantine", but=1) == [4]
    with town.change():
        INDEX.put([Text(1, "Repas des crèches")])
        INDEX.remove([4])
        assert ids("cantine") == []
        assert ids("repas") == [1]


def test_a_word_of_few_texts_is_in_no_list_and_is_found_all_the_same(town: Town) -> None:
    few = Index("case", fewest=3)
    with town.change():
        few.put(Text(n, f"Rue numéro {n}", "Trucmuche" if n == 2 else "") for n in range(1, 5))
        assert not few.is_counted()
        few.count_again()
        assert few.is_counted()
        assert [one.id for one in few.find("trucmuche")] == [2]
    counted = dict(r for r in map(tuple, town.rows("SELECT stem, texts FROM nearby_stem")))
    assert counted == {"": 4, "ru": 4, "numero": 4}


def test_a_question_of_frequent_words_reads_no_more_than_its_share(town: Town) -> None:
    most = nearby.MOST_FOUND
    nearby.MOST_FOUND = 20
    try:
        with town.change():
            INDEX.put(Text(n, "Rue du moulin" if n % 2 else "Rue") for n in range(1, 101))
            INDEX.put([Text(200, "Rue du lavoir")])
            INDEX.count_again()
            assert ids("rue du lavoir")[0] == 200
            found = INDEX.find("rue moulin", most=1000)
            assert len(found) == 10
            assert {one.id % 2 for one in found} == {1}
            assert len(INDEX.find("rue", most=1000)) <= 20
    finally:
        nearby.MOST_FOUND = most
