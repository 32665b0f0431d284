# SPDX-License-Identifier: AGPL-3.0-or-later
"""A text as a row of words: whole ones, with what belongs inside them."""

import pytest

from beffroi_privacy.words import read_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Merci d'avance", ["Merci", "d'", "avance"]),
        ("j'ai vu madame de Kerlouan", ["j'", "ai", "vu", "madame", "de", "Kerlouan"]),
        ("ar c'hoad, merc'h Soizic", ["ar", "c'", "hoad", "merc'h", "Soizic"]),
        ("Jean-Marc N'Guessan-Traoré", ["Jean-Marc", "N'Guessan", "Traoré"]),
        ("l'agent J.-P. Le Goff", ["l'", "agent", "J", "P", "Le", "Goff"]),
        ("lot Nord-12, rue2, Ty-Coz", ["lot", "Nord", "Ty-Coz"]),
        ("sans Nord-b1 ici", ["sans", "ici"]),
    ],
)  # fmt: skip
def test_words_are_whole_with_and_without_an_apostrophe(text: str, words: list[str]) -> None:
    assert [word.text for word in read_words(text)] == words


@pytest.mark.parametrize("tail", ["", " aujourd'hui"])
def test_an_apostrophe_elsewhere_changes_no_other_word(tail: str) -> None:
    told = [word.text for word in read_words("Anne-Laure, place Saint-Guénolé-Bihan" + tail)]
    assert told[:3] == ["Anne-Laure", "place", "Saint-Guénolé-Bihan"]
