# SPDX-License-Identifier: AGPL-3.0-or-later
"""One case as agents work on it: everything to decide and answer without leaving."""

from typing import Any

from flask import (
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import rules as case_rules
from beffroi.cases import service as case_service
from beffroi.cases.schemas import badge as case_badge
from beffroi.cases.schemas import case_url, due
from beffroi.dashboards import queries
from beffroi.dashboards.routes.shared import blueprint, today
from beffroi.data_requests import queries as data_requests
from beffroi.data_requests import rules as request_rules
from beffroi.data_requests import service as request_service
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.schemas import (
    AnswerFormSchema,
    LegalEventForm,
    legal_lines,
)
from beffroi.data_requests.service import clock as legal_clock
from beffroi.incidents import queries as incidents
from beffroi.incidents import rules as incident_rules
from beffroi.incidents import service as incident_service
from beffroi.incidents.schemas import IncidentAnswerForm
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound, Refusal
from beffroi.kernel.extension import settings
from beffroi.legal.law import law_of
from beffroi.moderation import rules as moderation_rules
from beffroi.moderation import service as moderation
from beffroi.texts import queries as texts
from beffroi.texts.rules import LABEL_WORDS, still_personal
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


def _head(ref: str) -> cases.CaseHead:
    head = cases.head(ref)
    if head is None:
        raise NotFound(N_("There is no case with this reference."))
    return head


def _desk_page(
    ref: str, form: Form, status: int = 200, typed: dict[int, str] | None = None
) -> tuple[str, int]:
    """Show everything that is needed to decide and answer without leaving."""
    head = _head(ref)
    author = cases.author(head.party_id)
    timeline, notes = cases.desk_timeline(head.id), cases.notes(head.id)
    texts = queries.proposed(head.id, head.party_id)
    words = {one.text.role: one.text.original for one in reversed(texts)}
    codes: Any = (
        data_requests.codes(head.id)
        if head.kind == case_rules.DATA_REQUEST
        else incidents.codes(head.id)
    )
    targets = case_rules.answer_targets(head.kind, head.status)
    if head.kind == case_rules.DATA_REQUEST:
        outcomes = {
            o: w
            for o, w in request_rules.OUTCOMES.items()
            if request_rules.STATUS_OF_OUTCOME[o] in targets
        }
    else:
        outcomes = {o: w for o, w in incident_rules.OUTCOMES.items() if o in targets}
    no_store()
    page = render_template(
        "dashboards/desk_case.html",
        head=head,
        badge=case_badge(head.status),
        due=due(head, today()),
        codes=codes,
        author=author,
        subject=words.get("title") or words.get("description") or head.ref,
        **_legal(head, codes),
        texts=texts,
        photos=incidents.photos(head.id),
        typed=typed or {},
        answers=cases.public_answers(head.id),
        timeline=timeline,
        notes=notes,
        names=queries.names_on(timeline, notes),
        departments=cases.departments(),
        moves=case_rules.desk_moves(head.kind, head.status),
        outcomes=outcomes,
        grounds=request_rules.GROUNDS,
        themes=request_rules.THEMES,
        objects=request_rules.OBJECTS,
        categories=incident_rules.CATEGORIES,
        reasons=moderation_rules.REASONS,
        erasing=case_rules.ERASING,
        erased=author is not None and author.kind == "erased" and head.visibility == "removed",
        enters_by_desk=head.channel in request_rules.CHANNELS,
        review_words=moderation_rules.REVIEW_WORDS,
        statuses=case_rules.STATUS_WORDS,
        roles=case_rules.ROLE_WORDS,
        steps=case_rules.STEP_WORDS,
        channels=case_rules.CHANNEL_WORDS,
        never_public=case_rules.NEVER_PUBLIC,
        mask_words=LABEL_WORDS,
        form=form,
        public_url=case_url(head.kind, head.ref),
    )
    return page, status


def _legal(head: cases.CaseHead, codes: Any) -> dict[str, Any]:
    """Return how the legal clock of a request stands, and what can be written down on it."""
    if head.kind != case_rules.DATA_REQUEST or clocks.state(head.id) is None:
        return {"lines": [], "recordable": {}}
    happened = clocks.happened(head.id)
    law = law_of(settings().communes)
    table = clocks.timetable(codes.object, head.received_on, happened, law)
    known = {one.code for one in happened}
    return {
        "lines": legal_lines(table, today(), current_language()),
        "legal_notice": law.pack.notice[current_language()],
        "recordable": {
            code: request_rules.LEGAL_EVENTS[code]
            for code, needs in request_rules.RECORDABLE.items()
            if code not in known and known & set(needs)
        },
        "meanings": request_rules.MEANINGS,
    }


@blueprint.get("/desk/cases/<ref>")
@guard("agent", "moderator")
def desk_case(ref: str) -> tuple[str, int]:
    """Show a case as agents work on it."""
    return _desk_page(ref, Form())


def _again(ref: str, form: Form, refusal: Refusal, **typed: Any) -> tuple[str, int]:
    """Show the desk page again with what was typed and what is wrong with it."""
    said = refusal.errors or {"": [str(refusal)]}
    if refusal.values:
        said = {"": [gettext(refusal.sentence, **refusal.values)], **said}
    return _desk_page(ref, form.and_errors(said), 422, **typed)


def _still_personal(words: str) -> str:
    """Return the sentence that quotes what the gate would stop in these words, or nothing."""
    found = [
        gettext("“%(words)s”", words=words[s.start : s.end])
        + f" ({gettext(LABEL_WORDS.get(s.label, s.label))})"
        for s in still_personal(words, texts.lists())
    ]
    if not found:
        return ""
    return str(gettext("Still to be masked: %(found)s.", found=", ".join(found)))


@blueprint.post("/desk/cases/<ref>/texts/<int:text_id>/release")
@guard("agent", "moderator")
def release(ref: str, text_id: int) -> AnyResponse | tuple[str, int]:
    """Make one text public, after the gate; what the gate finds is said, what was typed kept."""
    words = request.form.get("public", "")
    form = Form(values={"public": words})
    if still := _still_personal(words):
        return _desk_page(ref, form.and_errors({"public": [still]}), 422, {text_id: words})
    try:
        with unit_of_work():
            moderation.release(
                ref, text_id, words, actor=accounts.actor(current_visitor()), now=clock.now()
            )
    except Invalid as refusal:
        form = form.and_errors({"public": [gettext(refusal.sentence, **refusal.values)]})
        return _desk_page(ref, form, 422, {text_id: words})
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor="texts"), code=303)


