# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the town publishes for everybody's use: requests, reports, catalogue, feeds, their page.

The files of all requests and reports are streamed, so that their validators are worked out
beforehand; everything else is small and gets its ETag as every page does.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup

from beffroi.cases.queries.publishing import State
from beffroi.cases.rules import INCIDENT_STATUSES, REQUEST_STATUSES, STATUS_WORDS
from beffroi.config import Settings
from beffroi.data_requests.queries import published
from beffroi.data_requests.rules import THEMES
from beffroi.incidents.queries import published as reports
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel import clock
from beffroi.kernel.errors import Invalid
from beffroi.kernel.extension import settings
from beffroi.open_data.rules import (
    INCIDENT_COLUMNS,
    KIND_WORDS,
    LICENCES,
    LISTED_CATEGORIES,
    REQUEST_COLUMNS,
    Column,
)
from beffroi.open_data.rules.catalogue import catalogue
from beffroi.open_data.schemas import (
    Entry,
    FeedQuery,
    IncidentFeedQuery,
    as_csv,
    as_json,
    entry,
    facts,
    incident_entry,
    incident_item,
    request_item,
)
from beffroi.open_data.schemas.reports import COLUMN_WORDS as REPORT_FIGURE_WORDS
from beffroi.open_data.schemas.statistics import COLUMN_WORDS
from beffroi_web.atom import fit_for_xml, moment
from beffroi_web.forms import load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language, explicit_language
from beffroi_web.rdf import json_ld, rdf_xml, turtle
from beffroi_web.words import N_

blueprint = Blueprint("open_data", __name__)

SETTLED = timedelta(seconds=5)
"""How old a change is before its second is told: a later one might fall into the same second."""


@blueprint.get("/open-data")
@blueprint.get("/data/")
@guard(PUBLIC)
def page() -> str:
    """Say what is published, in which forms, with which columns and under which licence."""
    return render_template(
        "open_data/page.html",
        licence=LICENCES[settings().data_licence],
        columns=_columns(REQUEST_COLUMNS),
        report_columns=_columns(INCIDENT_COLUMNS),
        report_statuses=[(code, gettext(STATUS_WORDS[code])) for code in INCIDENT_STATUSES],
        categories=[(code, gettext(CATEGORIES[code].label)) for code in LISTED_CATEGORIES],
        figure_columns=[
            (Markup("<code>{}</code>").format(name), gettext(words))
            for name, words in COLUMN_WORDS.items()
        ],
        report_figure_columns=[
            (Markup("<code>{}</code>").format(name), gettext(words))
            for name, words in REPORT_FIGURE_WORDS.items()
        ],
        statuses=[(code, gettext(STATUS_WORDS[code])) for code in REQUEST_STATUSES],
        themes=[(code, gettext(words)) for code, words in THEMES.items()],
        contact=settings().contact,
    )


def _columns(columns: Sequence[Column]) -> list[tuple[Markup, Markup]]:
    """Return each column with what it says, of what kind it is, and the codes it may hold."""
    shown = []
    for one in columns:
        codes = Markup(", ").join(Markup("<code>{}</code>").format(c) for c in one.codes)
        said = [gettext(one.words), gettext(KIND_WORDS[one.kind]), *([codes] if codes else [])]
        whole = Markup("<span>{}</span>").format(Markup(" · ").join(said))  # one item on a phone
        shown.append((Markup("<code>{}</code>").format(one.name), whole))
    return shown


@dataclass(frozen=True, slots=True)
class DataSet:
    """What a data set is read by, and how a row of it becomes an item."""

    name: str
    columns: Sequence[Column]
    blocks: Callable[[], Iterator[list[Any]]]
    state: Callable[[], State]
    item: Callable[[Any, Settings], dict[str, Any]]


REQUESTS = DataSet(
    "requests", REQUEST_COLUMNS, lambda: published.blocks(), lambda: published.state(), request_item
)
INCIDENTS = DataSet(
    "incidents", INCIDENT_COLUMNS, lambda: reports.blocks(), lambda: reports.state(), incident_item
)


@blueprint.get("/data/requests.csv")
@guard(PUBLIC)
def requests_csv() -> Response:
    """Give all public requests as CSV, a block at a time."""
    return _streamed(REQUESTS, "csv")


@blueprint.get("/data/requests.json")
@guard(PUBLIC)
def requests_json() -> Response:
    """Give all public requests as JSON, a block at a time."""
    return _streamed(REQUESTS, "json")


@blueprint.get("/data/incidents.csv")
@guard(PUBLIC)
def incidents_csv() -> Response:
    """Give all listed reports as CSV, a block at a time."""
    return _streamed(INCIDENTS, "csv")


@blueprint.get("/data/incidents.json")
@guard(PUBLIC)
def incidents_json() -> Response:
    """Give all listed reports as JSON, a block at a time."""
    return _streamed(INCIDENTS, "json")


