# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in for an incident report, from the form or the API; and what goes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar

from flask_babel import gettext, ngettext
from marshmallow import Schema, ValidationError, fields, validate

from beffroi.cases.rules import TEXT_LIMITS
from beffroi.cases.schemas import SUMMARY_LENGTH, HidingFields, card, shortened
from beffroi.incidents.queries import CasePhoto
from beffroi.incidents.queries.near import Near
from beffroi.incidents.rules import CATEGORIES, FAMILIES, MOST_PHOTOS, OUTCOMES
from beffroi.incidents.rules.pointing import degrees
from beffroi.incidents.rules.questions import KINDS, Answered, said
from beffroi.places.rules import CROSSING, NUMBER, Place
from beffroi_web.cards import CaseCard
from beffroi_web.words import N_

_FOUR_NUMBERS = r"^ *-?[0-9.]+ *(, *-?[0-9.]+ *){3}$"
"""What a window of the map looks like to a program that reads the document of the API."""


class Degrees(fields.Field[float]):
    """Degrees as a number, or as people write them: `48,1147`."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": ["number", "string"]}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValidationError(N_("Write decimal degrees, such as 48.1147."))
        found = degrees(str(value))
        if found is None:
            raise ValidationError(N_("Write decimal degrees, such as 48.1147."))
        return found


class IncidentForm(HidingFields):
    """The public form: `family category description place latitude longitude commune date`.

    A program gives its answers to the category's questions in `answers`, by their codes.
    """

    family = fields.String(required=True, validate=validate.OneOf(list(FAMILIES)))
    category = fields.String(required=True, validate=validate.OneOf(list(CATEGORIES)))
    description = fields.String(
        required=True, validate=validate.Length(5, TEXT_LIMITS["description"])
    )
    place = fields.String(validate=validate.Length(max=TEXT_LIMITS["place"]))
    latitude = Degrees()
    longitude = Degrees()
    commune = fields.String(validate=validate.Length(equal=5))
    date = fields.Date()


class IncidentPageForm(IncidentForm):
    """The same as the page sends it: `photo_kept` are the photos that it carries, signed.

    `found` is the code of the place that was chosen for the words `found_for`, or `words`.
    """

    photo_kept = fields.List(
        fields.String(validate=validate.Length(max=1000)),
        validate=validate.Length(max=MOST_PHOTOS),
    )
    found = fields.String(validate=validate.Length(max=60))
    found_for = fields.String(validate=validate.Length(max=TEXT_LIMITS["place"]))


class IncidentApiForm(IncidentForm):
    """The same as a program sends it, with its answers by the codes of the questions."""

    answers = fields.Dict(
        keys=fields.String(validate=validate.Length(max=24)),
        values=fields.String(validate=validate.Length(max=500)),
        validate=validate.Length(max=30),
    )


class IncidentAnswerForm(Schema):
    """How an incident is closed at the desk."""

    outcome = fields.String(required=True, validate=validate.OneOf(list(OUTCOMES)))
    words = fields.String(required=True, validate=validate.Length(1, TEXT_LIMITS["answer"]))
    duplicate_of = fields.String(validate=validate.Length(max=16), load_default="")


class ListQuery(Schema):
    """Filters of the public list and of `GET /api/v1/incidents`."""

    q = fields.String(validate=validate.Length(max=200), load_default="")
    status = fields.String(load_default="")
    category = fields.String(validate=validate.OneOf(["", *CATEGORIES]), load_default="")
    sort = fields.String(
        validate=validate.OneOf(["newest", "oldest", "supported"]), load_default="newest"
    )
    window = fields.String(validate=validate.Length(max=80), load_default="")
    cursor = fields.String(validate=validate.Length(max=500), load_default="")
    limit = fields.Integer(load_default=20, metadata={"minimum": 1, "maximum": 200})


class PublicIncident(Schema):
    """One listed incident as everyone may see it (`/api/v1/incidents`)."""

    ref = fields.String()
    family = fields.String()
    category = fields.String()
    status = fields.String()
    description = fields.String(allow_none=True)
    commune = fields.String(allow_none=True)
    received_on = fields.Date()
    closed_on = fields.Date(allow_none=True)
    supports = fields.Integer()
    answer = fields.String(allow_none=True)
    url = fields.String()


class IncidentPage(Schema):
    """One page of `/api/v1/incidents`."""

    items = fields.List(fields.Nested(PublicIncident), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class QuestionForm(Schema):
    """A question of the desk: its words in French, and in English where there are any."""

    category = fields.String(required=True, validate=validate.OneOf(list(CATEGORIES)))
    code = fields.String(required=True, validate=validate.Regexp("[a-z][a-z0-9_]{0,23}$"))
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
    words = fields.String(required=True, validate=validate.Length(3, 200))
    words_en = fields.String(validate=validate.Length(max=200))
    hint = fields.String(validate=validate.Length(max=200))
    hint_en = fields.String(validate=validate.Length(max=200))
    choices = fields.String(validate=validate.Length(max=3000))
    choices_en = fields.String(validate=validate.Length(max=3000))
    required = fields.Boolean()
    public = fields.Boolean()


class MapQuery(Schema):
    """What is asked of the map: `window` is south, west, north and east in degrees."""

    window = fields.String(
        required=True,
        validate=validate.Length(max=80),
        metadata={"pattern": _FOUR_NUMBERS, "example": "48.1,-1.8,48.2,-1.6"},
    )
    status = fields.String(validate=validate.OneOf(["", "any_open"]), load_default="")
    category = fields.String(validate=validate.OneOf(["", *CATEGORIES]), load_default="")


class MapCell(Schema):
    """A cell of the map: its edges in degrees, and how many listed reports stand in it."""

    south = fields.Float()
    west = fields.Float()
    north = fields.Float()
    east = fields.Float()
    reports = fields.Integer()
    open = fields.Integer()


class MapCells(Schema):
    """The cells of a window in which something stands, at most five hundred."""

    items = fields.List(fields.Nested(MapCell), required=True)


# ---- pages --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NearCard:
    """A report nearby: its reference, its card, its photo."""

    ref: str
    card: CaseCard
    photo: CasePhoto | None


def place_hint(one: Place) -> str:
    """Return how exact a place is that was found by its address, in the reader's language."""
    about = {"metres": max(10, round(one.reach, -1)), "number": one.missing}
    return str(gettext(_place_words(one), **about))


