# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answering "nothing has changed" before anything else is done, and the same again from memory.

    @blueprint.get("/api/v1/requests")
    @guard(PUBLIC)
    @made_from_data()
    def listing() -> Response:
        rows, version = …
        say_version(version)

A page that is made from nothing but the data, the address, the language and the day is named by
those: its ETag is their hash and not that of its bytes. So a reader who comes with that ETag is
answered 304 by one small read, in front of Flask: no route is matched, no session opened. And an
answer that was made from the version that stands is given again as it was, from memory.

A list for programs can also be made in front of Flask, from nothing but the parameters of the
address, by the same function that its view calls (`short`): what Flask does around it costs as much
as the rows. That way is taken for plain parameters only and once the view has said the headers;
whatever goes wrong there is left to the view.

A view reads the version before its rows, or with them in one statement: then an ETag never names
older rows than it says. Visitors with a session, and programs with a token, are never answered
here.
"""

import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.wsgi import ClosingIterator

from beffroi_web.guards import is_public
from beffroi_web.state import web_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROOM = 8 * 1_048_576
"""Bytes of answers that a process keeps: some hundreds of pages."""
_MARK = "__beffroi_made_from_data__"
_SHORT = "__beffroi_short__"
_EXPECTED = "beffroi.expected"
_PLAIN_QUERY = re.compile(
    r"[a-z_]+=[A-Za-z0-9._~-]{0,600}(?:&[a-z_]+=[A-Za-z0-9._~-]{0,600}){0,20}"
)
_SPOKEN = "spoken"
_PLAIN = "plain"

View = TypeVar("View", bound=Callable[..., Any])


Short = Callable[[MultiDict[str, str]], bytes]
"""Makes the body of an answer from the parameters of its address, in the application's context."""


def made_from_data(*, spoken: bool = False, short: Short | None = None) -> Callable[[View], View]:
    """Return a decorator for a view whose answer follows from the address and the data.

    `spoken` says that it also follows from the reader's language and from the day. `short` makes
    the body that the view would answer with, for a view of a fixed address that is not spoken.
    """

    def mark(view: View) -> View:
        setattr(view, _MARK, _SPOKEN if spoken else _PLAIN)
        if short is not None:
            setattr(view, _SHORT, short)
        return view

    return mark


def say_version(version: str | None) -> None:
    """Say from which version of the data the answer being made is; None or "" says nothing."""
    g.beffroi_version = version


def version_asked(environ: "WSGIEnvironment") -> str | None:
    """Return the version that was read before a marked view was called, None if none was."""
    expected = environ.get(_EXPECTED)
    return None if expected is None else str(expected[0])


def told_etag() -> str | None:
    """Return the ETag of the answer being made, if its view has said a version."""
    version = g.get("beffroi_version")
    if not version:
        return None
    expected = request.environ.get(_EXPECTED)
    if expected is not None and expected[0] == version:
        return str(expected[1])
    kind = _pages(current_app)[0].kind(request.path)
    return _etag(current_app, kind, request.environ, version) if kind else None


def init_early(app: Flask, build: str, version: Callable[[], str]) -> None:
    """Put the short answer in front of an application whose views are all registered.

    `build` names the running program and its settings: what else pages are made from. `version`
    reads the data's version outside any context; an error there is left to the long way. Raises
    `RuntimeError` for a marked view that is not public.
    """
    pages = Addresses()
    for rule in app.url_map.iter_rules():
        kind = getattr(app.view_functions[rule.endpoint], _MARK, None)
        if kind is None:
            continue
        if not is_public(app, rule.endpoint):
            raise RuntimeError(f"{rule.rule} cannot be answered early")
        pages.add(rule.rule, kind)
        short = getattr(app.view_functions[rule.endpoint], _SHORT, None)
        if short is not None:
            pages.shorts[rule.rule] = short
    pages.finish()
    state = web_of(app)
    made_of = f"{build} {_words(app, state.catalogues)} {dict(state.assets)}"
    state.early = (pages, hashlib.blake2b(made_of.encode(), digest_size=16).hexdigest())
    app.wsgi_app = _Early(app, app.wsgi_app, version)  # type: ignore[method-assign]


