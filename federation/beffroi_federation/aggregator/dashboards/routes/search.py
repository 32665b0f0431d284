# SPDX-License-Identifier: AGPL-3.0-or-later
"""Search over requests, topics and towns; the filters hold together with the words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import gettext

from beffroi_federation.aggregator.dashboards import service
from beffroi_federation.aggregator.dashboards.queries import figures
from beffroi_federation.aggregator.dashboards.queries import views as queries
from beffroi_federation.aggregator.dashboards.routes.lists import (
    blueprint,
    crumbs,
    given,
    later_page,
    place_after,
)
from beffroi_federation.aggregator.dashboards.routes.map import TOWN_COLUMNS, town_rows
from beffroi_federation.aggregator.dashboards.service.records import record_url
from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_federation.aggregator.kernel.tables import table_of
from beffroi_federation.aggregator.kernel.territories import NAMES, bounds, departments_of
from beffroi_federation.aggregator.kernel.versions import from_the_store
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national import rules as words
from beffroi_federation.aggregator.national.queries import RecordFilter, RecordRow
from beffroi_federation.aggregator.topics import queries as topics
from beffroi_federation.aggregator.topics.queries import TopicRow, Wanted
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_federation.aggregator.towns.rules import KIND_WORDS
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language
from beffroi_web.paging import limit_from
from beffroi_web.words import N_

FIELDS = ("q", "what", "departement", "commune", "kind", "status", "theme")
WHAT = {"requests": N_("Requests"), "topics": N_("Topics"), "towns": N_("Towns")}
TOPIC_STATES = {
    "open": "waiting", "under_review": "waiting", "planned": "waiting", "published": "published",
    "refused": "refused",
}  # fmt: skip
"""In which state a town of a topic is, for each status of a request that says one."""


MOST_IN_A_FILE = 1_000
"""Rows of one file of requests or topics; where there are more, its `Link` names the next."""
NEAREST_IN_A_FILE = 100
REQUEST_COLUMNS = ("siren", "town", "title", "object", "theme", "commune", "period", "status",
                   "outcome", "answered", "published_url", "url")  # fmt: skip
TOPIC_COLUMNS = ("id", "url", "title_fr", "title_en", "theme", "requests", "towns", "published",
                 "refused", "waiting")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found, of one of the three kinds, and the address of the next one."""

    requests: list[Any]
    topics: list[Any]
    towns: list[Any]
    later: str = ""

    @property
    def nothing(self) -> bool:
        """Say whether nothing was found."""
        return not (self.requests or self.topics or self.towns)


@blueprint.get("/search")
@guard(PUBLIC)
@from_the_store(spoken=True)
def search() -> str:
    """Find requests, topics or towns by words and by where, who and in which state."""
    asked = _asked()
    ways = {"requests": _requests, "topics": _topics, "towns": _towns}
    found = Found([], [], []) if _is_nowhere(asked) else ways[asked["what"]](asked)
    return render_template(
        "dashboards/search.html",
        breadcrumb=crumbs((gettext("Search"), None)),
        asked=asked,
        narrowed={name: value for name, value in asked.items() if value},
        found=found,
        tabs=[
            (gettext(word), _address({**asked, "what": what}), what == asked["what"])
            for what, word in WHAT.items()
        ],
        chips=_chips(asked),
        places=[("", gettext("All")), *((c, f"{name} ({c})") for c, name in NAMES.items())],
        kinds=_options(KIND_WORDS),
        statuses=_options(words.STATUS_WORDS),
        themes=_options(words.THEME_WORDS),
        lang=current_language(),
    )


@blueprint.get("/search.<any(csv, json):form>")
@guard(PUBLIC)
def search_file(form: str) -> Response:
    """Give what was found as a file: all towns, or so many requests or topics from a place on."""
    asked = _asked()
    ways = {"requests": _request_file, "topics": _topic_file, "towns": _town_file}
    columns, rows, later = ways[asked["what"]](asked)
    answer = table_of(asked["what"], form, columns, [] if _is_nowhere(asked) else rows)
    if later and not _is_nowhere(asked):
        answer.headers["Link"] = f'<{runtime().settings.public_url}{later}>; rel="next"'
    return answer


def _asked() -> dict[str, str]:
    asked = given(*FIELDS)
    return asked if asked["what"] in WHAT else {**asked, "what": "requests"}


def _is_nowhere(asked: dict[str, str]) -> bool:
    """Say whether a territory is meant that there is not: nothing is found there."""
    return bool(asked["departement"]) and asked["departement"] not in NAMES


_File = tuple[Sequence[str], Iterable[dict[str, Any]], str]
"""The columns of a file, its rows, and the address of the next one or nothing."""


def _request_file(asked: dict[str, str]) -> _File:
    rows = national.records(_wanted(asked), after=place_after(str, int), limit=MOST_IN_A_FILE + 1)
    last = rows[MOST_IN_A_FILE - 1] if len(rows) > MOST_IN_A_FILE else None
    rows = rows[:MOST_IN_A_FILE]
    of = towns.towns_of_logs(row.log_id for row in rows)
    told = [_request_row(row, of[row.log_id]) for row in rows]
    return REQUEST_COLUMNS, told, later_page([last.period, last.id]) if last else ""


