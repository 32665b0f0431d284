# SPDX-License-Identifier: AGPL-3.0-or-later
"""An author who is not content with an answer has the request looked at again, and says why."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.rules import REQUEST_CLOSED, TEXT_LIMITS
from beffroi.cases.service import persons
from beffroi.data_requests.routes.shared import author_key, blueprint, shown, today
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound, Refusal
from beffroi_web.forms import Form
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


def _own(ref: str) -> tuple[cases.CaseHead, str]:
    """Return a closed request and the key of the link, for its author alone."""
    head, _, own = shown(ref)
    key = author_key(ref)
    closed = head.status in REQUEST_CLOSED and head.visibility != "removed"
    if not (own or key) or not closed or head.party_id is None:
        raise NotFound(N_("There is no case with this reference."))
    no_store()
    return head, key


def _page(head: cases.CaseHead, key: str, form: Form, status: int = 200) -> tuple[str, int]:
    page = render_template("data_requests/reopen.html", head=head, key=key or None, form=form)
    return page, status


@blueprint.get("/requests/<ref>/reopen")
@guard(PUBLIC)
def reopen(ref: str) -> tuple[str, int]:
    """Ask its author why the request shall be looked at again."""
    return _page(*_own(ref), Form())


@blueprint.post("/requests/<ref>/reopen")
@guard(PUBLIC)
def reopened(ref: str) -> AnyResponse | tuple[str, int]:
    """Reopen a request for its author; the reason is shown once an agent has read it."""
    head, key = _own(ref)
    form = Form(values=request.form.to_dict())
    words = form.value("reason")[: TEXT_LIMITS["comment"]]
    try:
        with unit_of_work():
            persons.reopen(
                case_service.the_case(ref),
                words,
                party_id=head.party_id or 0,
                actor=accounts.actor(current_visitor()) if not key else accounts.actor(None),
                now=clock.now(),
                today=today(),
            )
    except Refusal as refusal:
        return _page(head, key, form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("data_requests.show", ref=ref, key=key or None), code=303)
