# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person changes about the own account; programs that act for people by a token."""

from collections.abc import Callable

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from beffroi.accounts import queries, rules, service
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, Refusal, ScopeNeeded, TokenRefused
from beffroi.kernel.extension import extension, settings
from beffroi_web.csrf import SAFE_METHODS
from beffroi_web.forms import Form
from beffroi_web.guards import SIGNED_IN, guard
from beffroi_web.headers import no_store
from beffroi_web.openapi import scopes_of
from beffroi_web.visitors import Visitor, current_visitor
from beffroi_web.words import N_

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


# ---- tokens of programs -------------------------------------------------------------------------

_BEARER = "Bearer "


def acting(load: Callable[[], Visitor | None]) -> Callable[[], Visitor | None]:
    """Return a loader of the visitor for whom programs act too, below `/api/` (RFC 6750).

    A program has a citizen's rights, whatever roles the person holds. Raises TokenRefused for a
    token that is none: what was asked with it is not answered as if nobody had asked.
    """

    def loaded() -> Visitor | None:
        if not _by_token():
            return load()
        token = request.headers["Authorization"].removeprefix(_BEARER).strip()
        holder = queries.holder_of(token, clock.now()) if len(token) <= 100 else None
        if holder is None:
            raise TokenRefused(N_("This token is not one of ours, or has ended."))
        g.beffroi_token = holder
        key = f"token {holder.token_id}"
        return Visitor(
            holder.account_id, holder.display_name, frozenset({"citizen"}), holder.lang, key
        )

    return loaded


def _by_token() -> bool:
    said = request.headers.get("Authorization", "").startswith(_BEARER)
    return said and request.path.startswith("/api/")


@blueprint.before_app_request
def heed_token() -> None:
    """Refuse a token that is none, and one that is not for this; note the day of its use."""
    if request.endpoint is None or not _by_token():
        return
    current_visitor()
    holder = g.beffroi_token
    if request.method not in SAFE_METHODS:
        wanted = scopes_of(current_app, request.endpoint)
        if not wanted or not holder.scopes.issuperset(wanted):
            raise ScopeNeeded(N_("This token is not for that."), scope=" ".join(wanted))
    today = clock.today()
    if holder.used_on != today:
        with unit_of_work():
            service.note_use(holder.token_id, today)


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
        lives=rules.LIVES,
        tokens=queries.tokens_of(visitor.account_id),
        api=f"{settings().public_url}/api/v1",
    )


@blueprint.post("/account/tokens")
@guard(SIGNED_IN)
def make_token() -> str | tuple[str, int]:
    """Make a token and show it, once."""
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard saw to it
    scopes = request.form.getlist("scopes")
    form = Form(request.form.to_dict(), {}, {"scopes": scopes})
    try:
        wanted = rules.checked_token(form.value("name"), scopes, form.value("days"))
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