def _request_row(row: RecordRow, town: towns.TownRow) -> dict[str, Any]:
    said = {name: row.known.get(name) for name in REQUEST_COLUMNS}
    address = runtime().settings.public_url + record_url(town, row)
    return {**said, "siren": town.siren, "town": town.name, "period": row.period, "url": address}


def _topic_file(asked: dict[str, str]) -> _File:
    rows, place = _topic_rows(asked, MOST_IN_A_FILE, NEAREST_IN_A_FILE)
    return TOPIC_COLUMNS, map(_topic_row, rows), later_page(place) if place else ""


def _topic_row(row: TopicRow) -> dict[str, Any]:
    address = runtime().settings.public_url + url_for("topics.topic", slug=row.slug)
    said = {name: getattr(row, name, None) for name in TOPIC_COLUMNS}
    return {**said, "id": row.slug, "requests": row.size, "url": address}


def _town_file(asked: dict[str, str]) -> _File:
    code = asked["departement"]
    scope = {"query": asked["q"], "commune": asked["commune"], "kind": asked["kind"]}
    return TOWN_COLUMNS, town_rows(**scope, between=bounds(code) if code else None), ""


def _options(sentences: Any) -> list[tuple[str, str]]:
    return [("", gettext("All")), *((code, gettext(said)) for code, said in sentences.items())]


def _address(asked: dict[str, str]) -> str:
    fields: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return url_for("dashboards.search", **fields)


def _chips(asked: dict[str, str]) -> list[tuple[str, str]]:
    """Return the active filters in words, each with the address of the list without it."""
    status = words.STATUS_WORDS.get(asked["status"], asked["status"])
    theme = words.THEME_WORDS.get(asked["theme"], asked["theme"])
    kind = KIND_WORDS.get(asked["kind"], asked["kind"])
    place = NAMES.get(asked["departement"], asked["departement"])
    said = {
        "q": gettext("Words: %(words)s", words=asked["q"]),
        "departement": gettext("Territory: %(place)s", place=place),
        "commune": gettext("Commune: %(code)s", code=asked["commune"]),
        "kind": gettext("Kind of body: %(kind)s", kind=gettext(kind) if kind else ""),
        "status": gettext("Status: %(status)s", status=gettext(status) if status else ""),
        "theme": gettext("Theme: %(theme)s", theme=gettext(theme) if theme else ""),
    }
    return [(words, _address({**asked, name: ""})) for name, words in said.items() if asked[name]]


def _among(asked: dict[str, str], *, commune: bool) -> Any:
    """Return the query of the towns that are meant, None for all of them."""
    code = asked["departement"]
    return towns.ids_where(
        between=bounds(code) if code else None,
        kind=asked["kind"],
        commune=asked["commune"] if commune else "",
    )


def _wanted(asked: dict[str, str]) -> RecordFilter:
    return RecordFilter(
        status=asked["status"],
        theme=asked["theme"],
        commune=asked["commune"],
        words=asked["q"],
        among=_among(asked, commune=False),
    )


def _requests(asked: dict[str, str]) -> Found:
    limit = limit_from(request.args)
    rows = national.records(_wanted(asked), after=place_after(str, int), limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    later = later_page([last.period, last.id]) if last else ""
    return Found(service.cards(rows[:limit]), [], [], later)


def _topics(asked: dict[str, str]) -> Found:
    limit = limit_from(request.args)
    rows, place = _topic_rows(asked, limit, limit)
    return Found([], rows, [], later_page(place) if place else "")


def _topic_rows(asked: dict[str, str], limit: int, nearest: int) -> tuple[list[TopicRow], Any]:
    """Return topics and the place after them: those nearest to words, or all by size."""
    state = TOPIC_STATES.get(asked["status"], "")
    wanted = Wanted(state, asked["theme"], None, _among(asked, commune=True))
    if asked["status"] and not state:
        return [], None
    if asked["q"]:
        return topics.nearest_rows(asked["q"], wanted, nearest), None
    return topics.listed(wanted, after=place_after(int, int), limit=limit)


def _towns(asked: dict[str, str]) -> Found:
    limit, code = limit_from(request.args), asked["departement"]
    rows = towns.towns_page(
        query=asked["q"],
        commune=asked["commune"],
        between=bounds(code) if code else None,
        kind=asked["kind"],
        after=place_after(str, str),
        limit=limit + 1,
    )
    last = rows[limit - 1] if len(rows) > limit else None
    rows = rows[:limit]
    ids = [row.id for row in rows]
    known, served = figures.of_towns(ids), towns.communes_of_towns(ids)
    told = [
        (view, known[view.row.id], departments_of(served.get(view.row.id, ())))
        for view in queries.views(rows, now())
    ]
    return Found([], [], told, later_page([last.name, last.siren]) if last else "")
