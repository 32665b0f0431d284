# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests for programs: the list, one of them, and how to send one."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, jsonify, request, url_for
from msgspec import json
from werkzeug.datastructures import MultiDict

from beffroi.accounts.rules import REQUESTS_WRITE
from beffroi.cases import queries as cases
from beffroi.cases.rules import (
    DATA_REQUEST,
    REQUEST_STATUSES,
)
from beffroi.cases.schemas import (
    list_filters,
)
from beffroi.data_requests import queries
from beffroi.data_requests.queries import listed
from beffroi.data_requests.routes.shared import blueprint, receive
from beffroi.data_requests.schemas import (
    ListQuery,
    PublicRequest,
    RequestForm,
    RequestPage,
)
from beffroi.kernel import clock
from beffroi.kernel.errors import Gone, Invalid, NotFound
from beffroi.kernel.extension import settings
from beffroi_web.early import made_from_data, say_version
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard
from beffroi_web.openapi import operation
from beffroi_web.words import N_

LIST_QUERY = ListQuery()


def _public(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return requests as the API gives them: released words only."""
    ids = [row.id for row in rows]
    words, answers = cases.words_by_case(ids), cases.answers_by_case(ids)
    reused = cases.reuses_by_case(ids)
    return [_item(row, words[row.id], answers[row.id], len(reused[row.id])) for row in rows]


def _item(
    row: Any, words: Mapping[str, str], answers: Sequence[cases.PublicAnswer], reused: int
) -> dict[str, Any]:
    newest = answers[0] if answers else None
    return {
        "ref": row.ref,
        "object": row.object,
        "theme": row.theme,
        "status": row.status,
        "title": words.get("title"),
        "wanted": words.get("wanted"),
        "commune": row.commune,
        "received_on": row.received_on,
        "due_on": row.due_on,
        "closed_on": row.closed_on,
        "supports": row.supports,
        "outcome": newest.outcome if newest else None,
        "answer": newest.words if newest else None,
        "licence": newest.licence if newest else None,
        "swhid": newest.swhid if newest else None,
        "redirected_to": newest.redirected_to if newest and newest.words is not None else None,
        "software": words.get("software"),
        "decision": words.get("decision"),
        "reuses": reused,
        "url": f"{settings().public_url}/requests/{row.ref}",
    }


def _page(args: MultiDict[str, str]) -> tuple[bytes, str | None]:
    """Return one page of public requests as JSON, and the version of the data that it is of."""
    filters = list_filters(LIST_QUERY, REQUEST_STATUSES, args)
    page, version = listed.items(filters, f"{settings().public_url}/requests")
    return json.encode({"items": page.items, "next_cursor": page.next_cursor}), version


@blueprint.get("/api/v1/requests")
@guard(PUBLIC)
@operation("List public data requests", answers=RequestPage, query=ListQuery, tag="requests")
@made_from_data(short=lambda args: _page(args)[0])
def api_list() -> Response:
    """Return one page of public requests."""
    body, version = _page(request.args)
    say_version(version)
    return Response(body, mimetype="application/json")


@blueprint.get("/api/v1/requests/<ref>")
@guard(PUBLIC)
@operation("Read one public data request", answers=PublicRequest, tag="requests", refuses=[410])
def api_show(ref: str) -> Response:
    """Return one public request."""
    head = cases.head(ref)
    if head is None or head.kind != DATA_REQUEST or head.visibility == "unlisted":
        raise NotFound(N_("There is no case with this reference."))
    if head.visibility == "removed":
        raise Gone(N_("This case was removed; its page gives the reason."))
    codes = queries.codes(head.id)
    row = queries.HeadWithCodes.of(head, codes)
    return jsonify(PublicRequest().dump(_public([row])[0]))


@blueprint.post("/api/v1/requests")
@guard(SIGNED_IN)
@operation(
    "Send a data request",
    takes=RequestForm,
    answers=PublicRequest,
    status=201,
    tag="requests",
    scopes=(REQUESTS_WRITE,),
)
def api_submit() -> tuple[Response, int, dict[str, str]]:
    """Take a request from a signed-in person's program: a session with CSRF token, or a token."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Invalid(N_("An object with named fields is expected."))
    errors = RequestForm().validate(body)
    if errors:
        raise Invalid(N_("The request is not complete."), errors=errors)
    ref = receive(dict(RequestForm().load(body)), clock.now())
    response = api_show(ref)
    return response, 201, {"Location": url_for("data_requests.api_show", ref=ref)}
