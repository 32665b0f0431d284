# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is about the same thing, by the rules alone."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_federation.aggregator.topics.rules import topic, words
from beffroi_federation.aggregator.topics.rules.grouping import (
    JOIN,
    Board,
    Profile,
    added,
    choose,
    likeness,
)

LABELLED = Path(__file__).parent / "topics"


def like(one: str, other: str, langs: tuple[str, str] = ("fr", "fr")) -> float:
    marks = [words.marks(line, "", lang) for line, lang in zip((one, other), langs, strict=True)]
    return likeness(marks[0], Profile(1, 1, marks[1]))


@pytest.mark.parametrize(
    ("one", "other", "langs"),
    [
        ("Menus des cantines", "School lunch menus", ("fr", "en")),
        ("défibrilateur", "Localisation des défibrillateurs", ("fr", "fr")),
        ("Pistes cyclables", "Réseau cyclable", ("fr", "fr")),
    ],
)
def test_the_same_thing_in_other_words_is_alike(
    one: str, other: str, langs: tuple[str, str]
) -> None:
    assert like(one, other, langs) >= JOIN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Abattages d’arbres", "Plantations d’arbres"),
        ("Horaires des bus", "Régularité des bus"),
        ("Caméras de vidéosurveillance", "Vidéosurveillance algorithmique"),
        ("Horaires de la piscine", "Fréquentation de la piscine"),
        ("Prix de l’eau", "Qualité de l’eau du robinet"),
        ("Code source du site", "Statistiques du site"),
    ],
)
def test_another_thing_in_the_same_words_is_not(one: str, other: str) -> None:
    assert like(one, other) < JOIN


def test_the_name_of_the_town_says_nothing() -> None:
    told = words.marks("Arbres de Plouzané", "", "fr", names=["Plouzané"])
    assert told == words.marks("Arbres", "", "fr")


def test_most_labelled_requests_find_their_topic() -> None:
    rows = [json.loads(line) for line in (LABELLED / "development.jsonl").read_text().splitlines()]
    board, groups = Board({}, {}), []
    for at, row in enumerate(rows):
        marks = words.marks(row["title"], row["summary"], row["lang"], names=[row["town"]])
        id = choose(marks, board.near(marks)) or at + 1
        board.put(id, marks)
        groups.append(id)
    both = Counter(zip((row["topic"] for row in rows), groups, strict=True))

    def pairs(counted: Counter[object]) -> int:
        return sum(n * (n - 1) // 2 for n in counted.values())

    right = pairs(Counter(both))
    assert right / pairs(Counter(groups)) > 0.8
    assert right / pairs(Counter(row["topic"] for row in rows)) > 0.8


MARKS = st.dictionaries(st.text("#@~abc", min_size=1, max_size=4), st.floats(0.01, 1), max_size=9)


@given(MARKS, MARKS)
def test_who_leaves_takes_every_mark_along(
    before: dict[str, float], marks: dict[str, float]
) -> None:
    left = added(added(before, marks), marks, -1)
    assert left.keys() == before.keys()
    assert all(abs(left[mark] - before[mark]) < 1e-6 for mark in before)


@settings(max_examples=40)
@given(st.text(max_size=60), st.text(max_size=80), st.sampled_from(["fr", "en", "br"]))
def test_any_text_has_marks_of_length_one_or_none(title: str, text: str, lang: str) -> None:
    marks = words.marks(title, text, lang)
    assert not marks or abs(sum(value * value for value in marks.values()) - 1) < 1e-9
    assert marks == words.marks(title, text, lang)


@given(st.integers(0, 2**40 - 1))
def test_a_topic_is_found_by_its_name(id: int) -> None:
    assert topic.parse_slug(topic.slug(id)) == id
