# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking a case up and answering it: triage in one form, drafts and their review, the answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel import dates
from flask import redirect, request, url_for
from flask_babel import format_date
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import rules as case_rules
from beffroi.cases import service as case_service
from beffroi.dashboards import queries
from beffroi.dashboards.routes import street
from beffroi.dashboards.routes.page import (
    LANGUAGES,
    again,
    answers_elsewhere,
    desk_page,
    head_of,
    still_personal_in,
)
from beffroi.dashboards.routes.shared import blueprint, today
from beffroi.data_requests import rules as request_rules
from beffroi.data_requests import service as request_service
from beffroi.data_requests.queries import drafts
from beffroi.data_requests.rules import drafts as draft_rules
from beffroi.data_requests.rules.licences import LICENCES
from beffroi.data_requests.schemas import AnswerFormSchema, DraftFormSchema
from beffroi.data_requests.service import drafts as drafting
from beffroi.data_requests.service.triage import Triage, triage
from beffroi.incidents import service as incident_service
from beffroi.incidents.adapters import photos
from beffroi.incidents.schemas import IncidentAnswerForm
from beffroi.kernel import clock
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, Refusal
from beffroi.kernel.extension import AskedElsewhere, settings
from beffroi.legal.law import law_of
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.uploads import takes_files
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

Page = AnyResponse | tuple[str, int]


def _actor() -> Actor:
    return accounts.actor(current_visitor())


def _back(ref: str, anchor: str | None = None) -> AnyResponse:
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor=anchor), code=303)


# ---- a new request ------------------------------------------------------------------------------


@blueprint.post("/desk/cases/<ref>/triage")
@guard("agent")
def take_up(ref: str) -> Page:
    """Release texts, classify and assign a request in one go; then the next new one."""
    head = head_of(ref)
    typed = {
        int(name[5:]): request.form.get(name, "")
        for name in request.form
        if name.startswith("text-") and name[5:].isdecimal()
    }
    chosen = {int(one) for one in request.form.getlist("publish") if one.isdecimal()}
    form = Form(request.form.to_dict(), {}, {"publish": [str(one) for one in sorted(chosen)]})
    found = {text_id: still_personal_in(typed[text_id]) for text_id in chosen & set(typed)}
    if wrong := {f"text-{text_id}": [said] for text_id, said in found.items() if said}:
        return desk_page(ref, form.and_errors(wrong), 422, typed)
    department = request.form.get("department", "")
    actor = _actor()
    given = Triage(
        texts={text_id: typed[text_id] for text_id in sorted(found)},
        theme=request.form.get("theme", ""),
        wanted_object=request.form.get("object", ""),
        department_id=int(department) if department.isdecimal() else None,
        account_id=actor.account_id if request.form.get("me") else None,
    )
    try:
        with unit_of_work():
            case = case_service.the_case(ref)
            law = law_of(settings().communes)
            triage(case, given, actor=actor, now=clock.now(), today=today(), law=law)
    except Invalid as refusal:
        return again(ref, form, refusal, typed=typed)
    if request.form.get("step") == "stay":
        return _back(ref)
    return redirect(next_new(head), code=303)


def next_new(head: cases.CaseHead) -> str:
    """Return the address of the next new request after a case, or of the desk if none is left."""
    following = queries.next_new(head, today())
    if following is None:
        return url_for("dashboards.desk", queue="new", done="triaged")
    return url_for("dashboards.desk_case", ref=following)


@blueprint.get("/desk/cases/<ref>/next")
@guard("agent")
def next_case(ref: str) -> AnyResponse:
    """Go on to the next new request and leave this one as it is."""
    return redirect(next_new(head_of(ref)), code=303)


# ---- the answer ---------------------------------------------------------------------------------


@blueprint.post("/desk/cases/<ref>/answer")
@guard("agent")
@takes_files(photos.MOST_BODY)
def answer(ref: str) -> Page:
    """Answer a case as the institution: at once, at a set time, or as a draft to be read first."""
    if head_of(ref).kind == case_rules.DATA_REQUEST:
        return _answer_request(ref, request.form.get("step", "now"))
    data, form = load(IncidentAnswerForm(), request.form)
    if data is None:
        return desk_page(ref, form, 422)
    if still := still_personal_in(data["words"]):
        return desk_page(ref, form.and_errors({"words": [still]}), 422)
    if head_of(ref).kind == case_rules.STREET:
        return street.close(ref, data, form, request.files.getlist("photos"))
    try:
        with unit_of_work():
            incident_service.answer(
                case_service.the_case(ref),
                data["outcome"],
                data["words"],
                duplicate_of=data["duplicate_of"],
                actor=_actor(),
                now=clock.now(),
                today=today(),
            )
    except Refusal as refusal:
        return again(ref, form, refusal)
    return _back(ref)


def _answer_request(ref: str, step: str) -> Page:
    data, form = load(AnswerFormSchema() if step == "now" else DraftFormSchema(), request.form)
    if data is None:
        return desk_page(ref, form, 422)
    data["words"] = _filled(head_of(ref), data["words"], data)
    form = Form({**form.values, "words": data["words"]}, form.errors, form.lists)
    if still := still_personal_in(data["words"]):
        return desk_page(ref, form.and_errors({"words": [still]}), 422)
    day, hour = data.pop("publish_on", None), data.pop("publish_hour", "")
    now = clock.now()
    try:
        at = None
        if step == "plan" or (step in ("review", "draft") and day is not None):
            at = draft_rules.moment(day, hour, zone=settings().time_zone, now=now)
        with unit_of_work():
            _kept(ref, step, data, at, now)
    except Refusal as refusal:
        return again(ref, form, refusal)
    return _back(ref, None if step == "now" else "draft")


