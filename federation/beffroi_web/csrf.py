# SPDX-License-Identifier: AGPL-3.0-or-later
"""A form can only be sent from our own pages.

Stateless: a token is a period and a keyed hash of it. For a signed-in person the hash covers
the session too. For anonymous visitors it is the same for everybody during a period: they have no
session that a foreign site could abuse, no cookie is needed, and the page stays cacheable.
Beside the token, a browser that says the request comes from another site is believed.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, request

from beffroi_web.bearer import came_by_token
from beffroi_web.errors import Refusal
from beffroi_web.state import web
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

PERIOD_SECONDS = 6 * 3600
"""How long one token is handed out; it is accepted during as many periods as VALID_PERIODS."""
VALID_PERIODS = 4
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_MARK = "__beffroi_csrf_exempt__"

View = TypeVar("View", bound=Callable[..., Any])


class StaleForm(Refusal):
    """The form was not sent from a page of ours, or was open for too long (400)."""


def csrf_exempt(view: View) -> View:
    """Mark a view that takes unsafe requests without a token (webhooks, signed requests)."""
    setattr(view, _MARK, True)
    return view


def csrf_token() -> str:
    """Return the token that forms of this visitor carry in `csrf_token`."""
    return _token(_period())


def check_csrf() -> None:
    """Raise `StaleForm` unless an unsafe request carries a valid token; run before each request."""
    if request.method in SAFE_METHODS or request.endpoint is None:
        return
    view = current_app.view_functions.get(request.endpoint)
    if getattr(view, _MARK, False) or getattr(getattr(view, "view_class", None), _MARK, False):
        return
    if came_by_token():
        return  # a browser sends no such header on its own
    if _comes_from_elsewhere():
        raise StaleForm(N_("This form was sent from another site, so nothing was done."))
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    newest = _period()
    for period in range(newest, newest - VALID_PERIODS, -1):
        if hmac.compare_digest(given.encode(), _token(period).encode()):
            return
    raise StaleForm(
        N_(
            "This form was open for too long, or you signed in or out meanwhile. "
            "Go back, reload the page, and send it again."
        )
    )


def _period() -> int:
    return int(web().clock.now().timestamp()) // PERIOD_SECONDS


def _token(period: int) -> str:
    visitor = current_visitor()
    bound = f"form|{period}|{visitor.session_key if visitor else ''}"
    key = web().site.secret_key.encode()
    return f"{period:x}.{hmac.new(key, bound.encode(), hashlib.sha256).hexdigest()[:40]}"


def _comes_from_elsewhere() -> bool:
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return True
    origin = request.headers.get("Origin")
    if origin is None or origin == "null":
        return False
    ours = {_origin(web().site.public_url), _origin(request.host_url)}
    return _origin(origin) not in ours


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc
