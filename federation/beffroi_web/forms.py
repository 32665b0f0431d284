# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody typed, what is wrong with it, and the words to say so.

Schemas are plain marshmallow. Their messages are English and formatted already, so they are
recognised by their shape here and said again in the reader's language, the same for forms and
for the API.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from beffroi_web.words import N_

_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"Missing data for required field\.", N_("This is needed.")),
        (r"Field may not be null\.", N_("This is needed.")),
        (r"Shorter than minimum length 1\.", N_("This is needed.")),
        (
            r"Shorter than minimum length (?P<min>\d+)\.",
            N_("Write at least %(min)s characters."),
        ),
        (
            r"Longer than maximum length (?P<max>\d+)\.",
            N_("This is too long: at most %(max)s characters."),
        ),
        (
            r"Length must be between (?P<min>\d+) and (?P<max>\d+)\.",
            N_("Write between %(min)s and %(max)s characters."),
        ),
        (r"Length must be (?P<equal>\d+)\.", N_("Write exactly %(equal)s characters.")),
        (
            r"Must be greater than or equal to (?P<min>\S+)"
            r" and less than or equal to (?P<max>\S+?)\.",
            N_("This must be between %(min)s and %(max)s."),
        ),
        (
            r"Must be greater than or equal to (?P<min>\S+?)\.",
            N_("This must be %(min)s or more."),
        ),
        (r"Must be less than or equal to (?P<max>\S+?)\.", N_("This must be %(max)s or less.")),
        (r"Must be one of: .*", N_("Choose one of the answers offered.")),
        (r"One or more of the choices .*", N_("Choose among the answers offered.")),
        (
            r"Not a valid email address\.",
            N_("Write an e-mail address such as camille@example.org."),
        ),
        (r"Not a valid URL\.", N_("Write a complete address, beginning with https://.")),
        (r"Not a valid date(time)?\.", N_("Write a date: year, month, day.")),
        (r"Not a valid (integer|number)\.", N_("Write a number.")),
        (r"Number too large\.", N_("This number is too large.")),
        (r"Not a valid boolean\.", N_("Answer yes or no.")),
        (r"Not a valid string\.", N_("Write a text here.")),
        (r"Not a valid list\.", N_("A list is expected here.")),
        (r"Unknown field\.", N_("This field is not known.")),
        (r"Invalid input type\.", N_("An object with named fields is expected.")),
        (r"Invalid value\.", N_("This does not fit.")),
        (r"String does not match expected pattern\.", N_("This does not have the expected form.")),
    )
)


@dataclass(frozen=True, slots=True)
class Form:
    """A form as somebody left it: what was typed, and the sentences about each field.

    `errors` are in the reader's language already. The empty key is about the form as a whole.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def value(self, name: str, default: str = "") -> str:
        """Return what was typed in a field."""
        return self.values.get(name, default)

    def chosen(self, name: str) -> Sequence[str]:
        """Return everything chosen in a field that takes several answers."""
        return self.lists.get(name, ())

    def error(self, name: str) -> str:
        """Return the first sentence about a field, or an empty text."""
        return next(iter(self.errors.get(name, ())), "")

    def and_errors(self, errors: Mapping[str, Sequence[str]]) -> "Form":
        """Return the same form with more to say: marked English sentences by field."""
        merged = {name: list(said) for name, said in self.errors.items()}
        for name, said in in_words(errors).items():
            merged.setdefault(name, []).extend(said)
        return Form(self.values, merged, self.lists)


def load(schema: Schema, typed: MultiDict[str, str]) -> tuple[dict[str, Any] | None, Form]:
    """Read a sent form: the validated fields (or `None`), and the form to show again.

    Blank fields count as not filled in; fields that the schema does not know are ignored; fields
    of type `List` take every value sent under their name.
    """
    lists = {key: [v for v in typed.getlist(key) if v.strip()] for key in typed}
    values = {key: typed.get(key, "") for key in typed}
    raw: dict[str, Any] = {}
    for name, declared in schema.load_fields.items():
        key = declared.data_key or name
        if isinstance(declared, fields.List):
            if lists.get(key):
                raw[key] = lists[key]
        elif values.get(key, "").strip():
            raw[key] = values[key].strip()
    try:
        loaded = schema.load(raw, unknown=EXCLUDE)
    except ValidationError as error:
        return None, Form(values, in_words(_by_field(error)), lists)
    return loaded, Form(values, {}, lists)


def in_words(messages: Mapping[Any, Any]) -> dict[str, list[str]]:
    """Return marshmallow's or a refusal's messages by field, flat, in the reader's language.

    A field inside another is named with a dot (`areas.0`); marshmallow's `_schema` becomes the
    empty name, which is about the whole.
    """
    said: dict[str, list[str]] = {}
    for name, message in _flat(messages, ""):
        said.setdefault(name, []).append(_phrase(message))
    return said


def _by_field(error: ValidationError) -> Mapping[Any, Any]:
    messages = error.messages
    return messages if isinstance(messages, Mapping) else {"_schema": messages}


def _flat(messages: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, inner in messages.items():
        step = "" if key == "_schema" else str(key)
        name = ".".join(part for part in (prefix, step) if part)
        if isinstance(inner, Mapping):
            yield from _flat(inner, name)
        elif isinstance(inner, str):
            yield name, inner
        else:
            for message in inner:
                if isinstance(message, Mapping):
                    yield from _flat(message, name)
                else:
                    yield name, str(message)


def _phrase(message: str) -> str:
    for pattern, sentence in _PHRASES:
        match = pattern.fullmatch(message)
        if match:
            return str(gettext(sentence, **match.groupdict()))
    return str(gettext(message))
