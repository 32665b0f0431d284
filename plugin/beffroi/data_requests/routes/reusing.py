# SPDX-License-Identifier: AGPL-3.0-or-later
"""What became of an answer: anybody adds a reuse, an agent reads it, everybody sees it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.accounts.rules import REQUESTS_WRITE
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.rules import DATA_REQUEST
from beffroi.cases.schemas import EDIT, PREVIEW, Sending, preview_page
from beffroi.data_requests import rules, service
from beffroi.data_requests.routes.shared import blueprint
from beffroi.data_requests.rules import reuses
from beffroi.data_requests.schemas import PublicReuse, ReuseForm, ReusePage, SentReuse
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound, Refusal
from beffroi.kernel.extension import settings
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.openapi import operation
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

FIELDS = ("title", "url", "words", "email")


def open_for_reuses(head: cases.CaseHead, answers: Sequence[cases.PublicAnswer]) -> bool:
    """Say whether somebody can add a reuse to a request: its newest answer opened something."""
    return head.visibility == "public" and bool(answers) and answers[0].outcome in rules.OPENING


def _head(ref: str) -> cases.CaseHead:
    head = cases.head(ref)
    if head is None or head.kind != DATA_REQUEST or head.visibility != "public":
        raise NotFound(N_("There is no case with this reference."))
    if not open_for_reuses(head, cases.public_answers(head.id)):
        raise NotFound(N_("Nothing was published in answer to this request yet."))
    return head


def _page(head: cases.CaseHead, form: Form, status: int = 200) -> tuple[str, int]:
    no_store()
    page = render_template(
        "data_requests/reuse.html",
        head=head,
        title=cases.public_words(head.id).get("title"),
        form=form,
        needs_email=current_visitor() is None,
    )
    return page, status


@blueprint.get("/requests/<ref>/reuse")
@guard(PUBLIC)
def reuse(ref: str) -> tuple[str, int]:
    """Show the form by which anybody says what they made of something published."""
    return _page(_head(ref), Form())


@blueprint.post("/requests/<ref>/reuse")
@guard(PUBLIC)
def offer_reuse(ref: str) -> AnyResponse | tuple[str, int]:
    """Take a reuse: to an agent at once, or once the address is confirmed; or only preview it."""
    head = _head(ref)
    data, form = load(ReuseForm(), request.form)
    step = request.form.get("step", "")
    if step == EDIT:
        return _page(head, Form(form.values, {}, form.lists))
    if data is not None and current_visitor() is None and not data.get("email"):
        missing = N_("Give an e-mail address, or sign in: the answer must find you.")
        form, data = form.and_errors({"email": [missing]}), None
    if data is None:
        return _page(head, form, 422)
    try:
        words = reuses.as_text(data["title"], data["url"], data.get("words", ""))
        if step == PREVIEW:
            return _preview(head, words, data, form)
        with unit_of_work():
            _taken(ref, data, clock.now())
    except Refusal as refusal:
        return _page(head, form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    if current_visitor() is None:
        return redirect(url_for("data_requests.sent"), code=303)
    return redirect(url_for("data_requests.show", ref=ref, _anchor="reuses"), code=303)


def _preview(
    head: cases.CaseHead, words: str, data: Mapping[str, Any], form: Form
) -> tuple[str, int]:
    """Show what everyone will read of a reuse before it is sent."""
    known = accounts.details(current_visitor()) or tuple(filter(None, (data.get("email"),)))
    action = url_for("data_requests.offer_reuse", ref=head.ref)
    sending = Sending(action, gettext("Send the reuse"), FIELDS, known)
    hidden = {name: data[name] for name in ("hide", "hide_words") if data.get(name)}
    return preview_page(form, {"reuse": words, **hidden}, sending), 200


def _taken(ref: str, data: dict[str, Any], now: datetime) -> None:
    """Add a reuse of somebody signed in, or keep it until its address is confirmed."""
    visitor = current_visitor()
    account = accounts.account(visitor.account_id) if visitor else None
    email = data.pop("email", "")
    if account is None:
        service.ask_confirmation(
            {**data, service.REUSE_OF: ref},
            email=email,
            lang=current_language(),
            now=now,
            chance=system_chance,
            what="reuse",
        )
        return
    party = case_service.party_for_account(
        account.id, email=account.email, name=account.name, lang=current_language(), now=now
    )
    case, actor = case_service.the_case(ref), accounts.actor(visitor)
    service.add_reuse(case, data, party_id=party, actor=actor, now=now)


@blueprint.get("/api/v1/requests/<ref>/reuses")
@guard(PUBLIC)
@operation("List the reuses of a data request", answers=ReusePage, tag="requests")
def api_reuses(ref: str) -> Response:
    """Return what people made of an answer, as far as agents have released it."""
    head = cases.head(ref)
    if head is None or head.kind != DATA_REQUEST or head.visibility != "public":
        raise NotFound(N_("There is no case with this reference."))
    shown = reuses.shown(cases.reuses_by_case([head.id])[head.id])
    return jsonify({"items": PublicReuse(many=True).dump(shown), "next_cursor": None})


@blueprint.post("/api/v1/requests/<ref>/reuses")
@guard(SIGNED_IN)
@operation(
    "Add a reuse",
    takes=ReuseForm,
    answers=SentReuse,
    status=201,
    tag="requests",
    scopes=(REQUESTS_WRITE,),
    refuses=[409, 410],
)
def api_offer_reuse(ref: str) -> tuple[Response, int, dict[str, str]]:
    """Take a reuse from a signed-in person's program (session and CSRF token)."""
    _head(ref)
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Invalid(N_("An object with named fields is expected."))
    errors = ReuseForm().validate(body)
    if errors:
        raise Invalid(N_("The reuse is not complete."), errors=errors)
    with unit_of_work():
        _taken(ref, dict(ReuseForm().load(body)), clock.now())
    page = f"{settings().public_url}/requests/{ref}#reuses"
    said = {"state": "pending", "url": page}
    place = url_for("data_requests.api_reuses", ref=ref)
    return jsonify(SentReuse().dump(said)), 201, {"Location": place}


@blueprint.get("/requests/reuse/<token>")
@guard(PUBLIC)
def confirm_reuse(token: str) -> str:
    """Ask for the click that sends a reuse."""
    no_store()
    return render_template("data_requests/confirm_reuse.html", token=token)


@blueprint.post("/requests/reuse/<token>")
@guard(PUBLIC)
def confirmed_reuse(token: str) -> AnyResponse:
    """Add the reuse of a confirmed address."""
    with unit_of_work():
        ref = service.confirm_reuse(token, actor=accounts.actor(None), now=clock.now())
    return redirect(url_for("data_requests.show", ref=ref, _anchor="reuses"), code=303)
