# SPDX-License-Identifier: AGPL-3.0-or-later
"""Refusals and faults, said to people as a page and to programs as `application/problem+json`.

The only module that knows HTTP codes. Every problem has the same five members (RFC 9457 with
`errors`): `{"type", "title", "status", "detail", "errors"}`. An unknown exception is logged and
said as 500 without a word of its own.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, render_template, request
from flask_babel import gettext
from markupsafe import escape
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed
from werkzeug.wrappers import Response

from beffroi_web.csrf import StaleForm
from beffroi_web.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Refusal,
    ScopeNeeded,
    SignInAgain,
    SignInNeeded,
    TokenRefused,
    TooLarge,
    TooMany,
    Unavailable,
)
from beffroi_web.forms import in_words
from beffroi_web.paths import address, here
from beffroi_web.visitors import answer_a_stranger
from beffroi_web.watching import WATCHED, came_from, write_down
from beffroi_web.words import N_

_faults = logging.getLogger(__name__)

STATUS: dict[type[Refusal], int] = {
    StaleForm: 400,
    SignInNeeded: 401,
    SignInAgain: 401,
    TokenRefused: 401,
    Forbidden: 403,
    ScopeNeeded: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    TooLarge: 413,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about a status when the error itself says nothing: a title, what to do."""

    title: str
    advice: str


SAID: dict[int, Said] = {
    400: Said(
        N_("This request could not be understood"),
        N_("Go back to the page you came from, reload it and try again."),
    ),
    401: Said(N_("Please sign in"), N_("This page is for people who are signed in.")),
    403: Said(
        N_("You may not open this page"),
        N_("If you have another account, sign out and use that one; or ask the site's contact."),
    ),
    404: Said(
        N_("This page does not exist"),
        N_("Check the address for a typing error, or start again from the home page."),
    ),
    405: Said(
        N_("This page does not take that kind of request"),
        N_("Go back to the page you came from and use its links and buttons."),
    ),
    409: Said(
        N_("This changed in the meantime"),
        N_("Reload the page to see how it stands now, then decide again."),
    ),
    410: Said(
        N_("This has been removed"),
        N_("It was here and was removed on purpose. The site's contact can say more."),
    ),
    413: Said(
        N_("This is too large"),
        N_("Send a shorter text or a smaller file."),
    ),
    422: Said(
        N_("Something needs to be corrected"),
        N_("Nothing was sent. What you typed is still in the form: go back and correct it."),
    ),
    429: Said(
        N_("Too many requests"),
        N_("Wait a little, then try again. Nothing was lost that had been confirmed."),
    ),
    500: Said(
        N_("Something went wrong on our side"),
        N_("The fault has been recorded. Try again in a few minutes; what was confirmed is safe."),
    ),
    502: Said(
        N_("Another service answered badly"),
        N_("Try again in a few minutes; if it lasts, tell the site's contact."),
    ),
    503: Said(
        N_("This is not available for the moment"),
        N_("Try again in a few minutes."),
    ),
}


DATABASE_AWAY: tuple[type[Exception], ...] = (OperationalError, InterfaceError)
"""What the driver raises for a database that is gone, locked, full or read-only."""
DATABASE_SECONDS = 30


def init_problems(app: Flask) -> None:
    """Let the application answer every refusal, HTTP error and fault in this shape."""
    app.log_exception = _log  # type: ignore[method-assign]  # Flask's own names the path
    app.register_error_handler(Refusal, answer_refusal)
    app.register_error_handler(HTTPException, answer_http_error)
    for kind in DATABASE_AWAY:
        app.register_error_handler(kind, answer_database_away)


def _log(exc_info: Any) -> None:
    """Write a fault down by its route: a path may hold a token, or what somebody looked for."""
    rule = request.url_rule
    extra = {"method": request.method, "route": rule.rule if rule else "(none)"}
    _faults.error("a request failed", exc_info=exc_info, extra=extra)


def wants_problem() -> bool:
    """Say whether the asker is a program: an address under `/api/`, or JSON preferred to HTML."""
    if request.path.startswith("/api/"):
        return True
    offered = ["text/html", "application/json", "application/problem+json"]
    return (request.accept_mimetypes.best_match(offered) or "text/html") != "text/html"


