# SPDX-License-Identifier: AGPL-3.0-or-later
"""The front page, the account, the desk and the pages that say how it all works."""

from collections.abc import Sequence
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from marshmallow import Schema
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.campaigns import queries as campaigns
from beffroi.campaigns.schemas import shown as shown_campaign
from beffroi.cases import queries as cases
from beffroi.cases import rules as case_rules
from beffroi.cases import service as case_service
from beffroi.cases.queries import persons, review
from beffroi.cases.schemas import answered_card, card, case_url, due
from beffroi.cases.schemas import badge as case_badge
from beffroi.dashboards import queries
from beffroi.data_requests import queries as data_requests
from beffroi.data_requests import rules as request_rules
from beffroi.data_requests import service as request_service
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.routes import following, similar
from beffroi.data_requests.rules import turns as turn_rules
from beffroi.data_requests.schemas import (
    AnswerFormSchema,
    DeskRequestForm,
    LegalEventForm,
    legal_lines,
)
from beffroi.data_requests.service import clock as legal_clock
from beffroi.incidents import queries as incidents
from beffroi.incidents import rules as incident_rules
from beffroi.incidents import service as incident_service
from beffroi.incidents.schemas import IncidentAnswerForm
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import MIGRATIONS, db, unit_of_work
from beffroi.kernel.errors import Invalid, NotFound, Refusal
from beffroi.kernel.extension import AskedElsewhere, NextBatches, SeenLog, extension, settings
from beffroi.legal.law import law_of
from beffroi.moderation import rules as moderation_rules
from beffroi.moderation import service as moderation
from beffroi.rights import queries as rights
from beffroi.rights import rules as right_rules
from beffroi.rights.service import keeping
from beffroi.texts import queries as texts
from beffroi.texts.rules import LABEL_WORDS, still_personal
from beffroi_web.cards import CaseCard
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.migrating import current_and_head
from beffroi_web.openapi import document, operation
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("dashboards", __name__)

KIND_WORDS = {
    case_rules.DATA_REQUEST: N_("Data request"),
    case_rules.STREET: N_("Street"),
    case_rules.CYBER: N_("Public sites"),
}


class AnyDocument(Schema):
    """A JSON document whose members its own standard names."""


def _today() -> Any:
    return clock.today()


@blueprint.get("/")
@guard(PUBLIC)
def front() -> str:
    """Say what this is and offer the two things that people come for."""
    shown = queries.front()
    today = _today()
    answered = sorted(shown.answered, key=lambda r: r.closed_on or r.received_on, reverse=True)
    refs = {r.ref for r in answered}
    lang, first = current_language(), settings().languages[0]
    return render_template(
        "dashboards/front.html",
        campaigns=[shown_campaign(one, today, lang, first) for one in campaigns.running(today)],
        figures=shown,
        newest=[card(r, today=today) for r in shown.newest if r.ref not in refs],
        answered=[answered_card(r, cases.public_answers(r.id), today=today) for r in answered],
    )


@blueprint.get("/how-it-works")
@guard(PUBLIC)
def how_it_works() -> str:
    """Say how lists are ranked, texts masked, counts protected."""
    return render_template(
        "dashboards/how_it_works.html",
        moves=case_rules.MOVES,
        weekly=settings().publish == "weekly",
        witnesses=_witnesses(),
    )


def _witnesses() -> list[SeenLog]:
    """Return which witnesses have seen the log."""
    ask = extension().witnesses
    return ask() if ask is not None else []


@blueprint.get("/accessibility")
@guard(PUBLIC)
def accessibility() -> str:
    """Say what is accessible, what is not yet, and whom to write to."""
    return render_template("dashboards/accessibility.html", contact=settings().contact)


@blueprint.get("/privacy")
@guard(PUBLIC)
def privacy() -> str:
    """Say what is kept about people, why, and how long."""
    return render_template(
        "dashboards/privacy.html",
        contact=settings().contact,
        kept=settings(),
        asks_elsewhere=extension().elsewhere is not None,
    )


