# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of the operators' desk."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from beffroi_web.words import N_


class ApproveSchema(Schema):
    """An approval: whether the person checked the domain's DNS entry, and a word about it."""

    dns_checked = fields.Boolean(load_default=False)
    words = fields.String(load_default="", validate=validate.Length(max=1000))


class SuspendSchema(Schema):
    """A suspension and its public reason."""

    reason = fields.String(required=True, validate=validate.Length(max=1000))


class ManySchema(Schema):
    """One decision about several towns; its words are public, and a suspension must have some."""

    sirens = fields.List(
        fields.String(),
        required=True,
        validate=validate.Length(min=1, max=500, error=N_("Choose at least one town.")),
    )
    decision = fields.String(required=True, validate=validate.OneOf(["approve", "suspend"]))
    words = fields.String(load_default="", validate=validate.Length(max=1000))

    @validates_schema(skip_on_field_errors=True)
    def suspensions_have_a_reason(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Refuse a suspension that does not say why."""
        if data["decision"] == "suspend" and not data["words"].strip():
            raise ValidationError(
                N_("A suspension has a reason, which is shown to everybody."), "words"
            )


class AppealSchema(Schema):
    """What a town says against a decision, as it said it."""

    appeal = fields.String(required=True, validate=validate.Length(1, 4000))


class AnswerSchema(Schema):
    """What a person answers to a town's appeal, and whether it is granted."""

    granted = fields.String(required=True, validate=validate.OneOf(["yes", "no"]))
    answer = fields.String(required=True, validate=validate.Length(1, 4000))
