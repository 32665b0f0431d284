# SPDX-License-Identifier: AGPL-3.0-or-later
"""Atom of the nation: what was published last, and what was withdrawn, in pages (RFC 5005).

A feed holds requests, the newest version of each, in the order in which those were seen here. One
that was withdrawn is told as such (RFC 6721) for `TOLD_FOR`, in every feed of its body's
département and of any theme and topic: what it was about is not kept, so that nothing says it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext

from beffroi_federation.aggregator.exports import queries, schemas
from beffroi_federation.aggregator.exports.queries import Chosen
from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_federation.aggregator.national.rules import THEME_WORDS
from beffroi_web.atom import fit_for_xml, moment
from beffroi_web.errors import Invalid
from beffroi_web.forms import load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language, explicit_language
from beffroi_web.paging import decode_cursor, encode_cursor
from beffroi_web.words import N_

blueprint = Blueprint("feeds", __name__)

ENTRIES = 50
"""Requests on one page of a feed."""
TOLD_FOR = timedelta(days=30)
"""How long a feed says that something was withdrawn: who reads it at least as often misses none."""
SETTLED = timedelta(hours=1)
"""How old the newest change is before its moment is told: what was seen with it is shown by then"""


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a feed: what was chosen, and the place after which it begins."""

    chosen: Chosen
    cursor: str
    before: tuple[datetime, int] | None

    def address(self, cursor: str = "", **more: Any) -> str:
        """Return the address of a page of this feed; the first one without a cursor."""
        one = self.chosen
        given = {"theme": one.theme, "department": one.department, "topic": one.topic}
        given["cursor"] = cursor
        known: dict[str, Any] = {name: value or None for name, value in given.items()}
        return runtime().settings.public_url + url_for("feeds.requests", **known, **more)


@blueprint.get("/feeds/requests.atom")
@guard(PUBLIC)
def requests() -> Response:
    """Give requests and withdrawals: all, or those of a theme, a département, a topic."""
    page = _asked_for()
    found, later, gone = queries.feed(
        page.chosen, before=page.before, limit=ENTRIES, told_since=now() - TOLD_FOR
    )
    entries = [schemas.entry(town, row, _public(town, row)) for town, row in found]
    updated = max([row.seen_at for _, row in found] + [one.at for _, one in gone], default=None)
    body = render_template(
        "exports/feed.xml",
        id=page.address(lang=None),
        itself=page.address(page.cursor),
        first=page.address(),
        next=page.address(encode_cursor((queries.microseconds(later[0]), later[1])))
        if later
        else "",
        page=runtime().settings.public_url + _alternate(page.chosen),
        title=fit_for_xml(_title(page.chosen)),
        author=fit_for_xml(runtime().settings.name),
        lang=current_language(),
        updated=moment(updated),
        licence=schemas.LICENCE_URL,
        entries=entries,
        gone=[(_public(town, one), moment(one.at), one.held) for town, one in gone],
    )
    response = Response(body, mimetype="application/atom+xml")
    if updated is not None and now() - updated > SETTLED:
        response.last_modified = updated
    if not explicit_language():
        response.vary.add("Accept-Language")
    return response


def _asked_for() -> Page:
    values, form = load(schemas.FeedQuerySchema(), request.args)
    if values is None:
        sentence = N_("There is no such theme, département or topic to make a feed of.")
        raise Invalid(sentence, errors=form.errors)
    chosen = queries.chosen(values["theme"], values["department"], values["topic"])
    return Page(chosen, values["cursor"], _before(values["cursor"]))


def _before(cursor: str) -> tuple[datetime, int] | None:
    """Return the place that a cursor names: microseconds of the epoch, and an id."""
    if not cursor:
        return None
    values = decode_cursor(cursor)
    if len(values) == 2 and isinstance(values[0], int) and isinstance(values[1], int):
        return queries.from_microseconds(values[0]), values[1]
    sentence = N_("This place in the list is not known; start from the first page.")
    raise Invalid(sentence, errors={"cursor": [sentence]})


def _public(town: Any, one: Any) -> str:
    """Return the address of a record's page, which is its name in feeds too."""
    ref = queries.reference_of(town, one)
    return runtime().settings.public_url + url_for("dashboards.record", ref=ref, lang=None)


def _alternate(chosen: Chosen) -> str:
    if chosen.topic:
        return url_for("topics.topic", slug=chosen.topic)
    return url_for("dashboards.requests", theme=chosen.theme or None)


def _title(chosen: Chosen) -> str:
    """Return what a feed is called: whose it is, and what was chosen."""
    parts = [gettext("Requests · %(name)s", name=runtime().settings.name)]
    if chosen.theme:
        parts.append(gettext(THEME_WORDS[chosen.theme]))
    if chosen.department:
        parts.append(gettext("Département %(code)s", code=chosen.department))
    if chosen.title:
        parts.append(chosen.title)
    return " · ".join(parts)
