# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of one case at the desk: everything to decide and answer without leaving."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    render_template,
)
from flask_babel import gettext

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import rules as case_rules
from beffroi.cases.schemas import badge as case_badge
from beffroi.cases.schemas import case_url, due
from beffroi.dashboards import queries
from beffroi.dashboards.routes.shared import today
from beffroi.data_requests import queries as data_requests
from beffroi.data_requests import rules as request_rules
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.queries import drafts
from beffroi.data_requests.routes import similar
from beffroi.data_requests.rules import drafts as draft_rules
from beffroi.data_requests.rules.licences import LICENCES, OF_TOWN
from beffroi.data_requests.schemas import (
    legal_lines,
)
from beffroi.incidents import queries as incidents
from beffroi.incidents import rules as incident_rules
from beffroi.incidents.queries import asked, maps
from beffroi.kernel.errors import NotFound, Refusal
from beffroi.kernel.extension import AskedElsewhere, extension, settings
from beffroi.legal.law import law_of
from beffroi.moderation import rules as moderation_rules
from beffroi.places import queries as places
from beffroi.street.routes import about as street
from beffroi.street.rules.templates import SHIPPED
from beffroi.texts import queries as texts
from beffroi.texts.rules import LABEL_WORDS, still_personal
from beffroi_privacy.photos import ACCEPTED
from beffroi_web.forms import Form
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.maps import Mark, Window, draw
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


def head_of(ref: str) -> cases.CaseHead:
    """Return the head of a case, or raise NotFound."""
    head = cases.head(ref)
    if head is None:
        raise NotFound(N_("There is no case with this reference."))
    return head


def desk_page(
    ref: str, form: Form, status: int = 200, typed: dict[int, str] | None = None
) -> tuple[str, int]:
    """Show everything that is needed to decide and answer without leaving."""
    head = head_of(ref)
    is_request = head.kind == case_rules.DATA_REQUEST
    author = cases.author(head.party_id)
    timeline, notes = cases.desk_timeline(head.id), cases.notes(head.id)
    texts = queries.proposed(head.id, head.party_id)
    words = {one.text.role: one.text.original for one in reversed(texts)}
    codes: Any = data_requests.codes(head.id) if is_request else incidents.codes(head.id)
    elsewhere = answers_elsewhere(head, words.get("title", ""))
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
        elsewhere=elsewhere,
        answered_elsewhere=next((one.topic for one in elsewhere if one.topic), None),
        told_on=elsewhere[0].told_on if elsewhere else None,
        outcome_words=request_rules.OUTCOMES,
        texts=texts,
        photos=incidents.photos(head.id),
        **_of_report(head, is_request),
        typed=typed or {},
        answers=cases.public_answers(head.id),
        timeline=timeline,
        notes=notes,
        names=queries.names_on(timeline, notes),
        departments=cases.departments(),
        moves=case_rules.desk_moves(head.kind, head.status),
        outcomes=_outcomes(head),
        **(_preparing(head, form, texts) if is_request else _of_incident(head, form)),
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
        public_url=case_url(head.kind, head.ref),
    )
    return page, status


def _of_report(head: cases.CaseHead, is_request: bool) -> dict[str, Any]:
    """Return what a report brought besides words: its point, drawn, and answers to questions."""
    if is_request:
        return {"told": [], "point": None}
    lang, fixed = current_language(), settings().questions
    point = maps.desk_position(head.id)
    told = asked.answers(head.id, fixed, lang, public=False)
    is_street = head.kind == case_rules.STREET and head.visibility != "removed"
    to_place = is_street and places.are_held()
    if point is None:
        return {"told": told, "point": None, "to_place": to_place}
    outline = extension().outline
    around = outline.window if outline else Window.at(*point, 0.02, 0.03)
    drawn = draw(around, [Mark(*point, "", tone="late")], outline)
    return {
        "told": told,
        "point": point,
        "drawn": drawn,
        "to_place": to_place,
        "found_by": maps.desk_address(head.id),
    }


