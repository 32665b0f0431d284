# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the town publishes for everybody's use: the requests, the catalogue, feeds, and their page.

The two files of all requests are streamed, so that their validators are worked out beforehand;
everything else is small and gets its ETag as every page does.
"""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup

from beffroi.cases.rules import REQUEST_STATUSES, STATUS_WORDS
from beffroi.data_requests.queries import published
from beffroi.data_requests.rules import THEMES
from beffroi.kernel import clock
from beffroi.kernel.errors import Invalid
from beffroi.kernel.extension import settings
from beffroi.open_data.rules import COLUMN_NAMES, KIND_WORDS, LICENCES, REQUEST_COLUMNS
from beffroi.open_data.rules.catalogue import catalogue
from beffroi.open_data.rules.rdf import json_ld, rdf_xml, turtle
from beffroi.open_data.schemas import FeedQuery, as_csv, as_json, entry, facts, fit_for_xml, moment
from beffroi.open_data.schemas.statistics import COLUMN_WORDS
from beffroi_web.forms import load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language, explicit_language
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
        columns=_columns(),
        figure_columns=[
            (Markup("<code>{}</code>").format(name), gettext(words))
            for name, words in COLUMN_WORDS.items()
        ],
        statuses=[(code, gettext(STATUS_WORDS[code])) for code in REQUEST_STATUSES],
        themes=[(code, gettext(words)) for code, words in THEMES.items()],
        contact=settings().contact,
    )


def _columns() -> list[tuple[Markup, Markup]]:
    """Return each column with what it says, of what kind it is, and the codes it may hold."""
    shown = []
    for one in REQUEST_COLUMNS:
        codes = Markup(", ").join(Markup("<code>{}</code>").format(c) for c in one.codes)
        said = [gettext(one.words), gettext(KIND_WORDS[one.kind]), *([codes] if codes else [])]
        whole = Markup("<span>{}</span>").format(Markup(" · ").join(said))  # one item on a phone
        shown.append((Markup("<code>{}</code>").format(one.name), whole))
    return shown


@blueprint.get("/data/requests.csv")
@guard(PUBLIC)
def requests_csv() -> Response:
    """Give all public requests as CSV, a block at a time."""
    return _streamed("csv", as_csv(_blocks(), settings()), "text/csv; charset=utf-8")


@blueprint.get("/data/requests.json")
@guard(PUBLIC)
def requests_json() -> Response:
    """Give all public requests as JSON, a block at a time."""
    return _streamed("json", as_json(_blocks(), settings()), "application/json")


def _blocks() -> Iterator[list[published.PublishedRequest]]:
    """Return the blocks of all requests, to be read when nothing of this answer is left but them.

    The application is there while a block is read, not while it is sent: how long a reader takes
    is not known, and one that goes away leaves nothing to be put away.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def read() -> Iterator[list[published.PublishedRequest]]:
        blocks, block = published.blocks(), None
        while block != []:
            with app.app_context():
                block = next(blocks, [])
            if block:
                yield block

    return read()


def _streamed(ending: str, parts: Iterator[str], content_type: str) -> Response:
    """Answer with a file that is made while it is read; 304, of which nothing is read, if known."""
    state = published.state()
    response = Response(content_type=content_type)
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.headers["Content-Disposition"] = f'inline; filename="requests.{ending}"'
    response.set_etag(_tag(ending, state), weak=True)
    if state.changed_at and clock.now() - state.changed_at > SETTLED:
        response.last_modified = state.changed_at
    response.make_conditional(request)
    response.headers.pop("Content-Length", None)  # of the body that is not there yet
    if response.status_code == 200:
        wanted = request.method != "HEAD"
        response.response = parts if wanted else iter(())
    return response


def _tag(ending: str, state: published.State) -> str:
    """Return the tag of a file; keyed, so that the sums in it can be tried out by nobody."""
    town = settings()
    said = repr((ending, COLUMN_NAMES, town.name, town.public_url, town.data_licence, state))
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


def _modified() -> date | None:
    """Return the day of the last change of what is published."""
    changed: datetime | None = published.state().changed_at
    return clock.local_day(changed, settings().time_zone) if changed else None


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
    chosen = {"status": status or None, "theme": theme or None}
    entries = [entry(row, at, town) for row, at in published.lately(theme=theme, status=status)]
    path = url_for("open_data.atom", **chosen)
    body = render_template(
        "open_data/requests.xml",
        id=town.public_url + url_for("open_data.atom", lang=None, **chosen),
        itself=town.public_url + path,
        page=town.public_url + url_for("data_requests.listing", **chosen),
        title=fit_for_xml(_feed_title(town.name, theme, status)),
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


def _feed_title(town: str, theme: str, status: str) -> str:
    """Return what a feed is called: the town, and what was chosen."""
    words = [gettext("Requests to %(town)s", town=town)]
    if theme:
        words.append(gettext(THEMES[theme]))
    if status:
        words.append(gettext(STATUS_WORDS.get(status, N_("Still open"))))
    return " · ".join(words)