def _kept(ref: str, step: str, data: dict[str, Any], at: datetime | None, now: datetime) -> None:
    """Do with an answer what its button says, inside a unit of work."""
    case, actor, reviewed = case_service.the_case(ref), _actor(), settings().answers_need_review
    if step == "now":
        drafting.may_answer_at_once(case, reviewed=reviewed)
        given = request_rules.AnswerForm(**data)
        law = law_of(settings().communes)
        request_service.answer(case, given, actor=actor, now=now, today=today(), law=law)
        return
    state = {"plan": "scheduled", "review": "review"}.get(step, "draft")
    if step == "plan":
        drafting.may_answer_at_once(case, reviewed=reviewed)
    drafting.save(case, data, state=state, publish_at=at, actor=actor, now=now)


def _filled(head: cases.CaseHead, words: str, data: Mapping[str, Any]) -> str:
    """Return words with the places in braces filled from the case and from the form."""
    licence = str(data.get("licence") or "")
    return draft_rules.filled(
        words,
        {
            **_known(head),
            "address": str(data.get("url") or ""),
            "licence": LICENCES.get(licence, "") if licence != "other" else "",
            "quarter": str(data.get("planned") or ""),
            "body": str(data.get("redirected_to") or ""),
            "other": str(data.get("duplicate_of") or ""),
        },
    )


def _known(head: cases.CaseHead) -> dict[str, str]:
    """Return what a case alone says for a template: public words only."""
    return {
        "reference": head.ref,
        "title": cases.public_words(head.id).get("title", ""),
        "received": format_date(head.received_on, "long"),
        "town": settings().name,
    }


def begun(head: cases.CaseHead, key: str) -> Form:
    """Return the answer's form begun with a template, in the language of the case."""
    lang = head.lang if head.lang in LANGUAGES else "fr"
    if head.kind == case_rules.STREET:
        return street.begun(head, key, lang)
    chosen = drafts.template(key, lang)
    if chosen is None:
        return Form()
    words = draft_rules.filled(chosen.words, _known(head))
    return Form(values={"outcome": chosen.outcome, "words": words})


MOST_WORDS = 8_000
"""Characters of an answer that the form takes."""
CREDIT = {
    "fr": "Texte repris de la réponse de %(town)s%(when)s : %(url)s",
    "en": "Words taken over from the answer of %(town)s%(when)s: %(url)s",
}
"""What credits another town, by the language of the answer; its words are the case's, not the
page's."""
WEEK = {"fr": ", semaine du %s", "en": ", week of %s"}
"""How the credit says when the other town answered, where that is known."""


def begun_after(head: cases.CaseHead, after: str) -> Form:
    """Return the answer's form begun with another town's answer, credited with its week.

    `after` is its name at the nation. What was decided there is not taken over: that is the
    agent's. The form is empty if the nation does not name that answer beside this case any more.
    """
    title = next((one.original for one in cases.originals(head.id) if one.role == "title"), "")
    found = [one for one in answers_elsewhere(head, title) if one.ref == after and one.answer]
    if not found:
        return Form()
    credit = credit_of(found[0], head.lang)
    room = MOST_WORDS - len(credit) - 2
    return Form(values={"words": f"{(found[0].answer or '')[:room]}\n\n{credit}"})


def credit_of(one: AskedElsewhere, lang: str) -> str:
    """Return the line that credits another town's answer with its week and its address.

    A nation on this very machine, as in the demonstration, has an address that no gate lets out:
    then it is the answer's name there.
    """
    lang = lang if lang in CREDIT else "fr"
    when = WEEK[lang] % dates.format_date(one.week_of, "long", locale=lang) if one.week_of else ""
    url = one.url if one.url.startswith("https://") else one.ref
    return CREDIT[lang] % {"town": one.town, "when": when, "url": url}


@blueprint.post("/desk/cases/<ref>/draft")
@guard("agent")
def decide_draft(ref: str) -> Page:
    """Approve a draft, send it back, publish it as it stands, or throw it away."""
    form, step, now = Form(values=request.form.to_dict()), request.form.get("step", ""), clock.now()
    try:
        with unit_of_work():
            case = case_service.the_case(ref)
            if step == "approve":
                drafting.approve(case, actor=_actor(), now=now)
            elif step == "send_back":
                drafting.send_back(case, form.value("word"), actor=_actor(), now=now)
            elif step == "drop":
                drafting.drop(case, actor=_actor(), now=now)
            elif step == "publish":
                drafting.publish_now(
                    case,
                    reviewed=settings().answers_need_review,
                    actor=_actor(),
                    now=now,
                    today=today(),
                    law=law_of(settings().communes),
                )
            else:
                raise Invalid(N_("Say what shall be done with the draft."))
    except Refusal as refusal:
        word = Form(values={"word": form.value("word")})
        return again(ref, word, refusal)
    return _back(ref, "draft" if step in ("approve", "send_back") else None)