def _outcomes(head: cases.CaseHead) -> dict[str, str]:
    """Return the outcomes that an answer can have now."""
    targets = case_rules.answer_targets(head.kind, head.status)
    if head.kind != case_rules.DATA_REQUEST:
        return {o: w for o, w in incident_rules.OUTCOMES.items() if o in targets}
    status_of = request_rules.STATUS_OF_OUTCOME
    return {o: w for o, w in request_rules.OUTCOMES.items() if status_of[o] in targets}


def _preparing(head: cases.CaseHead, form: Form, texts: Sequence[Any]) -> dict[str, Any]:
    """Return what a request is taken up and answered with: draft, templates, licences, triage."""
    draft = drafts.draft_of(head.id)
    visitor = current_visitor()
    mine = draft is not None and visitor is not None and draft.written_by == visitor.account_id
    if draft is not None and not form.values and not form.errors:
        form = _of_draft(draft)
    by = {n for n in (draft.written_by, draft.reviewed_by) if n is not None} if draft else set()
    open_now = head.status == "open" and head.visibility != "removed"
    newest = next(iter(cases.public_answers(head.id)), None)
    return {
        "form": form,
        "draft": draft,
        "draft_states": draft_rules.STATES,
        "draft_mine": mine,
        "draft_names": accounts.names(by),
        "reviewed": settings().answers_need_review,
        "templates": drafts.templates(head.lang if head.lang in LANGUAGES else "fr"),
        "licences": LICENCES,
        "town_licence": OF_TOWN[settings().data_licence],
        "triage": open_now and visitor is not None and visitor.may("agent"),
        "labels": {f"text-{one.text.id}": gettext(case_rules.ROLE_WORDS[one.text.role])
                   for one in texts},
        "passed_on": newest if newest and newest.outcome == "redirected" else None,
    }  # fmt: skip


def _of_incident(head: cases.CaseHead, form: Form) -> dict[str, Any]:
    """Return what an incident is handled and answered with."""
    lang = head.lang if head.lang in LANGUAGES else "fr"
    is_street = head.kind == case_rules.STREET
    return {
        "form": form,
        "triage": False,
        "street": street.at_the_desk(head),
        "templates": drafts.templates(lang, kind="street", shipped=SHIPPED) if is_street else [],
        "accepted": ACCEPTED,
    }


LANGUAGES = frozenset(one.lang for one in draft_rules.SHIPPED)


def _of_draft(draft: drafts.Draft) -> Form:
    """Return the answer's form as a draft holds it."""
    values = {name: str(value) for name, value in draft.form.items()}
    if draft.publish_at is not None:
        local = draft.publish_at.astimezone(ZoneInfo(settings().time_zone))
        values |= {"publish_on": local.date().isoformat(), "publish_hour": f"{local:%H:%M}"}
    return Form(values=values)


def answers_elsewhere(head: cases.CaseHead, title: str) -> list[AskedElsewhere]:
    """Return what other towns answered to something like an open request.

    The nation's file of the night says so at once; where it knows nothing of the request, as of one
    that is of today, the nation is asked.
    """
    if head.kind != case_rules.DATA_REQUEST or head.visibility == "removed" or not head.open:
        return []
    hints = extension().hints
    return (hints.of(head.id) if hints else []) or similar.elsewhere(title, "")


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
        "letters": accounts.may_handle_letters(current_visitor()),
    }


def again(ref: str, form: Form, refusal: Refusal, **typed: Any) -> tuple[str, int]:
    """Show the desk page again with what was typed and what is wrong with it."""
    said = refusal.errors or {"": [str(refusal)]}
    if refusal.values:
        said = {"": [gettext(refusal.sentence, **refusal.values)], **said}
    return desk_page(ref, form.and_errors(said), 422, **typed)


def still_personal_in(words: str) -> str:
    """Return the sentence that quotes what the gate would stop in these words, or nothing."""
    found = [
        gettext("“%(words)s”", words=words[s.start : s.end])
        + f" ({gettext(LABEL_WORDS.get(s.label, s.label))})"
        for s in still_personal(words, texts.lists())
    ]
    if not found:
        return ""
    return str(gettext("Still to be masked: %(found)s.", found=", ".join(found)))
