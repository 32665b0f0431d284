# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often one person may do something, counted in the memory of each process.

    @blueprint.post("/requests/new")
    @guard(PUBLIC)
    @limit("10 per minute")
    def submit() -> Response: ...

An account is counted as itself, anybody else by address. Several processes count each for
themselves: a gross brake; the fine one is the web server's (`limit_req`).
"""

import math
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, current_app, request
from flask_limiter import Limiter
from limits import parse

from beffroi_web.errors import TooMany
from beffroi_web.state import web
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

_MARK = "__beffroi_limits__"

View = TypeVar("View", bound=Callable[..., Any])


def limit(
    rule: str, *, methods: tuple[str, ...] = ("POST", "PUT", "PATCH", "DELETE")
) -> Callable[[View], View]:
    """Return a decorator that refuses (429) a visitor who calls a view more often than `rule`.

    `rule` is in Flask-Limiter's words (`10 per minute`, `5/hour`). Only the named methods count:
    by default those that change something, so that a page with its form can be read freely.
    """

    def mark(view: View) -> View:
        rules = (*getattr(view, _MARK, ()), (rule, frozenset(methods)))
        setattr(view, _MARK, rules)
        return view

    return mark


def make_limiter(app: Flask) -> Limiter:
    """Return the application's own limiter, counting in memory.

    Its strategy is asked directly (`check_limits`), not its decorator: that one belongs to a
    single limiter of the whole process, and a process may serve several installations. What it
    hangs on every request for its decorators is taken off again: it looked for them in vain.
    """
    hooks = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    before = [list(hook.get(None, ())) for hook in hooks]
    limiter = Limiter(counted_as, app=app, storage_uri="memory://", strategy="moving-window")
    for hook, functions in zip(hooks, before, strict=True):
        hook[None] = functions  # type: ignore[index]  # three kinds of functions
    return limiter


def counted_as() -> str:
    """Return under what name this visitor is counted: the account, or the address."""
    visitor = current_visitor()
    if visitor is not None:
        return f"account {visitor.account_id}"
    return f"address {request.remote_addr or 'unknown'}"


def limited(view: Callable[..., Any], method: str) -> bool:
    """Say whether a view can be called too often by a method."""
    return any(method in methods for _, methods in getattr(view, _MARK, ()))


def check_limits() -> None:
    """Raise `TooMany`, with the seconds to wait, when a rule is broken; run before each request."""
    view = current_app.view_functions.get(request.endpoint or "")
    marked = getattr(view, _MARK, ()) or getattr(getattr(view, "view_class", None), _MARK, ())
    for rule, methods in marked:
        if request.method in methods:
            count(rule, request.endpoint or "", counted_as())


def count(rule: str, *names: str) -> None:
    """Count one use under some names; raise `TooMany` when that is more often than `rule` allows.

    For what is known only once a request was read, such as the key that a program sends with it.
    """
    strategy = cast(Limiter, web().limiter).limiter
    item = parse(rule)
    if not strategy.hit(item, *names):
        # The library counts by the machine's clock, so that clock says how long to wait.
        opens = strategy.get_window_stats(item, *names).reset_time
        seconds = max(1, math.ceil(opens - time.time()))
        raise TooMany(N_("You did this many times in a short while."), seconds=seconds)
