# SPDX-License-Identifier: AGPL-3.0-or-later
"""The map of France with the overseas territories, and a page for each territory."""

from collections.abc import Iterator
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import gettext

from beffroi_federation.aggregator.dashboards import service
from beffroi_federation.aggregator.dashboards.queries import figures
from beffroi_federation.aggregator.dashboards.queries import views as queries
from beffroi_federation.aggregator.dashboards.routes.lists import (
    blueprint,
    crumbs,
    later_page,
    place_after,
)
from beffroi_federation.aggregator.dashboards.rules.figures import (
    MEASURE_NAMES,
    MEASURES,
    Figures,
)
from beffroi_federation.aggregator.dashboards.service.maps import measure_from
from beffroi_federation.aggregator.kernel.runtime import now
from beffroi_federation.aggregator.kernel.tables import table_of
from beffroi_federation.aggregator.kernel.territories import NAMES, bounds, departments_of
from beffroi_federation.aggregator.kernel.versions import from_the_store
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_web.errors import NotFound
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.paging import LIMIT_MAX, limit_from
from beffroi_web.words import N_

PLACE_COLUMNS = ("code", "name", "towns", "verified", "requests", "open", "answered", "rate",
                 "median_weeks", "reported", "closed", "protected_cells", "checkpoints",
                 "oldest_checkpoint")  # fmt: skip
TOWN_COLUMNS = ("siren", "name", "kind", "population_band", "state", *PLACE_COLUMNS[4:])


@blueprint.get("/map")
@guard(PUBLIC)
@from_the_store(spoken=True)
def atlas() -> str:
    """Answer: where are towns asked, and where do they answer?"""
    measure = measure_from(request.args.get("measure", ""))
    picture = figures.picture(now())
    keep = service.pieces_of(picture)
    return render_template(
        "dashboards/map.html",
        breadcrumb=crumbs((gettext("Map"), None)),
        map=keep(measure, service.drawn, picture.places, measure),
        keep=keep,
        measure=measure,
        measures=MEASURES,
        names=MEASURE_NAMES,
        figures=picture.nation,
    )


@blueprint.get("/map.<any(csv, json):form>")
@guard(PUBLIC)
def atlas_file(form: str) -> Response:
    """Give the figures of every territory as a file."""
    known = figures.picture(now()).places
    rows = [
        {"code": code, "name": name, **members_of(known.get(code, Figures()))}
        for code, name in NAMES.items()
    ]
    return table_of("map", form, PLACE_COLUMNS, rows)


def members_of(one: Figures) -> dict[str, Any]:
    """Return figures as the members of a row of a file."""
    oldest = one.basis.oldest
    return {
        "towns": one.towns,
        "verified": one.verified,
        "requests": one.requests,
        "open": one.open,
        "answered": one.answered,
        "rate": one.rate,
        "median_weeks": one.delay,
        "reported": one.reported,
        "closed": one.closed,
        "protected_cells": one.protected,
        "checkpoints": one.basis.checkpoints,
        "oldest_checkpoint": oldest.isoformat(timespec="seconds") if oldest else None,
    }


def _name_of(code: str) -> str:
    if code not in NAMES:
        raise NotFound(N_("There is no département or territory with this code."))
    return NAMES[code]


@blueprint.get("/map/<code>")
@guard(PUBLIC)
@from_the_store(spoken=True)
def place(code: str) -> str:
    """Answer: which towns of this territory take part, and how do they answer?"""
    name = _name_of(code)
    limit = limit_from(request.args, 50)
    rows = towns.towns_page(between=bounds(code), after=place_after(str, str), limit=limit + 1)
    later = later_page([rows[limit - 1].name, rows[limit - 1].siren]) if len(rows) > limit else ""
    rows = rows[:limit]
    served = towns.communes_of_towns([row.id for row in rows])
    known = figures.of_towns([row.id for row in rows])
    return render_template(
        "dashboards/place.html",
        breadcrumb=crumbs((gettext("Map"), url_for("dashboards.atlas")), (name, None)),
        code=code,
        name=name,
        figures=figures.picture(now()).places.get(code, Figures()),
        towns=[
            (view, known[view.row.id], departments_of(served.get(view.row.id, ())))
            for view in queries.views(rows, now())
        ],
        later=later,
    )


@blueprint.get("/map/<code>.<any(csv, json):form>")
@guard(PUBLIC)
def place_file(code: str, form: str) -> Response:
    """Give the towns of a territory with their figures as a file."""
    _name_of(code)
    return table_of(f"towns-{code}", form, TOWN_COLUMNS, town_rows(between=bounds(code)))


def town_rows(**scope: Any) -> Iterator[dict[str, Any]]:
    """Yield the towns of a scope (as `towns_page` takes it) with their figures, by name."""
    after: tuple[str, str] | None = None
    while True:
        rows = towns.towns_page(**scope, after=after, limit=LIMIT_MAX)
        known = figures.of_towns([row.id for row in rows])
        for row in rows:
            told = {name: getattr(row, name) for name in TOWN_COLUMNS[:5]}
            yield {**members_of(known[row.id]), **told}
        if len(rows) < LIMIT_MAX:
            return
        after = (rows[-1].name, rows[-1].siren)
