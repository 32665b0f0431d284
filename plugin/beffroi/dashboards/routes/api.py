# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of the desk, for programs of agents: references, states and deadlines, never a text."""

from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema, fields, validate

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.rules import DATA_REQUEST, STATUS_WORDS, STREET
from beffroi.dashboards import queries
from beffroi.dashboards.routes.shared import blueprint, today
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound
from beffroi.kernel.extension import settings
from beffroi_web.forms import load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.openapi import operation
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

QUEUES = ("new", "late", "review", "open", "closed")


class DeskQuery(Schema):
    """Which queue of the desk, and which part of it."""

    queue = fields.String(validate=validate.OneOf(["", *QUEUES]), load_default="open")
    kind = fields.String(validate=validate.OneOf(["", DATA_REQUEST, STREET]), load_default="")
    cursor = fields.String(validate=validate.Length(max=500), load_default="")


class DeskCase(Schema):
    """A case as the list of the desk has it, without any text."""

    ref = fields.String()
    kind = fields.String(validate=validate.OneOf([DATA_REQUEST, STREET]))
    status = fields.String(validate=validate.OneOf(list(STATUS_WORDS)))
    received_on = fields.Date()
    due_on = fields.Date(allow_none=True)
    department = fields.String(allow_none=True)
    channel = fields.String()
    supports = fields.Integer()
    to_review = fields.Integer()
    url = fields.String()


class DeskCases(Schema):
    """A page of fifty cases; what is due first comes first."""

    items = fields.List(fields.Nested(DeskCase))
    next_cursor = fields.String(allow_none=True)


class MoveForm(Schema):
    """To which status a case goes, and why where a reason is owed."""

    status = fields.String(required=True, validate=validate.OneOf(list(STATUS_WORDS)))
    reason = fields.String(validate=validate.Length(max=500), load_default="")


class Moved(Schema):
    """Where a case stands now."""

    ref = fields.String()
    status = fields.String(validate=validate.OneOf(list(STATUS_WORDS)))


@blueprint.get("/api/v1/desk/cases")
@guard("agent", "moderator")
@operation(
    "List a queue of the desk", answers=DeskCases, query=DeskQuery, tag="desk", scopes=["desk:read"]
)
def api_desk() -> Response:
    """Return one page of a queue; confidential cases are in none."""
    no_store()
    data, form = load(DeskQuery(), request.args)
    if data is None:
        raise Invalid(N_("There is no such queue."), errors=form.errors)
    page = queries.desk_page(
        data["queue"], kind=data["kind"], q="", cursor=data["cursor"] or None, today=today()
    )
    said = {"items": [_item(row) for row in page.items], "next_cursor": page.next_cursor}
    return jsonify(DeskCases().dump(said))


def _item(row: Any) -> dict[str, Any]:
    named = ("ref", "kind", "status", "received_on", "due_on", "department", "channel", "supports")
    url = f"{settings().public_url}/desk/cases/{row.ref}"
    return {**{name: getattr(row, name) for name in named}, "to_review": row.waiting, "url": url}


@blueprint.post("/api/v1/desk/cases/<ref>/status")
@guard("agent")
@operation(
    "Say how a case stands",
    takes=MoveForm,
    answers=Moved,
    tag="desk",
    scopes=["desk:write"],
    refuses=[409],
    about="The moves of the desk only: an official answer is given by a person, at the desk.",
)
def api_move(ref: str) -> Response:
    """Change a case's status along a move of the desk."""
    head = cases.head(ref)
    if head is None or cases.is_confidential(head.id):
        raise NotFound(N_("There is no case with this reference."))
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Invalid(N_("An object with named fields is expected."))
    if errors := MoveForm().validate(body):
        raise Invalid(N_("The case was not moved."), errors=errors)
    data = dict(MoveForm().load(body))
    with unit_of_work():
        case_service.move(
            case_service.the_case(ref),
            data["status"],
            by="desk",
            reason=data["reason"],
            actor=accounts.actor(current_visitor()),
            now=clock.now(),
            today=today(),
        )
    return jsonify(Moved().dump({"ref": ref, "status": data["status"]}))
