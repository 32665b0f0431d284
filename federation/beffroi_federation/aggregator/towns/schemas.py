# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of the operators' desk."""

from marshmallow import Schema, fields, validate


class ApproveSchema(Schema):
    """An approval: whether the person checked the domain's DNS entry, and a word about it."""

    dns_checked = fields.Boolean(load_default=False)
    words = fields.String(load_default="", validate=validate.Length(max=1000))


class SuspendSchema(Schema):
    """A suspension and its public reason."""

    reason = fields.String(required=True, validate=validate.Length(max=1000))
