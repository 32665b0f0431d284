# SPDX-License-Identifier: AGPL-3.0-or-later
"""An official answer is given on the other site: written, looked at, then sent by a click.

This is the only place from which anything is sent there; no import and no worker comes here.
"""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.accounts import queries as accounts
from beffroi.bridges import queries
from beffroi.bridges.adapters import bringing
from beffroi.bridges.adapters.reading import opened
from beffroi.bridges.routes.shared import blueprint, fault_in_words, token_in_words
from beffroi.bridges.rules import ANSWER_STATES, TOKEN_WORDS, BadSource, GivenAnswer
from beffroi.bridges.schemas import AnswerForm
from beffroi.bridges.service import answering
from beffroi.cases import queries as cases
from beffroi.kernel import clock
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.errors import NotFound, Refusal
from beffroi.kernel.extension import extension, settings
from beffroi_web.fetching import NotFetched
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.limits import limit
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

SENT = "20 per minute"


@dataclass(frozen=True, slots=True)
class _Preview:
    state: str
    words: str
    key: str


def _the_item(item_id: int) -> queries.Answerable:
    found = queries.answerable(item_id)
    if found is None:
        raise NotFound(N_("This proposal cannot be answered from here."))
    return found


def _page(
    item: queries.Answerable, form: Form, status: int = 200, preview: _Preview | None = None
) -> tuple[str, int]:
    no_store()
    page = render_template(
        "bridges/answer.html",
        item=item,
        head=cases.head_by_id(item.case_id),
        title=cases.public_words(item.case_id).get("title"),
        states=[(code, gettext(TOKEN_WORDS[code])) for code in ANSWER_STATES],
        sent=queries.answers_sent(item.id),
        token=token_in_words,
        fault=fault_in_words,
        form=form,
        preview=preview,
    )
    return page, status


@blueprint.get("/desk/bridges/answers/<int:item_id>")
@guard("agent", "administrator")
def answer(item_id: int) -> tuple[str, int]:
    """Show the form of an answer; it begins with the newest one that was given here."""
    item = _the_item(item_id)
    given = cases.public_answers(item.case_id)
    words = given[0].words or "" if given else ""
    return _page(item, Form(values={"words": words}))


@blueprint.post("/desk/bridges/answers/<int:item_id>")
@guard("agent", "administrator")
@limit(SENT)
def send(item_id: int) -> Response | tuple[str, int]:
    """Show what would be sent; with the step `send` and the key of that page, send it."""
    item = _the_item(item_id)
    data, form = load(AnswerForm(), request.form)
    if data is None:
        return _page(item, form, 422)
    if request.form.get("step") != "send" or not data["key"]:
        key = extension().chance(16).hex()
        return _page(item, form, preview=_Preview(data["state"], data["words"], key))
    try:
        with unit_of_work():
            answering.begin(
                item_id,
                state=data["state"],
                words=data["words"],
                key=data["key"],
                actor=accounts.actor(current_visitor()),
                now=clock.now(),
            )
    except Refusal as refusal:
        if not refusal.errors:
            raise
        said = [gettext(refusal.sentence, **refusal.values)]
        return _page(item, form.and_errors({name: said for name in refusal.errors}), 422)
    _send(item, GivenAnswer(data["state"], data["words"], item.lang), data["key"])
    return redirect(url_for("bridges.answer", item_id=item_id, _anchor="sent"), code=303)


def _send(item: queries.Answerable, given: GivenAnswer, key: str) -> None:
    """Send an answer that was written down, and write down what the site shows afterwards."""
    now = clock.now()
    what = bringing.opening(item.source, settings(), now)
    db.session.rollback()
    confirmed, fault = False, ""
    try:
        receipt = opened(what, settings(), trial=True).publish_answer(item.external_id, given, key)
        confirmed = receipt.confirmed
        if not confirmed:
            fault = f"Read again, the site does not show it (state {receipt.state or 'none'})"
    except (BadSource, NotFetched) as error:
        fault = str(error)
    with unit_of_work():
        answering.finish(key, confirmed=confirmed, fault=fault, now=clock.now())
