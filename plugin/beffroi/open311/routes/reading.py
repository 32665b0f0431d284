# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading by GeoReport v2: discovery, services, requests. Listed categories, released words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from typing import Any

from flask import Response, url_for
from flask_babel import gettext

from beffroi.cases import queries as cases
from beffroi.cases.queries import PublicStep
from beffroi.cases.rules import STEP_WORDS
from beffroi.incidents.queries import reports
from beffroi.incidents.queries.asked import questions
from beffroi.incidents.queries.reports import Report, Wanted
from beffroi.incidents.rules import CATEGORIES, FAMILIES, Category
from beffroi.incidents.rules.questions import Question, of_category
from beffroi.incidents.rules.questions import said as words_in
from beffroi.kernel import clock
from beffroi.kernel.extension import settings
from beffroi.open311 import rules
from beffroi.open311.routes.shared import (
    answer,
    blueprint,
    both,
    check_jurisdiction,
    given,
    page,
    span,
    zone,
)
from beffroi.open311.rules import NotTaken
from beffroi.open311.schemas import Many, w3c
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language
from beffroi_web.pieces import kept

SERVICES = {c.code: c for c in CATEGORIES.values() if c.family == "street" and c.listed}
"""What can be reported by other applications: what is also shown one by one.

A sensitive matter is left out in both directions. It would pass through another application, and
be kept there; and its sender could never ask for it again, since nobody can.
"""
COMMUNE, DATE = "commune", "date"
"""The attributes of every service: in which commune (where there are several), and since when."""


@both("/discovery")
@guard(PUBLIC)
def discovery() -> Response:
    """Say where the endpoint is and which writings it has."""
    town = settings()
    endpoint = {
        "specification": rules.SPECIFICATION,
        "url": f"{town.public_url}/open311/v2",
        "changeset": rules.CHANGESET,
        "type": "test" if town.demonstration else "production",
        "formats": Many("format", ["text/xml", "application/json"]),
    }
    said = {
        "changeset": rules.CHANGESET,
        "contact": town.contact or town.name,
        "key_service": gettext("An administrator of %(town)s gives keys.", town=town.name)
        + (f" {town.contact}" if town.contact else ""),
        "endpoints": Many("endpoint", [endpoint]),
    }
    return answer("discovery", said)


@both("/v2/services")
@guard(PUBLIC)
def services() -> Response:
    """List what can be reported."""
    check_jurisdiction(given("jurisdiction_id"))
    return answer("services", Many("service", [_service(c) for c in SERVICES.values()]))


def _service(category: Category) -> dict[str, Any]:
    name = gettext(category.label)
    return {
        "service_code": category.code,
        "service_name": name,
        "description": name,
        "metadata": True,
        "type": "realtime",
        "keywords": category.code,
        "group": gettext(FAMILIES[category.family]),
    }


@both("/v2/services/<service_code>")
@guard(PUBLIC)
def definition(service_code: str) -> Response:
    """Say what is asked about one kind of report."""
    check_jurisdiction(given("jurisdiction_id"))
    if service_code not in SERVICES:
        raise NotTaken(rules.NO_SERVICE)
    asked: list[dict[str, Any]] = []
    communes = settings().communes
    if len(communes) > 1:
        values = Many("value", [{"key": code, "name": code} for code in communes])
        words = (gettext("Commune"), gettext("The INSEE code of the commune"))
        asked.append(_asked(COMMUNE, "singlevaluelist", True, 1, *words, values))
    words = (gettext("When did it happen?"), gettext("Day on which it happened or was seen"))
    asked.append(_asked(DATE, "datetime", False, 2, *words, Many("value", [])))
    for order, one in enumerate(of_category(_questions(), service_code), start=3):
        asked.append(_question(one, order))
    said = {"service_code": service_code, "attributes": Many("attribute", asked)}
    return answer("service_definition", said)


def _questions() -> list[Question]:
    return questions(settings().questions)


_DATATYPES = {"text": "string", "list": "singlevaluelist", "number": "number"}


def _question(one: Question, order: int) -> dict[str, Any]:
    """Return a question of the town as an attribute of its service."""
    lang = current_language()
    values = [{"key": code, "name": words_in(w, lang)} for code, w in one.choices.items()]
    words, hint = words_in(one.words, lang), words_in(one.hint, lang)
    kind = _DATATYPES[one.kind]
    return _asked(one.code, kind, one.required, order, words, hint, Many("value", values))


def _asked(
    code: str, kind: str, required: bool, order: int, words: str, hint: str, values: Many
) -> dict[str, Any]:
    return {
        "variable": True,
        "code": code,
        "datatype": kind,
        "required": required,
        "datatype_description": hint,
        "order": order,
        "description": words,
        "values": values,
    }


@both("/v2/requests")
@guard(PUBLIC)
def listing() -> Response:
    """List the newest listed reports of a span of time, or those that are named."""
    check_jurisdiction(given("jurisdiction_id"))
    limit, offset = page()
    refs = rules.listed_values(given("service_request_id"))
    if refs:
        wanted = Wanted(refs=refs[: rules.MOST], limit=limit, offset=offset)
    else:
        when = span(clock.now())
        codes = rules.listed_values(given("service_code"))
        wanted = Wanted(
            since=when.since,
            until=when.until,
            categories=codes or None,
            open=rules.statuses(given("status")),
            limit=limit,
            offset=offset,
            walk=tuple(map(given, ("start_date", "end_date", "service_code", "status"))),
        )
    return answer("service_requests", Many("request", _requests(wanted)))


