# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of a report: photos, words, a place in words or on a map, questions, what is nearby."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases.schemas import EDIT, PREVIEW, Sending, preview_page
from beffroi.incidents import rules, service
from beffroi.incidents.adapters import photos
from beffroi.incidents.queries.near import Sought, near
from beffroi.incidents.routes import by_address
from beffroi.incidents.routes.shared import (
    attached_to,
    blueprint,
    finest,
    in_words,
    picture,
    questions,
    reception,
    territory,
    whole,
    window_or,
)
from beffroi.incidents.rules import StoredPhoto, pointing
from beffroi.incidents.rules.places import VAGUE
from beffroi.incidents.rules.questions import of_category
from beffroi.incidents.schemas import IncidentPageForm, NearCard, near_card, place_hint, told
from beffroi.kernel import clock, private_links
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Refusal
from beffroi.kernel.extension import extension, settings
from beffroi.places import queries as places
from beffroi.places.rules import Place
from beffroi_privacy.photos import ACCEPTED
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import allow_pictures, no_store
from beffroi_web.languages import current_language
from beffroi_web.maps import Mark
from beffroi_web.paths import address
from beffroi_web.uploads import takes_files
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

FIELDS = (
    "family", "category", "description", "place", *by_address.FIELDS, "latitude", "longitude",
    "commune", "date",
)  # fmt: skip
"""The fields of the form, in their order; answers to questions come after them."""