@blueprint.post("/desk/cases/<ref>/photos/<int:photo_id>/release")
@guard("agent", "moderator")
def release_photo(ref: str, photo_id: int) -> AnyResponse | tuple[str, int]:
    """Let everyone see one photo, with words that say what it shows."""
    alt = request.form.get("alt", "")
    form = Form(values={"alt": alt, "photo": str(photo_id)})
    if still := _still_personal(alt):
        return _desk_page(ref, form.and_errors({"alt": [still]}), 422)
    try:
        with unit_of_work():
            moderation.release_photo(
                ref, photo_id, alt, actor=accounts.actor(current_visitor()), now=clock.now()
            )
    except Invalid as refusal:
        return _again(ref, form, refusal)
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
        return _again(ref, Form(values=request.form.to_dict()), refusal)
    return redirect(url_for("dashboards.desk_case", ref=ref), code=303)


@blueprint.post("/desk/cases/<ref>/answer")
@guard("agent")
def answer(ref: str) -> AnyResponse | tuple[str, int]:
    """Answer a case as the institution."""
    head = _head(ref)
    is_request = head.kind == case_rules.DATA_REQUEST
    data, form = load(AnswerFormSchema() if is_request else IncidentAnswerForm(), request.form)
    if data is None:
        return _desk_page(ref, form, 422)
    if still := _still_personal(data["words"]):
        return _desk_page(ref, form.and_errors({"words": [still]}), 422)
    now = clock.now()
    actor, day = accounts.actor(current_visitor()), today()
    try:
        with unit_of_work():
            case = case_service.the_case(ref)
            if is_request:
                given = request_rules.AnswerForm(**data)
                request_service.answer(
                    case, given, actor=actor, now=now, today=day, law=law_of(settings().communes)
                )
            else:
                incident_service.answer(
                    case,
                    data["outcome"],
                    data["words"],
                    duplicate_of=data["duplicate_of"],
                    actor=actor,
                    now=now,
                    today=day,
                )
    except Refusal as refusal:
        return _again(ref, form, refusal)
    return redirect(url_for("dashboards.desk_case", ref=ref), code=303)


@blueprint.post("/desk/cases/<ref>/clock")
@guard("agent")
def write_down(ref: str) -> AnyResponse | tuple[str, int]:
    """Write down what the CADA or a court did, or what it was told, with its true date."""
    data, form = load(LegalEventForm(), request.form)
    if data is None:
        return _desk_page(ref, form, 422)
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
        return _again(ref, form, refusal)
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor="clock"), code=303)
