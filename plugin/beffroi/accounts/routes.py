# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person changes about the own account; programs that act for people by a token.

And `/desk/accounts`: an administrator ends the sessions of one account.
"""

import logging
from dataclasses import replace

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask import Response as AnyResponse
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from beffroi.accounts import queries, rules, service
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound, Refusal
from beffroi.kernel.extension import extension, settings
from beffroi_web.forms import Form
from beffroi_web.guards import SIGNED_IN, guard, lately
from beffroi_web.headers import no_store
from beffroi_web.visitors import Visitor, current_visitor
from beffroi_web.words import N_

log = logging.getLogger(__name__)
blueprint = Blueprint("accounts", __name__)


@blueprint.post("/account/language")
@guard(SIGNED_IN)
def language() -> Response:
    """Keep the language chosen for pages and mail."""
    lang = request.form.get("lang", "")
    if lang not in settings().languages:
        raise Invalid(N_("This language is not offered."), errors={"lang": [N_("Unknown.")]})
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard saw to it
    with unit_of_work():
        extension().sign_in.set_language(visitor.account_id, lang)
    return redirect(url_for("dashboards.account"), code=303)


@blueprint.post("/account/sessions/<int:session_id>/end")
@guard(SIGNED_IN)
@lately
def end_session(session_id: int) -> Response:
    """End one place where the person is signed in."""
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard saw to it
    with unit_of_work():
        extension().sign_in.end_session(visitor.account_id, session_id)
    return redirect(url_for("dashboards.account", _anchor="sessions-title"), code=303)


# ---- tokens of programs -------------------------------------------------------------------------


def holder_of(token: str) -> Visitor | None:
    """Return for whom a token acts now, with the scopes that count, or None for nobody.

    A program has a citizen's rights, whatever roles the person holds; but with a scope of the
    desk, which counts only while its holder has the role.
    """
    known = queries.holder_of(token, clock.now())
    if known is None:
        return None
    key = f"token {known.token_id}"
    person: Visitor | None = extension().sign_in.holder(known.account_id, key)
    if person is None:
        return None
    g.beffroi_token = known
    scopes = known.scopes & set(rules.offered(person.may))
    as_agent = not scopes.isdisjoint(rules.SCOPE_ROLES)
    return replace(
        person, scopes=scopes, roles=person.roles if as_agent else frozenset({"citizen"})
    )


@blueprint.after_app_request
def note_use(response: AnyResponse) -> AnyResponse:
    """Write down the day on which a token was used, when the answer is made."""
    known: queries.TokenHolder | None = g.get("beffroi_token")
    if known is not None and known.used_on != (today := clock.today()):
        g.beffroi_token = None
        try:
            with unit_of_work():
                service.note_use(known.token_id, today, now=clock.now())
        except OperationalError:  # the next use writes it
            log.warning("the use of a token was not written: the database is busy")
    return response


@blueprint.get("/account/tokens")
@guard(SIGNED_IN)
def tokens() -> str:
    """Show the tokens that there are, and the form for another."""
    return _tokens_page(Form({"days": "90"}))


def _tokens_page(form: Form, *, made: str = "") -> str:
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard saw to it
    no_store()
    return render_template(
        "accounts/tokens.html",
        form=form,
        made=made,
        scopes=rules.SCOPES,
        offered=rules.offered(visitor.may),
        lives=rules.LIVES,
        tokens=queries.tokens_of(visitor.account_id),
        api=f"{settings().public_url}/api/v1",
    )


@blueprint.post("/account/tokens")
@guard(SIGNED_IN)
@lately
def make_token() -> str | tuple[str, int]:
    """Make a token and show it, once."""
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard saw to it
    scopes = request.form.getlist("scopes")
    form = Form(request.form.to_dict(), {}, {"scopes": scopes})
    try:
        wanted = rules.checked_token(form.value("name"), scopes, form.value("days"), visitor.may)
        with unit_of_work():
            made = service.make_token(
                visitor.account_id, wanted, now=clock.now(), chance=system_chance
            )
    except Refusal as refusal:
        return _tokens_page(form.and_errors(refusal.errors or {"": [refusal.sentence]})), 422
    return _tokens_page(Form({"days": "90"}), made=made)


@blueprint.post("/account/tokens/<int:token_id>/end")
@guard(SIGNED_IN)
def end_token(token_id: int) -> Response:
    """End a token at once."""
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard saw to it
    with unit_of_work():
        service.end_token(visitor.account_id, token_id)
    return redirect(url_for("accounts.tokens"), code=303)


# ---- what an administrator may do about somebody's sessions -------------------------------------


@blueprint.get("/desk/accounts")
@guard("administrator")
def accounts() -> str:
    """Show the form that finds an account; there is no list of them."""
    no_store()
    return render_template("accounts/found.html", form=Form(), found=[])


@blueprint.post("/desk/accounts")
@guard("administrator")
@lately
def find() -> Response | str | tuple[str, int]:
    """Find an account by its number, its exact address or its code in the log."""
    no_store()
    form = Form(request.form.to_dict())
    with unit_of_work():  # that somebody looked stands in the journal, and not for whom
        found = queries.found(form.value("who"), extension().sign_in.code)
    if len(found) == 1:
        return redirect(url_for("accounts.sessions", account_id=found[0].id), code=303)
    if found:
        return render_template("accounts/found.html", form=form, found=found)
    nobody = form.and_errors({"who": [N_("No account has this number, address or code.")]})
    return render_template("accounts/found.html", form=nobody, found=[]), 422


@blueprint.get("/desk/accounts/<int:account_id>")
@guard("administrator")
def sessions(account_id: int) -> str:
    """Show where an account is signed in, without a name or an address."""
    no_store()
    visitor, one = current_visitor(), queries.known(account_id)
    if one is None:
        raise NotFound(N_("There is no such account."))
    assert visitor is not None  # noqa: S101  the guard saw to it
    store = extension().sign_in
    return render_template(
        "accounts/sessions.html",
        one=one,
        code=store.code(account_id),
        sessions=store.sessions(account_id, visitor, clock.now()),
        tokens=len(queries.tokens_of(account_id)),
        roles=sorted({row.role for row in queries.roles_of(account_id)}),
        labels={provider.key: provider.label for provider in settings().providers},
        mine=visitor.account_id == account_id,
    )


@blueprint.post("/desk/accounts/<int:account_id>/end")
@guard("administrator")
@lately
def end_sessions(account_id: int) -> Response:
    """End every session of an account, and what its programs hold where that is asked for."""
    with unit_of_work():
        service.shut_out(
            account_id, extension().sign_in, tokens=request.form.get("tokens") == "yes"
        )
    return redirect(url_for("accounts.sessions", account_id=account_id), code=303)
