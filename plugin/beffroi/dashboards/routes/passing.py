# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file that goes along when a request is passed on: to keep, or to send by mail."""

import hashlib

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.accounts.rules import checked_address
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.rules import DATA_REQUEST
from beffroi.dashboards.routes.page import again, head_of
from beffroi.dashboards.routes.shared import blueprint, today
from beffroi.data_requests.adapters.cada_pdf import pdf_of
from beffroi.data_requests.rules import cada, passing
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound, Refusal
from beffroi.kernel.extension import settings
from beffroi.notifications import service as notifications
from beffroi_web.forms import Form
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

DETAILS = {
    "software": "Logiciel",
    "decision": "Décision",
    "area": "Territoire",
    "period": "Période",
    "format": "Format",
}


def _pieces(ref: str) -> list[cada.Block]:
    """Return the file of a request that was passed on; released words only."""
    head = head_of(ref)
    answer = next(iter(cases.public_answers(head.id)), None)
    passed = answer is not None and answer.outcome == "redirected"
    if head.kind != DATA_REQUEST or head.visibility != "public" or not passed or not answer:
        raise NotFound(N_("This request was not passed on."))
    words, town = cases.public_words(head.id), settings()
    file = passing.PassedOn(
        ref=head.ref,
        url=f"{town.public_url}/requests/{head.ref}",
        received_on=head.received_on,
        title=words.get("title", head.ref),
        wanted=words.get("wanted", "(texte en cours de relecture)"),
        details=[(label, words[role]) for role, label in DETAILS.items() if words.get(role)],
        body=answer.redirected_to or "",
        answer=answer.words or "(texte suspendu)",
        answered_on=clock.local_day(answer.at, town.time_zone),
    )
    by = cada.Institution(town.name, town.siren, town.public_url)
    return passing.blocks(file, by, today())


@blueprint.get("/desk/cases/<ref>/file")
@guard("agent")
def file(ref: str) -> Response:
    """Give the file for the other body, as PDF or (`format=text`) as text."""
    pieces = _pieces(ref)
    no_store()
    if request.args.get("format") == "text":
        response, ending = Response(cada.text_of(pieces), mimetype="text/plain"), "txt"
    else:
        made = pdf_of(pieces, author=settings().name)
        response, ending = Response(made, mimetype="application/pdf"), "pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="demande-{ref}.{ending}"'
    return response


@blueprint.post("/desk/cases/<ref>/pass-on")
@guard("agent")
def pass_on(ref: str) -> AnyResponse | tuple[str, int]:
    """Send the file to the other body by mail; the address is kept until it has left, no longer."""
    form, now = Form(values={"email": request.form.get("email", "")}), clock.now()
    pieces = _pieces(ref)
    try:
        address = checked_address(form.value("email"))
        letter = notifications.Letter(
            "passed-on",
            address,
            "fr",
            f"{ref}-{hashlib.sha256(address.encode()).hexdigest()[:16]}",
            f"/requests/{ref}",
            {"ref": ref},
            cada.text_of(pieces).splitlines(),
        )
        with unit_of_work():
            case = case_service.the_case(ref)
            actor = accounts.actor(current_visitor())
            case_service.step(case, "passed_on", actor=actor, now=now, public=False)
            notifications.owe_letter(letter, now=now)
    except Refusal as refusal:
        return again(ref, form, refusal)
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor="passed"), code=303)
