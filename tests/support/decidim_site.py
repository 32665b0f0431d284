# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Decidim site as far as signing in goes: Doorkeeper's answers, in Python.

It lets everybody through at once, as somebody who is signed in there and has agreed before. What it
says can be changed while it runs, with `POST /_mode` and an object: `profile` false (the token
lacks the scope), `revoked` true, `pkce` false (an old Doorkeeper), `me` (who it is), `raw`
(content type and body of `/oauth/me`). `tests/doorkeeper/site.rb` does the same with the real one.
"""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID = "beffroi-tests"
CLIENT_SECRET = "a client secret of the tests, long enough"
ADA: dict[str, Any] = {
    "id": 1,
    "email": "ada@private.example",
    "name": "Ada Example",
    "nickname": "ada",
    "image": "https://elsewhere.example/avatar.png",
}
CALLBACKS = ("http://town.example/auth/decidim/callback", "http://town.example/auth/other/callback")


@dataclass(slots=True)
class DecidimSite:
    """A site that runs somewhere: its address, and how to change what it says."""

    address: str

    def mode(self, **changes: Any) -> None:
        """Change what it says from now on; nothing puts everything back."""
        host = urlsplit(self.address)
        connection = HTTPConnection(str(host.hostname), host.port, timeout=5)
        body = json.dumps(changes)
        try:
            connection.request("POST", "/_mode", body, {"Content-Type": "application/json"})
            assert connection.getresponse().status == 200
        finally:
            connection.close()

    def visit(self, url: str) -> dict[str, str]:
        """Follow the address that a browser is sent to; return the parameters it comes back with.

        A page of the site instead of a way back gives nothing.
        """
        parts = urlsplit(url)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=5)
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        location = answer.headers.get("Location", "")
        connection.close()
        return {k: v[0] for k, v in parse_qs(urlsplit(location).query).items()}


@dataclass(slots=True)
class _State:
    mode: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    callbacks: Sequence[str] = CALLBACKS


_REFUSED = {
    "invalid_grant": "The provided authorization grant is invalid, expired, revoked, does not match"
    " the redirection URI used in the authorization request, or was issued to another client.",
    "invalid_client": "Client authentication failed due to unknown client, no client authentication"
    " included, or unsupported authentication method.",
    "invalid_request": "Missing required parameter: code_verifier.",
}


class _Handler(BaseHTTPRequestHandler):
    state: _State

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {k: v[0] for k, v in parse_qs(parts.query).items()}
        if parts.path == "/oauth/authorize":
            self._authorize(asked)
        elif parts.path == "/oauth/me":
            self._me()
        elif parts.path == "/oauth/token/info":
            self._answer(401, "application/json", b'{"error": "invalid_request"}')
        else:
            self._answer(404, "text/html", b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/_mode":
            self.state.mode = json.loads(body)
            self._answer(200, "application/json", b"{}")
        elif self.path == "/oauth/token":
            self._token({k: v[0] for k, v in parse_qs(body).items()})
        else:
            self._answer(404, "text/html", b"")

    def _authorize(self, asked: dict[str, str]) -> None:
        wrong = (
            asked.get("client_id") != CLIENT_ID
            or asked.get("redirect_uri") not in self.state.callbacks
        )
        if wrong or asked.get("scope", "profile") != "profile":
            self._answer(200, "text/html", b"<h1>An error has occurred</h1>")
            return
        code = secrets.token_urlsafe(32)
        self.state.codes[code] = asked
        back = urlencode({"code": code, "state": asked.get("state", "")})
        self._answer(302, "text/html", b"", Location=f"{asked['redirect_uri']}?{back}")

    def _token(self, form: dict[str, str]) -> None:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            self._refuse("invalid_client", 401)
            return
        asked = self.state.codes.pop(form.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            self._refuse("invalid_grant", 400)
            return
        challenge = asked.get("code_challenge") if self.state.mode.get("pkce", True) else None
        if challenge is not None:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
                self._refuse("invalid_grant" if "code_verifier" in form else "invalid_request", 400)
                return
        token = secrets.token_urlsafe(32)
        self.state.tokens.add(token)
        told = {"access_token": token, "token_type": "Bearer", "expires_in": 7200}
        told |= {"scope": "profile", "created_at": 1795289157}
        self._answer(200, "application/json", json.dumps(told).encode())

    def _me(self) -> None:
        mode = self.state.mode
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.state.tokens or mode.get("revoked"):
            why = 'Bearer realm="Decidim", error="invalid_token"'
            self._answer(401, "text/html", b"", **{"WWW-Authenticate": why})
        elif not mode.get("profile", True):
            self._answer(403, "text/html", b"")
        elif "raw" in mode:
            kind, body = mode["raw"]
            self._answer(200, kind, body.encode())
        else:
            told = json.dumps(ADA | mode.get("me", {})).encode()
            self._answer(200, "application/json; charset=utf-8", told)

    def _refuse(self, error: str, status: int) -> None:
        told = {"error": error, "error_description": _REFUSED[error]}
        self._answer(status, "application/json", json.dumps(told).encode())

    def _answer(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing about each request."""


@contextmanager
def decidim_site(callbacks: Sequence[str] = CALLBACKS) -> Iterator[DecidimSite]:
    """Run one on a free port of loopback, with some registered ways back; stop it at the end."""
    handler = type("Handler", (_Handler,), {"state": _State(callbacks=callbacks)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield DecidimSite(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
