# SPDX-License-Identifier: AGPL-3.0-or-later
"""The erasure of a whole account: what it will do, the word, what was done."""

from flask import Response, render_template, request
from flask_babel import format_date, gettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as account_queries
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Refusal
from beffroi.kernel.extension import extension
from beffroi.notifications import service as notifications
from beffroi.rights import queries, rules, service
from beffroi.rights.routes.shared import blueprint, refused, terms, today, whose_account
from beffroi_web.forms import Form
from beffroi_web.guards import SIGNED_IN, guard
from beffroi_web.languages import current_language
from beffroi_web.sign_in.routes import cookie_name, drop_cookie
from beffroi_web.state import web
from beffroi_web.visitors import forget_visitor


@blueprint.get("/account/erase")
@guard(SIGNED_IN)
def erase() -> tuple[str, int]:
    """Say exactly what the erasure of the account does, and ask for the word that starts it."""
    return _erasure(Form())


def _erasure(form: Form, status: int = 200) -> tuple[str, int]:
    whose = whose_account()
    page = render_template(
        "rights/erase.html",
        form=form,
        person=whose,
        plan=service.plan(whose, terms(), today(clock.now())),
        kept_already=queries.kept_for(whose.account_id),
        reasons=rules.REASONS,
        word=gettext(rules.ERASE_WORD),
        is_staff=account_queries.has_role(whose.account_id),
    )
    return page, status


@blueprint.post("/account/erase")
@guard(SIGNED_IN)
def erased() -> AnyResponse | tuple[str, int]:
    """Erase the account if the word is right; say what is kept apart, here and by a last mail."""
    whose, now = whose_account(), clock.now()
    form = Form(values=request.form.to_dict())
    word = gettext(rules.ERASE_WORD)
    if form.value("word").strip().casefold() != word.casefold():
        wrong = gettext("Type the word “%(word)s” to erase your account.", word=word)
        return _erasure(form.and_errors({"word": [wrong]}), 422)
    files = [one.stored_name for one in queries.archives_of(whose.account_id)]
    try:
        with unit_of_work():
            kept = service.erase_account(
                whose, extension().sign_in, terms(), today=today(now), now=now
            )
            if whose.email:
                notifications.owe_letter(_farewell(whose, whose.email, kept), now=now)
    except Refusal as refusal:
        return _erasure(refused(form, refusal), 422)
    _drop(files)
    return _gone(kept)


def _drop(names: list[str | None]) -> None:
    """Delete the bytes of files whose rows are gone."""
    stored = extension().archives
    for name in names:
        if name is not None and stored is not None:
            stored.drop(name)


def _farewell(
    whose: queries.Person, email: str, kept: tuple[queries.Kept, ...]
) -> notifications.Letter:
    """Return the last message: what is kept apart, why, and until when."""
    lines = [
        gettext(
            "%(ref)s is kept apart until %(day)s: %(reason)s.",
            ref=one.ref,
            day=format_date(one.ends_on, "long"),
            reason=gettext(rules.REASONS[one.reason]),
        )
        for one in kept
    ]
    key = str(whose.account_id)
    return notifications.Letter("account-erased", email, current_language(), key, more=lines)


def _gone(kept: tuple[queries.Kept, ...]) -> Response:
    """Show the last page, and end the browser's session."""
    forget_visitor()
    page = render_template("rights/erased.html", kept=kept, reasons=rules.REASONS)
    response = Response(page, mimetype="text/html")
    drop_cookie(response, web().site, cookie_name(web().site))
    return response
