# SPDX-License-Identifier: AGPL-3.0-or-later
"""The citizen's side: the form in plain questions, what happens next, the thread."""

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.queries import CaseHead, persons
from beffroi.cases.rules import CONFIDENTIAL
from beffroi.cases.schemas import badge
from beffroi.cyber import service
from beffroi.cyber.queries import desk
from beffroi.cyber.routes.shared import blueprint
from beffroi.cyber.rules import QUESTIONS
from beffroi.cyber.rules.sites import addresses_of
from beffroi.cyber.schemas import SiteReportForm
from beffroi.incidents import service as incidents
from beffroi.incidents.adapters import photos
from beffroi.incidents.routes.shared import attached_to, reception
from beffroi.incidents.rules import StoredPhoto
from beffroi.kernel import clock, private_links
from beffroi.kernel.actors import Actor
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound, Refusal
from beffroi.kernel.extension import settings
from beffroi_privacy.photos import ACCEPTED
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.paths import address
from beffroi_web.uploads import takes_files
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

THREAD = "thread"
"""The purpose of the key that opens the thread, and nothing else of a case."""

Page = tuple[str, int] | AnyResponse


def _form_page(form: Form, status: int = 200, attached: Sequence[StoredPhoto] = ()) -> Page:
    no_store()
    secret, now = settings().secret_key, clock.now()
    page = render_template(
        "cyber/new.html",
        form=form,
        questions=QUESTIONS,
        communes=settings().communes,
        own_sites=[one for one in desk.sites() if one.ours],
        accepted=ACCEPTED,
        carried=[("photo_kept", photos.carry(secret, one, now=now)) for one in attached],
    )
    return page, status


@blueprint.get("/incidents/new/public-site")
@guard(PUBLIC)
def new() -> Page:
    """Show the form for a problem of security; a town may ask people to sign in first."""
    if settings().incidents_need_account and current_visitor() is None:
        return redirect(address("/sign-in", next=request.path), code=303)
    return _form_page(Form(values=request.args.to_dict()))


@blueprint.post("/incidents/new/public-site")
@guard(PUBLIC)
@takes_files(photos.MOST_BODY)
def submit() -> Page:
    """Take a report; nothing that it names is ever opened."""
    if settings().incidents_need_account and current_visitor() is None:
        return redirect(address("/sign-in", next=request.path), code=303)
    data, form = load(SiteReportForm(), request.form)
    attached, faults = attached_to(form)
    if data is None or faults:
        form = form.and_errors({"photos": faults}) if faults else form
        return _form_page(form, 422, attached)
    try:
        ref = _report(data, attached)
    except Refusal as refusal:
        form = form.and_errors(refusal.errors or {"": [refusal.sentence]})
        return _form_page(form, 422, attached)
    key = None
    if current_visitor() is None:
        key = private_links.key_for(settings().secret_key, ref, THREAD)
    return redirect(url_for("cyber.exchange", ref=ref, key=key), code=303)


def _report(data: dict[str, Any], attached: Sequence[StoredPhoto]) -> str:
    now, town = clock.now(), settings()
    addresses = addresses_of(data["addresses"])
    fields = {"family": "cyber", "place": data["site"]}
    fields |= {name: data[name] for name in ("category", "description", "commune") if name in data}
    if data.get("date"):
        fields["date"] = data["date"]
    with unit_of_work():
        case = incidents.report(
            fields,
            reception(now),
            actor=accounts.actor(current_visitor()),
            now=now,
            chance=system_chance,
            communes=town.communes,
        )
        incidents.add_photos(case, attached, now=now)
        service.complete(case.id, addresses, data["personal_data"], service.terms_of(town), now=now)
        return case.ref


# ---- what happens next, and the thread ----------------------------------------------------------


def _own(ref: str) -> tuple[CaseHead, str]:
    """Return the head of a case for who reported it, and the key of their link, or NotFound."""
    head, key = cases.head(ref), request.values.get("key", "")
    visitor = current_visitor()
    by_key = bool(key) and private_links.fits(settings().link_secrets, ref, key, THREAD)
    author = persons.is_author(head, visitor.account_id if visitor else None)
    if head is None or head.kind != CONFIDENTIAL or not (by_key or author):
        raise NotFound(N_("There is no case with this reference."))
    if head.visibility == "removed":
        raise NotFound(N_("There is no case with this reference."))
    return head, key if by_key else ""


def _exchange_page(head: CaseHead, key: str, form: Form, status: int = 200) -> Page:
    no_store()
    row, town = desk.the_case(head.id), settings()
    answers = cases.public_answers(head.id)
    page = render_template(
        "cyber/exchange.html",
        head=head,
        key=key,
        form=form,
        badge=badge(head.status),
        owner=row.owner if row else "unknown",
        owner_name=row.owner_name if row else None,
        reported=row.site if row else "",
        told=[one for one in desk.contacts(head.id) if one.told_at],
        messages=desk.messages(head.id),
        answer=answers[0] if answers else None,
        help_words=town.cyber_help,
        csirt_phone=town.cyber_csirt_phone,
        csirt_name=town.cyber_csirt_name,
        page_key=private_links.key_for(town.secret_key, head.ref) if key else None,
    )
    return page, status


@blueprint.get("/incidents/<ref>/exchange")
@guard(PUBLIC)
def exchange(ref: str) -> Page:
    """Thank who reported it, say what happens next, show the thread."""
    head, key = _own(ref)
    return _exchange_page(head, key, Form())


@blueprint.post("/incidents/<ref>/exchange")
@guard(PUBLIC)
def write(ref: str) -> Page:
    """Add a message of who reported it to the thread."""
    head, key = _own(ref)
    words = request.form.get("message", "")
    try:
        with unit_of_work():
            case = case_service.the_case(ref)
            service.write(case, words, party_id=head.party_id, actor=Actor(), now=clock.now())
    except Invalid as refusal:
        form = Form(values={"message": words}).and_errors(
            refusal.errors or {"message": [gettext(refusal.sentence, **refusal.values)]}
        )
        return _exchange_page(head, key, form, 422)
    return redirect(url_for("cyber.exchange", ref=ref, key=key or None, _anchor="thread"), code=303)
