# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of the desk's pages of other participation sites."""

from marshmallow import Schema, fields, validate

from beffroi.bridges.rules import ANSWER_STATES, KIND_WORDS, MODE_WORDS, MOST_ANSWER


class SourceForm(Schema):
    """What kind of source, where, what becomes of it, and what agents call it."""

    kind = fields.String(required=True, validate=validate.OneOf(list(KIND_WORDS)))
    address = fields.String(required=True, validate=validate.Length(min=1, max=500))
    component = fields.String(validate=validate.Regexp(r"[0-9]{0,18}\Z"), load_default="")
    name = fields.String(validate=validate.Length(max=120), load_default="")
    mode = fields.String(required=True, validate=validate.OneOf(list(MODE_WORDS)))


class CredentialsForm(Schema):
    """The API credentials of a source; both empty destroys what is kept."""

    key = fields.String(validate=validate.Length(max=200), load_default="")
    secret = fields.String(validate=validate.Length(max=200), load_default="")


class AnswerForm(Schema):
    """An official answer to be given on the other site; `key` names this one act."""

    state = fields.String(required=True, validate=validate.OneOf(ANSWER_STATES))
    words = fields.String(required=True, validate=validate.Length(min=1, max=MOST_ANSWER))
    key = fields.String(validate=validate.Regexp(r"([0-9a-f]{32})?\Z"), load_default="")
