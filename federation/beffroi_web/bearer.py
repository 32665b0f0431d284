# SPDX-License-Identifier: AGPL-3.0-or-later
"""A program acts for a person: `Authorization: Bearer …` at the addresses under `/api/` (RFC 6750).

Whoever sends a token is who the token says and nobody else, whatever cookie comes along; a token
that opens nothing is refused, even where a stranger might read. What a token may do is its scopes:
a view names those that it asks for with `operation(…, scopes=…)`, and what is not public and names
none is opened by no token.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import request

from beffroi_web.errors import ScopeNeeded, TokenRefused
from beffroi_web.visitors import Visitor, current_visitor
from beffroi_web.words import N_

SCOPES: Final = "__beffroi_scopes__"
"""The mark that `operation` leaves on a view: the scopes of a token that may call it."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
LONGEST: Final = 200
"""Characters of a token that are read at all."""


def bearer() -> str | None:
    """Return the token that came with a request for the API, or None where none came."""
    if not request.path.startswith("/api/"):
        return None
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def bearing(
    session: Callable[[], Visitor | None], holder: Callable[[str], Visitor | None]
) -> Callable[[], Visitor | None]:
    """Return a loader for `init_web`: who holds the token that came, or else the session.

    `holder` says who holds a token now, with its scopes, or None. The loader raises `TokenRefused`
    for a token that nobody holds.
    """

    def load() -> Visitor | None:
        token = bearer()
        if token is None:
            return session()
        found = holder(token) if 0 < len(token) <= LONGEST else None
        if found is None:
            raise TokenRefused(N_("This token is not one of ours, or has ended."))
        return found

    return load


def check_scopes(view: Callable[..., Any] | None, *, public: bool) -> None:
    """Raise `ScopeNeeded` where a token came that does not reach as far as a view."""
    if bearer() is None:
        return
    visitor = current_visitor()
    if visitor is None or visitor.scopes is None:
        return
    asked: frozenset[str] = getattr(view, SCOPES, frozenset())
    free = public and request.method in _SAFE
    if (not asked and not free) or not asked <= visitor.scopes:
        raise ScopeNeeded(N_("This token is not for that."), scope=" ".join(sorted(asked)))


def came_by_token() -> bool:
    """Say whether no browser can have sent this request on its own: a token stood in its header."""
    if bearer() is None:
        return False
    visitor = current_visitor()
    return visitor is None or visitor.scopes is not None
