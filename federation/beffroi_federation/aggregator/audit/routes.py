# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit page and its evidence files."""

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national.rules import STATE_WORDS
from beffroi_federation.aggregator.national.service import UNRELEASED_AFTER
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_federation.aggregator.towns.rules import FAULTS
from beffroi_federation.aggregator.witness.adapters.keys import read_public
from beffroi_federation.aggregator.witness.queries import OwnLogStore
from beffroi_web.errors import NotFound
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.paging import decode_cursor, encode_cursor, limit_from
from beffroi_web.words import N_

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
@guard(PUBLIC)
def page() -> str:
    """Tell what went wrong (or, on demand, everything that happened), newest first."""
    everything = request.args.get("all") == "1"
    limit = limit_from(request.args, 30)
    events = towns.events(faults_only=not everything, before=_before(), limit=limit + 1)
    later = ""
    if len(events) > limit:
        events = events[:limit]
        args = {"all": "1"} if everything else {}
        later = url_for("audit.page", cursor=encode_cursor([events[-1].id]), **args)  # type: ignore[arg-type]  # query fields
    return render_template(
        "audit/audit.html",
        breadcrumb=[
            (gettext("Home"), url_for("dashboards.home")),
            (gettext("Audit"), None),
        ],
        events=events,
        everything=everything,
        later=later,
        counts=towns.counts(),
        set_aside=national.set_aside(),
        states=STATE_WORDS,
        unreleased=national.unreleased_everywhere(now() - UNRELEASED_AFTER),
        faults=FAULTS,
        witness=read_public(runtime().settings.data_dir),
        own_size=OwnLogStore().head().published,
    )


def _before() -> int | None:
    text = request.args.get("cursor", "")
    if not text:
        return None
    values = decode_cursor(text)
    if len(values) != 1 or not isinstance(values[0], int):
        raise NotFound(N_("This place in the list is not known; start from the first page."))
    return values[0]


@blueprint.get("/audit/<int:event_id>/evidence")
@guard(PUBLIC)
def evidence(event_id: int) -> Response:
    """Give what was received when a town was refused: signed notes and leaves, no content."""
    found = towns.evidence(event_id) if event_id < 2**63 else None
    if found is None:
        raise NotFound(N_("No evidence was kept for this event."))
    event, data = found
    response = Response(data, mimetype="application/json")
    name = f"evidence-{event.siren}-{event.id}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
