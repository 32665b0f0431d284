# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages that everybody reads, and the two addresses that machines watch."""

from typing import Any

from flask import current_app, jsonify, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi_federation.aggregator.dashboards import service
from beffroi_federation.aggregator.dashboards.queries import views as queries
from beffroi_federation.aggregator.dashboards.routes.lists import (
    blueprint,
    crumbs,
    later_page,
    options,
    place_after,
    town_options,
)
from beffroi_federation.aggregator.dashboards.rules.health import COMMUNE
from beffroi_federation.aggregator.intake.commands import pulls
from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_federation.aggregator.kernel.versions import from_the_store, still
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national import rules as words
from beffroi_federation.aggregator.national.queries import RecordFilter
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.towns.rules import SENTENCES
from beffroi_web import metrics
from beffroi_web.errors import NotFound
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.migrating import current_and_head
from beffroi_web.paging import limit_from
from beffroi_web.words import N_

_WORDS: dict[str, Any] = {
    "words": words,
    "period": service.period_words,
    "weeks": service.weeks_words,
    "SENTENCES": SENTENCES,
    "still": still,
}
"""What the nation's templates say codes and periods with, also inside imported macros, and what
makes a part of a page once for a state of the store."""
for _name, _meaning in _WORDS.items():
    blueprint.add_app_template_global(_meaning, _name)


@blueprint.get("/communes/<insee>")
@guard(PUBLIC)
@from_the_store(spoken=True)
def commune(insee: str) -> str:
    """Show who serves a commune, what was asked there, and its incident counts."""
    if not COMMUNE.fullmatch(insee):
        raise NotFound(N_("This is not the INSEE code of a commune."))
    rows = towns.towns_of_commune(insee)
    found = national.records(RecordFilter(commune=insee), limit=12)
    return render_template(
        "dashboards/commune.html",
        breadcrumb=crumbs((gettext("Commune %(code)s", code=insee), None)),
        insee=insee,
        towns=queries.views(rows, now()),
        requests=service.cards(found),
        counts=national.request_counts(commune=insee),
        cells=service.cell_views(national.cells(area=insee, shown_only=True, limit=24)),
    )


@blueprint.get("/requests")
@guard(PUBLIC)
@from_the_store(spoken=True)
def requests() -> str:
    """Search requests; filters by status, theme, town, commune."""
    given = {
        name: request.args.get(name, "").strip()[:200]
        for name in ("q", "status", "theme", "town", "commune")
    }
    row = towns.town_by_siren(given["town"]) if given["town"] else None
    wanted = RecordFilter(
        status=given["status"],
        theme=given["theme"],
        commune=given["commune"],
        words=given["q"],
        town_id=row.id if row else (-1 if given["town"] else None),
    )
    limit = limit_from(request.args)
    rows = national.records(wanted, after=place_after(str, int), limit=limit + 1)
    later = later_page([rows[limit - 1].period, rows[limit - 1].id]) if len(rows) > limit else ""
    return render_template(
        "dashboards/requests.html",
        breadcrumb=crumbs((gettext("Requests"), None)),
        requests=service.cards(rows[:limit]),
        given=given,
        chips=_chips(given, row.name if row else given["town"]),
        statuses=options(words.STATUS_WORDS),
        themes=options(words.THEME_WORDS),
        towns=town_options(),
        later=later,
    )


def _chips(given: dict[str, str], town_name: str) -> list[tuple[str, str]]:
    """Return the active filters in words, each with the address of the list without it."""
    status = words.STATUS_WORDS.get(given["status"], given["status"])
    theme = words.THEME_WORDS.get(given["theme"], given["theme"])
    said = {
        "q": gettext("Words: %(words)s", words=given["q"]),
        "status": gettext("Status: %(status)s", status=gettext(status) if status else ""),
        "theme": gettext("Theme: %(theme)s", theme=gettext(theme) if theme else ""),
        "town": gettext("Town: %(town)s", town=town_name),
        "commune": gettext("Commune: %(code)s", code=given["commune"]),
    }
    chips = []
    for name, value in given.items():
        if value:
            others = {k: v for k, v in given.items() if v and k != name}
            chips.append((said[name], url_for("dashboards.requests", **others)))  # type: ignore[arg-type]  # query fields
    return chips


