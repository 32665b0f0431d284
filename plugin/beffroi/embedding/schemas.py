# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in from the desk's form of the colour."""

from marshmallow import Schema, fields, validate

from beffroi_web.words import N_


class ColourForm(Schema):
    """Which colour is looked at or worn: typed or pasted in `colours`, or that of a `host`."""

    colours = fields.String(validate=validate.Length(max=5000), load_default="")
    host = fields.String(validate=validate.Length(max=200), load_default="")
    colour = fields.String(
        validate=validate.Regexp(r"#[0-9a-fA-F]{6}\Z", error=N_("Choose one of the colours.")),
    )
