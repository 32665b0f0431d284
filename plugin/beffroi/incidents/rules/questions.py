# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked besides, by category: the questions, and what is right as an answer. Plain Python.

An operator writes them in the settings, an administrator at the desk. An answer is read by agents
only; that to a list or a number may be marked public, since nobody can be named in it.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beffroi.incidents.rules import CATEGORIES
from beffroi_web.words import N_

KINDS: Mapping[str, str] = {
    "text": N_("A text"),
    "list": N_("One of a list"),
    "number": N_("A number"),
}
PREFIX = "ask_"
"""Before a category and a code: the name of a question's field in the form."""
LONGEST, MOST_CHOICES, MOST_QUESTIONS = 500, 30, 12
LARGEST = 1e12
TAKEN = ("commune", "date")
"""Codes of what every category asks: other programs know them as attributes."""
_CODE = re.compile(r"[a-z][a-z0-9_]{0,23}")


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a category; its words by language. One from the settings is `fixed`."""

    category: str
    code: str
    kind: str
    words: Mapping[str, str]
    hint: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    required: bool = False
    public: bool = False
    fixed: bool = True

    @property
    def field(self) -> str:
        """The name of its field in the form."""
        return f"{PREFIX}{self.category}_{self.code}"


def said(words: Mapping[str, str], lang: str) -> str:
    """Return words in a language, else in the first that there is."""
    return words.get(lang) or next(iter(words.values()), "")


def faults(question: Question) -> list[str]:
    """Return what is wrong with a question, as sentences about the fields of its form."""
    found = []
    category = CATEGORIES.get(question.category)
    if category is None or category.family != "street":
        found.append(N_("A question belongs to a category of the street."))
    if not _CODE.fullmatch(question.code):
        found.append(N_("A code is up to 24 small letters, digits and underscores."))
    if question.code in TAKEN:
        found.append(N_("This code is taken: choose another one."))
    if question.kind not in KINDS:
        found.append(N_("The kind of an answer is text, list or number."))
    if not any(question.words.values()):
        found.append(N_("The words of the question are missing."))
    texts = [*question.words.values(), *question.hint.values()]
    texts += [one for words in question.choices.values() for one in words.values()]
    if any(len(text) > 200 for text in texts):
        found.append(N_("The words of a question, or of a choice, are at most 200 characters."))
    if (question.kind == "list") != bool(question.choices):
        found.append(N_("A list has choices, and nothing else has."))
    if len(question.choices) > MOST_CHOICES:
        found.append(N_("A list has at most thirty choices."))
    if not all(_CODE.fullmatch(code) and any(w.values()) for code, w in question.choices.items()):
        found.append(N_("Each choice has a code and words."))
    if question.public and question.kind == "text":
        found.append(N_("A text is never public: anybody may be named in it."))
    return found


def read(table: Mapping[str, Any]) -> tuple[list[Question], list[str]]:
    """Return the questions in a table of the settings, and all that is wrong with it.

    Each category has a list; each question has `code`, `kind`, `words`, and may have `hint`,
    `choices`, `required` and `public`. Words are a text, or a table of texts by language.
    """
    found: list[Question] = []
    wrong: list[str] = []
    for category, asked in table.items():
        for number, one in enumerate(asked if isinstance(asked, list) else [asked], start=1):
            where = f"{category} {number}"
            try:
                question = _question(str(category), one)
            except (AttributeError, KeyError, TypeError, ValueError) as fault:
                wrong.append(f"{where}: {fault}")
                continue
            wrong += [f"{where}: {sentence}" for sentence in faults(question)]
            found.append(question)
        if len(asked) > MOST_QUESTIONS:
            wrong.append(f"{category}: at most {MOST_QUESTIONS} questions")
    names = [question.field for question in found]
    wrong += [f"{name} is there twice" for name in sorted(set(names)) if names.count(name) > 1]
    return found, wrong


def _question(category: str, one: Mapping[str, Any]) -> Question:
    unknown = set(one) - {"code", "kind", "words", "hint", "choices", "required", "public"}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} is not known here")
    choices = one.get("choices", {})
    return Question(
        category,
        str(one["code"]),
        str(one["kind"]),
        _words(one["words"]),
        _words(one.get("hint", {})),
        {str(code): _words(words) for code, words in choices.items()},
        _flag(one.get("required", False)),
        _flag(one.get("public", False)),
    )


def _words(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        return {"fr": value}
    return {str(lang): str(words).strip() for lang, words in value.items()}


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("required and public are true or false")
    return value


# ---- answers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it is kept: a text, the code of a choice, or a number as it is written."""

    question: Question
    value: str


def answers(
    asked: Iterable[Question], given: Mapping[str, str]
) -> tuple[list[Answered], dict[str, list[str]]]:
    """Return what was answered to some questions, by the names of their fields, and the faults."""
    found: list[Answered] = []
    wrong: dict[str, list[str]] = {}
    for question in asked:
        value = " ".join(given.get(question.field, "").split())
        if not value:
            if question.required:
                wrong[question.field] = [N_("This is needed.")]
            continue
        try:
            found.append(Answered(question, _checked(question, value)))
        except ValueError as fault:
            wrong[question.field] = [str(fault)]
    return found, wrong


def _checked(question: Question, value: str) -> str:
    if question.kind == "list" and value not in question.choices:
        raise ValueError(N_("Choose one of the answers offered."))
    if question.kind == "number":
        return _number(value)
    if len(value) > LONGEST:
        raise ValueError(N_("This text is too long: at most 500 characters."))
    return value


def _number(value: str) -> str:
    """Return a number as it is kept, with a point: a comma is one where people write it so."""
    try:
        number = float(value.replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except ValueError:
        raise ValueError(N_("Write a number.")) from None
    if not math.isfinite(number) or abs(number) > LARGEST:
        raise ValueError(N_("Write a number."))
    return f"{number:.10g}" if number != int(number) else str(int(number))


def of_category(asked: Sequence[Question], category: str) -> list[Question]:
    """Return the questions of a category, in their order."""
    return [one for one in asked if one.category == category]