def _form_page(
    form: Form, status: int = 200, attached: Sequence[StoredPhoto] = ()
) -> tuple[str, int]:
    no_store()
    town = settings()
    shown = window_or(form.value("window"), whole())
    point = pointing.point(form.value("latitude"), form.value("longitude"))
    chosen = None if point else by_address.chosen(form.values)
    point = chosen.point if chosen else point
    marks = [Mark(*point, "", tone="late")] if point else []
    if town.tiles_url:
        allow_pictures(town.tiles_url)
    page = render_template(
        "incidents/new.html",
        form=form,
        families=rules.FAMILIES,
        categories=rules.CATEGORIES,
        communes=town.communes,
        accepted=ACCEPTED,
        carried=_carried_by_a_form(attached),
        today=clock.today(),
        questions=[in_words(one) for one in questions()],
        window=shown,
        point=point,
        chosen=chosen,
        addresses_of=places.standing().read_at,
        map_picture=picture(shown, marks) if shown else "",
        outline=extension().outline,
        tiles=(town.tiles_url, town.tiles_credit),
        cell=town.map_cell,
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

    With the step `preview` nothing is sent yet: its author says which of our addresses the place
    is, sees what everyone will read, and what is reported nearby. Whoever points on the map, or
    moves it, gets the form again.
    """
    if settings().incidents_need_account and current_visitor() is None:
        return redirect(address("/sign-in", next=request.path), code=303)
    data, form = load(IncidentPageForm(), request.form)
    attached, faults = attached_to(form)
    step = request.form.get("step", "")
    pointed = _pointed(form, step)
    if pointed is not None:
        return _form_page(pointed, 422 if pointed.errors else 200, attached)
    if step == EDIT:
        return _form_page(Form(form.values, {}, form.lists), attached=attached)
    if data is None or faults:
        form = form.and_errors({"photos": faults}) if faults else form
        return _form_page(form, 422, attached)
    data["answers"] = form.values
    try:
        if by_address.is_lost(data):
            data, form, step = {**data, "found": "", "found_for": ""}, _unfound(form), PREVIEW
        if step == PREVIEW:
            return _preview(data, form, attached)
        ref = receive(data, attached)
    except Refusal as refusal:
        form = form.and_errors(refusal.errors or {"": [refusal.sentence]})
        return _form_page(form, 422, attached)
    key = None
    if current_visitor() is None:
        key = private_links.key_for(settings().secret_key, ref)
    return redirect(url_for("incidents.show", ref=ref, key=key), code=303)


def _unfound(form: Form) -> Form:
    """Return a form without the place that was chosen by its address."""
    kept = {name: said for name, said in form.values.items() if name not in by_address.FIELDS}
    return Form(kept, form.errors, form.lists)


def _pointed(form: Form, step: str) -> Form | None:
    """Return the form after a place was pointed at on its map, or the map was moved; else None."""
    known = window_or(form.value("window"), whole())
    if known is None:
        return None
    values = dict(form.values)
    if step == pointing.FARTHER:
        values["window"] = str(known.grown(pointing.OUT))
        return Form(values, {}, form.lists)
    if "at.x" not in form.values:
        return None
    found = pointing.pointed(known, form.value("at.x"), form.value("at.y"))
    if found is None:
        empty = Form(values, {}, form.lists)
        return empty.and_errors({"place": [N_("Point on the map, or say in words where it is.")]})
    values |= {
        "latitude": f"{found.point[0]:.6f}",
        "longitude": f"{found.point[1]:.6f}",
        "window": str(found.window),
    }
    return Form(values, {}, form.lists)


def _preview(data: dict[str, Any], form: Form, attached: Sequence[StoredPhoto]) -> tuple[str, int]:
    """Show what everyone will read of a report before it is sent, and what is reported nearby.

    Before that, ask which place was meant, where its words may be one of our addresses.
    """
    here = territory()
    chosen = by_address.chosen(data)
    said = service.checked(by_address.settled(data, chosen), clock.today(), here)
    category = rules.CATEGORIES[data["category"]]
    note = ngettext("One photo goes with it.", "%(num)d photos go with it.", len(attached))
    asked = tuple(one.field for one in of_category(here.questions, category.code))
    if (found := by_address.unsure(data)) is not None:
        kept = [(name, form.value(name)) for name in (*FIELDS, "window", *asked)]
        kept = [(name, value) for name, value in kept if value] + _carried_by_a_form(attached)
        return by_address.choice_page(form, found, kept, data["place"])
    sending = Sending(
        action=url_for("incidents.submit"),
        button=gettext("Send the report"),
        fields=(*FIELDS, *asked),
        known=accounts.details(current_visitor()),
        listed=category.listed,
        carried=_carried_by_a_form(attached),
        note=note if attached else "",
        page="incidents/preview.html",
    )
    page = preview_page(
        form,
        data,
        sending,
        near=_near(data, said.point, chosen) if category.listed else [],
        answers=told(said.answers, current_language()),
        point=said.point,
        chosen=chosen,
        chosen_hint=place_hint(chosen) if chosen else "",
        cell=settings().map_cell,
        is_vague=chosen is not None and chosen.reach > VAGUE,
    )
    return page, 200


def _near(
    data: Mapping[str, Any], point: tuple[float, float] | None, chosen: Place | None
) -> list[NearCard]:
    """Return what is reported nearby already, as cards.

    The middle of a long street says little of where on it something is: its name says more.
    """
    level = finest()
    exact = chosen is None or chosen.reach <= settings().map_cell
    sought = Sought(
        data["category"], data["description"], data.get("place", ""),
        point if level is not None and exact else None,
    )  # fmt: skip
    today = clock.today()
    found = near(sought, today=today, finest=level or 0)
    answers = cases.answers_by_case([one.row.id for one in found])
    return [near_card(one, answers[one.row.id], today=today) for one in found]


def receive(data: Mapping[str, Any], attached: Sequence[StoredPhoto] = ()) -> str:
    """Receive a report; the bytes of its photos are in the store already."""
    now = clock.now()
    here = territory()
    chosen = by_address.chosen(data)
    with unit_of_work():
        case = service.report(
            by_address.settled(data, chosen),
            reception(now),
            actor=accounts.actor(current_visitor()),
            now=now,
            chance=system_chance,
            communes=here.communes,
            outline=here.outline,
            asked=here.questions,
            found=chosen,
        )
        service.add_photos(case, attached, now=now)
        return case.ref
