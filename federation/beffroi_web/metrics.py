# SPDX-License-Identifier: AGPL-3.0-or-later
"""Figures about a running service, in the text format of Prometheus, for the operator alone.

Source of the format: "Text-based format", version 0.0.4, of the Prometheus documentation. A name is
never made of words that people wrote: labels are routes, codes and states that we name ourselves.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from beffroi_web import logs
from beffroi_web.errors import Forbidden
from beffroi_web.tallies import Key, Tally
from beffroi_web.words import N_

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
EXTENSION = "beffroi_metrics"
STATUSES = ("2xx", "3xx", "4xx", "5xx")
BUCKETS = (0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds in seconds of the classes in which answers are counted by how long they took."""
BEFORE_ROUTES = "(kept)"
"""The route of what was answered from memory, in front of all routes."""
NO_ROUTE = "(none)"
LOOPBACK = frozenset({"", "127.0.0.1", "::1"})
"""Whom a request comes from on this machine; over a unix socket nobody is named."""
_BOUNDS = (*(str(bound) for bound in BUCKETS), "+Inf")
_SUM = ("seconds", "sum")
_ROUTE = "beffroi.route"
_CASE = "beffroi.case"


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one name: `samples` are the values by their labels."""

    name: str
    kind: str
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def gauge(name: str, help: str, value: float | None, **labels: str) -> Family:
    """Return a figure that goes up and down; none where there is no value."""
    return Family(name, "gauge", help, [] if value is None else [(labels, float(value))])


def render(families: Iterable[Family]) -> str:
    """Return the figures as text."""
    lines: list[str] = []
    for family in families:
        lines.append(f"# HELP {family.name} {_escaped(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for labels, value in family.samples:
            name = labels.get("__name__", family.name)
            said = ",".join(
                f'{key}="{_escaped(text, quotes=True)}"'
                for key, text in labels.items()
                if key != "__name__"
            )
            lines.append(
                f"{name}{{{said}}} {_number(value)}" if said else f"{name} {_number(value)}"
            )
    return "\n".join(lines) + "\n"


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


class Watched:
    """Counts and writes down the answers of an application, in front of everything else of it."""

    def __init__(self, app: Flask, folder: Path) -> None:
        routes = sorted({rule.rule for rule in app.url_map.iter_rules()})
        every = (*routes, BEFORE_ROUTES, NO_ROUTE)
        keys: list[Key] = [("answers", route, status) for route in every for status in STATUSES]
        keys += [("seconds", bound) for bound in _BOUNDS]
        keys += [_SUM]
        self.tally = Tally(folder, "requests", keys)
        self.behind: WSGIApplication = app.wsgi_app
        app.before_request(_name_the_route)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer, and count what was answered and how long it took until it began."""
        began = time.perf_counter()

        def counting(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            route, seconds = environ.get(_ROUTE, BEFORE_ROUTES), time.perf_counter() - began
            self._count(route, status, seconds)
            method = environ["REQUEST_METHOD"]
            if method in logs.UNSAFE or status[:1] == "5":
                case = environ.get(_CASE) or logs.case_at(dict(headers).get("Location", ""))
                logs.answered(
                    method, route, int(status[:3]), case=logs.case_in(case), seconds=seconds
                )
            return start_response(status, headers, *more)

        return self.behind(environ, counting)

    def _count(self, route: str, status: str, seconds: float) -> None:
        bound = _BOUNDS[bisect_left(BUCKETS, seconds)]
        kind = STATUSES[int(status[:1]) - 2] if status[:1] in "2345" else ""
        self.tally.add_all(
            ((("answers", route, kind), 1.0), (("seconds", bound), 1.0), (_SUM, seconds))
        )

    def families(self) -> list[Family]:
        """Return what was counted, over all processes that answer for this installation."""
        sums = self.tally.sums()
        answers = [
            ({"route": key[1], "status": key[2]}, count)
            for key, count in sums.items()
            if key[0] == "answers" and count
        ]
        name, total = "beffroi_request_seconds", 0.0
        seconds: list[tuple[Mapping[str, str], float]] = []
        for bound in _BOUNDS:
            total += sums["seconds", bound]
            seconds.append(({"__name__": f"{name}_bucket", "le": bound}, total))
        seconds.append(({"__name__": f"{name}_sum"}, sums[_SUM]))
        seconds.append(({"__name__": f"{name}_count"}, total))
        return [
            Family("beffroi_requests_total", "counter", "Answers by route and status.", answers),
            Family(name, "histogram", "Seconds until an answer began.", seconds),
        ]


def _name_the_route() -> None:
    rule = request.url_rule
    request.environ[_ROUTE] = rule.rule if rule is not None else NO_ROUTE
    request.environ[_CASE] = (request.view_args or {}).get("ref")


def watch(app: Flask, folder: Path) -> None:
    """Count what an application answers from now on, in files of `folder`; after its routes."""
    watched = Watched(app, folder)
    app.wsgi_app = watched  # type: ignore[method-assign]
    app.extensions[EXTENSION] = watched


def watched(app: Flask) -> Watched:
    """Return what counts the answers of an application."""
    found: Watched = app.extensions[EXTENSION]
    return found


def require_operator(token: str, *, behind_proxy: bool) -> None:
    """Return if whoever asks is on this machine or has the token; `Forbidden` otherwise.

    Without `behind_proxy` a request that names whom it was forwarded for did come through a proxy
    that we know nothing of: it is not believed to be from here.
    """
    scheme, _, said = request.headers.get("Authorization", "").partition(" ")
    if (
        token
        and scheme.lower() == "bearer"
        and compare_digest(said.strip().encode(), token.encode())
    ):
        return
    headers = request.headers
    forwarded = not behind_proxy and ("X-Forwarded-For" in headers or "Forwarded" in headers)
    if (request.remote_addr or "") not in LOOPBACK or forwarded:
        raise Forbidden(N_("Figures about the service are for its operator."))


def answer(families: Iterable[Family]) -> Response:
    """Return figures as an answer that nobody keeps."""
    response = Response(render(families), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
