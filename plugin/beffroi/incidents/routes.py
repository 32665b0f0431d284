# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages and API of incidents: list, form, case. Unlisted ones are shown to their author only."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.queries import persons
from beffroi.cases.rules import INCIDENT_STATUSES, STATUS_WORDS
from beffroi.cases.schemas import (
    EDIT,
    PREVIEW,
    Sending,
    card,
    list_filters,
    preview_page,
    removal,
    timeline,
)
from beffroi.cases.schemas import badge as case_badge
from beffroi.incidents import queries, rules, service
from beffroi.incidents.adapters import photos
from beffroi.incidents.rules import StoredPhoto
from beffroi.incidents.schemas import (
    IncidentForm,
    IncidentPage,
    IncidentPageForm,
    ListQuery,
    PublicIncident,
)
from beffroi.kernel import clock, private_links
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Gone, Invalid, NotFound, Refusal, SignInNeeded
from beffroi.kernel.extension import settings
from beffroi_privacy.photos import ACCEPTED
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.openapi import operation
from beffroi_web.paths import address
from beffroi_web.uploads import takes_files
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("incidents", __name__)

FIELDS = ("family", "category", "description", "place", "commune", "date")
"""The fields of the form, in their order."""


@blueprint.get("/incidents")
@guard(PUBLIC)
def listing() -> str:
    """Show the listed street reports with search, filters and sorting."""
    filters = list_filters(ListQuery(), INCIDENT_STATUSES)
    page = queries.listing(filters)
    today = clock.today()
    cards = [
        card(row, today=today, facts=(gettext(rules.CATEGORIES[row.category].label),))
        for row in page.items
    ]
    return render_template(
        "incidents/list.html",
        cards=cards,
        filters=filters,
        next_cursor=page.next_cursor,
        statuses=[(s, gettext(STATUS_WORDS[s])) for s in INCIDENT_STATUSES],
        categories=[
            (c.code, gettext(c.label))
            for c in rules.CATEGORIES.values()
            if c.listed and c.family == "street"
        ],
    )


def _form_page(
    form: Form, status: int = 200, attached: Sequence[StoredPhoto] = ()
) -> tuple[str, int]:
    no_store()
    page = render_template(
        "incidents/new.html",
        form=form,
        families=rules.FAMILIES,
        categories=rules.CATEGORIES,
        communes=settings().communes,
        accepted=ACCEPTED,
        carried=_carried_by_a_form(attached),
        today=clock.today(),
    )
    return page, status


def _carried_by_a_form(attached: Sequence[StoredPhoto]) -> list[tuple[str, str]]:
    """Return the fields by which a page carries photos that are stored and not yet sent."""
    secret, now = settings().secret_key, clock.now()
    return [("photo_kept", photos.carry(secret, photo, now=now)) for photo in attached]


@blueprint.get("/incidents/new")
@guard(PUBLIC)
def new() -> tuple[str, int] | AnyResponse:
    """Show the report form; a town may ask people to sign in first."""
    if settings().incidents_need_account and current_visitor() is None:
        return redirect(address("/sign-in", next=request.path), code=303)
    return _form_page(Form(values=request.args.to_dict()))


@blueprint.post("/incidents/new")
@guard(PUBLIC)
@takes_files(photos.MOST_BODY)
def submit() -> AnyResponse | tuple[str, int]:
    """Take a report and its photos; without an account its page is reached by a private link.

    With the step `preview` nothing is sent yet: its author sees what everyone will read.
    """
    if settings().incidents_need_account and current_visitor() is None:
        return redirect(address("/sign-in", next=request.path), code=303)
    data, form = load(IncidentPageForm(), request.form)
    attached, faults = _attached(form)
    step = request.form.get("step", "")
    if step == EDIT:
        return _form_page(Form(form.values, {}, form.lists), attached=attached)
    if data is None or faults:
        form = form.and_errors({"photos": faults}) if faults else form
        return _form_page(form, 422, attached)
    try:
        if step == PREVIEW:
            return _preview(data, form, attached)
        ref = _report(data, attached)
    except Refusal as refusal:
        form = form.and_errors(refusal.errors or {"": [refusal.sentence]})
        return _form_page(form, 422, attached)
    key = None
    if current_visitor() is None:
        key = private_links.key_for(settings().secret_key, ref)
    return redirect(url_for("incidents.show", ref=ref, key=key), code=303)


