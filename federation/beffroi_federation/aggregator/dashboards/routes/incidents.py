# SPDX-License-Identifier: AGPL-3.0-or-later
"""Incidents by family, category and period; what is protected is said to be."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import gettext

from beffroi_federation.aggregator.dashboards import service
from beffroi_federation.aggregator.dashboards.queries import figures
from beffroi_federation.aggregator.dashboards.routes.lists import (
    blueprint,
    crumbs,
    later_page,
    options,
    place_after,
    town_options,
)
from beffroi_federation.aggregator.dashboards.rules.figures import (
    CellKey,
    Sums,
    by_category,
    by_quarter,
    years_of,
)
from beffroi_federation.aggregator.kernel.runtime import now
from beffroi_federation.aggregator.kernel.tables import table_of
from beffroi_federation.aggregator.kernel.versions import from_the_store
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national import rules as words
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.paging import limit_from

CELL_COLUMNS = ("family", "category", "span", "reported", "closed", "cells_with_figures",
                "protected_cells")  # fmt: skip
CYBER_COLUMNS = ("class", "period", "incidents")


def _given() -> tuple[dict[str, str], int | None]:
    """Return what the page is narrowed to, and the id of the town (-1 for an unknown one)."""
    names = ("family", "town", "commune", "cells", "year")
    asked = {name: request.args.get(name, "").strip()[:20] for name in names}
    row = towns.town_by_siren(asked["town"]) if asked["town"] else None
    return asked, row.id if row else (-1 if asked["town"] else None)


def _sums(town_id: int | None) -> dict[CellKey, Sums]:
    return figures.spans().cells if town_id is None else figures.cells(town_id)


def _classes(town_id: int | None) -> list[tuple[str, str, int]]:
    """Return (class, quarter, released incidents), the newest quarter first."""
    found = figures.spans().cyber if town_id is None else figures.cyber(town_id)
    rows = []
    for code, n in found.items():
        name, _, period = code.rpartition(" ")
        rows.append((name, period, n))
    return sorted(rows, key=lambda one: (one[1], one[2], one[0]), reverse=True)


@blueprint.get("/incidents")
@guard(PUBLIC)
@from_the_store(spoken=True)
def incidents() -> str:
    """Tell what was reported, by category and by quarter, and list the published cells."""
    asked, town_id = _given()
    limit = limit_from(request.args, 50)
    where: dict[str, Any] = {
        "family": asked["family"],
        "area": asked["commune"],
        "town_id": town_id,
    }
    cells = national.cells(
        **where,
        shown_only=asked["cells"] != "all",
        after=place_after(str, int),
        limit=limit + 1,
    )
    later = later_page([cells[limit - 1].until, cells[limit - 1].id]) if len(cells) > limit else ""
    sums = {} if asked["commune"] else _sums(town_id)  # cells of one area are few: the list is all
    told = by_category(sums, family=asked["family"], year=asked["year"])
    return render_template(
        "dashboards/incidents.html",
        breadcrumb=crumbs((gettext("Reports"), None)),
        cells=service.cell_views(cells[:limit]),
        given=asked,
        families=options(words.FAMILY_WORDS),
        towns=town_options(),
        protected=national.protected_cells(**where)
        if asked["commune"]
        else sum(one.protected for _, one in by_category(sums, family=asked["family"])),
        categories=told,
        whole=_whole(told),
        years=_years(asked, sums),
        quarters=[
            (service.period_words(span), n) for span, n in by_quarter(sums, family=asked["family"])
        ],
        classes=[] if asked["family"] == "street" or asked["commune"] else _classes(town_id),
        class_words=words.CLASS_WORDS,
        basis=figures.picture(now()).nation.basis
        if town_id is None
        else figures.of_towns([town_id])[town_id].basis,
        later=later,
    )


def _whole(told: list[tuple[tuple[str, str], Sums]]) -> Sums:
    whole = Sums()
    for _, one in told:
        whole.add(one.shown, one.protected, one.reported, one.closed)
    return whole


def _years(asked: Mapping[str, str], sums: Mapping[CellKey, Sums]) -> list[tuple[str, str, bool]]:
    """Return the years to choose from, as (word, address, whether it is chosen)."""
    same: dict[str, Any] = {k: v for k, v in asked.items() if v and k != "year"}
    found = [(gettext("All years"), url_for("dashboards.incidents", **same), not asked["year"])]
    for year in years_of(sums):
        url = url_for("dashboards.incidents", **same, year=year)
        found.append((year, url, asked["year"] == year))
    return found if len(found) > 2 else []


@blueprint.get("/incidents.<any(csv, json):form>")
@guard(PUBLIC)
def incidents_file(form: str) -> Response:
    """Give what was reported by family, category and span as a file."""
    asked, town_id = _given()

    def rows() -> Iterator[dict[str, Any]]:
        for (family, category, span), one in sorted(_sums(town_id).items()):
            if asked["family"] in {"", family} and span.startswith(asked["year"]):
                yield {
                    "family": family,
                    "category": category,
                    "span": span,
                    "reported": one.reported if one.shown else None,
                    "closed": one.closed if one.shown else None,
                    "cells_with_figures": one.shown,
                    "protected_cells": one.protected,
                }

    return table_of("incidents", form, CELL_COLUMNS, rows())


@blueprint.get("/incidents/cyber.<any(csv, json):form>")
@guard(PUBLIC)
def cyber_file(form: str) -> Response:
    """Give the released cyber incidents by class and quarter as a file."""
    _, town_id = _given()
    rows = (
        {"class": name, "period": period, "incidents": n} for name, period, n in _classes(town_id)
    )
    return table_of("cyber-incidents", form, CYBER_COLUMNS, rows)
