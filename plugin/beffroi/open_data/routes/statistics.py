# SPDX-License-Identifier: AGPL-3.0-or-later
"""The statistics: a page, and every figure of it as CSV and JSON.

All read the sums that changes keep. The tag follows from the address, the language and the version
of the sums: who has the page already costs one row, and what was made for one stranger is given to
the next as long as no figure changes.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request

from beffroi.cases import queries as cases
from beffroi.data_requests.queries import statistics as sums
from beffroi.kernel.errors import Invalid
from beffroi.kernel.extension import extension, settings
from beffroi.open_data.rules import LICENCES
from beffroi.open_data.rules.statistics import BAND_WORDS
from beffroi.open_data.schemas.statistics import (
    FigurePage,
    FigureQuery,
    as_rows,
    days,
    figures_csv,
    figures_page,
    hundredths,
    punctuality,
    rate,
)
from beffroi_web.forms import load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language
from beffroi_web.openapi import operation
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("statistics", __name__)


_QUERY = FigureQuery()
MOST_KEPT = 32
"""How many answers are kept in memory; one is a page, or a file of at most some hundred KiB."""


def _tagged(mimetype: str) -> Callable[[Callable[..., Response]], Callable[[], Response]]:
    """Return a decorator that gives an answer the tag of the sums; the view takes the filters.

    Who has the answer already gets 304, and nothing is worked out for it.
    """

    def tagging(view: Callable[..., Response]) -> Callable[[], Response]:
        @wraps(view)
        def tagged() -> Response:
            filters, form = load(_QUERY, request.args)
            if filters is None:
                raise Invalid(N_("There are no such figures."), errors=form.errors)
            if current_visitor() is not None:
                return view(**filters)
            tag = _tag(mimetype)
            if request.if_none_match.contains_weak(tag):
                response = Response(mimetype=mimetype)
            else:
                response = _kept(tag, lambda: view(**filters))
            response.set_etag(tag, weak=True)
            return response

        return tagged

    return tagging


def _kept(tag: str, make: Callable[[], Response]) -> Response:
    """Return the answer with a tag, made now or before for somebody else who is not signed in."""
    answers: dict[str, tuple[bytes, list[tuple[str, str]]]] = current_app.extensions.setdefault(
        "beffroi_statistics", {}
    )
    found = answers.get(tag)
    if found is None:
        made = make()
        found = answers[tag] = made.get_data(), list(made.headers)
        for old in list(answers)[:-MOST_KEPT]:
            answers.pop(old, None)
    return Response(found[0], headers=found[1])


def _tag(mimetype: str) -> str:
    """Return what changes whenever the answer does: its address, the version of the sums, whose."""
    language = current_language() if mimetype == "text/html" else ""
    town = (settings().name, settings().public_url, extension().version)
    said = repr((request.path, request.query_string, language, town, sums.version()))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


@blueprint.get("/statistics")
@guard(PUBLIC)
@_tagged("text/html")
def page(year: int | None, table: str) -> Response:
    """Say whether the town answers: in how many cases, how fast, and where not."""
    chosen = year or 0
    shown = figures_page(sums.for_page(chosen), chosen)
    if chosen and chosen not in shown.years:
        raise Invalid(N_("There are no figures of this year."))
    return Response(
        render_template(
            "open_data/statistics.html",
            shown=shown,
            names=_names(),
            bands=BAND_WORDS,
            licence=LICENCES[settings().data_licence],
            rate=rate,
            punctuality=punctuality,
            hundredths=hundredths,
            days=days,
        )
    )


@blueprint.get("/data/statistics.csv")
@guard(PUBLIC)
@_tagged("text/csv")
def as_csv(year: int | None, table: str) -> Response:
    """Give every figure as CSV; of one year or one table if asked."""
    response = Response(figures_csv(_rows(year, table)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="statistics.csv"'
    return response


@blueprint.get("/api/v1/statistics")
@guard(PUBLIC)
@operation(
    "Figures on the public data requests", answers=FigurePage, query=FigureQuery, tag="requests"
)
@_tagged("application/json")
def api(year: int | None, table: str) -> Response:
    """Give every figure as JSON; of one year or one table if asked."""
    return jsonify({"items": _rows(year, table), "next_cursor": None})


def _rows(year: int | None, table: str) -> list[dict[str, Any]]:
    return as_rows(sums.everything(), _names(), year=year, table=table)


def _names() -> dict[str, str]:
    """Return the names of the departments by the codes of the sums."""
    return {str(row.id): row.name for row in cases.departments()}
