# SPDX-License-Identifier: AGPL-3.0-or-later
"""Towns: how fresh, how quick, and beside bodies of their size."""

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
    given,
    later_page,
    place_after,
)
from beffroi_federation.aggregator.dashboards.routes.map import TOWN_COLUMNS, town_rows
from beffroi_federation.aggregator.dashboards.rules.figures import Figures, peers
from beffroi_federation.aggregator.dashboards.rules.health import SIREN
from beffroi_federation.aggregator.kernel.runtime import now
from beffroi_federation.aggregator.kernel.tables import table_of
from beffroi_federation.aggregator.kernel.territories import NAMES, bounds, departments_of
from beffroi_federation.aggregator.kernel.versions import from_the_store
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national.queries import RecordFilter
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.towns.rules import BAND_WORDS, DNS_WORDS, FAULTS, KIND_WORDS
from beffroi_web.errors import NotFound
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.paging import limit_from
from beffroi_web.words import N_


def _scope() -> dict[str, Any]:
    """Return what the list is narrowed to, as `towns_page` takes it; NotFound for no territory."""
    asked = given("q", "kind", "departement")
    code = asked["departement"]
    if code and code not in NAMES:
        raise NotFound(N_("There is no département or territory with this code."))
    return {
        "query": asked["q"],
        "kind": asked["kind"],
        "between": bounds(code) if code else None,
    }


@blueprint.get("/towns")
@guard(PUBLIC)
@from_the_store(spoken=True)
def town_list() -> str:
    """List the towns: freshness, answers, delay, what is still untold."""
    asked = given("q", "kind", "departement")
    limit = limit_from(request.args, 50)
    rows = towns.towns_page(**_scope(), after=place_after(str, str), limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    rows = rows[:limit]
    ids = [row.id for row in rows]
    known, served = figures.of_towns(ids), towns.communes_of_towns(ids)
    return render_template(
        "dashboards/towns.html",
        breadcrumb=crumbs((gettext("Towns"), None)),
        towns=[
            (view, known[view.row.id], departments_of(served.get(view.row.id, ())))
            for view in queries.views(rows, now())
        ],
        asked=asked,
        chips=_chips(asked),
        kinds=[("", gettext("All")), *((k, gettext(said)) for k, said in KIND_WORDS.items())],
        places=[("", gettext("All")), *((c, f"{name} ({c})") for c, name in NAMES.items())],
        later=later_page([last.name, last.siren]) if last else "",
    )


def _chips(asked: dict[str, str]) -> list[tuple[str, str]]:
    kind, place = KIND_WORDS.get(asked["kind"], asked["kind"]), asked["departement"]
    said = {
        "q": gettext("Words: %(words)s", words=asked["q"]),
        "kind": gettext("Kind of body: %(kind)s", kind=gettext(kind) if kind else ""),
        "departement": gettext("Territory: %(place)s", place=NAMES.get(place, place)),
    }
    chips = []
    for name, words in said.items():
        if asked[name]:
            others: dict[str, Any] = {k: v for k, v in asked.items() if v and k != name}
            chips.append((words, url_for("dashboards.town_list", **others)))
    return chips


@blueprint.get("/towns.<any(csv, json):form>")
@guard(PUBLIC)
def towns_file(form: str) -> Response:
    """Give the towns with their figures as a file, narrowed as the list is."""
    rows: Iterator[dict[str, Any]] = town_rows(**_scope())
    return table_of("towns", form, TOWN_COLUMNS, rows)


@blueprint.get("/towns/<siren>")
@guard(PUBLIC)
@from_the_store(spoken=True)
def town(siren: str) -> str:
    """Answer: is this town alive, honest, quick, beside others of its size?"""
    row = towns.town_by_siren(siren) if SIREN.fullmatch(siren) else None
    if row is None:
        raise NotFound(N_("There is no town with this SIREN in the register."))
    recent = national.records(RecordFilter(town_id=row.id), limit=6)
    communes = towns.communes_of(row.id)
    own = figures.of_towns([row.id])[row.id]
    return render_template(
        "dashboards/town.html",
        breadcrumb=crumbs((gettext("Towns"), url_for("dashboards.town_list")), (row.name, None)),
        view=queries.views([row], now())[0],
        figures=own,
        beside=_beside(row, own),
        kind=KIND_WORDS.get(row.kind, row.kind),
        band=BAND_WORDS.get(row.population_band, ""),
        communes=communes,
        places=[(code, NAMES[code]) for code in departments_of(communes)],
        records=national.count_records(row.id),
        set_aside=national.set_aside(row.id),
        withdrawn=national.withdrawn_by_reason(row.log_id),
        dns=DNS_WORDS[row.dns],
        requests=service.cards(recent),
        cells=service.cell_views(national.cells(town_id=row.id, shown_only=True, limit=12)),
        events=towns.events(town_id=row.id, limit=12),
        faults=FAULTS,
    )


def _beside(row: TownRow, own: Figures) -> list[tuple[str, Figures]]:
    """Return the rows of the comparison: the town, and the bodies that it stands beside."""
    found = peers(figures.picture(now()).sizes, row.kind, row.population_band)
    if found is None:
        return []
    band, others = found
    kind = gettext(KIND_WORDS.get(row.kind, row.kind))
    said = gettext(BAND_WORDS[band]) if band in BAND_WORDS else gettext("of any size")
    return [(row.name, own), (gettext("%(kind)s, %(size)s", kind=kind, size=said), others)]
