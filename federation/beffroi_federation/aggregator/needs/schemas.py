# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of the curators' desk that names who holds a theme."""

from marshmallow import Schema, fields, validate

from beffroi_federation.aggregator.needs.rules import LONGEST_HOLDER, LONGEST_REASON

_NAME = validate.Length(min=1, max=LONGEST_HOLDER)


class HolderSchema(Schema):
    """The holder's name in each language, and why; the reason is public."""

    holder_fr = fields.String(required=True, validate=_NAME)
    holder_en = fields.String(load_default="", validate=validate.Length(max=LONGEST_HOLDER))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_REASON))
