# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operators' desk: approve and suspend towns, one or many, and hear their appeals."""

from collections.abc import Callable, Sequence
from typing import Any

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
    STATES,
    dns_name,
)
from beffroi_federation.aggregator.towns.schemas import (
    AnswerSchema,
    AppealSchema,
    ApproveSchema,
    ManySchema,
    SuspendSchema,
)
from beffroi_web.errors import Conflict, Invalid, SignInNeeded
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("desk", __name__)

AT_ONCE = 200
"""Towns shown at once; more are found by state and name."""
ORDER = ("waiting", "quarantined", "approved", "suspended")


@blueprint.get("/desk/")
@guard("operator")
def desk() -> str:
    """List the towns, those first that wait for a person."""
    return _desk_page(Form())


def _desk_page(form: Form, refused: Sequence[tuple[TownRow, str]] = ()) -> str:
    state = request.args.get("state", "")
    query = request.args.get("q", "").strip()[:200]
    states = (state,) if state in STATES else ORDER
    rows, count = queries.desk_towns(ORDER, states=states, query=query, limit=AT_ONCE)
    return render_template(
        "towns/desk.html",
        breadcrumb=_crumbs(),
        towns=rows,
        more=max(0, count - AT_ONCE),
        states=[("", gettext("All")), *((one, gettext(STATE_WORDS[one])) for one in ORDER)],
        state=state,
        query=query,
        form=form,
        refused=refused,
        state_words=STATE_WORDS,
        state_tones=STATE_TONES,
        done=request.args.get("done", ""),
    )


@blueprint.post("/desk/towns")
@guard("operator")
def decide_many() -> Response | tuple[str, int]:
    """Approve or suspend several towns; those that cannot be are named, the others are decided."""
    values, form = load(ManySchema(), request.form)
    if values is None:
        return _desk_page(form), 422
    refused: list[tuple[TownRow, str]] = []
    by = _me()
    for siren in dict.fromkeys(values["sirens"]):
        row = service.town_for_desk(siren)
        try:
            with unit_of_work():
                if values["decision"] == "approve":
                    service.approve(
                        siren, by=by, dns_checked=False, words=values["words"], now=now()
                    )
                else:
                    service.suspend(siren, by=by, reason=values["words"], now=now())
        except (Conflict, Invalid) as refusal:
            refused.append((row, refusal.sentence))
    if refused:
        return _desk_page(form, refused), 422
    return redirect(url_for("desk.desk", done="many"), code=303)


@blueprint.post("/desk/towns/<siren>/appeal")
@guard("operator")
def appeal(siren: str) -> Response | tuple[str, int]:
    """Write down what a town says against a decision."""

    def do(values: dict[str, Any]) -> None:
        service.appeal(siren, words=values["appeal"], by=_me(), now=now())

    return _said(siren, AppealSchema(), do, "appeal")


@blueprint.post("/desk/towns/<siren>/answer")
@guard("operator")
def answer(siren: str) -> Response | tuple[str, int]:
    """Answer a town's appeal."""

    def do(values: dict[str, Any]) -> None:
        granted = values["granted"] == "yes"
        service.answer_appeal(siren, granted=granted, answer=values["answer"], by=_me(), now=now())

    return _said(siren, AnswerSchema(), do, "answer")


def _me() -> str:
    visitor = current_visitor()
    if visitor is None:  # the guard has seen to it; said for the type checker
        raise SignInNeeded(N_("Please sign in first."))
    return visitor.display_name


def _said(
    siren: str, schema: Schema, do: Callable[[dict[str, Any]], None], done: str
) -> Response | tuple[str, int]:
    """Do what a form about one town says, or show it again and why."""
    row = service.town_for_desk(siren)
    values, form = load(schema, request.form)
    if values is None:
        return _town_page(row, form), 422
    try:
        with unit_of_work():
            do(values)
    except (Conflict, Invalid) as refusal:
        return _town_page(row, form.and_errors({"": [refusal.sentence]})), 422
    return redirect(url_for("desk.town", siren=siren, done=done), code=303)


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
        awaits=queries.awaits_answer(row.id),
        done=request.args.get("done", ""),
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
    row = service.town_for_desk(siren)
    values, form = load(schema, request.form)
    if values is None:
        return _town_page(row, form), 422
    try:
        with unit_of_work():
            if decision == "approved":
                service.approve(siren, by=_me(), now=now(), **values)
            else:
                service.suspend(siren, by=_me(), now=now(), **values)
    except (Conflict, Invalid) as refusal:
        return _town_page(row, form.and_errors({"": [refusal.sentence]})), 422
    return redirect(url_for("desk.desk", done=decision), code=303)
