# SPDX-License-Identifier: AGPL-3.0-or-later
"""Give an application everything shared: look, languages, guards, forms, errors and headers."""

import hashlib
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Request, abort, request, url_for
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from beffroi_web.catalogues import OWN_FOLDERS, read_catalogues
from beffroi_web.charts import bars, line
from beffroi_web.clock import Clock
from beffroi_web.colours import readable_colours, sheet_of
from beffroi_web.csrf import check_csrf, csrf_token
from beffroi_web.filters import init_filters
from beffroi_web.guards import PUBLIC, enforce, guard
from beffroi_web.headers import dress
from beffroi_web.languages import current_language, init_languages, language_choices
from beffroi_web.limits import check_limits, make_counts
from beffroi_web.maps import moves
from beffroi_web.numbers import Number
from beffroi_web.openapi import check_query
from beffroi_web.paths import address, has_path, here, links
from beffroi_web.pieces import address_of, kept, page_kind
from beffroi_web.problems import init_problems
from beffroi_web.site import Site
from beffroi_web.state import EXTENSION, WebState, web
from beffroi_web.uploads import MemoryRequest, allow_body
from beffroi_web.visitors import Visitor, current_visitor

_HERE = Path(__file__).parent


def init_web(
    app: Flask,
    site: Site,
    *,
    clock: Clock,
    visitor: Callable[[], Visitor | None],
    catalogues: Sequence[Path] = (),
    colour: Callable[[], str] | None = None,
    counts: Path | None = None,
) -> None:
    """Attach the shared web parts to an application, once, before its own blueprints.

    `visitor` says who is signed in for the current request; `catalogues` are further translation
    folders (`<folder>/<lang>/LC_MESSAGES/messages.po`). `colour` says, for each answer, which
    colour the pages wear now; without it they wear the site's. `counts` is the file in which the
    processes of the site count together how often somebody does something. Raises `Invalid` for a
    site whose colour is not one.
    """
    readable_colours(site.colour)
    files = _shipped(_HERE / "static")
    folders = (*OWN_FOLDERS, *catalogues)
    app.config.update(
        MAX_CONTENT_LENGTH=site.max_body,
        MAX_FORM_MEMORY_SIZE=site.max_body,
        SECRET_KEY=site.secret_key,
    )
    app.session_interface = _NoSession()
    state = WebState(
        site=site,
        clock=clock,
        load_visitor=visitor,
        translations=read_catalogues(folders, site.languages),
        assets={name: hashlib.sha256(content).hexdigest()[:12] for name, content in files.items()},
        colour=colour or (lambda: site.colour),
        catalogues=folders,
    )
    app.extensions[EXTENSION] = state
    app.request_class = MemoryRequest
    app.url_map.converters["int"] = Number
    state.counts = make_counts(counts, site.secret_key)
    init_languages(app, default=site.languages[0], timezone=site.timezone)
    init_problems(app)
    init_filters(app)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(_globals(site, clock))
    app.context_processor(_context)
    for check in (enforce, check_limits, allow_body, check_csrf, check_query):
        app.before_request(check)
    app.after_request(dress)
    app.register_blueprint(_blueprint(files))


class _NoSession(SessionInterface):
    """Flask's own session, which nothing here uses: reading its cookie would cost every request."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """Return a session that refuses to be written to."""
        return _NOTHING

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep nothing."""


_NOTHING = NullSession()


def _blueprint(files: Mapping[str, bytes]) -> Blueprint:
    """Return the blueprint `web`: our templates, our files, and the town's colour as CSS.

    The files are few and small and answered from memory: no open file, no path to climb out of.
    """
    shared = Blueprint(
        "web",
        __name__,
        url_prefix="/web",
        template_folder=str(_HERE / "templates"),
    )

    @shared.get("/theme.css")
    @guard(PUBLIC)
    def theme_sheet() -> Response:
        return Response(sheet_of(web().colour())[0], mimetype="text/css")

    @shared.get("/static/<path:filename>", endpoint="static")
    @guard(PUBLIC)
    def shipped_file(filename: str) -> Response:
        if filename not in files:
            abort(404)
        kind, _ = mimetypes.guess_type(filename)
        return Response(files[filename], mimetype=kind or "application/octet-stream")

    return shared


def _shipped(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _asset(filename: str) -> str:
    """Return the address of a shared file, with its hash; `KeyError` if we ship no such file."""
    version = web().version_of(filename)
    if version is None:
        raise KeyError(filename)
    if filename == "theme.css":
        return url_for("web.theme_sheet", v=version)
    return url_for("web.static", filename=filename, v=version)


def _shipped_here(filename: str) -> bool:
    """Say whether there is a shared file: what the build step brings in may not be there."""
    return filename in web().assets


def _page(**changes: Any) -> str:
    """Return this page's address with some query fields changed; `None` takes a field away."""
    if request.endpoint is None:
        raise BadRequest
    args: dict[str, Any] = {**request.args.to_dict(flat=False), **changes}
    if request.view_args:
        return url_for(request.endpoint, **{**request.view_args, **args})
    fields = [
        (name, one)
        for name, given in args.items()
        for one in (given if isinstance(given, list) else (given,))
        if one is not None
    ]
    path: str = kept()(_path, request.endpoint)  # `url_for` takes ten times as long
    return f"{path}?{urlencode(fields, safe=_PLAIN)}" if fields else path


_PLAIN = "!$'()*,/:;?@"
"""What `url_for` leaves as it is in a query."""


def _path(endpoint: str) -> str:
    return url_for(endpoint, lang=None)


def _globals(site: Site, clock: Clock) -> dict[str, Any]:
    """Return what every template may use, also inside imported macros."""
    return {
        "site": site,
        "asset": _asset,
        "map_moves": moves,
        "shipped": _shipped_here,
        "address": address,
        "address_of": address_of,
        "bars": bars,
        "csrf_token": csrf_token,
        "current_language": current_language,
        "current_visitor": current_visitor,
        "has_path": has_path,
        "here": here,
        "language_choices": language_choices,
        "keeping": kept,
        "line": line,
        "links": links,
        "page": _page,
        "page_kind": page_kind,
        "today": lambda: clock.now().date(),
    }


def _context() -> dict[str, Any]:
    return {"visitor": current_visitor()}