def _attached(form: Form) -> tuple[tuple[StoredPhoto, ...], list[str]]:
    """Return the photos that a form carries or brings, stored, and what is wrong with others."""
    tokens = form.chosen("photo_kept")
    earlier = photos.carried(settings().secret_key, tokens, now=clock.now())[: rules.MOST_PHOTOS]
    room = rules.MOST_PHOTOS - len(earlier)
    brought = photos.read(request.files.getlist("photos"), chance=system_chance, most=room)
    faults = list(brought.faults)
    if len(earlier) < len(set(tokens)):
        faults.append(gettext("A photo has waited too long: choose it again."))
    return (*earlier, *photos.keep(settings().data_dir, brought.photos)), faults


def _preview(data: dict[str, Any], form: Form, attached: Sequence[StoredPhoto]) -> tuple[str, int]:
    """Show what everyone will read of a report before it is sent."""
    today = clock.today()
    service.checked(data, today, settings().communes)
    note = ngettext("One photo goes with it.", "%(num)d photos go with it.", len(attached))
    sending = Sending(
        action=url_for("incidents.submit"),
        button=gettext("Send the report"),
        fields=FIELDS,
        known=accounts.details(current_visitor()),
        listed=rules.CATEGORIES[data["category"]].listed,
        carried=_carried_by_a_form(attached),
        note=note if attached else "",
    )
    return preview_page(form, data, sending), 200


def _report(data: dict[str, Any], attached: Sequence[StoredPhoto] = ()) -> str:
    """Receive a report; the bytes of its photos are in the store already."""
    now = clock.now()
    visitor = current_visitor()
    account = accounts.account(visitor.account_id) if visitor else None
    with unit_of_work():
        party = None
        if account is not None:
            party = case_service.party_for_account(
                account.id, email=account.email, name=account.name, lang=current_language(), now=now
            )
        case = service.report(
            data,
            service.Reception(party, "web", clock.today(now), current_language()),
            actor=accounts.actor(visitor),
            now=now,
            chance=system_chance,
            communes=settings().communes,
        )
        service.add_photos(case, attached, now=now)
        return case.ref


def _listed(head: cases.CaseHead, codes: queries.IncidentCodes) -> bool:
    """Say whether everyone may know of a report: unlisted ones never, not even that one is gone."""
    return codes.listed and head.visibility != "unlisted"


@blueprint.get("/incidents/<ref>")
@guard(PUBLIC)
def show(ref: str) -> str | tuple[str, int]:
    """Show one report: state, what was done, the timeline, what to do."""
    head = cases.head(ref)
    visitor = current_visitor()
    party = cases.party_of_account(visitor.account_id) if visitor else None
    key = request.args.get("key", "")
    by_key = bool(key) and private_links.fits(settings().secret_key, ref, key)
    author = persons.is_author(head, visitor.account_id if visitor else None)
    own = by_key or author
    codes = queries.codes(head.id) if head is not None else None
    if head is None or codes is None or not (own or _listed(head, codes)):
        raise NotFound(N_("There is no case with this reference."))
    if head.visibility == "removed":
        reason = removal(cases.public_timeline(head.id))
        return render_template("cases/removed.html", head=head, reason=reason), 410
    if own:
        no_store()
    texts = cases.public_texts(head.id)
    answers = cases.public_answers(head.id)
    return render_template(
        "incidents/show.html",
        head=head,
        codes=codes,
        category=rules.CATEGORIES[codes.category] if codes else None,
        badge=case_badge(head.status),
        texts={t.role: t for t in texts if t.role != "comment"},
        comments=[t for t in texts if t.role == "comment"],
        answer=answers[0] if answers else None,
        outcomes=rules.OUTCOMES,
        timeline=timeline(cases.public_timeline(head.id), town=settings().name),
        is_author=own,
        by_key=by_key,
        withdraw_key=private_links.key_for(settings().secret_key, ref, "withdraw")
        if by_key
        else "",
        thread_key=_thread_key(ref, codes, own=own, by_key=by_key),
        own=cases.own_texts(head.id, head.party_id) if author and head.party_id else [],
        photos=queries.public_photos(head.id),
        photos_sent=len(queries.photos(head.id)) if own else 0,
        supported=party is not None and cases.supported_by(head.id, party),
        followed=party is not None and cases.followed_by(head.id, party),
    )


def _thread_key(ref: str, codes: queries.IncidentCodes, *, own: bool, by_key: bool) -> str | None:
    """Return the key of the thread of a confidential case for its author; "" where signed in."""
    if codes.family != "cyber" or not own:
        return None
    return private_links.key_for(settings().secret_key, ref, "thread") if by_key else ""


@blueprint.get("/incidents/<ref>/photos/<name>")
@guard(PUBLIC)
def photo(ref: str, name: str) -> Response:
    """Give a released photo of a released, listed case, or its thumbnail."""
    if not queries.has_photo(ref, name, public=True):
        raise NotFound(N_("There is no such photo."))
    return photos.answer(settings().data_dir, name)


# ---- API ----------------------------------------------------------------------------------------


def _item(
    row: Any, codes: Any, words: Mapping[str, str], answers: Sequence[cases.PublicAnswer]
) -> dict[str, Any]:
    """Return one report as the API gives it: released words only."""
    return {
        "ref": row.ref,
        "family": codes.family,
        "category": codes.category,
        "status": row.status,
        "description": words.get("description"),
        "commune": row.commune,
        "received_on": row.received_on,
        "closed_on": row.closed_on,
        "supports": row.supports,
        "answer": answers[0].words if answers else None,
        "url": f"{settings().public_url}/incidents/{row.ref}",
    }


@blueprint.get("/api/v1/incidents")
@guard(PUBLIC)
@operation("List listed street reports", answers=IncidentPage, query=ListQuery, tag="incidents")
def api_list() -> Response:
    """Return one page of listed reports."""
    page = queries.listing(list_filters(ListQuery(), INCIDENT_STATUSES))
    ids = [row.id for row in page.items]
    words, answers = cases.words_by_case(ids), cases.answers_by_case(ids)
    items = PublicIncident(many=True).dump(
        [_item(row, row, words[row.id], answers[row.id]) for row in page.items]
    )
    return jsonify({"items": items, "next_cursor": page.next_cursor})


@blueprint.get("/api/v1/incidents/<ref>")
@guard(PUBLIC)
@operation("Read one listed street report", answers=PublicIncident, tag="incidents")
def api_show(ref: str) -> Response:
    """Return one listed report."""
    head = cases.head(ref)
    codes = queries.codes(head.id) if head is not None else None
    if head is None or codes is None or not _listed(head, codes):
        raise NotFound(N_("There is no case with this reference."))
    if head.visibility == "removed":
        raise Gone(N_("This case was removed; its page gives the reason."))
    words, answers = cases.public_words(head.id), cases.public_answers(head.id)
    return jsonify(PublicIncident().dump(_item(head, codes, words, answers)))


@blueprint.post("/api/v1/incidents")
@guard(PUBLIC)
@operation("Send a report", takes=IncidentForm, answers=PublicIncident, status=201, tag="incidents")
def api_submit() -> tuple[Response, int, dict[str, str]]:
    """Take a report from a program; as with the form, a town may ask people to sign in first."""
    if settings().incidents_need_account and current_visitor() is None:
        raise SignInNeeded(N_("Please sign in first."))
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Invalid(N_("An object with named fields is expected."))
    errors = IncidentForm().validate(body)
    if errors:
        raise Invalid(N_("The report is not complete."), errors=errors)
    ref = _report(dict(IncidentForm().load(body)))
    head = cases.head(ref)
    answer = {"ref": ref, "status": "open", "received_on": head.received_on if head else None}
    address = url_for("incidents.api_show", ref=ref)
    return jsonify(PublicIncident().dump(answer)), 201, {"Location": address}
