# SPDX-License-Identifier: AGPL-3.0-or-later
"""One case as agents work on it: its page, its texts and photos, its codes, its clock."""

from flask import (
    redirect,
    request,
    url_for,
)
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import service as case_service
from beffroi.dashboards.routes.answering import begun, begun_after
from beffroi.dashboards.routes.page import again, desk_page, head_of, still_personal_in
from beffroi.dashboards.routes.shared import blueprint, today
from beffroi.data_requests import service as request_service
from beffroi.data_requests.schemas import (
    LegalEventForm,
)
from beffroi.data_requests.service import clock as legal_clock
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Forbidden, Invalid, Refusal
from beffroi.kernel.extension import settings
from beffroi.legal.law import law_of
from beffroi.moderation import service as moderation
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


@blueprint.get("/desk/cases/<ref>")
@guard("agent", "moderator", "access_officer")
def desk_case(ref: str) -> tuple[str, int]:
    """Show a case as agents work on it.

    `template` begins the answer with a template's words, `after` with another town's answer.
    """
    key, after = request.args.get("template", ""), request.args.get("after", "")
    if after:
        return desk_page(ref, begun_after(head_of(ref), after))
    return desk_page(ref, begun(head_of(ref), key) if key else Form())


@blueprint.post("/desk/cases/<ref>/texts/<int:text_id>/release")
@guard("agent", "moderator")
def release(ref: str, text_id: int) -> AnyResponse | tuple[str, int]:
    """Make one text public, after the gate; what the gate finds is said, what was typed kept."""
    words = request.form.get("public", "")
    form = Form(values={"public": words})
    if still := still_personal_in(words):
        return desk_page(ref, form.and_errors({"public": [still]}), 422, {text_id: words})
    try:
        with unit_of_work():
            moderation.release(
                ref, text_id, words, actor=accounts.actor(current_visitor()), now=clock.now()
            )
    except Invalid as refusal:
        form = form.and_errors({"public": [gettext(refusal.sentence, **refusal.values)]})
        return desk_page(ref, form, 422, {text_id: words})
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor="texts"), code=303)


@blueprint.post("/desk/cases/<ref>/photos/<int:photo_id>/release")
@guard("agent", "moderator")
def release_photo(ref: str, photo_id: int) -> AnyResponse | tuple[str, int]:
    """Let everyone see one photo, with words that say what it shows."""
    alt = request.form.get("alt", "")
    form = Form(values={"alt": alt, "photo": str(photo_id)})
    if still := still_personal_in(alt):
        return desk_page(ref, form.and_errors({"alt": [still]}), 422)
    try:
        with unit_of_work():
            moderation.release_photo(
                ref, photo_id, alt, actor=accounts.actor(current_visitor()), now=clock.now()
            )
    except Invalid as refusal:
        return again(ref, form, refusal)
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor="photos"), code=303)


@blueprint.post("/desk/cases/<ref>/classify")
@guard("agent")
def classify(ref: str) -> AnyResponse | tuple[str, int]:
    """Set theme and kind of a data request."""
    try:
        with unit_of_work():
            request_service.classify(
                case_service.the_case(ref),
                theme=request.form.get("theme") or None,
                wanted_object=request.form.get("object") or None,
                actor=accounts.actor(current_visitor()),
                now=clock.now(),
                today=today(),
                law=law_of(settings().communes),
            )
    except Invalid as refusal:
        return again(ref, Form(values=request.form.to_dict()), refusal)
    return redirect(url_for("dashboards.desk_case", ref=ref), code=303)


@blueprint.post("/desk/cases/<ref>/clock")
@guard("agent", "access_officer")
def write_down(ref: str) -> AnyResponse | tuple[str, int]:
    """Write down what the CADA or a court did, or what it was told, with its true date."""
    if not accounts.may_handle_letters(current_visitor()):
        raise Forbidden(
            N_("The CADA’s letters are handled by the person in charge of access to documents.")
        )
    data, form = load(LegalEventForm(), request.form)
    if data is None:
        return desk_page(ref, form, 422)
    try:
        with unit_of_work():
            legal_clock.write_down(
                case_service.the_case(ref),
                legal_clock.Given(**data),
                law_of(settings().communes),
                actor=accounts.actor(current_visitor()),
                now=clock.now(),
                today=today(),
            )
    except Refusal as refusal:
        return again(ref, form, refusal)
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor="clock"), code=303)
