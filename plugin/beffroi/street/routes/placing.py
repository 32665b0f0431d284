# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/desk/cases/<ref>/place`: an agent says at which address a street report is, or corrects it."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.rules import STREET
from beffroi.incidents import service as incidents
from beffroi.incidents.queries import maps
from beffroi.incidents.schemas import place_hint
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound, Refusal
from beffroi.places import queries as places
from beffroi.street import service
from beffroi.street.routes.shared import actor, blueprint, moment
from beffroi_web.forms import Form
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.words import N_

LONGEST = 300
LOOK = "look"
"""The step of the form that looks for an address and changes nothing."""


@blueprint.get("/desk/cases/<ref>/place")
@guard("agent")
def place_page(ref: str) -> tuple[str, int]:
    """Show what the author's words for the place may mean, to choose from."""
    head = _head(ref)
    written = next((t.original for t in cases.originals(head.id) if t.role == "place"), "")
    return _page(head, Form(values={"place": (written or "")[:LONGEST]}))


@blueprint.post("/desk/cases/<ref>/place")
@guard("agent")
def set_place(ref: str) -> Response | tuple[str, int]:
    """Look for an address, or keep the one that was chosen; nothing is told to anybody."""
    head = _head(ref)
    form = Form(values=request.form.to_dict())
    if request.form.get("step") == LOOK:
        return _page(head, form)
    found = places.place(form.value("found"))
    if found is None:
        return _page(head, form.and_errors({"found": [N_("Choose one of these.")]}), 422)
    at = moment()
    try:
        with unit_of_work():
            incidents.correct_position(case_service.the_case(ref), found, actor=actor(), now=at.now)
            service.route_again(head.id, at)
    except Refusal as refusal:
        return _page(head, form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor="place"), code=303)


def _head(ref: str) -> cases.CaseHead:
    head = cases.head(ref)
    if head is None or head.kind != STREET or head.visibility == "removed":
        raise NotFound(N_("There is no case with this reference."))
    return head


def _page(head: cases.CaseHead, form: Form, status: int = 200) -> tuple[str, int]:
    said = form.value("place")[:LONGEST]
    found = places.find(said)
    no_store()
    page = render_template(
        "street/place.html",
        head=head,
        form=form,
        options=[(one.code, one.label, place_hint(one)) for one in found.places],
        more=found.more,
        held=places.are_held(),
        address=maps.desk_address(head.id),
    )
    return page, status