def _place_words(one: Place) -> str:
    if one.kind == NUMBER:
        return (
            N_("Number %(number)s is not in the list of addresses: this one is.")
            if one.missing
            else N_("At this number.")
        )
    if one.kind == CROSSING:
        return N_("Where the two streets meet.")
    if one.missing:
        return N_(
            "Number %(number)s is not in the list of addresses. Somewhere on this street:"
            " within %(metres)s m of its middle."
        )
    return N_("Somewhere on this street: within %(metres)s m of its middle.")


def near_card(one: Near, answers: Sequence[Any], *, today: date) -> NearCard:
    """Return a report nearby with how far it is at most, and how its answer begins."""
    facts = [gettext(CATEGORIES[one.row.category].label)]
    if one.metres is not None:
        facts.append(gettext("within about %(metres)s m", metres=one.metres))
    if one.row.supports:
        facts.append(
            ngettext("%(num)s person in support", "%(num)s people in support", one.row.supports)
        )
    shown = card(one.row, today=today, facts=facts)
    words = answers[0].words if answers else None
    if words:
        told = gettext("Answer: %(words)s", words=shortened(words, SUMMARY_LENGTH))
        shown = replace(shown, summary=told)
    return NearCard(one.row.ref, shown, one.photo)


def told(answered: Sequence[Answered], lang: str) -> list[tuple[str, str, bool]]:
    """Return answers as a page shows them: the question, the answer, whether everyone sees it."""
    return [
        (
            said(one.question.words, lang),
            said(one.question.choices[one.value], lang) if one.question.choices else one.value,
            one.question.public,
        )
        for one in answered
    ]
