# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every answer says about itself: what may run, who may frame it, how long it keeps.

Anonymous GET of a public page is the same for everybody in one language, so it carries an ETag
and may be kept by anyone who asks again before using it. Everything else is kept by nobody.
"""

import hashlib
from functools import cache

from flask import current_app, g, request
from werkzeug.wrappers import Response

from beffroi_web.early import told_etag
from beffroi_web.guards import is_public
from beffroi_web.languages import current_language, explicit_language
from beffroi_web.state import web
from beffroi_web.visitors import current_visitor

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_CONDITIONS = frozenset(
    ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_RANGE")
)
"""What in a request may make of an answer a shorter one."""
_NO_FRAME = ("X-Frame-Options", "DENY")
_YEAR = "max-age=31536000"
_REVALIDATE = "public, max-age=0, must-revalidate"
_NOBODY = "private, no-store"
_FOREVER = "public, max-age=31536000, immutable"


def allow_framing(*origins: str) -> None:
    """Let the answer being made stand in a frame on other sites (`https://…` origins, or `*`)."""
    g.beffroi_framed_by = origins or ("*",)


def allow_pictures(address: str) -> None:
    """Let the page being made show pictures of another site: those at the origin of an address."""
    g.beffroi_pictures_of = "/".join(address.split("/")[:3])


def no_store() -> None:
    """Say that the answer being made is for this reader alone and is kept by nobody."""
    g.beffroi_no_store = True


def dress(response: Response) -> Response:
    """Put security, language and caching headers on an answer; run after each request."""
    _secure(response)
    if response.mimetype in {"text/html", "application/problem+json"}:
        response.headers.setdefault("Content-Language", current_language())
        if not explicit_language():
            response.vary.add("Accept-Language")
    _cache(response)
    return response


def headers_of_unchanged(
    *, spoken: bool, secure: bool, shared: int, below: bool = False
) -> list[tuple[str, str]]:
    """Return what a 304 says of a public page of ours beside its ETag, as `dress` would.

    `shared` is the site's `shared_seconds`, `below` its `hsts_subdomains`.

    `spoken` pages are in a language; that the address may have chosen it changes nothing here.
    """
    headers = [*_protecting("", secure=secure, below=below), ("Cache-Control", _kept_for(shared))]
    return [*headers, ("Vary", "Accept-Language, Cookie")] if spoken else headers


@cache
def _policy(framed_by: str, pictures: str = "") -> str:
    policy = {
        "default-src": "'self'",
        "img-src": f"'self' data: {pictures}".strip(),
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": framed_by,
    }
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def _secure(response: Response) -> None:
    framed_by = g.get("beffroi_framed_by")
    headers = response.headers
    if pictures := g.get("beffroi_pictures_of"):
        policy = _policy(" ".join(framed_by or ()) or "'none'", pictures)
        headers["Content-Security-Policy"] = policy
    said = {name.lower() for name, _ in headers}  # once: looking each up would read all of them
    below, framed_by = web().site.hsts_subdomains, " ".join(framed_by or ())
    for name, value in _protecting(framed_by, secure=request.is_secure, below=below):
        if name.lower() not in said:
            headers.add(name, value)


@cache
def _protecting(framed_by: str, *, secure: bool, below: bool) -> tuple[tuple[str, str], ...]:
    """Return the headers that say what may run and who may frame the answer (`""`: nobody).

    On TLS also that there is nothing else for a year: here, and `below` at every name below.
    """
    headers = [("Content-Security-Policy", _policy(framed_by or "'none'")), *_ALWAYS.items()]
    headers += [] if framed_by else [_NO_FRAME]
    transport = ("Strict-Transport-Security", f"{_YEAR}; includeSubDomains" if below else _YEAR)
    return tuple([*headers, transport] if secure else headers)


def _cache(response: Response) -> None:
    if request.endpoint in {"web.static", "web.theme_sheet"} and response.status_code == 200:
        response.headers["Cache-Control"] = _FOREVER if _versioned() else _REVALIDATE
        return
    if response.mimetype == "text/html":
        response.vary.add("Cookie")
    if "Set-Cookie" in response.headers or g.get("beffroi_no_store"):
        response.headers["Cache-Control"] = _NOBODY
        return
    for_all = is_public(current_app, request.endpoint) and request.method in {"GET", "HEAD"}
    if not for_all or current_visitor() is not None:
        response.headers.setdefault("Cache-Control", _NOBODY)
        return
    if response.status_code != 200:
        # A redirect or an error may differ the next moment; a shared cache must not keep it.
        response.headers.setdefault("Cache-Control", "no-store")
        return
    if response.is_streamed or response.direct_passthrough:
        response.headers.setdefault("Cache-Control", _REVALIDATE)
        return
    named = told_etag()
    shared = web().site.shared_seconds if named is not None else 0
    response.headers.setdefault("Cache-Control", _kept_for(shared))
    if named is not None:
        response.set_etag(named, weak=True)
    elif "ETag" not in response.headers:
        response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32], weak=True)
    if not _CONDITIONS.isdisjoint(request.environ):
        response.make_conditional(request)


def _kept_for(shared: int) -> str:
    """Return how long an answer is kept: by readers never unasked, by a cache in front so long."""
    return f"public, max-age=0, s-maxage={shared}" if shared else _REVALIDATE


def _versioned() -> bool:
    """Say whether the address names the file's present content, which then never changes."""
    name = (request.view_args or {}).get("filename", "theme.css")
    return request.args.get("v") == web().version_of(name)
