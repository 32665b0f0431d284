# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may open a page: every view says so, and an application with a silent view does not start.

    @blueprint.get("/requests")
    @guard(PUBLIC)
    def listing() -> str: ...

`administrator` implies `agent`, `moderator` and `access_officer`; those are separate, because the
one speaks for the institution, the other for the rules of the place, the third answers the CADA.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeVar, cast

from flask import Flask, current_app, redirect, request
from werkzeug.wrappers import Response

from beffroi_web.bearer import bearer, check_scopes
from beffroi_web.errors import Forbidden, SignInAgain, SignInNeeded
from beffroi_web.paths import address, here
from beffroi_web.state import web
from beffroi_web.visitors import ROLES, current_visitor
from beffroi_web.words import N_

PUBLIC: Final = "public"
SIGNED_IN: Final = "signed-in"
_MARK: Final = "__beffroi_guard__"
_LATELY: Final = "__beffroi_lately__"
LATELY: Final = timedelta(minutes=15)
"""How long after a sign-in one may do what `lately` marks."""

View = TypeVar("View", bound=Callable[..., Any])


def guard(*who: str) -> Callable[[View], View]:
    """Return a decorator that lets `PUBLIC`, `SIGNED_IN` or some roles open a view.

    Raises `ValueError` at import time for no role, an unknown role, or a mixture that means
    nothing (`PUBLIC` beside a role).
    """
    alone = who in ((PUBLIC,), (SIGNED_IN,))
    if not alone and (not who or not ROLES.issuperset(who)):
        raise ValueError(f"guard{who!r}: PUBLIC, SIGNED_IN, or roles among {sorted(ROLES)}")

    def mark(view: View) -> View:
        setattr(view, _MARK, frozenset(who))
        return view

    return mark


def lately(view: View) -> View:
    """Mark a view that wants a sign-in of the last quarter of an hour, whatever the session is.

    For what decides over others or over who one is: keys, secrets, where messages go, ways in. A
    program's token opens none of these.
    """
    setattr(view, _LATELY, True)
    return view


def guard_of(app: Flask, endpoint: str | None) -> frozenset[str] | None:
    """Return what the view behind an endpoint declares, or `None` if it declares nothing."""
    view = app.view_functions.get(endpoint or "")
    declared = getattr(view, _MARK, None) or getattr(getattr(view, "view_class", None), _MARK, None)
    if declared is None and (endpoint or "").rpartition(".")[2] == "static":
        return frozenset({PUBLIC})  # Flask makes these views itself: files we ship, for everybody
    return cast("frozenset[str] | None", declared)


def is_public(app: Flask, endpoint: str | None) -> bool:
    """Say whether a view is open to everybody."""
    return guard_of(app, endpoint) == frozenset({PUBLIC})


def check_guards(app: Flask) -> None:
    """Raise `RuntimeError` naming every route whose view declares no guard."""
    silent = sorted(
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if guard_of(app, rule.endpoint) is None
    )
    if silent:
        raise RuntimeError("routes without a declared guard: " + ", ".join(silent))


def enforce() -> Response | None:
    """Refuse, or send to the sign-in page, who may not open the view; run before each request."""
    if request.endpoint is None:
        return None  # no such page: the error page says so
    declared = guard_of(current_app, request.endpoint)
    if declared is None:
        raise RuntimeError(f"the view {request.endpoint} declares no guard")
    if bearer() is not None:
        current_visitor()  # a token that opens nothing is refused here as well
        check_scopes(current_app.view_functions[request.endpoint], public=declared == {PUBLIC})
    if declared == {PUBLIC}:
        return None
    visitor = current_visitor()
    if visitor is None:
        return _sign_in_first()
    if declared != {SIGNED_IN} and not visitor.may(*declared):
        raise Forbidden(N_("Your account does not have the role that this page asks for."))
    if getattr(current_app.view_functions[request.endpoint], _LATELY, False):
        if visitor.since is not None and web().clock.now() - visitor.since > LATELY:
            raise SignInAgain(
                N_("Nothing was done: for this, sign in again first. It is asked every 15 minutes.")
            )
    return None


def _sign_in_first() -> Response:
    """Send a reader to the sign-in page and back; refuse a program, or a form sent too late."""
    from beffroi_web.problems import wants_problem  # problems asks the guards about caching

    if wants_problem() or request.method not in {"GET", "HEAD"}:
        raise SignInNeeded(N_("Please sign in first."))
    return redirect(address("/sign-in", next=here()), code=303)
