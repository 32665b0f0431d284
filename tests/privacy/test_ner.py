# SPDX-License-Identifier: AGPL-3.0-or-later
import builtins
from dataclasses import dataclass
from typing import Any

import pytest

from beffroi_privacy.ner import ModelMissing, load, persons_of


@dataclass
class Entity:
    start_char: int
    end_char: int
    label_: str


@dataclass
class Document:
    ents: list[Entity]


def read(text: str, *found: tuple[str, str]) -> list[str]:
    """What of a text is taken for persons, if a model says it found these (words, label)."""
    ents = [Entity(text.index(w), text.index(w) + len(w), label) for w, label in found]
    return [text[s.start : s.end] for s in persons_of(Document(ents), text)]


def test_only_persons_that_could_be_some_are_taken_from_a_model() -> None:
    text = "Kowal Zbigniew, la Mairie et Rennes"
    found = [("Kowal Zbigniew", "PER"), ("Mairie", "PER"), ("Rennes", "PER")]
    assert read(text, *found) == ["Kowal Zbigniew"]
    assert read(text, ("Rennes", "LOC")) == []


def test_without_the_extra_the_model_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "spacy":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelMissing):
        load()
