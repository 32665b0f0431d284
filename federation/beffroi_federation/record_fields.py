# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one field of a record may hold: the checks, and each check's words in JSON Schema.

A check never quotes what it refuses: its sentence goes to logs and pages, and what was refused may
be exactly what must not be seen. Lengths count Unicode code points after NFC, as JSON Schema does.
"""

import re
import unicodedata
from typing import Protocol

from marshmallow import ValidationError, fields

from beffroi_federation import vocabulary

URL_CHARACTERS = 500
# One rule for the whole address: after the host only a port, a path, a query or a fragment may
# come, so that no user information can; no quote, angle bracket, backslash or white space at all.
HTTPS_URL = (
    r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?"
    r"(?:[/?#][!#-;=?-\[\]_a-z~]*)?"
)
# Characters that turn the reading direction, break lines unseen, or carry unseen tags: a text that
# is shown must be the text that was read before it was released.
_UNSEEN = {0x2028, 0x2029, 0xFEFF}.union(
    range(0x202A, 0x202F), range(0x2066, 0x206A), range(0xE0000, 0xE0080)
)
_NO_CONTROL = r"^[^\u0000-\u001f\u007f-\u009f]*$"
_NO_CONTROL_BUT_LINES = r"^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*$"


class Check(Protocol):
    """A check of one value that can also say itself in JSON Schema."""

    def __call__(self, value: object) -> None:
        """Raise marshmallow's ValidationError, without quoting the value, if it does not fit."""

    def as_json_schema(self) -> dict[str, object]:
        """Return the keywords of JSON Schema 2020-12 that say the same."""


class PlainText:
    """Plain text in NFC of 1 to `most` characters, without control or unseen characters.

    `lines` allows line feeds. Markup is not forbidden: it is text, and always escaped when shown.
    """

    def __init__(self, most: int, *, lines: bool = False) -> None:
        self.most = most
        self.lines = lines

    def __call__(self, value: object) -> None:
        """Refuse an empty, too long, denormalised or unprintable text."""
        text = str(value)
        if not text.strip():
            raise ValidationError("is empty")
        if len(text) > self.most:
            raise ValidationError(f"{len(text)} characters, at most {self.most}")
        if not unicodedata.is_normalized("NFC", text):
            raise ValidationError("is not in Unicode normal form NFC")
        hidden = {character for character in set(text) if self._hidden(character)}
        if hidden:
            first = next(character for character in text if character in hidden)
            raise ValidationError(f"holds the character U+{ord(first):04X}")

    def _hidden(self, character: str) -> bool:
        """Tell whether a character may not stand in a record's text."""
        if character == "\n":
            return not self.lines
        category = unicodedata.category(character)
        # Cn (not yet assigned) stays allowed: an older nation must not refuse a newer emoji.
        return category in ("Cc", "Cs", "Co") or ord(character) in _UNSEEN

    def as_json_schema(self) -> dict[str, object]:
        """Return length and the part of the rule that a regular expression can say."""
        pattern = _NO_CONTROL_BUT_LINES if self.lines else _NO_CONTROL
        return {"minLength": 1, "maxLength": self.most, "pattern": pattern}


class Shape:
    """A text that matches a regular expression from end to end."""

    def __init__(self, pattern: str, expected: str, *, most: int | None = None) -> None:
        self.pattern = pattern
        self.expected = expected
        self.most = most

    def __call__(self, value: object) -> None:
        """Refuse a text of another shape, saying which was expected."""
        text = str(value)
        if self.most is not None and len(text) > self.most:
            raise ValidationError(f"{len(text)} characters, at most {self.most}")
        if not re.fullmatch(self.pattern, text):
            raise ValidationError(f"is not {self.expected}")

    def as_json_schema(self) -> dict[str, object]:
        """Return the pattern, anchored, and the greatest length."""
        schema: dict[str, object] = {"pattern": f"^{self.pattern}$"}
        if self.most is not None:
            schema["maxLength"] = self.most
        return schema


class Period(Shape):
    """A period of time of one of several lengths; an ISO week must exist in its year."""

    def __call__(self, value: object) -> None:
        """Refuse another shape, and week 53 of a year that has 52."""
        super().__call__(value)
        if "W" in str(value) and not vocabulary.is_week(str(value)):
            raise ValidationError("is a week that its year does not have")


class Among:
    """One of a closed list of codes."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        self.codes = codes

    def __call__(self, value: object) -> None:
        """Refuse anything else, naming the list."""
        if value not in self.codes:
            raise ValidationError(f"is not one of {', '.join(self.codes)}")

    def as_json_schema(self) -> dict[str, object]:
        """Return the list."""
        return {"enum": list(self.codes)}


class Within:
    """A whole number between two bounds, both allowed."""

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most

    def __call__(self, value: object) -> None:
        """Refuse a number outside, naming the bounds."""
        if not isinstance(value, int) or not self.least <= value <= self.most:
            raise ValidationError(f"is not between {self.least} and {self.most}")

    def as_json_schema(self) -> dict[str, object]:
        """Return the bounds."""
        return {"minimum": self.least, "maximum": self.most}


class Text(fields.String):
    """A string member: no number or null is turned into one."""

    def __init__(self, check: Check, *, required: bool = True, name: str | None = None) -> None:
        super().__init__(required=required, validate=check, data_key=name, attribute=name)
        self.check = check


class Whole(fields.Integer):
    """An integer member: no string, float or boolean is turned into one."""

    def __init__(self, check: Check, *, required: bool = True) -> None:
        super().__init__(required=required, strict=True, validate=check)
        self.check = check

    def _deserialize(self, value: object, *args: object, **kwargs: object) -> int:
        """Take integers only: marshmallow would read "5" and true as numbers."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError("is not an integer")
        return value


def code(codes: tuple[str, ...], *, required: bool = True, name: str | None = None) -> Text:
    """Return a field that holds one code of a closed list.

    `name` is the member's name where Python keeps it for itself (`class`).
    """
    return Text(Among(codes), required=required, name=name)


def version() -> Whole:
    """Return the field `v`: 1."""
    return Whole(Within(1, 1))


def record_id(*, required: bool = True) -> Text:
    """Return a field for a random record id: 16 to 64 characters of base64url."""
    return Text(Shape(r"[A-Za-z0-9_-]{16,64}", "a random id in base64url"), required=required)


def own_code(*, required: bool = True) -> Text:
    """Return a field for a code from a list that records do not fix (category, legal ground)."""
    return Text(
        Shape(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", "a code of at most 64 plain characters"),
        required=required,
    )


def https_url(*, required: bool = False) -> Text:
    """Return a field for an https address without user information."""
    expected = "an https address without user information"
    return Text(Shape(HTTPS_URL, expected, most=URL_CHARACTERS), required=required)


def week(*, required: bool = True) -> Text:
    """Return a field for an ISO week, `2027-W03`."""
    return Text(Period(vocabulary.WEEK, "an ISO week such as 2027-W03"), required=required)


def in_quarter(*, required: bool = True) -> Text:
    """Return a field for a quarter, `2027-Q1`."""
    return Text(Period(vocabulary.QUARTER, "a quarter such as 2027-Q1"), required=required)


def any_period() -> Text:
    """Return a field for a week, month, quarter or year."""
    pattern = "|".join((vocabulary.WEEK, vocabulary.QUARTER, vocabulary.MONTH, vocabulary.YEAR))
    return Text(Period(f"(?:{pattern})", "a week, month, quarter or year"))