def _words(app: Flask, catalogues: Iterable[Path]) -> str:
    """Return a name for the templates and catalogues as they lie on the disk."""
    folders = [Path(app.root_path) / (app.template_folder or ""), Path(__file__).parent]
    told = []
    for folder in (*folders, *catalogues):
        for above, below, names in os.walk(folder):  # a thousand files, at each start
            below[:] = sorted(set(below) - {"__pycache__"})
            for name in sorted(names):
                found = os.stat(f"{above}/{name}")
                told.append(f"{name} {found.st_size} {found.st_mtime_ns}")
    return hashlib.blake2b("\n".join(told).encode(), digest_size=16).hexdigest()


class Addresses:
    """What follows from the data: fixed addresses, and those with a part that varies.

    An address may fit here that another view answers: that view says no version, so nothing of it
    is ever named or kept.
    """

    def __init__(self) -> None:
        self._fixed: dict[str, str] = {}
        self._parts: dict[str, list[str]] = {}
        self._varying: re.Pattern[str] | None = None
        self.shorts: dict[str, Short] = {}

    def add(self, rule: str, kind: str) -> None:
        """Add an address as a route spells it."""
        if "<" not in rule:
            self._fixed[rule] = kind
            return
        spelt = "[^/]+".join(re.escape(part) for part in re.split(r"<[^>]*>", rule))
        self._parts.setdefault(kind, []).append(spelt)

    def finish(self) -> None:
        """Compile what was added."""
        if self._parts:
            by_kind = (f"(?P<{kind}>{'|'.join(some)})" for kind, some in self._parts.items())
            self._varying = re.compile("|".join(by_kind))

    def kind(self, path: str) -> str | None:
        """Return whether an answer is `spoken` or `plain`; None if it may not be given early."""
        known = self._fixed.get(path)
        if known is None and self._varying is not None:
            found = self._varying.fullmatch(path)
            return found and found.lastgroup
        return known


def _pages(app: Flask) -> tuple[Addresses, str]:
    """Return the addresses that are answered early, and a name for what else they are made of."""
    return web_of(app).early or (Addresses(), "")


def _etag(app: Flask, kind: str, environ: "WSGIEnvironment", version: str) -> str:
    state = web_of(app)
    said = [_pages(app)[1], version, environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "")]
    said += [environ["PATH_INFO"], environ.get("QUERY_STRING", "")]
    if kind == _SPOKEN:
        day = state.clock.now().astimezone(_zone(state.site.timezone)).date()
        said += [environ.get("HTTP_ACCEPT_LANGUAGE", ""), day.isoformat()]
    return hashlib.blake2b("\n".join(said).encode(), digest_size=16).hexdigest()


