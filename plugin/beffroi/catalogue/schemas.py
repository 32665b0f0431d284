# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form by which a catalogue is connected at the desk."""

from marshmallow import Schema, fields, validate

from beffroi.catalogue.rules import KIND_WORDS


class CatalogueForm(Schema):
    """What kind of catalogue, where, and what agents call it."""

    kind = fields.String(required=True, validate=validate.OneOf(list(KIND_WORDS)))
    address = fields.String(required=True, validate=validate.Length(max=500))
    name = fields.String(validate=validate.Length(max=120), load_default="")
