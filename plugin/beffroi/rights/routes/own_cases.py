# SPDX-License-Identifier: AGPL-3.0-or-later
"""What its author does with a case or a comment: correct it, withdraw it."""

import re
from collections.abc import Mapping

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as account_queries
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.queries import persons
from beffroi.cases.rules import BY_ANYBODY, DATA_REQUEST, ROLE_WORDS, TEXT_LIMITS
from beffroi.cases.schemas import case_url
from beffroi.cases.service import persons as own
from beffroi.kernel import clock, private_links
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Gone, NotFound, Refusal, SignInNeeded
from beffroi.kernel.extension import settings
from beffroi.rights import queries, rules, service
from beffroi.rights.routes.shared import blueprint, refused, terms, today, whose_account
from beffroi_web.forms import Form
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard
from beffroi_web.headers import no_store
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


def _own_case(ref: str) -> tuple[cases.CaseHead, queries.Person | None, str]:
    """Return an own case, whose it is, and the key that led here: signed in, or by the link.

    Nobody else learns whether there is such a case.
    """
    key = request.args.get("key", "")
    if not key and current_visitor() is None:
        raise SignInNeeded(N_("Please sign in first, or open the link in our message."))
    no_store()
    head = cases.head(ref)
    if head is not None and key and _fits(ref, key):
        return _unless_gone(head), None, key
    whose = whose_account() if current_visitor() is not None else None
    if head is None or whose is None or head.party_id not in whose.party_ids:
        raise NotFound(N_("There is no case with this reference."))
    return _unless_gone(head), whose, ""


def _fits(ref: str, key: str) -> bool:
    return private_links.fits(settings().link_secrets, ref, key, "withdraw")


def _unless_gone(head: cases.CaseHead) -> cases.CaseHead:
    if head.visibility == "removed" and not persons.texts_of_case(head.id):
        raise Gone(N_("This case was withdrawn already."))
    return head


@blueprint.get("/requests/<ref>/withdraw")
@blueprint.get("/incidents/<ref>/withdraw")
@guard(PUBLIC)
def withdraw(ref: str) -> str:
    """Say exactly what a withdrawal does, and offer the button."""
    head, _, key = _own_case(ref)
    planned = service.planned(head, terms(), today(clock.now()))
    return render_template(
        "rights/withdraw.html", one=planned, key=key or None, reasons=rules.REASONS,
        back=case_url(head.kind, ref) if not key else "",
    )  # fmt: skip


@blueprint.post("/requests/<ref>/withdraw")
@blueprint.post("/incidents/<ref>/withdraw")
@guard(PUBLIC)
def withdrawn(ref: str) -> str:
    """Withdraw an own case: destroyed here at once, withdrawn from the nation with the batch."""
    head, whose, _ = _own_case(ref)
    now = clock.now()
    with unit_of_work():
        kept = service.withdraw(
            ref, whose.account_id if whose else None, terms(), today=today(now), now=now
        )
    return render_template(
        "rights/withdrawn.html", head=head, kept=kept, reasons=rules.REASONS, signed_in=whose
    )


@blueprint.get("/account/comments/<int:text_id>/withdraw")
@guard(SIGNED_IN)
def withdraw_comment(text_id: int) -> str:
    """Show an own comment, and the button that withdraws it."""
    whose = whose_account()
    mine = next((t for t in persons.texts_by(whose.party_ids) if t.id == text_id), None)
    if mine is None or mine.role not in BY_ANYBODY:
        raise NotFound(N_("You have written no such comment."))
    return render_template("rights/withdraw_comment.html", text=mine)


@blueprint.post("/account/comments/<int:text_id>/withdraw")
@guard(SIGNED_IN)
def comment_withdrawn(text_id: int) -> AnyResponse:
    """Withdraw an own comment."""
    whose = whose_account()
    with unit_of_work():
        service.withdraw_comment(whose, text_id, now=clock.now())
    return redirect(url_for("dashboards.account", _anchor="comments"), code=303)


@blueprint.get("/requests/<ref>/correct")
@blueprint.get("/incidents/<ref>/correct")
@guard(SIGNED_IN)
def correct(ref: str) -> tuple[str, int]:
    """Show the own texts that nobody has released yet, to be changed."""
    return _correction(ref, Form())


def _correction(ref: str, form: Form, status: int = 200) -> tuple[str, int]:
    head, whose, _ = _own_case(ref)
    texts = [
        text
        for text in persons.texts_by(whose.party_ids if whose else [])
        if text.case_id == head.id
        and text.role not in BY_ANYBODY
        and own.may_correct(text.state, text.version)
    ]
    page = render_template(
        "rights/correct.html",
        head=head,
        texts=texts,
        form=form,
        roles=ROLE_WORDS,
        limits=TEXT_LIMITS,
        back=case_url(head.kind, ref),
        is_request=head.kind == DATA_REQUEST,
    )
    return page, status


@blueprint.post("/requests/<ref>/correct")
@blueprint.post("/incidents/<ref>/correct")
@guard(SIGNED_IN)
def corrected(ref: str) -> AnyResponse | tuple[str, int]:
    """Put other words in the place of own texts that nobody has released yet."""
    head, whose, _ = _own_case(ref)
    form = Form(values=request.form.to_dict())
    try:
        with unit_of_work():
            own.correct_texts(
                case_service.the_case(ref),
                _typed(request.form),
                parties=whose.party_ids if whose else [],
                actor=account_queries.actor(current_visitor()),
                now=clock.now(),
            )
    except Refusal as refusal:
        return _correction(ref, refused(form, refusal), 422)
    return redirect(case_url(head.kind, ref), code=303)


def _typed(form: Mapping[str, str]) -> dict[int, str]:
    """Return what was typed, by the ids of the texts that the fields are named after."""
    return {
        int(match[1]): said
        for name, said in form.items()
        if (match := re.fullmatch(r"text-(\d{1,18})", name))
    }
