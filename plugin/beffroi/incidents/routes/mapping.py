# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public map: cells and how many reports stand in each, for pages and for programs."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext, ngettext
from msgspec import json

from beffroi.cases.queries.listed import current
from beffroi.incidents.queries import maps
from beffroi.incidents.routes.shared import blueprint, finest, whole
from beffroi.incidents.rules import cells
from beffroi.incidents.schemas import MapCells, MapQuery
from beffroi.kernel.errors import Invalid
from beffroi.kernel.extension import extension
from beffroi_web.early import made_from_data, say_version
from beffroi_web.forms import load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.maps import Drawing, Mark, Window, draw
from beffroi_web.openapi import operation
from beffroi_web.words import N_

ON_A_PAGE = 48
"""Cells of a drawn map: eight by six, each as wide as a finger on a phone."""


def drawn(window: Window | None, filters: Mapping[str, Any]) -> Drawing | None:
    """Return the map beside a list with its filters, or None where the town has none."""
    level = finest()
    if level is None or window is None or whole() is None:
        return None
    open_only = filters.get("status") == "any_open"
    found = maps.areas(
        window.shaped(4, 3), category=filters.get("category") or "", open_only=open_only,
        most=ON_A_PAGE, finest=level,
    )  # fmt: skip
    return draw(window, [_mark(one, filters) for one in found], extension().outline)


def _mark(area: maps.Area, filters: Mapping[str, Any]) -> Mark:
    """Return the mark of a cell, which leads to the list of its reports."""
    latitude, longitude = area.window.middle
    label = ngettext("One report here", "%(num)d reports here", area.reports)
    if area.open and area.open != area.reports:
        label = gettext("%(reports)s, %(open)s of them open", reports=label, open=area.open)
    # A little less than the cell, so that it touches no other.
    to = str(area.window.grown(0.98))
    kept = {name: filters.get(name) or None for name in ("q", "status", "category", "sort")}
    url = url_for("incidents.listing", window=to, **kept, lang=request.args.get("lang"))
    return Mark(latitude, longitude, label, url, area.reports, "active" if area.open else "closed")


def where(case_id: int, *, own: bool) -> Drawing | None:
    """Return the map of one report: the middle of its cell, or for its author the point itself."""
    level = finest()
    spot = maps.cell_of(case_id)
    if own and (point := maps.desk_position(case_id)) is not None:
        around = whole() or Window.at(*point, 0.012, 0.018)
        return draw(around, [Mark(*point, "", tone="late")], extension().outline)
    if level is None or spot is None:
        return None
    middle = cells.middle_of(spot[0] >> level, spot[1] >> level, level)
    around = whole() or cells.window_of(spot[0] >> level, spot[1] >> level, level).grown(4)
    return draw(around, [Mark(*middle, "")], extension().outline)


@blueprint.get("/api/v1/incidents/map")
@guard(PUBLIC)
@operation(
    "Count the listed reports in the cells of a window of the map",
    answers=MapCells,
    query=MapQuery,
    tag="incidents",
)
@made_from_data()
def api_map() -> Response:
    """Return the cells of a window in which reports stand: at most five hundred."""
    data, form = load(MapQuery(), request.args)
    window = Window.of(data["window"]) if data else None
    if data is None or window is None:
        wrong = {"window": [N_("South, west, north and east in degrees, parted by commas.")]}
        raise Invalid(N_("There is no such window."), errors=form.errors or wrong)
    say_version(current())
    level = finest()
    found = []
    if level is not None and whole() is not None:
        found = maps.areas(
            window, category=data["category"], open_only=data["status"] == "any_open", finest=level
        )
    return Response(
        json.encode({"items": [_cell(one) for one in found]}), mimetype="application/json"
    )


def _cell(area: maps.Area) -> dict[str, float]:
    """Return a cell as the API gives it (`MapCell`); five decimals of a degree are a metre."""
    edges = area.window
    return {
        "south": round(edges.south, 5),
        "west": round(edges.west, 5),
        "north": round(edges.north, 5),
        "east": round(edges.east, 5),
        "reports": area.reports,
        "open": area.open,
    }