@blueprint.get("/account")
@guard(SIGNED_IN)
def account() -> str:
    """Show the person's own cases and settings."""
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard saw to it
    person = rights.person(visitor.account_id)
    own = [row for party in person.party_ids for row in cases.cases_of(party)]
    no_store()
    return render_template(
        "dashboards/account.html",
        account=accounts.account(visitor.account_id),
        sessions=extension().sign_in.sessions(visitor.account_id, visitor, clock.now()),
        reports=[
            card(r, today=_today(), facts=(gettext(KIND_WORDS[r.kind]),))
            for r in own
            if r.kind != case_rules.DATA_REQUEST
        ],
        requests=_own_requests([r for r in own if r.kind == case_rules.DATA_REQUEST]),
        who_words=turn_rules.WHO_WORDS,
        what_words=turn_rules.WHAT_WORDS,
        receipts=[r.ref for r in own if r.kind == case_rules.DATA_REQUEST],
        comments=[t for t in persons.texts_by(person.party_ids) if t.role == "comment"],
        follows=following.followed_by(person.party_ids),
        kept=rights.kept_for(visitor.account_id),
        reasons=right_rules.REASONS,
        is_staff=visitor.may("agent", "moderator"),
        languages=settings().languages,
    )


def _own_requests(rows: Sequence[Any]) -> list[tuple[CaseCard, tuple[turn_rules.Turn, ...]]]:
    """Return somebody's own data requests, each with what is expected of whom."""
    law, today = law_of(settings().communes), _today()
    return [(card(row, today=today), queries.expected(row.ref, law, today)) for row in rows]


# ---- the desk -----------------------------------------------------------------------------------

KINDS = ("", *case_rules.KINDS)


@blueprint.get("/desk")
@guard("agent", "moderator")
def desk() -> str:
    """Show one list sorted by what is due first."""
    queue = request.args.get("queue", "open")
    kind = request.args.get("kind", "")
    if queue not in queries.QUEUES or kind not in KINDS:
        raise NotFound(N_("The desk has no such queue."))
    today = _today()
    q = request.args.get("q", "")[:200]
    page = queries.desk_page(
        queue, kind=kind, q=q, cursor=request.args.get("cursor") or None, today=today
    )
    return render_template(
        "dashboards/desk.html",
        rows=[(r, case_badge(r.status), due(r, today)) for r in page.items],
        counts=cases.desk_counts(today),
        queue=queue,
        kind=kind,
        q=q,
        next_cursor=page.next_cursor,
        batches=_next_batches(),
        texts=review.counts(),
        **_by_themselves(),
    )


def _by_themselves() -> dict[str, Any]:
    """Return what the desk says about texts that appear by themselves, where any ever do."""
    now, wanted = clock.now(), settings().clean_texts_appear
    standing = review.standing(wanted=wanted, now=now)
    if not (wanted or standing.judged or standing.open):
        return {"standing": None, "appearing": ""}
    state = standing.state(now)
    return {"standing": standing, "appearing": gettext(moderation_rules.STATE_WORDS[state])}


def _next_batches() -> NextBatches | None:
    """Return when the log's next batches are due, None where publication is at once."""
    plan = extension().next_batches
    return plan(clock.now()) if plan else None


@blueprint.get("/desk/health")
@guard("agent", "moderator")
def health() -> str:
    """Say whether the parts of the town do their work."""
    return render_template(
        "dashboards/health.html",
        health=queries.health(),
        batches=_next_batches(),
        tonight=keeping.forecast(settings(), clock.now()),
        night=queries.last_keeping(),
    )


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
        due=due(head, _today()),
        codes=codes,
        author=author,
        subject=words.get("title") or words.get("description") or head.ref,
        **_legal(head, codes),
        elsewhere=_elsewhere(head, words),
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


