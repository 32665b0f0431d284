# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms by which a text is held back, and let go."""

from marshmallow import Schema, fields, validate


class TextSchema(Schema):
    """Which record, by its public name or the address of its page, and why; the reason is public.

    It names no person and quotes nothing of the text.
    """

    record = fields.String(required=True, validate=validate.Length(1, 500))
    reason = fields.String(required=True, validate=validate.Length(1, 1000))
