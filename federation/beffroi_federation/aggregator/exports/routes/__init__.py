# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API: towns, records, audit, and its own description."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, current_app, jsonify, request, url_for
from flask_babel import gettext
from marshmallow import EXCLUDE, Schema, ValidationError
from msgspec import json
from werkzeug.wrappers import Response

from beffroi_federation.aggregator.exports import queries, schemas
from beffroi_federation.aggregator.exports.queries import told
from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_federation.aggregator.kernel.versions import from_the_store
from beffroi_federation.aggregator.towns.queries import town_by_siren
from beffroi_federation.aggregator.towns.rules import FAULTS, SENTENCES
from beffroi_web.cells import harmless
from beffroi_web.errors import Invalid, NotFound
from beffroi_web.forms import in_words
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.openapi import document, operation
from beffroi_web.paging import LIMIT_MAX, decode_cursor, encode_cursor
from beffroi_web.words import N_

blueprint = Blueprint("exports", __name__)

API_VERSION = "1"
REQUEST_COLUMNS = ("ref", "url", "siren", "town", "title", "summary", "lang", "object", "theme",
                   "period", "status", "outcome", "ground", "answer", "answered", "planned",
                   "published_url", "supports")  # fmt: skip
RECORDS_QUERY = schemas.RecordsQuerySchema()
_UNKNOWN_PLACE = N_("This place in the list is not known; start from the first page.")


def _query(schema: Schema, args: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a list was asked for; Invalid says which field does not fit."""
    asked = request.args if args is None else args
    given = {key: value for key, value in asked.items() if value != ""}
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
    return Response(_body(items, place), mimetype="application/json")


def _body(items: list[dict[str, Any]], place: tuple[str | int, ...] | None) -> bytes:
    return json.encode({"items": items, "next_cursor": encode_cursor(place) if place else None})


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
@from_the_store()
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


def _records(args: Mapping[str, str]) -> bytes:
    """Return a page of records of one kind as JSON."""
    given = _query(RECORDS_QUERY, args)
    kind, since = given.get("kind", "request"), given.get("since")
    asked: dict[str, Any] = {
        "town_id": _town_id(given),
        "after": _cursor(given, *((int, int) if since else (str, int))),
        "limit": given.get("limit", 20),
    }
    pages = f"{runtime().settings.public_url}/requests/"
    if kind != "incident_summary" and not since and not given.get("q"):
        return _body(*told.records(given, **asked, pages=pages))
    rows, place = queries.records(given, **asked)
    for row in rows:
        row["url"] = pages + row["ref"] if kind == "request" else None
    return _body(rows, place)


@blueprint.get("/api/v1/records")
@guard(PUBLIC)
@from_the_store(short=_records)
@operation(
    "List current open records, newest period first",
    answers=schemas.RecordPageSchema,
    query=schemas.RecordsQuerySchema,
    tag="records",
    refuses=(404,),
    about="All filters hold together; `status`, `theme` and `q` are those of requests and narrow "
    "counts of incidents by nothing. With `since`, only what was seen here from that moment on, "
    "the oldest change first: whoever comes back with the moment of the last one misses nothing. "
    "What was withdrawn is in `/feeds/requests.atom`.",
)
def records() -> Response:
    """List records of one kind."""
    return Response(_records(request.args), mimetype="application/json")


@blueprint.get("/api/v1/similar")
@guard(PUBLIC)
@operation(
    "List the requests of any town that resemble a line, the nearest first",
    answers=schemas.SimilarPageSchema,
    query=schemas.SimilarQuerySchema,
    tag="records",
)
def similar() -> Response:
    """List what resembles a line; there is one page, and nothing of what is asked is kept."""
    given = _query(schemas.SimilarQuerySchema())
    rows = queries.similar(given["q"], given.get("limit", 10))
    _addresses(rows)
    for row in rows:
        row["topic"]["url"] = _topic_url(row["topic"]["id"])
    no_store()  # what somebody types is in no shared cache either
    return _page(rows, None)


def _addresses(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        page = url_for("dashboards.record", ref=row["ref"], lang=None)
        row["url"] = runtime().settings.public_url + page


def _topic_url(slug: str) -> str:
    return runtime().settings.public_url + url_for("topics.topic", slug=slug, lang=None)


@blueprint.get("/api/v1/topics")
@guard(PUBLIC)
@from_the_store()
@operation(
    "List topics, those asked in the most towns first",
    answers=schemas.TopicPageSchema,
    query=schemas.TopicsQuerySchema,
    tag="topics",
    refuses=(404,),
)
def topics() -> Response:
    """List topics."""
    given = _query(schemas.TopicsQuerySchema())
    items, place = queries.topics_page(
        given, town_id=_town_id(given), after=_cursor(given, int, int), limit=given.get("limit", 20)
    )
    for item in items:
        item["url"] = _topic_url(item["id"])
    return _page(items, place)


@blueprint.get("/api/v1/topics/<slug>")
@guard(PUBLIC)
@from_the_store()
@operation(
    "Show a topic and its requests, answered ones first",
    answers=schemas.TopicRequestsSchema,
    query=schemas.ListQuerySchema,
    tag="topics",
)
def topic(slug: str) -> Response:
    """Show one topic; one that has become part of another is shown as that one."""
    given = _query(schemas.ListQuerySchema())
    id, item = queries.topic(slug)
    rows, place = queries.topic_requests(
        id, after=_cursor(given, int, int, int), limit=given.get("limit", 50)
    )
    _addresses(rows)
    item["url"] = _topic_url(item["id"])
    cursor = encode_cursor(place) if place else None
    return jsonify({"topic": item, "items": rows, "next_cursor": cursor})


@blueprint.get("/topics/<slug>.csv")
@guard(PUBLIC)
def topic_csv(slug: str) -> Response:
    """Give the requests of a topic as CSV."""
    id, _ = queries.topic(slug)

    def rows() -> Iterator[dict[str, Any]]:
        place: tuple[int, int, int] | None = None
        while True:
            some, place = queries.topic_requests(id, after=place, limit=LIMIT_MAX)
            _addresses(some)
            for row in some:
                yield {**row, **row["record"]}
            if place is None:
                return

    return _csv(REQUEST_COLUMNS, rows(), f"topic-{slug}.csv")


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], name: str) -> Response:
    """Return rows as a CSV file (RFC 4180, UTF-8) that no spreadsheet runs, line by line."""

    def lines() -> Iterator[str]:
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(
                [harmless(value) if isinstance(value, str) else value
                 for value in (row.get(column) for column in columns)]
            )  # fmt: skip
            yield written.getvalue()
            written.seek(0)
            written.truncate()
        yield written.getvalue()

    response = Response("".join(lines()), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/api/v1/audit")
@guard(PUBLIC)
@operation(
    "List what happened to towns, newest first",
    answers=schemas.EventPageSchema,
    query=schemas.AuditQuerySchema,
    tag="audit",
    refuses=(404,),
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
