# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in for a confidential case: the citizen's plain questions, and the desk's forms."""

from marshmallow import Schema, fields, validate

from beffroi.cases.rules import TEXT_LIMITS
from beffroi.cyber.rules import OUTCOMES, QUESTIONS, RSIT_CODES, SEVERITIES, SURFACES, TLPS
from beffroi.incidents.rules import MOST_PHOTOS


class SiteReportForm(Schema):
    """The public form: what was seen, where, when, evidence. `photo_kept` is carried, signed."""

    category = fields.String(required=True, validate=validate.OneOf(list(QUESTIONS)))
    site = fields.String(required=True, validate=validate.Length(3, TEXT_LIMITS["place"]))
    addresses = fields.String(load_default="", validate=validate.Length(max=6000))
    description = fields.String(
        required=True, validate=validate.Length(5, TEXT_LIMITS["description"])
    )
    commune = fields.String(validate=validate.Length(equal=5))
    date = fields.Date()
    personal_data = fields.Boolean(load_default=False)
    photo_kept = fields.List(
        fields.String(validate=validate.Length(max=1000)),
        validate=validate.Length(max=MOST_PHOTOS),
    )


class ClassifyForm(Schema):
    """What an agent finds."""

    rsit = fields.String(load_default="", validate=validate.OneOf(["", *RSIT_CODES]))
    severity = fields.String(load_default="", validate=validate.OneOf(["", *SEVERITIES]))
    surface = fields.String(load_default="", validate=validate.OneOf(["", *SURFACES]))
    tlp = fields.String(required=True, validate=validate.OneOf(list(TLPS)))
    personal_data = fields.Boolean(load_default=False)


class EmbargoForm(Schema):
    """Until when nothing is said: all three, or none for no embargo."""

    embargo_day = fields.Date(load_default=None)
    embargo_hour = fields.String(load_default="", validate=validate.Length(max=5))
    embargo_zone = fields.String(required=True, validate=validate.Length(max=64))


class TaskForm(Schema):
    """Something to be done."""

    task = fields.String(required=True, validate=validate.Length(1, 500))
    due_on = fields.Date(load_default=None)


class ContactForm(Schema):
    """A body that may be told."""

    contact_role = fields.String(required=True, validate=validate.OneOf(["host", "csirt", "body"]))
    contact_name = fields.String(required=True, validate=validate.Length(1, 200))
    contact_address = fields.String(load_default="", validate=validate.Length(max=254))


class CloseForm(Schema):
    """How a case is closed; who reported it reads the words."""

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    words = fields.String(required=True, validate=validate.Length(1, TEXT_LIMITS["answer"]))


class SiteForm(Schema):
    """A site of the town's list."""

    host = fields.String(required=True, validate=validate.Length(1, 300))
    name = fields.String(required=True, validate=validate.Length(1, 200))
    ours = fields.Boolean(load_default=False)
    contact = fields.String(load_default="", validate=validate.Length(max=254))
