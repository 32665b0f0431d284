# SPDX-License-Identifier: AGPL-3.0-or-later
"""A street report at the desk: say how it stands, say who is competent, close it with a photo."""

from collections.abc import Sequence
from typing import Any

from flask import redirect, request, url_for
from flask_babel import format_date
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.dashboards.routes.page import again, desk_page, still_personal_in
from beffroi.dashboards.routes.shared import blueprint
from beffroi.data_requests.queries import drafts
from beffroi.data_requests.rules import drafts as draft_rules
from beffroi.incidents import service as incidents
from beffroi.incidents.adapters import photos
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Refusal
from beffroi.kernel.extension import settings
from beffroi.street import service
from beffroi.street.routes.shared import moment
from beffroi.street.rules.templates import SHIPPED
from beffroi.street.service import forwarding
from beffroi_web.forms import Form
from beffroi_web.guards import guard
from beffroi_web.visitors import current_visitor

Page = AnyResponse | tuple[str, int]


def _back(ref: str) -> AnyResponse:
    return redirect(url_for("dashboards.desk_case", ref=ref), code=303)


@blueprint.post("/desk/cases/<ref>/update")
@guard("agent")
def tell(ref: str) -> Page:
    """Publish news of a street report as the institution; followers are told."""
    form = Form(values=request.form.to_dict())
    if still := still_personal_in(form.value("update")):
        return desk_page(ref, form.and_errors({"update": [still]}), 422)
    try:
        with unit_of_work():
            service.tell(
                ref, form.value("update"), actor=accounts.actor(current_visitor()), at=moment()
            )
    except Refusal as refusal:
        return again(ref, form, refusal)
    return _back(ref)


@blueprint.post("/desk/cases/<ref>/body")
@guard("agent")
def name_body(ref: str) -> Page:
    """Say which other body is competent for a street report, or that none is."""
    form, at = Form(values=request.form.to_dict()), moment()
    said = form.value("body")
    try:
        with unit_of_work():
            actor = accounts.actor(current_visitor())
            body_id = int(said) if said.isdecimal() else None
            forwarding.name(ref, body_id, actor=actor, now=at.now)
            case_id = case_service.the_case(ref).id
            tools = {tool.name: frozenset(tool.services) for tool in settings().open311_forward}
            forwarding.pass_on(case_id, tools, secret=settings().secret_key, now=at.now)
    except Refusal as refusal:
        return again(ref, form, refusal)
    return _back(ref)


def close(ref: str, data: dict[str, Any], form: Form, files: Sequence[FileStorage]) -> Page:
    """Close a report, saying what was done, with the institution's own photos of it.

    They are cleaned like anybody's; the agent who sends them has looked at them and says what they
    show, so that they are published with the answer.
    """
    brought, at = photos.read(files, chance=system_chance), moment()
    alt = form.value("photo_alt")
    if faults := list(brought.faults):
        return desk_page(ref, form.and_errors({"photos": faults}), 422)
    if brought.photos and (still := still_personal_in(alt)):
        return desk_page(ref, form.and_errors({"photo_alt": [still]}), 422)
    stored = photos.keep(settings().data_dir, brought.photos)
    actor = accounts.actor(current_visitor())
    try:
        with unit_of_work():
            case = case_service.the_case(ref)
            incidents.add_photos(case, stored, now=at.now)
            service.mark_done_photos(case.id, [one.name for one in stored])
            if case.visibility == "public":
                incidents.release_photos(
                    case, [one.name for one in stored], alt, actor=actor, now=at.now
                )
            incidents.answer(
                case,
                data["outcome"],
                data["words"],
                duplicate_of=data["duplicate_of"],
                actor=actor,
                now=at.now,
                today=at.today,
            )
    except Refusal as refusal:
        return again(ref, form, refusal)
    return _back(ref)


def templates(lang: str) -> list[draft_rules.Template]:
    """Return the templates of answers to street reports in a language."""
    return drafts.templates(lang, kind="street", shipped=SHIPPED)


def begun(head: cases.CaseHead, key: str, lang: str) -> Form:
    """Return the answer's form begun with a template for street reports."""
    chosen = next((one for one in templates(lang) if key in (str(one.id), one.code)), None)
    if chosen is None:
        return Form()
    known = {
        "reference": head.ref,
        "title": cases.public_words(head.id).get("title", ""),
        "received": format_date(head.received_on, "long"),
        "town": settings().name,
    }
    return Form({"outcome": chosen.outcome, "words": draft_rules.filled(chosen.words, known)})
