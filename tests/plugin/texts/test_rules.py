# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would be hidden in a text: findings, the town's lists, what its author wants."""

import pytest

from beffroi.texts.rules import (
    CHOSEN,
    LISTED,
    Lists,
    Mark,
    candidates,
    digest,
    lines,
    marks_from,
    over,
    pieces,
    places,
    read,
)
from beffroi_privacy.strong import Proposal

WORDS = "Écrire à camille@example.org, ou au hangar élevé, 06 12 34 56 78."


def hidden(words: str, marks: tuple[Mark, ...]) -> list[str]:
    return [words[m.start : m.end] for m in marks]


def test_what_is_found_listed_and_chosen_is_hidden_alike() -> None:
    found = read(WORDS, lists=Lists(deny=("06 12 34",)), hidden=("HANGAR  eleve",))
    assert hidden(WORDS, found.marks) == ["camille@example.org", "hangar élevé", "06 12 34 56 78"]
    assert {m.label for m in found.marks} >= {"EMAIL", CHOSEN}
    assert found.text == "Écrire à [adresse électronique], ou au […], [téléphone]."


def test_words_of_the_deny_list_make_a_text_masked() -> None:
    assert read("Le hangar bleu est ouvert.").status == "clean"
    found = read("Le hangar bleu est ouvert.", lists=Lists(deny=("HANGAR Bleu",)))
    assert (found.status, found.text) == ("masked", "Le […] est ouvert.")
    assert [m.label for m in found.marks] == [LISTED]


def test_a_name_of_the_allow_list_is_nobodys_and_other_things_are_still_found() -> None:
    known = ("Jeanne Mairesse", "jeanne@ville.example")
    words = "Jeanne Mairesse a signé ; jeanne@ville.example"
    assert hidden(words, read(words, known=known).marks) == [
        "Jeanne Mairesse", "jeanne@ville.example",
    ]  # fmt: skip
    found = read(words, known=known, lists=Lists(allow=("jeanne mairesse",)))
    assert hidden(words, found.marks) == ["jeanne@ville.example"]


def test_a_text_that_the_engine_failed_on_is_shown_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed = Proposal("", (), True, ("detector error",))
    monkeypatch.setattr("beffroi.texts.rules.propose", lambda *_words, **_more: failed)
    found = read("Le hangar est ouvert.", hidden=("hangar",))
    assert (found.text, found.status, found.reasons) == ("", "review", ("detector error",))


@pytest.mark.parametrize(
    ("words", "phrase", "found"),
    [
        ("Le Cœur de Ville", "coeur de ville", []),
        ("Zoé, ZOE et Zoéline", "zoe", ["Zoé", "ZOE"]),
        ("Zoe\u0301 décomposée", "Zoé", ["Zoe\u0301"]),
        ("rue\u00a0des\nLilas", "rue des lilas", ["rue\u00a0des\nLilas"]),
        ("l’ami d'Élise", "Élise", ["Élise"]),
        ("a@x.example et @alix", "@alix", ["@alix"]),
        ("(c++) et c", "c++", ["c++"]),
        ("rien ici", "  ", []),
    ],
)
def test_phrases_are_found_as_whole_words_however_they_are_written(
    words: str, phrase: str, found: list[str]
) -> None:
    assert [words[m.start : m.end] for m in places(words, (phrase,), CHOSEN)] == found


def test_a_text_is_cut_at_its_marks_and_nothing_is_lost() -> None:
    marks = read(WORDS).marks
    cut = pieces(WORDS, marks)
    assert "".join(words for words, _ in cut) == WORDS
    assert [words for words, mark in cut if mark] == hidden(WORDS, marks)
    assert over(WORDS, ()) == WORDS


def test_only_marks_that_fit_a_text_come_out_of_a_form() -> None:
    typed = ["0-5-EMAIL", "3-9-PERSON", "5-3-EMAIL", "0-99-EMAIL", "x", "0-2-CASTLE", "-1-2-EMAIL"]
    assert marks_from(typed, "0123456789") == (Mark(0, 9, "EMAIL"),)


def test_lines_are_trimmed_counted_once_and_bounded() -> None:
    assert lines(" a b \n\nx\nA  b\nà   b\nà b\n") == ("a b", "A b", "à b")
    assert len(lines("\n".join(f"mot {n}" for n in range(90)))) == 50
    assert len(lines("y" * 900)[0]) == 200


def test_a_digest_is_the_same_for_the_same_words_and_tells_nothing_without_the_key() -> None:
    assert digest(b"key", "Zoé  Exemple") == digest(b"key", "zoe exemple")
    assert digest(b"key", "Zoé Exemple") != digest(b"other", "Zoé Exemple")
    assert digest(b"key", "Zoé Exemple") != digest(b"key", "Zoé Autre")


def test_what_looks_like_a_name_or_a_number_is_offered_to_its_author() -> None:
    words = "Le voisin Paul Durand gêne. Voir le dossier 4512345 de la CADA, avec Zoé."
    offered = candidates(words, ())
    assert offered == ("Paul Durand", "4512345", "Zoé")
    assert candidates("Rien de tel ici. Vraiment rien.", ()) == ()
