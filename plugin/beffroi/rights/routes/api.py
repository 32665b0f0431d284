# SPDX-License-Identifier: AGPL-3.0-or-later
"""A person's own cases, for a program that acts for them."""

from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema, fields, validate

from beffroi.cases.queries import CaseHead, persons
from beffroi.cases.rules import CYBER, DATA_REQUEST, STATUS_WORDS, STREET
from beffroi.kernel.errors import Invalid, NotFound
from beffroi.kernel.extension import settings
from beffroi.rights.routes.shared import blueprint, whose_account
from beffroi_web.forms import load
from beffroi_web.guards import SIGNED_IN, guard
from beffroi_web.openapi import operation
from beffroi_web.paging import decode_cursor, encode_cursor, limit_from
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


class Myself(Schema):
    """Who a program acts for, and what it may do now."""

    name = fields.String()
    scopes = fields.List(fields.String(), allow_none=True)


class OwnQuery(Schema):
    """Which part of the own cases."""

    cursor = fields.String(validate=validate.Length(max=500), load_default="")
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 200))


class OwnWords(Schema):
    """A text as its author wrote it, and as everyone reads it (null: nobody yet)."""

    role = fields.String()
    original = fields.String()
    public = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf(["pending", "released", "held", "shown"]))


class OwnCase(Schema):
    """A case as its author sees it."""

    ref = fields.String()
    kind = fields.String(validate=validate.OneOf([DATA_REQUEST, STREET, CYBER]))
    status = fields.String(validate=validate.OneOf(list(STATUS_WORDS)))
    listed = fields.Boolean()
    received_on = fields.Date()
    due_on = fields.Date(allow_none=True)
    closed_on = fields.Date(allow_none=True)
    texts = fields.List(fields.Nested(OwnWords))
    url = fields.String()


class OwnPage(Schema):
    """A page of the own cases, newest first."""

    items = fields.List(fields.Nested(OwnCase))
    next_cursor = fields.String(allow_none=True)


SCOPE = ("own:read",)


@blueprint.get("/api/v1/me")
@guard(SIGNED_IN)
@operation("Who a program acts for, and what it may do now", answers=Myself, tag="me", scopes=SCOPE)
def api_myself() -> Response:
    """Name the person, and the scopes that the token has left; null with a session."""
    whose = whose_account()
    visitor = current_visitor()
    scopes = sorted(visitor.scopes) if visitor and visitor.scopes is not None else None
    return jsonify(Myself().dump({"name": whose.name, "scopes": scopes}))


@blueprint.get("/api/v1/me/cases")
@guard(SIGNED_IN)
@operation(
    "List your own cases, newest first", answers=OwnPage, query=OwnQuery, tag="me", scopes=SCOPE
)
def api_own_cases() -> Response:
    """Return a page of the person's own cases."""
    whose = whose_account()
    data, form = load(OwnQuery(), request.args)
    if data is None:
        raise Invalid(
            N_("This page address is not one of ours; start from the list."), errors=form.errors
        )
    before, most = _before(data["cursor"]), limit_from(request.args)
    heads = [h for h in reversed(persons.cases_by(whose.party_ids)) if not before or h.id < before]
    shown = heads[:most]
    texts = persons.texts_by(whose.party_ids)
    more = encode_cursor([shown[-1].id]) if len(heads) > most else None
    said = {"items": [_case(head, texts) for head in shown], "next_cursor": more}
    return jsonify(OwnPage().dump(said))


@blueprint.get("/api/v1/me/cases/<ref>")
@guard(SIGNED_IN)
@operation("Read one of your own cases", answers=OwnCase, tag="me", scopes=SCOPE)
def api_own_case(ref: str) -> Response:
    """Return one of the person's own cases; of any other not even that it exists."""
    whose = whose_account()
    for head in persons.cases_by(whose.party_ids):
        if head.ref == ref:
            return jsonify(OwnCase().dump(_case(head, persons.texts_by(whose.party_ids))))
    raise NotFound(N_("There is no case with this reference."))


def _before(cursor: str) -> int:
    """Return the case that the last page ended with, or 0 at the beginning."""
    if not cursor:
        return 0
    values = decode_cursor(cursor)
    if len(values) == 1 and isinstance(values[0], int) and values[0] > 0:
        return values[0]
    sentence = N_("This place in the list is not known; start from the first page.")
    raise Invalid(sentence, errors={"cursor": [sentence]})


def _case(head: CaseHead, texts: list[persons.OwnText]) -> dict[str, Any]:
    path = "requests" if head.kind == "data_request" else "incidents"
    return {
        "ref": head.ref,
        "kind": head.kind,
        "status": head.status,
        "listed": head.visibility == "public",
        "received_on": head.received_on,
        "due_on": head.due_on,
        "closed_on": head.closed_on,
        "texts": [text for text in texts if text.case_id == head.id],
        "url": f"{settings().public_url}/{path}/{head.ref}",
    }
