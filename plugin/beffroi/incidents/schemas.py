# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in for an incident report, from the form or the API; and what goes out."""

from marshmallow import Schema, fields, validate

from beffroi.cases.rules import TEXT_LIMITS
from beffroi.cases.schemas import HidingFields
from beffroi.incidents.rules import CATEGORIES, FAMILIES, MOST_PHOTOS, OUTCOMES


class IncidentForm(HidingFields):
    """The public form: `family category description place commune date`."""

    family = fields.String(required=True, validate=validate.OneOf(list(FAMILIES)))
    category = fields.String(required=True, validate=validate.OneOf(list(CATEGORIES)))
    description = fields.String(
        required=True, validate=validate.Length(5, TEXT_LIMITS["description"])
    )
    place = fields.String(validate=validate.Length(max=TEXT_LIMITS["place"]))
    commune = fields.String(validate=validate.Length(equal=5))
    date = fields.Date()


class IncidentPageForm(IncidentForm):
    """The same as the page sends it: `photo_kept` are the photos that it carries, signed."""

    photo_kept = fields.List(
        fields.String(validate=validate.Length(max=1000)),
        validate=validate.Length(max=MOST_PHOTOS),
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
    cursor = fields.String(validate=validate.Length(max=500), load_default="")
    limit = fields.Integer(load_default=20)


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
