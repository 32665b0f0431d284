# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/passed-on/<ref>`: another body answers a report by the link of its mail, without an account."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from beffroi.cases import queries as cases
from beffroi.incidents import queries as incidents
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Refusal
from beffroi.kernel.extension import settings
from beffroi.street import queries
from beffroi.street.routes.shared import blueprint, moment
from beffroi.street.schemas import BodyAnswerForm
from beffroi.street.service import forwarding
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store


def _opened(ref: str) -> tuple[cases.CaseHead, queries.Passed, str]:
    key = request.args.get("key", "")
    head, found = forwarding.by_key(settings().link_secrets, ref, key)
    no_store()
    return head, found, key


def _page(ref: str, form: Form, status: int = 200) -> tuple[str, int]:
    head, found, key = _opened(ref)
    codes = incidents.codes(head.id)
    page = render_template(
        "street/body.html",
        head=head,
        passed=found,
        key=key,
        form=form,
        category=CATEGORIES[codes.category] if codes else None,
        words=cases.public_words(head.id),
        answers=forwarding.ANSWERS,
        sent=request.args.get("sent") == "1",
    )
    return page, status


@blueprint.get("/passed-on/<ref>")
@guard(PUBLIC)
def body_page(ref: str) -> tuple[str, int]:
    """Show a body the report that it is competent for: released words only; and a form."""
    return _page(ref, Form())


@blueprint.post("/passed-on/<ref>")
@guard(PUBLIC)
def body_answers(ref: str) -> Response | tuple[str, int]:
    """Take the body's answer; its words are shown once an agent has read them."""
    _, _, key = _opened(ref)
    data, form = load(BodyAnswerForm(), request.form)
    if data is None:
        return _page(ref, form, 422)
    try:
        with unit_of_work():
            forwarding.answer(ref, data["said"], data["words"], now=moment().now)
    except Refusal as refusal:
        return _page(ref, form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("street.body_page", ref=ref, key=key, sent="1"), code=303)
