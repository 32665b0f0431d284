# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every address of GeoReport v2 shares: its two endings, its errors, who asks, and when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from beffroi.kernel.errors import NotFound, Refusal, TooMany
from beffroi.kernel.extension import settings
from beffroi.open311 import queries, rules, schemas
from beffroi.open311.rules import Fault, NotTaken
from beffroi_web.headers import no_store
from beffroi_web.languages import explicit_language
from beffroi_web.limits import count, counted_as
from beffroi_web.problems import SAID, answer_http_error, answer_refusal, status_of

blueprint = Blueprint("open311", __name__, url_prefix="/open311")
desk = Blueprint("open311_desk", __name__)

WRONG_KEYS = "60 per hour"
"""How often one address may come with a wrong key."""

View = TypeVar("View", bound=Callable[..., Any])


def both(path: str, *, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """Return a decorator that puts a view at a path with `.xml` and with `.json`."""

    def add(view: View) -> View:
        for ending in schemas.KINDS:
            blueprint.add_url_rule(f"{path}.{ending}", view_func=view, methods=list(methods))
        return view

    return add


def ending() -> str:
    """Return the writing that is asked for, XML where the address does not say."""
    return "json" if request.path.endswith(".json") else "xml"


def answer(root: str, said: Any, status: int = 200) -> Response:
    """Answer with a resource in the writing that was asked for."""
    kind = ending()
    response = Response(schemas.written(kind, root, said), status, content_type=schemas.KINDS[kind])
    if not explicit_language():
        response.vary.add("Accept-Language")
    return response


def refused(status: int, *found: Fault) -> Response:
    """Answer with an error list."""
    no_store()
    kind = ending()
    return Response(schemas.faults(kind, found), status, content_type=schemas.KINDS[kind])


@blueprint.errorhandler(Refusal)
def said_no(refusal: Refusal) -> AnyResponse:
    """Answer any refusal with an error list, as the specification wants it."""
    if isinstance(refusal, NotTaken):
        return refused(refusal.status, *refusal.faults)
    status = status_of(refusal)
    if status >= 500:
        return answer_refusal(refusal)
    if isinstance(refusal, NotFound):
        return refused(404, rules.NO_REQUEST)
    found = [
        Fault(400, f"{name}: {said}") for name, all_of in refusal.errors.items() for said in all_of
    ] or [Fault(status, str(refusal))]
    response = refused(429 if isinstance(refusal, TooMany) else 400, *found)
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.values.get("seconds", 60))
    return response


@blueprint.errorhandler(HTTPException)
def said_no_by_flask(error: HTTPException) -> AnyResponse:
    """Answer what Flask itself refused in the same shape: a body too large, a method not taken."""
    code = error.code or 500
    if code < 400 or code >= 500:
        return answer_http_error(error)
    status = code if code in (404, 405) else 400
    response = refused(status, Fault(code, SAID[code].title if code in SAID else "Bad request"))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def zone() -> tzinfo:
    """Return the town's time zone."""
    return ZoneInfo(settings().time_zone)


def given(name: str, source: Mapping[str, str] | None = None) -> str:
    """Return a parameter, or nothing: an empty one is one that is not there."""
    return (request.args if source is None else source).get(name, "").strip()


def check_jurisdiction(said: str) -> None:
    """Raise NotTaken unless nothing is said, or this town: its domain without www, or its SIREN."""
    host = urlsplit(settings().public_url).hostname or ""
    known = {host, host.removeprefix("www."), f"www.{host}", settings().siren}
    if said and said.lower() not in known:
        raise NotTaken(rules.NO_JURISDICTION)


def moment_of(name: str, source: Mapping[str, str] | None = None) -> datetime | None:
    """Return a parameter that is a moment, or None; raise NotTaken for what is none."""
    said = given(name, source)
    if not said:
        return None
    try:
        return rules.moment(said, zone())
    except ValueError:
        raise NotTaken(
            Fault(400, f"{name} is not a date in the W3C format, such as 2027-01-12T09:30:00Z")
        ) from None


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of which time is asked for."""

    since: datetime
    until: datetime
    limit: int
    offset: int


def span(now: datetime) -> Span:
    """Return the span of time and the page that the address asks for."""
    start, end = moment_of("start_date"), moment_of("end_date")
    if start is not None and end is not None and start > end:
        raise NotTaken(Fault(400, "start_date is after end_date"))
    limit, offset = page()
    return Span(*rules.window(start, end, now), limit, offset)


def page() -> tuple[int, int]:
    """Return (limit, offset) of `page` and `page_size`."""
    size = rules.number("page_size", given("page_size"), rules.MOST, rules.MOST)
    return size, (rules.number("page", given("page"), 1, rules.MOST) - 1) * size


def client() -> queries.Client:
    """Return the application that sent a form, by its key; NotTaken without a key that is known.

    Each key may send so many an hour; each address may be wrong so often.
    """
    key = given("api_key", request.form)
    known = queries.client(key) if key else None
    if known is None:
        count(WRONG_KEYS, "open311 wrong key", counted_as())
        raise NotTaken(rules.WRONG_KEY if key else rules.NO_KEY)
    count(f"{settings().open311_per_hour} per hour", "open311", str(known.id))
    return known
