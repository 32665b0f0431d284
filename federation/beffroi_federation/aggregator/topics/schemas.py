# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of the curators' desk."""

from marshmallow import Schema, fields, validate

from beffroi_federation.aggregator.topics.rules.topic import LONGEST_NAME, LONGEST_REASON

_REASON = validate.Length(max=LONGEST_REASON)
_TOPIC = validate.Length(max=200)


class WholeSchema(Schema):
    """A name in each language; or the topic of which this one becomes part; and why."""

    name_fr = fields.String(load_default="", validate=validate.Length(max=LONGEST_NAME))
    name_en = fields.String(load_default="", validate=validate.Length(max=LONGEST_NAME))
    into = fields.String(load_default="", validate=_TOPIC)
    reason = fields.String(required=True, validate=_REASON)


class PickSchema(Schema):
    """Requests of this topic, and where they go: another topic, or one of their own if empty."""

    records = fields.List(fields.String(validate=validate.Length(max=40)), load_default=list)
    into = fields.String(load_default="", validate=_TOPIC)
    reason = fields.String(required=True, validate=_REASON)