@both("/v2/requests/<ref>")
@guard(PUBLIC)
def show(ref: str) -> Response:
    """Show one listed report, as a list of one."""
    check_jurisdiction(given("jurisdiction_id"))
    found = _requests(Wanted(refs=(ref,), limit=1))
    if not found:
        raise NotTaken(rules.NO_REQUEST)
    return answer("service_requests", Many("request", found))


@both("/v2/tokens/<token>")
@guard(PUBLIC)
def token(token: str) -> Response:
    """Say that there are no tokens: a report has its number at once, so none was ever given."""
    check_jurisdiction(given("jurisdiction_id"))
    raise NotTaken(rules.NO_TOKEN)


@blueprint.get("/<path:rest>")
@guard(PUBLIC)
def nothing(rest: str) -> Response:
    """Say in the specification's own shape that there is nothing at an address."""
    raise NotTaken(rules.NO_RESOURCE)


# ---- one request --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shared:
    """What is the same for all reports of a page."""

    names: Mapping[str, str]
    decimals: int
    here: tzinfo
    town: str
    site: str


def _requests(wanted: Wanted) -> list[dict[str, Any]]:
    """Return listed reports as the specification names their parts."""
    town = settings()
    rows = reports.listed(replace(wanted, placed=town.open311_decimals > 0))
    shared = _Shared(
        names=kept()(_names),
        decimals=town.open311_decimals,
        here=zone(),
        town=town.name,
        site=town.public_url,
    )
    if given("extensions").lower() != "true":
        return [_request(row, shared) for row in rows]
    photos = reports.photos([row.id for row in rows])
    return [{**_request(row, shared), **_extended(row, photos.get(row.id, ()))} for row in rows]


def _names() -> dict[str, str]:
    """Return the services' names in the reader's language."""
    return {code: gettext(category.label) for code, category in SERVICES.items()}


def _request(row: Report, shared: _Shared) -> dict[str, Any]:
    """Return one report: the parts of the specification, in its order."""
    (
        _, ref, is_open, _, _, received, due, closed, category, _,
        title, description, place, answered_with, told, answered, photo, latitude, longitude,
    ) = row  # fmt: skip  # faster than names
    here = shared.here
    asked = w3c(received, here)
    last = _last(told or received, answered, is_open, received, closed, here)
    lat, long = None, None
    if description and latitude is not None and longitude is not None:
        lat, long = round(latitude, shared.decimals), round(longitude, shared.decimals)
    words = description or title
    return {
        "service_request_id": ref,
        "status": "open" if is_open else "closed",
        "status_notes": answered_with,
        "service_name": shared.names.get(category),
        "service_code": category,
        "description": words,
        "agency_responsible": shared.town,
        "service_notice": None,
        "requested_datetime": asked,
        "updated_datetime": asked if last == received else w3c(last, here),
        "expected_datetime": w3c(_end_of(due, here), here) if due else None,
        "address": place,
        "address_id": None,
        "zipcode": None,
        "lat": lat,
        "long": long,
        "media_url": f"{shared.site}/incidents/{ref}/photos/{photo}" if photo and words else None,
    }


def _last(
    last: datetime,
    answered: datetime | None,
    is_open: bool,
    received: datetime,
    closed: date | None,
    here: tzinfo,
) -> datetime:
    """Return when something was last told of a report; of a closed one, when it was closed."""
    if is_open:
        return last
    if answered is not None or closed is None:
        return answered or last
    return max(received, datetime.combine(closed, time(), tzinfo=here))


def _end_of(day: date, here: tzinfo) -> datetime:
    """Return the last second of a day in the town."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=here)


def _extended(row: Report, photos: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return what `extensions=true` adds: attributes, channel and photos, the timeline."""
    folder = f"{settings().public_url}/incidents/{row.ref}/photos"
    asked = {COMMUNE: row.commune, DATE: row.happened_on.isoformat() if row.happened_on else None}
    return {
        "attributes": {code: said for code, said in asked.items() if said},
        "extended_attributes": {
            "channel": row.channel,
            "photos": Many(
                "photo",
                [{"url": f"{folder}/{n}", "thumbnail": f"{folder}/{t}"} for n, t in photos],
            ),
        },
        "notes": Many("note", [_note(step) for step in cases.public_timeline(row.id)]),
    }


def _note(step: PublicStep) -> dict[str, Any]:
    """Return a step of a public timeline: released words only, and the reason of a move."""
    said = step.words if step.state == "released" else None
    return {
        "datetime": w3c(step.at, zone()),
        "summary": gettext(STEP_WORDS.get(step.step, step.step)),
        "description": said or (step.codes or {}).get("reason"),
        "type": step.step,
    }


def case_page(ref: str) -> str:
    """Return the address of a report's page."""
    return settings().public_url + url_for("incidents.show", ref=ref, lang=None)
