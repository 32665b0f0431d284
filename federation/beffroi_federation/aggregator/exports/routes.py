# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API: towns, records, audit, and its own description."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, jsonify, request, url_for
from flask_babel import gettext
from marshmallow import EXCLUDE, Schema, ValidationError
from werkzeug.wrappers import Response

from beffroi_federation.aggregator.exports import queries, schemas
from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_federation.aggregator.towns.queries import town_by_siren
from beffroi_federation.aggregator.towns.rules import FAULTS, SENTENCES
from beffroi_web.errors import Invalid, NotFound
from beffroi_web.forms import in_words
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.openapi import document, operation
from beffroi_web.paging import decode_cursor, encode_cursor
from beffroi_web.words import N_

blueprint = Blueprint("exports", __name__)

API_VERSION = "1"
_UNKNOWN_PLACE = N_("This place in the list is not known; start from the first page.")


def _query(schema: Schema) -> dict[str, Any]:
    """Return what a list was asked for; Invalid says which field does not fit."""
    given = {key: value for key, value in request.args.items() if value != ""}
    try:
        loaded: dict[str, Any] = schema.load(given, unknown=EXCLUDE)
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, Mapping) else {}
        raise Invalid(
            N_("This list cannot be narrowed like that."), errors=in_words(messages)
        ) from None
    return loaded


def _cursor(given: Mapping[str, Any], *kinds: type) -> tuple[Any, ...] | None:
    text = given.get("cursor")
    if not text:
        return None
    values = decode_cursor(text)
    if len(values) != len(kinds) or not all(map(isinstance, values, kinds)):
        raise Invalid(_UNKNOWN_PLACE, errors={"cursor": [_UNKNOWN_PLACE]})
    return values


def _page(items: list[dict[str, Any]], place: tuple[str | int, ...] | None) -> Response:
    return jsonify({"items": items, "next_cursor": encode_cursor(place) if place else None})


def _town_id(given: Mapping[str, Any]) -> int | None:
    """Return the id of the town asked for by SIREN, None for no filter; NotFound if unknown."""
    if not given.get("town"):
        return None
    row = town_by_siren(given["town"])
    if row is None:
        raise NotFound(N_("There is no town with this SIREN in the register."))
    return row.id


@blueprint.get("/api/v1/towns")
@guard(PUBLIC)
@operation(
    "List the towns of the register",
    answers=schemas.TownPageSchema,
    query=schemas.TownsQuerySchema,
    tag="towns",
)
def towns() -> Response:
    """List towns by name."""
    given = _query(schemas.TownsQuerySchema())
    items, place = queries.towns(
        words=given.get("q", ""),
        commune=given.get("commune", ""),
        after=_cursor(given, str, str),
        limit=given.get("limit", 20),
        now=now(),
    )
    return _page(items, place)


@blueprint.get("/api/v1/records")
@guard(PUBLIC)
@operation(
    "List current open records, newest period first",
    answers=schemas.RecordPageSchema,
    query=schemas.RecordsQuerySchema,
    tag="records",
)
def records() -> Response:
    """List records of one kind."""
    given = _query(schemas.RecordsQuerySchema())
    rows, place = queries.records(
        given, town_id=_town_id(given), after=_cursor(given, str, int), limit=given.get("limit", 20)
    )
    shown = given.get("kind", "request") == "request"
    for row in rows:
        page = url_for("dashboards.record", ref=row["ref"], lang=None)
        row["url"] = runtime().settings.public_url + page if shown else None
    return _page(rows, place)


@blueprint.get("/api/v1/similar")
@guard(PUBLIC)
@operation(
    "List the requests of any town that resemble a line, the nearest first",
    answers=schemas.RecordPageSchema,
    query=schemas.SimilarQuerySchema,
    tag="records",
)
def similar() -> Response:
    """List what resembles a line; there is one page, and nothing of what is asked is kept."""
    given = _query(schemas.SimilarQuerySchema())
    rows = queries.similar(given["q"], given.get("limit", 10))
    for row in rows:
        page = url_for("dashboards.record", ref=row["ref"], lang=None)
        row["url"] = runtime().settings.public_url + page
    no_store()  # what somebody types is in no shared cache either
    return _page(rows, None)


@blueprint.get("/api/v1/audit")
@guard(PUBLIC)
@operation(
    "List what happened to towns, newest first",
    answers=schemas.EventPageSchema,
    query=schemas.AuditQuerySchema,
    tag="audit",
)
def audit() -> Response:
    """List events."""
    given = _query(schemas.AuditQuerySchema())
    events, place = queries.events(
        town_id=_town_id(given),
        step=given.get("kind", ""),
        after=_cursor(given, int),
        limit=given.get("limit", 20),
    )
    public = runtime().settings.public_url
    items = [
        {
            "id": event.id,
            "at": event.at.isoformat(),
            "siren": event.siren,
            "town": event.name,
            "kind": event.step,
            "fault": event.step in FAULTS,
            "sentence": gettext(SENTENCES.get(event.step, event.step)),
            "words": event.words,
            "details": dict(event.details),
            "evidence": f"{public}/audit/{event.id}/evidence" if event.has_evidence else None,
        }
        for event in events
    ]
    return _page(items, place)


@blueprint.get("/api/openapi.json")
@guard(PUBLIC)
@operation("This description", tag="description")
def description() -> Response:
    """Describe the API (OpenAPI 3.1)."""
    settings = runtime().settings
    return jsonify(
        document(current_app, title=settings.name, version=API_VERSION, server=settings.public_url)
    )
