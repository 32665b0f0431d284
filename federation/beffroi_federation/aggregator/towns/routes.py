# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operators' desk: approve and suspend towns."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug.wrappers import Response

from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now
from beffroi_federation.aggregator.towns import queries, service
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.towns.rules import (
    DNS_WORDS,
    FAULTS,
    STATE_TONES,
    STATE_WORDS,
    dns_name,
)
from beffroi_federation.aggregator.towns.schemas import ApproveSchema, SuspendSchema
from beffroi_web.errors import Conflict, Invalid, SignInNeeded
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("desk", __name__)

ORDER = ("waiting", "quarantined", "approved", "suspended")


@blueprint.get("/desk/")
@guard("operator")
def desk() -> str:
    """List the towns, those first that wait for a person."""
    rows = queries.all_towns()
    rows.sort(key=lambda row: (ORDER.index(row.state), row.name))
    return render_template(
        "towns/desk.html",
        breadcrumb=_crumbs(),
        towns=rows,
        state_words=STATE_WORDS,
        state_tones=STATE_TONES,
        done=request.args.get("done", ""),
    )


def _crumbs(*steps: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    desk_url = url_for("desk.desk") if steps else None
    return [
        (gettext("Home"), url_for("dashboards.home")),
        (gettext("Desk"), desk_url),
        *steps,
    ]


@blueprint.get("/desk/towns/<siren>")
@guard("operator")
def town(siren: str) -> str:
    """Show what is known of a town, with the two decisions."""
    return _town_page(service.town_for_desk(siren), Form())


def _town_page(row: TownRow, form: Form) -> str:
    return render_template(
        "towns/decide.html",
        breadcrumb=_crumbs((row.name, None)),
        town=row,
        communes=queries.communes_of(row.id),
        events=queries.events(town_id=row.id, limit=20),
        dns=DNS_WORDS[row.dns],
        faults=FAULTS,
        dns_name=dns_name(row.url),
        needs_dns=row.dns in {"not-checked", "differs"},
        state_words=STATE_WORDS,
        state_tones=STATE_TONES,
        form=form,
    )


@blueprint.post("/desk/towns/<siren>/approve")
@guard("operator")
def approve(siren: str) -> Response | tuple[str, int]:
    """Approve a town, or end its quarantine or suspension."""
    return _decide(siren, ApproveSchema(), "approved")


@blueprint.post("/desk/towns/<siren>/suspend")
@guard("operator")
def suspend(siren: str) -> Response | tuple[str, int]:
    """Suspend a town with a reason."""
    return _decide(siren, SuspendSchema(), "suspended")


def _decide(siren: str, schema: Schema, decision: str) -> Response | tuple[str, int]:
    visitor = current_visitor()
    if visitor is None:  # the guard has seen to it; said for the type checker
        raise SignInNeeded(N_("Please sign in first."))
    row = service.town_for_desk(siren)
    values, form = load(schema, request.form)
    if values is None:
        return _town_page(row, form), 422
    try:
        with unit_of_work():
            if decision == "approved":
                service.approve(siren, by=visitor.display_name, now=now(), **values)
            else:
                service.suspend(siren, by=visitor.display_name, now=now(), **values)
    except (Conflict, Invalid) as refusal:
        return _town_page(row, form.and_errors({"": [refusal.sentence]})), 422
    return redirect(url_for("desk.desk", done=decision), code=303)