def _items(data: DataSet) -> Iterator[list[dict[str, Any]]]:
    """Return the blocks of a data set, to be read when nothing of this answer is left but them.

    The application is there while a block is read, not while it is sent: how long a reader takes
    is not known, and one that goes away leaves nothing to be put away.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    town = settings()

    def read() -> Iterator[list[dict[str, Any]]]:
        blocks = data.blocks()
        while True:
            with app.app_context():
                block = next(blocks, [])
            if not block:
                return
            yield [data.item(row, town) for row in block]

    return read()


def _streamed(data: DataSet, ending: str) -> Response:
    """Answer with a file that is made while it is read; 304, of which nothing is read, if known."""
    state = data.state()
    kind = "text/csv; charset=utf-8" if ending == "csv" else "application/json"
    response = Response(content_type=kind)
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.headers["Content-Disposition"] = f'inline; filename="{data.name}.{ending}"'
    response.set_etag(_tag(data, ending, state), weak=True)
    if state.changed_at and clock.now() - state.changed_at > SETTLED:
        response.last_modified = state.changed_at
    response.make_conditional(request)
    response.headers.pop("Content-Length", None)  # of the body that is not there yet
    if response.status_code == 200:
        wanted = request.method != "HEAD"
        response.response = _parts(data, ending) if wanted else iter(())
    return response


def _parts(data: DataSet, ending: str) -> Iterator[str]:
    if ending == "csv":
        return as_csv(data.columns, _items(data))
    return as_json(settings(), _items(data))


def _tag(data: DataSet, ending: str, state: State) -> str:
    """Return the tag of a file; keyed, so that the sums in it can be tried out by nobody."""
    town, names = settings(), tuple(column.name for column in data.columns)
    said = repr((data.name, ending, names, town.name, town.public_url, town.data_licence, state))
    key = town.secret_key.encode()
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:32]


@blueprint.get("/data/catalog.ttl")
@guard(PUBLIC)
def catalogue_turtle() -> Response:
    """Give the town's catalogue as Turtle."""
    return Response(turtle(catalogue(facts(settings(), _modified()))), mimetype="text/turtle")


@blueprint.get("/data/catalog.rdf")
@guard(PUBLIC)
def catalogue_rdf() -> Response:
    """Give the town's catalogue as RDF/XML."""
    made = rdf_xml(catalogue(facts(settings(), _modified())))
    return Response(made, mimetype="application/rdf+xml")


@blueprint.get("/data/catalog.jsonld")
@guard(PUBLIC)
def catalogue_json_ld() -> Response:
    """Give the town's catalogue as JSON-LD."""
    made = json_ld(catalogue(facts(settings(), _modified())))
    return Response(made, mimetype="application/ld+json")


def _modified() -> dict[str, date | None]:
    """Return the day of the last change of each data set."""
    zone = settings().time_zone
    moments = {"requests": published.changed_at(), "incidents": reports.changed_at()}
    moments |= {"statistics": moments["requests"], "incident-statistics": moments["incidents"]}
    return {name: clock.local_day(at, zone) if at else None for name, at in moments.items()}


@blueprint.get("/feeds/requests.atom")
@guard(PUBLIC)
def atom() -> Response:
    """Give the requests of which something was told last, of a theme or with a status if asked."""
    filters, form = load(FeedQuery(), request.args)
    if filters is None:
        sentence = N_("There is no such theme or status; the page of the open data lists them.")
        raise Invalid(sentence, errors=form.errors)
    town = settings()
    theme, status = filters["theme"], filters["status"]
    found = published.lately(theme=theme, status=status)
    about = [gettext(THEMES[theme])] if theme else []
    return _feed(
        Feed("open_data.atom", "data_requests.listing", {"status": status, "theme": theme}),
        _title(gettext("Requests to %(town)s", town=town.name), about, status),
        [entry(row, at, town) for row, at in found],
    )


@blueprint.get("/feeds/incidents.atom")
@guard(PUBLIC)
def incidents_atom() -> Response:
    """Give the listed reports of which something was told last, of a category or with a status."""
    filters, form = load(IncidentFeedQuery(), request.args)
    if filters is None:
        sentence = N_("There is no such category or status; the page of the open data lists them.")
        raise Invalid(sentence, errors=form.errors)
    town = settings()
    category, status = filters["category"], filters["status"]
    found = reports.lately(category=category, status=status)
    about = [gettext(CATEGORIES[category].label)] if category else []
    return _feed(
        Feed("open_data.incidents_atom", "incidents.listing",
             {"status": status, "category": category}),
        _title(gettext("Reports to %(town)s", town=town.name), about, status),
        [incident_entry(row, at, town) for row, at in found],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feed:
    """Where a feed is, which list it tells of, and what was chosen."""

    endpoint: str
    listing: str
    chosen: Mapping[str, str]


def _feed(feed: Feed, title: str, entries: Sequence[Entry]) -> Response:
    town = settings()
    chosen: dict[str, Any] = {name: code or None for name, code in feed.chosen.items()}
    body = render_template(
        "open_data/feed.xml",
        id=town.public_url + url_for(feed.endpoint, lang=None, **chosen),
        itself=town.public_url + url_for(feed.endpoint, **chosen),
        page=town.public_url + url_for(feed.listing, **chosen),
        title=fit_for_xml(title),
        author=fit_for_xml(town.name),
        lang=current_language(),
        updated=max((one.updated for one in entries), default=moment(None)),
        licence=LICENCES[town.data_licence],
        entries=entries,
    )
    response = Response(body, mimetype="application/atom+xml")
    if not explicit_language():
        response.vary.add("Accept-Language")
    return response


def _title(whose: str, about: Sequence[str], status: str) -> str:
    """Return what a feed is called: the town, and what was chosen."""
    stands = [gettext(STATUS_WORDS.get(status, N_("Still open")))] if status else []
    return " · ".join([whose, *about, *stands])
