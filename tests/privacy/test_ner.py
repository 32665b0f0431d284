# SPDX-License-Identifier: AGPL-3.0-or-later
import builtins
from typing import Any

import pytest

from beffroi_privacy.engine import propose
from beffroi_privacy.ner import ModelMissing, load, persons_of
from beffroi_privacy.spans import PERSON, Span
from support.seen_by_a_model import Document, Entity


def votes(text: str, *found: tuple[str, str]) -> list[Span]:
    """What a model's persons are taken for, if it says it found these (words, label)."""
    ents = [Entity(text.index(w), text.index(w) + len(w), label) for w, label in found]
    return persons_of(Document(ents), text)


def read(text: str, *found: tuple[str, str]) -> list[str]:
    """What of a text is taken for persons."""
    return [text[s.start : s.end] for s in votes(text, *found) if s.label == PERSON]


def test_only_persons_that_could_be_some_are_taken_from_a_model() -> None:
    text = "Kowal Zbigniew, la Mairie et Rennes"
    found = [("Kowal Zbigniew", "PER"), ("Mairie", "PER"), ("Rennes", "PER")]
    assert read(text, *found) == ["Kowal Zbigniew"]
    assert read(text, ("Rennes", "LOC")) == []


@pytest.mark.parametrize(
    ("place", "asked"), [("Kerbastarz", True), ("Rennes", False), ("Médiathèque", False)]
)
def test_a_place_or_firm_that_no_list_knows_asks_a_person(place: str, asked: bool) -> None:
    text = f"La maison aux volets bleus à {place} est vide."
    proposal = propose(text, voter=lambda copy: votes(copy, (place, "LOC")))
    assert ("model disagrees" in proposal.reasons) is asked


@pytest.mark.parametrize(
    ("text", "seen", "asked"),
    [
        ("Merci d'aider Oursin Limoges, qui sort demain.", "Oursin Limoges", True),
        ("Merci d'aider Madame la Maire, qui sort demain.", "Madame la Maire", False),
        ("On se voit rue Jean Jaurès demain.", "Jean Jaurès", False),
    ],
)
def test_a_model_s_person_that_rules_leave_asks_and_one_they_explain_does_not(
    text: str, seen: str, asked: bool
) -> None:
    proposal = propose(text, voter=lambda copy: votes(copy, (seen, "PER")))
    assert ("model disagrees" in proposal.reasons) is asked


def test_without_the_extra_the_model_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "spacy":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelMissing):
        load()