_zone = cache(ZoneInfo)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer as it went out."""

    headers: list[tuple[str, str]]
    body: bytes


class _Early:
    """Answers what it can, else asks the application and keeps its answer."""

    def __init__(self, app: Flask, behind: "WSGIApplication", version: Callable[[], str]) -> None:
        from beffroi_web.headers import headers_of_unchanged

        self.app, self.behind, self.version = app, behind, version
        self.cookie = f"beffroi_{web_of(app).site.slug}"
        self.pages = _pages(app)[0]
        self.shelf = _Shelf()
        self.heads: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.headers = {
            (kind, secure): headers_of_unchanged(
                spoken=kind == _SPOKEN,
                secure=secure,
                shared=web_of(app).site.shared_seconds,
                below=web_of(app).site.hsts_subdomains,
            )
            for kind in (_SPOKEN, _PLAIN)
            for secure in (False, True)
        }

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        kind = self.pages.kind(environ.get("PATH_INFO", ""))
        if kind is None or not self._is_for_all(environ):
            return self.behind(environ, start_response)
        version = self._version()
        if not version:
            return self.behind(environ, start_response)
        etag = _etag(self.app, kind, environ, version)
        if f'"{etag}"' in environ.get("HTTP_IF_NONE_MATCH", ""):
            headers = self.headers[kind, environ["wsgi.url_scheme"] == "https"]
            start_response("304 NOT MODIFIED", [("ETag", f'W/"{etag}"'), *headers])
            return ()
        environ[_EXPECTED] = (version, etag)
        kept = self.shelf.get(version, etag) or self._shortly(environ, version, etag)
        if kept is None:
            return self._made(environ, start_response, version, etag)
        start_response("200 OK", list(kept.headers))
        return () if environ["REQUEST_METHOD"] == "HEAD" else (kept.body,)

    def _is_for_all(self, environ: "WSGIEnvironment") -> bool:
        """Say whether the answer would be that for everybody: nobody is signed in."""
        return (
            environ["REQUEST_METHOD"] in ("GET", "HEAD")
            and self.cookie not in environ.get("HTTP_COOKIE", "")
            and "HTTP_AUTHORIZATION" not in environ
            and "HTTP_RANGE" not in environ
        )

    def _version(self) -> str:
        """Return the data's version; whatever is wrong is said by the page itself."""
        try:
            return self.version()
        except Exception:
            return ""

    def _made(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", version: str, etag: str
    ) -> Iterable[bytes]:
        """Let the application answer, and keep it if it is the page that the ETag names."""
        told: list[Any] = []

        def heard(status: str, headers: list[tuple[str, str]], failure: Any = None) -> Any:
            told[:] = [status, headers]
            return start_response(status, headers, failure)

        parts = self.behind(environ, heard)
        whole = isinstance(parts, ClosingIterator) and environ["REQUEST_METHOD"] == "GET"
        if not whole or not told or told[0] != "200 OK" or ("ETag", f'W/"{etag}"') not in told[1]:
            return parts
        try:
            body = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        self.shelf.put(version, etag, _Kept(told[1], body))
        if environ["PATH_INFO"] in self.pages.shorts:
            head = [one for one in told[1] if one[0] not in {"ETag", "Content-Length"}]
            self.heads[environ["PATH_INFO"], environ["wsgi.url_scheme"]] = head
        return (body,)

    def _shortly(self, environ: "WSGIEnvironment", version: str, etag: str) -> "_Kept | None":
        """Make an answer without Flask, under the headers that the view has said before."""
        path = environ["PATH_INFO"]
        short, head = (
            self.pages.shorts.get(path),
            self.heads.get((path, environ["wsgi.url_scheme"])),
        )
        args = None if head is None else _plain_parameters(environ.get("QUERY_STRING", ""))
        if short is None or head is None or args is None:
            return None
        try:
            with self.app.app_context():
                body = short(args)
        except Exception:  # the view says what is wrong
            return None
        length = ("Content-Length", str(len(body)))
        kept = _Kept([*head, length, ("ETag", f'W/"{etag}"')], body)
        self.shelf.put(version, etag, kept)
        return kept


def _plain_parameters(query: str) -> MultiDict[str, str] | None:
    """Return parameters that are read in one way only: each once, letters, digits, `-._~`."""
    if not query:
        return MultiDict()
    if not _PLAIN_QUERY.fullmatch(query):
        return None
    pairs = [one.split("=", 1) for one in query.split("&")]
    found = MultiDict(dict(pairs))
    return found if len(found) == len(pairs) else None


class _Shelf:
    """The newest answers from one version of the data, as many as have room; older ones go.

    When another version is seen, all that was made from the one before is thrown away at once: what
    was erased stays in no process that still answers.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._taken, self._version = room, 0, ""
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, version: str, etag: str) -> _Kept | None:
        """Return what is kept under an ETag."""
        with self._lock:
            self._turn(version)
            kept = self._kept.get(etag)
            if kept is not None:
                self._kept.move_to_end(etag)
            return kept

    def put(self, version: str, etag: str, kept: _Kept) -> None:
        """Keep an answer, unless the version has gone by meanwhile."""
        with self._lock:
            if version != self._version or len(kept.body) > self._room or etag in self._kept:
                return
            self._kept[etag] = kept
            self._taken += len(kept.body)
            while self._taken > self._room:
                _, oldest = self._kept.popitem(last=False)
                self._taken -= len(oldest.body)

    def _turn(self, version: str) -> None:
        if version != self._version:
            self._kept.clear()
            self._version, self._taken = version, 0
