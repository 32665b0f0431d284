# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a language model sees beside what the rules hide. Names and sentences are made up."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beffroi_privacy.engine import Proposal, propose
from beffroi_privacy.ner import persons_of
from beffroi_privacy.spans import PERSON
from support.seen_by_a_model import Document, Entity


def proposed(text: str, *seen: tuple[str, str]) -> Proposal:
    """What is proposed for a text in which a model says that it saw these (words, label)."""
    ents = [Entity(text.index(w), text.index(w) + len(w), label) for w, label in seen]
    return propose(text, voter=lambda copy: persons_of(Document(ents), copy))


UNKNOWN = ("Kowalik", "Zbrszcz", "Trelhouarn", "Okwuosa", "Vandrecht")
BORNE = ("Camille", "Boulanger", "Oursin", "Limoges", "Désiré", "Bernard", "Rose", "Lapin")
FRAMES = ("{} est passé hier.", "Vu hier {} devant la grille.", "La haie, {}, déborde.", "({})")
names = st.lists(st.sampled_from(UNKNOWN + BORNE), min_size=2, max_size=3, unique=True)


@given(names, st.sampled_from(FRAMES))
@example(["Zbrszcz", "Camille"], FRAMES[0])
@example(["Oursin", "Camille"], FRAMES[0])
def test_no_word_of_a_name_that_the_model_sees_whole_is_left_without_asking(
    name: list[str], frame: str
) -> None:
    written = " ".join(name)
    shown = proposed(frame.format(written), (written, "PER"))
    left = [word for word in name if re.search(rf"\b{word}\b", shown.text)]
    assert left == [] or shown.review
    assert [word for word in left if word in UNKNOWN] == []


@pytest.mark.parametrize(
    ("text", "seen", "shown"),
    [
        ("Trelhouarn, Camille viendra.", "Trelhouarn, Camille", "[personne], [personne] viendra."),
        ("Mrs Ellen Kowalik fell.", "Mrs Ellen Kowalik", "Mrs [personne] fell."),
        (
            "le dossier de camille zbrszcz est là",
            "camille zbrszcz",
            "le dossier de [personne] est là",
        ),
    ],
)
def test_the_rest_of_a_name_is_hidden_where_the_rules_hide_a_part(
    text: str, seen: str, shown: str
) -> None:
    assert proposed(text, (seen, "PER")).text == shown


def test_a_civility_before_a_name_that_both_see_does_not_ask() -> None:
    assert not proposed("Our nan, Mrs Ellen Kowalik, fell.", ("Mrs Ellen Kowalik", "PER")).review


def test_the_words_of_a_sentence_are_no_part_of_a_name_in_it() -> None:
    text = "Kowalik from the depot told me it was done."
    assert (
        proposed(text, (text[:-6], "PER")).text == "[personne] from the depot told me it was done."
    )


def test_a_name_does_not_go_on_in_the_next_column_or_line() -> None:
    text = "KOWALIK W.\tPropreté\tEspaces verts"
    assert not proposed(text, ("KOWALIK W.\tPropreté\tEspaces", "PER")).review
    for one in persons_of(Document([Entity(0, len(text), "PER")]), text):
        assert "\t" not in text[one.start : one.end] or one.label != PERSON


@pytest.mark.parametrize(
    ("text", "seen", "label"),
    [
        ("Le banc a disparu depuis Noël.", "Noël", "MISC"),
        ("Le chauffage est coupé depuis la Toussaint.", "Toussaint", "LOC"),
        ("J'ai signalé la panne sur DansMaRue.", "DansMaRue", "MISC"),
        ("Le fichier QGIS est trop lourd.", "QGIS", "MISC"),
        ("Some rows lack a place, e.g. the last.", "e.g", "ORG"),
        ("Répondez-moi plutôt sur Mastodon.", "Mastodon", "PER"),
        ("Le site https://kerbastarz.example.org/budget est lent.", "https://kerbastarz", "PER"),
        ("Les travaux de Vinci bloquent le pont.", "de Vinci", "PER"),
        ("Le collectif se réunit à Maurepas demain.", "Maurepas", "PER"),
    ],
)
def test_what_is_plainly_nobody_s_does_not_ask_for_the_model_alone(
    text: str, seen: str, label: str
) -> None:
    shown = proposed(text, (seen, label))
    assert (shown.text, shown.reasons) == (text, propose(text).reasons)


@pytest.mark.parametrize(
    ("text", "seen", "label"),
    [
        ("La dalle du Zbrszcz est glissante.", "Zbrszcz", "LOC"),
        ("Je l'ai donné à Maurepas, qui était là.", "Maurepas", "PER"),
        ("Il a vu Trelhouarn, le menuisier.", "Trelhouarn", "ORG"),
        ("Il a vu Noël Kowalik hier.", "Noël Kowalik", "MISC"),
    ],
)
def test_what_may_be_somebody_s_asks_whatever_the_model_calls_it(
    text: str, seen: str, label: str
) -> None:
    assert proposed(text, (seen, label)).status != "clean"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("il a vu Saint-Just hier", ("Saint-Just", "PER")),
        ("Le dossier de Sainte-Marie est perdu", ("Sainte-Marie", "PER")),
        ("Il y a Zbrszcz 3 fois", ("Zbrszcz 3", "MISC")),
        ("Rencontré Israel devant la poste", ("Israel", "PER")),
        ("La commande Zbrszcz est là", ("Zbrszcz", "MISC")),
    ],
)
def test_what_the_model_takes_for_somebody_is_not_explained_by_a_saint_a_digit_or_a_thing(
    text: str, seen: tuple[str, str]
) -> None:
    found = proposed(text, seen)
    assert found.spans or found.reasons