def _elsewhere(head: cases.CaseHead, words: dict[str, str]) -> list[AskedElsewhere]:
    """Return what other towns answered to something like an open request."""
    if head.kind != case_rules.DATA_REQUEST or head.visibility == "removed" or not head.open:
        return []
    return similar.elsewhere(words.get("title", ""), "")


def _legal(head: cases.CaseHead, codes: Any) -> dict[str, Any]:
    """Return how the legal clock of a request stands, and what can be written down on it."""
    if head.kind != case_rules.DATA_REQUEST or clocks.state(head.id) is None:
        return {"lines": [], "recordable": {}}
    happened = clocks.happened(head.id)
    law = law_of(settings().communes)
    table = clocks.timetable(codes.object, head.received_on, happened, law)
    known = {one.code for one in happened}
    return {
        "lines": legal_lines(table, _today(), current_language()),
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
                today=_today(),
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
    actor, today = accounts.actor(current_visitor()), _today()
    try:
        with unit_of_work():
            case = case_service.the_case(ref)
            if is_request:
                given = request_rules.AnswerForm(**data)
                request_service.answer(
                    case, given, actor=actor, now=now, today=today, law=law_of(settings().communes)
                )
            else:
                incident_service.answer(
                    case,
                    data["outcome"],
                    data["words"],
                    duplicate_of=data["duplicate_of"],
                    actor=actor,
                    now=now,
                    today=today,
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
                today=_today(),
            )
    except Refusal as refusal:
        return _again(ref, form, refusal)
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor="clock"), code=303)


@blueprint.get("/desk/requests/new")
@guard("agent")
def desk_new() -> tuple[str, int]:
    """Show the form for a request that came by letter, telephone, counter or meeting."""
    return _desk_form(Form())


def _desk_form(form: Form, status: int = 200) -> tuple[str, int]:
    no_store()
    page = render_template(
        "dashboards/desk_new.html",
        form=form,
        objects=request_rules.OBJECTS,
        channels=request_rules.CHANNELS,
        communes=settings().communes,
        today=_today(),
    )
    return page, status


@blueprint.post("/desk/requests/new")
@guard("agent")
def desk_submit() -> AnyResponse | tuple[str, int]:
    """Enter a request with its true date of reception; the clock starts on that day."""
    data, form = load(DeskRequestForm(), request.form)
    if data is None:
        return _desk_form(form, 422)
    now = clock.now()
    if data["received_on"] > _today():
        return _desk_form(form.and_errors({"received_on": [N_("This day has not come yet.")]}), 422)
    lang = current_language()
    try:
        with unit_of_work():
            party = case_service.party_at_desk(
                name=data.get("name", ""),
                postal=data.get("postal", ""),
                email=data.get("email", ""),
                lang=lang,
                now=now,
            )
            case = request_service.receive(
                data,
                request_service.Reception(party, data["channel"], data["received_on"], lang),
                actor=accounts.actor(current_visitor()),
                now=now,
                chance=system_chance,
                communes=settings().communes,
            )
            ref = case.ref
    except Refusal as refusal:
        return _desk_form(form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("dashboards.desk_case", ref=ref), code=303)


# ---- operation ----------------------------------------------------------------------------------


@blueprint.get("/healthz")
@guard(PUBLIC)
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify({"ok": True})


@blueprint.get("/readyz")
@guard(PUBLIC)
def readyz() -> tuple[Response, int]:
    """Say whether the database answers at the schema that this version expects."""
    current, head = current_and_head(MIGRATIONS, settings().database_url)
    ready = current == head and db.session.execute(db.text("SELECT 1")).scalar() == 1
    return jsonify({"ok": ready, "schema": current}), 200 if ready else 503


@blueprint.get("/api/openapi.json")
@guard(PUBLIC)
@operation("This document", answers=AnyDocument, tag="about")
def openapi() -> Response:
    """Give the API's description, made from its own schemas."""
    return jsonify(
        document(
            current_app,
            title=settings().name,
            version=extension().version,
            server=settings().public_url,
        )
    )