@blueprint.get("/requests/<ref>")
@guard(PUBLIC)
@from_the_store(spoken=True)
def record(ref: str) -> str | tuple[str, int]:
    """Show one request, its answer, and where it stands in its town's log."""
    place = words.parse_reference(ref)
    row = towns.town_of_epoch(place[0], place[1]) if place else None
    found = national.record(row.log_id, place[2]) if row and place else None
    if row is None or place is None or (found is not None and found.kind != "request"):
        raise NotFound(N_("There is no such request here; it may have been withdrawn by its town."))
    if found is None:
        return _gone(row, place[2])
    return render_template(
        "dashboards/record.html",
        breadcrumb=crumbs(
            (gettext("Requests"), url_for("dashboards.requests")),
            (str(found.known["title"]), None),
        ),
        row=found,
        known=found.known,
        view=queries.views([row], now())[0],
        supports=service.supports_words(found.known.get("supports")),
    )


def _gone(row: TownRow, first: int) -> tuple[str, int]:
    """Say what became of a record that is not shown: withdrawn and why, awaited, or kept back."""
    fate = national.fate(row.log_id, first)
    if fate is None:
        raise NotFound(N_("There is no such request here; it may have been withdrawn by its town."))
    page = render_template(
        "dashboards/gone.html",
        breadcrumb=crumbs((gettext("Requests"), url_for("dashboards.requests"))),
        fate=fate,
        view=queries.views([row], now())[0],
    )
    return page, 410 if fate.state == "withdrawn" else 404


@blueprint.get("/how-it-works")
@guard(PUBLIC)
@from_the_store(spoken=True)
def how_it_works() -> str:
    """Say how towns are verified, texts guarded and counts protected."""
    return render_template(
        "dashboards/how_it_works.html", breadcrumb=crumbs((gettext("How it works"), None))
    )


@blueprint.get("/accessibility")
@guard(PUBLIC)
@from_the_store(spoken=True)
def accessibility() -> str:
    """Say how far the service is accessible."""
    return render_template(
        "dashboards/accessibility.html",
        breadcrumb=crumbs((gettext("Accessibility"), None)),
        contact=runtime().settings.contact,
    )


@blueprint.get("/privacy")
@guard(PUBLIC)
@from_the_store(spoken=True)
def privacy() -> str:
    """Say what is known of whom."""
    return render_template(
        "dashboards/privacy.html",
        breadcrumb=crumbs((gettext("Privacy"), None)),
        contact=runtime().settings.contact,
    )


@blueprint.get("/healthz")
@guard(PUBLIC)
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    no_store()
    return {"status": "ok"}


@blueprint.get("/readyz")
@guard(PUBLIC)
def readyz() -> tuple[Response, int]:
    """Say whether the database is migrated and every approved town was pulled and verified."""
    no_store()
    migrated = _migrated()
    body: dict[str, object] = {"ready": False, "migrated": migrated}
    if migrated:
        stands = queries.standing(now())
        body |= {
            "ready": stands.ready,
            "towns": stands.towns,
            "verified": stands.verified,
            "entries": stands.entries,
            "records": stands.records,
            "refused": stands.refused,
        }
    return jsonify(body), 200 if body["ready"] else 503


@blueprint.get("/metrics")
@guard(PUBLIC)
def figures() -> Response:
    """Give the figures of the service to its operator; everybody else is refused."""
    given = runtime().settings
    metrics.require_operator(given.metrics_token, behind_proxy=given.behind_proxy)
    own = queries.figures(pulls(given.data_dir).sums(), now=now())
    return metrics.answer([*own, *metrics.watched(current_app).families()])


def _migrated() -> bool:
    """Say whether the database is at the newest migration; asked until it once was."""
    if not current_app.config.get("BEFFROI_MIGRATED"):
        current, head = current_and_head(MIGRATIONS, runtime().settings.database_url)
        current_app.config["BEFFROI_MIGRATED"] = current == head
    return bool(current_app.config["BEFFROI_MIGRATED"])
