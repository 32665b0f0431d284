# SPDX-License-Identifier: AGPL-3.0-or-later
"""The figures on listed reports: a page beside that of requests, and all of them as CSV and JSON.

They are counted anew when the data have changed, in one pass over the listed reports, and kept with
the version that they are of; who has them already is answered without counting.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from beffroi.incidents.queries import statistics as sums
from beffroi.kernel.errors import Invalid
from beffroi.kernel.extension import settings
from beffroi.kernel.versions import reader, token
from beffroi.open_data.rules import LICENCES
from beffroi.open_data.rules.reports import figures
from beffroi.open_data.schemas.reports import (
    Figures,
    ReportFigurePage,
    ReportFigureQuery,
    closed,
    closed_rate,
    figures_csv,
    page_of,
    rows_of,
)
from beffroi.open_data.schemas.statistics import days, hundredths
from beffroi_web.early import made_from_data, say_version
from beffroi_web.forms import load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.openapi import operation
from beffroi_web.words import N_

blueprint = Blueprint("report_statistics", __name__)

_QUERY = ReportFigureQuery()


def _figures() -> Figures:
    say_version(token(reader()))  # before the rows: newer rows under an older name do no harm
    return figures(sums.cells())


def _year() -> int | None:
    filters, form = load(_QUERY, request.args)
    if filters is None:
        raise Invalid(N_("There are no such figures."), errors=form.errors)
    year: int | None = filters["year"]
    return year


@blueprint.get("/statistics/incidents")
@guard(PUBLIC)
@made_from_data(spoken=True)
def page() -> str:
    """Say how many listed reports there are, of what, how they stand, how fast they are closed."""
    chosen = _year() or 0
    shown = page_of(_figures(), chosen)
    if chosen and chosen not in shown.years:
        raise Invalid(N_("There are no figures of this year."))
    return render_template(
        "open_data/report_statistics.html",
        shown=shown,
        licence=LICENCES[settings().data_licence],
        closed=closed,
        closed_rate=closed_rate,
        hundredths=hundredths,
        days=days,
    )


@blueprint.get("/data/incident-statistics.csv")
@guard(PUBLIC)
@made_from_data()
def as_csv() -> Response:
    """Give every figure on listed reports as CSV; of one year if asked."""
    response = Response(figures_csv(_rows()), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="incident-statistics.csv"'
    return response


@blueprint.get("/api/v1/incident-statistics")
@guard(PUBLIC)
@operation(
    "Figures on the listed reports",
    answers=ReportFigurePage,
    query=ReportFigureQuery,
    tag="incidents",
)
@made_from_data()
def api() -> Response:
    """Give every figure on listed reports as JSON; of one year if asked."""
    return jsonify({"items": _rows(), "next_cursor": None})


def _rows() -> list[dict[str, Any]]:
    year = _year()
    return rows_of(_figures(), year)