def status_of(refusal: Refusal) -> int:
    """Return the HTTP code of a refusal: its class's, or that of the nearest class above it."""
    for kind in type(refusal).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 400


def answer_refusal(refusal: Refusal) -> Response:
    """Answer a refusal in the reader's language."""
    status = status_of(refusal)
    if isinstance(refusal, WATCHED):
        write_down(status)
    if isinstance(refusal, SignInAgain):
        g.beffroi_sign_in = address("/sign-in", next=came_from(), again="yes")
    detail = gettext(refusal.sentence, **refusal.values)
    response = problem(status, detail, in_words(refusal.errors))
    seconds = refusal.values.get("seconds")
    if isinstance(refusal, TooMany | Unavailable) and isinstance(seconds, int):
        response.headers["Retry-After"] = str(seconds)
    if isinstance(refusal, SignInNeeded | ScopeNeeded):
        response.headers["WWW-Authenticate"] = _challenge(refusal)
    return response


def _sign_in() -> str:
    return str(g.get("beffroi_sign_in") or address("/sign-in", next=here()))


def _challenge(refusal: Refusal) -> str:
    """Return what `WWW-Authenticate` says of a refusal (RFC 6750, section 3)."""
    said = 'Bearer realm="beffroi"'
    if isinstance(refusal, TokenRefused):
        return f'{said}, error="invalid_token"'
    if isinstance(refusal, ScopeNeeded):
        scope = refusal.values.get("scope", "")
        return f'{said}, error="insufficient_scope"' + (f', scope="{scope}"' if scope else "")
    return said


def answer_http_error(error: HTTPException) -> Response:
    """Answer what Flask or Werkzeug refused, and any fault, without the words of either."""
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirect that was raised
    original = error.original_exception if isinstance(error, InternalServerError) else None
    if isinstance(original, DATABASE_AWAY):  # raised beside the view: Flask has logged it
        return _database_away()
    if isinstance(error, InternalServerError) and original is None:
        current_app.logger.error(
            "a view answered 500 by itself: %s %s", request.method, request.path
        )
    response = problem(error.code, "", {})
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


AGAIN = Said(
    N_("Please sign in once more"), N_("Afterwards you are back on the page that you came from.")
)
"""What is said in place of 401's words to somebody who is signed in, and not lately enough."""


def answer_database_away(error: Exception) -> Response:
    """Answer 503 and when to come back, while the database cannot do what was asked."""
    current_app.logger.error("the database could not do it", exc_info=error)
    return _database_away()


def _database_away() -> Response:
    answer_a_stranger()  # who is signed in stands in the database, too
    response = problem(503, "", {})
    response.headers["Retry-After"] = str(DATABASE_SECONDS)
    return response


def problem(status: int, detail: str, errors: Mapping[str, Sequence[str]]) -> Response:
    """Return a problem as a page or as `application/problem+json`.

    `detail` and `errors` are in the reader's language; an empty detail is replaced by what is
    always right to do about this status.
    """
    again = "beffroi_sign_in" in g
    said = AGAIN if again else SAID.get(status, SAID[500 if status >= 500 else 400])
    title, advice = gettext(said.title), gettext(said.advice)
    g.beffroi_no_store = True
    if wants_problem():
        body = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail or advice,
            "errors": {name: list(sentences) for name, sentences in errors.items()},
        }
        return Response(
            json.dumps(body, ensure_ascii=False) + "\n", status, mimetype="application/problem+json"
        )
    return Response(_page(status, title, detail, advice, errors), status, mimetype="text/html")


def _page(
    status: int, title: str, detail: str, advice: str, errors: Mapping[str, Sequence[str]]
) -> str:
    """Return the page about a problem; a bare one if even that page cannot be made."""
    try:
        return render_template(
            "web/problem.html",
            status=status,
            problem_title=title,
            detail=detail,
            advice=advice,
            errors=errors,
            sign_in=_sign_in() if status == 401 else None,
        )
    except Exception:
        current_app.logger.exception("the page about a problem could not be made")
        said = (escape(words) for words in (title, title, detail or advice))
        return "<!doctype html><title>{}</title><h1>{}</h1><p>{}</p>".format(*said)
