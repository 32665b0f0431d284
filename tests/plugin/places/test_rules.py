# SPDX-License-Identifier: AGPL-3.0-or-later
"""How words are compared with streets, whatever is written: rules of addresses."""

from hypothesis import given
from hypothesis import strategies as st

from beffroi.places.rules import CROSSING, NUMBER, Found, Place, metres, middle_of
from beffroi.places.rules.matching import LEAST, Asked, Street, match
from beffroi.places.rules.spelling import SHORTEST, forms, likeness
from beffroi.places.rules.words import corner, tokens
from support.addresses import KINDS, NAMES

LETTERS = "abcdefghilmnoprstuv"
STREETS = st.builds("{} {}".format, st.sampled_from(KINDS), st.sampled_from(NAMES))


@given(st.text(LETTERS, min_size=SHORTEST, max_size=14), st.data())
def test_one_slip_anywhere_in_a_word_leaves_a_form_in_common(
    word: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    slips = [
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    ]
    if len(word) > SHORTEST:
        slips.append(word[:at] + word[at + 1 :])
    for typed in slips:
        assert forms(typed) & forms(word), typed
        assert likeness(typed, word) > 0


@given(STREETS, st.integers(1, 9999), st.sampled_from(["", "bis", "ter", "b"]), st.randoms())
def test_a_street_is_found_in_any_order_and_its_number_is_one_that_was_written(
    name: str, number: int, suffix: str, random: object
) -> None:
    street = Street(1, tuple(tokens(name)), frozenset(tokens("35000 Ville-Exemple")))
    whole = match(Asked.of(f"{number}{suffix} {name.upper()}, 35000 ville exemple"), street)
    assert whole is not None
    assert (whole.score, whole.number, whole.suffix) == (1.0, number, suffix)
    assert (match(Asked.of(name), street) or whole).number == 0
    words = name.split()
    random.shuffle(words)  # type: ignore[attr-defined]
    turned = match(Asked.of(f"{number} {' '.join(words)}"), street)
    assert turned is not None
    assert turned.score > LEAST
    assert str(turned.number) in f"{number} {name}"


@given(st.text(max_size=60))
def test_whatever_is_written_is_compared_without_a_fault(said: str) -> None:
    street = Street(1, ("rue", "8", "mai", "1945"), frozenset())
    found = match(Asked.of(said), street)
    assert found is None or 0 < found.score <= 1
    assert found is None or not found.number or str(found.number) in tokens(said)
    assert match(Asked.of(said), Street(1, (), frozenset())) is None
    corner(said)


@given(st.lists(st.tuples(st.floats(48.0, 48.1), st.floats(-1.7, -1.6)), min_size=1, max_size=30))
def test_the_middle_of_a_street_is_one_of_its_points_and_reaches_all_of_them(
    points: list[tuple[float, float]],
) -> None:
    middle, reach = middle_of(points)
    assert middle in points
    assert all(metres(middle, one) <= reach for one in points)


def test_abbreviations_ordinals_and_elisions_come_to_the_same_words() -> None:
    for one, other in (
        ("Bd. du Gal Hardouin", "boulevard général hardouin"),
        ("AV DE L’ÉCLUSE", "avenue ecluse"),
        ("pl. St-Aubert", "Place Saint Aubert"),
        ("rue du onze novembre", "Rue du 11 Novembre"),
        ("rue du 1er mai", "Rue du Premier Mai"),
        ("r. Dr A. Quentin", "rue docteur a quentin"),
        ("12bis imp. Nd", "12 bis impasse notre-dame"),
    ):
        assert tokens(one) == tokens(other)
    assert corner("angle rue des Lilas et place du Marché") is not None
    assert corner("rue Haute/rue Basse") == ("rue haute", "rue basse")
    assert corner("12/14 rue Haute") is corner("rue Haute et retour") is None


def test_only_one_address_with_its_number_is_taken_without_asking() -> None:
    def place(kind: str, score: float, **more: str) -> Place:
        return Place("1", kind, "", "35238", 48.1, -1.6, score=score, **more)

    first = place(NUMBER, 1.0)
    assert Found([first]).surely() == Found([first, place(NUMBER, 0.8)]).surely() == first
    for found in (
        Found(), Found([first], more=True), Found([first, place(NUMBER, 0.95)]),
        Found([place(NUMBER, 0.9)]), Found([place(CROSSING, 1.0)]),
        Found([place(NUMBER, 1.0, missing="12 ter")]),
    ):  # fmt: skip
        assert found.surely() is None
