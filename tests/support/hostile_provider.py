# SPDX-License-Identifier: AGPL-3.0-or-later
"""An OpenID provider on loopback that is honest until a test makes it lie, in one place.

    provider.id_claims["aud"] = "somebody-else"           the claims of the id_token
    provider.sign_id_token = lambda claims: "…"           how it is signed
    provider.answers["/token"] = lambda: Answer(302, …)   what one address answers

It has no pages: whoever is sent there is signed in at once. Most tests do not even go: they take
the state and the nonce from the address, and come back with a code that it never gave, `a-code`.
What it gave itself is good once, for whoever asked for it.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID = "beffroi-tests"
CLIENT_SECRET = "a client secret of the tests, long enough"
ACCESS_TOKEN = "an-access-token"

KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
NEXT_KEY = RSAKey.generate_key(2048, {"kid": "second", "use": "sig"})


@dataclass(slots=True)
class Answer:
    """One HTTP answer; a body in parts is sent part by part, its length unsaid."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def as_json(content: object, status: int = 200) -> Answer:
    """Return an answer that carries JSON."""
    return Answer(status, json.dumps(content).encode())


def signed(claims: dict[str, Any], key: RSAKey = KEY, alg: str = "RS256") -> str:
    """Return claims as a JWS."""
    return jwt.encode({"alg": alg, "kid": str(key.kid)}, dict(claims), key, algorithms=[alg])


def unsigned(claims: dict[str, Any]) -> str:
    """Return claims as a JWS that says `alg: none`."""
    return f"{_part({'alg': 'none', 'kid': KEY.kid})}.{_part(claims)}."


def signed_with_a_secret(claims: dict[str, Any], secret: bytes) -> str:
    """Return claims as a JWS under HS256, by hand: a library refuses a public key as secret."""
    content = f"{_part({'alg': 'HS256', 'kid': KEY.kid})}.{_part(claims)}"
    return f"{content}.{_base64(hmac.new(secret, content.encode(), hashlib.sha256).digest())}"


def _sent_to(address: str) -> Answer:
    return Answer(302, headers={"Location": address})


def _part(content: object) -> str:
    return _base64(json.dumps(content).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class HostileProvider:
    """What it says when asked; every part can be replaced."""

    def __init__(self, issuer: str) -> None:
        now = int(time.time())
        half = hashlib.sha256(ACCESS_TOKEN.encode()).digest()[:16]
        self.issuer = issuer
        self.keys = [KEY]
        self.id_claims: dict[str, Any] = {
            "iss": issuer,
            "aud": CLIENT_ID,
            "sub": "s-1",
            "iat": now,
            "exp": now + 60,
            "at_hash": _base64(half),
        }
        self.user_claims: dict[str, Any] = {
            "sub": "s-1",
            "name": "Camille Verdoncourt",
            "email": "camille@private.example",
            "email_verified": True,
        }
        self.sign_id_token: Callable[[dict[str, Any]], str] = signed
        self.answers: dict[str, Callable[[], Answer]] = {}
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        """Each request: its path, its headers in lower case, its form."""
        self._codes: dict[str, dict[str, str]] = {}

    def answer(self, path: str, query: dict[str, str], form: dict[str, str]) -> Answer:
        """Return what this address answers."""
        if path in self.answers:
            return self.answers[path]()
        if path == "/authorize":
            return self._signed_in(query)
        if path == "/end":
            back = urlencode({"state": query["state"]})
            return _sent_to(f"{query['post_logout_redirect_uri']}?{back}")
        if path == "/token" and (error := self._wrong_with(form)) is not None:
            return as_json({"error": error}, 400)
        if path == "/.well-known/openid-configuration":
            return as_json(self.description())
        if path == "/jwks":
            return as_json(KeySet(list(self.keys)).as_dict(private=False))
        if path == "/token":
            return as_json(self.tokens())
        if path == "/userinfo":
            return as_json(self.user_claims)
        return as_json({"error": "not_found"}, 404)

    def _signed_in(self, asked: dict[str, str]) -> Answer:
        code = secrets.token_urlsafe(32)
        self._codes[code] = asked
        self.id_claims["nonce"] = asked["nonce"]
        back = urlencode({"code": code, "state": asked["state"]})
        return _sent_to(f"{asked['redirect_uri']}?{back}")

    def _wrong_with(self, form: dict[str, str]) -> str | None:
        """Return the error for what is not as it was asked for; `a-code` is always good."""
        if form.get("code") == "a-code":
            return None
        if form.get("client_secret") != CLIENT_SECRET:
            return "invalid_client"
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if asked is None or asked["code_challenge"] != _base64(digest):
            return "invalid_grant"
        return None

    def description(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/end",
        }

    def tokens(self) -> dict[str, Any]:
        """Return what the token endpoint gives for a code."""
        return {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self.sign_id_token(self.id_claims),
        }

    def times(self, path: str) -> int:
        """Return how often an address was asked."""
        return sum(1 for asked, _, _ in self.asked if asked == path)


@contextmanager
def hostile_provider() -> Iterator[HostileProvider]:
    """Run one on a free port; stop it at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    provider = HostileProvider(f"http://127.0.0.1:{server.server_port}")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self._answer(dict(parse_qsl(body.decode())))

        def _answer(self, form: dict[str, str]) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            provider.asked.append((path, headers, form))
            answer = provider.answer(path, dict(parse_qsl(query)), form)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            parts = [answer.body] if isinstance(answer.body, bytes) else answer.body
            if isinstance(answer.body, bytes):
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            try:
                for part in parts:
                    self.wfile.write(part)
                    self.wfile.flush()
            except OSError:
                self.close_connection = True  # the other side has had enough, as it should

        def log_message(self, *args: Any) -> None:
            """Say nothing about each request."""

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
