# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/incidents/<ref>/still-broken`: its author or a neighbour says that it is not put right."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.queries import persons
from beffroi.cases.rules import STREET, TEXT_LIMITS
from beffroi.kernel import private_links
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound, Refusal, SignInNeeded
from beffroi.kernel.extension import settings
from beffroi.street import queries, service
from beffroi.street.routes.shared import blueprint, moment
from beffroi.street.service import Speaker, forwarding
from beffroi_web.forms import Form
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


def _seen(ref: str) -> tuple[cases.CaseHead, bool, str]:
    """Return a report that this visitor may see, whether it is theirs, the key of their link."""
    head = cases.head(ref)
    key = request.args.get("key", "")
    by_key = bool(key) and private_links.fits(settings().link_secrets, ref, key)
    visitor = current_visitor()
    own = by_key or persons.is_author(head, visitor.account_id if visitor else None)
    if (
        head is None
        or head.kind != STREET
        or head.visibility == "removed"
        or not (own or head.visibility == "public")
    ):
        raise NotFound(N_("There is no case with this reference."))
    no_store()
    return head, own, key if by_key else ""


@blueprint.get("/incidents/<ref>/still-broken")
@guard(PUBLIC)
def still_broken(ref: str) -> tuple[str, int]:
    """Ask what is still wrong."""
    head, own, key = _seen(ref)
    return _page(head, own, key, Form())


def _page(
    head: cases.CaseHead, own: bool, key: str, form: Form, status: int = 200
) -> tuple[str, int]:
    may = own or current_visitor() is not None
    page = render_template(
        "street/still_broken.html", head=head, own=own, key=key or None, may=may, form=form
    )
    return page, status


@blueprint.post("/incidents/<ref>/still-broken")
@guard(PUBLIC)
def said_broken(ref: str) -> Response | tuple[str, int]:
    """Take what is still wrong; a closed report is open again. The words wait for an agent."""
    head, own, key = _seen(ref)
    visitor = current_visitor()
    if not own and visitor is None:
        raise SignInNeeded(N_("Please sign in first."))
    form = Form(values=request.form.to_dict())
    words = form.value("reason")[: TEXT_LIMITS["comment"]]
    at = moment()
    try:
        with unit_of_work():
            party = head.party_id if own else None
            account = accounts.account(visitor.account_id) if visitor else None
            if not own and account is not None:
                party = case_service.party_for_account(
                    account.id, email=account.email, name=account.name,
                    lang=current_language(), now=at.now,
                )  # fmt: skip
            by = Actor() if key or visitor is None else Actor(account_id=visitor.account_id)
            service.still_broken(ref, words, Speaker(own, party, by), at=at)
    except Refusal as refusal:
        form = form.and_errors(refusal.errors or {"": [refusal.sentence]})
        return _page(head, own, key, form, 422)
    return redirect(url_for("incidents.show", ref=ref, key=key or None), code=303)


@blueprint.post("/incidents/<ref>/agree")
@guard(PUBLIC)
def agree(ref: str) -> Response:
    """Let the competent body know who reported it, since its author says so."""
    head, own, key = _seen(ref)
    if not own or queries.passed(head.id) is None:
        raise NotFound(N_("There is no case with this reference."))
    with unit_of_work():
        forwarding.agree(ref, now=moment().now)
    return redirect(url_for("incidents.show", ref=ref, key=key or None), code=303)
