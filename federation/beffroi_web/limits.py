# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often one person may do something, counted for all processes of the machine together.

    @blueprint.post("/requests/new")
    @guard(PUBLIC)
    @limit("10 per minute")
    def submit() -> Response: ...

An account is counted as itself, anybody else by address. Where the application names no file to
count in (`beffroi_web.counts`), each process counts for itself. In front stands the web server's
own limit, by address alone (`limit_req`).
"""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from flask import current_app, request
from limits import parse
from limits.storage import MemoryStorage

from beffroi_web.counts import SharedCounts
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

    `rule` is in the words of the library `limits` (`10 per minute`, `5/hour`). Only the named
    methods count: by default those that change something, so that a page with its form can be read
    freely.
    """

    def mark(view: View) -> View:
        rules = (*getattr(view, _MARK, ()), (rule, frozenset(methods)))
        setattr(view, _MARK, rules)
        return view

    return mark


def make_counts(file: Path | None, secret: str) -> MemoryStorage | SharedCounts:
    """Return what counts for one application: in a file that its processes share, or in memory."""
    return MemoryStorage() if file is None else SharedCounts(file, secret)


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
    counts = web().counts
    assert counts is not None  # noqa: S101  init_web made them
    item = parse(rule)
    window = item.key_for(*names), item.amount, item.get_expiry()
    if not counts.acquire_entry(*window):
        # The library counts by the machine's clock, so that clock says how long to wait.
        opens = counts.get_moving_window(*window)[0] + item.get_expiry()
        seconds = max(1, math.ceil(opens - time.time()))
        raise TooMany(N_("You did this many times in a short while."), seconds=seconds)
