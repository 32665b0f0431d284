# SPDX-License-Identifier: AGPL-3.0-or-later
"""A CERT's TAXII 2.1 server that takes objects, and the token endpoint in front of it.

Sources: TAXII 2.1, 4.2 and 5.5; RFC 6749, 4.4; RFC 7523, 3. The assertion is checked as a strict
server does: signature, issuer and subject, an audience that is the issuer and nothing else, not
used before, not expired.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey

MEDIA_TYPE = "application/taxii+json;version=2.1"
COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
CLIENT = "beffroi-sur-exemple"


@dataclass
class CertServer:
    """What a server was given and how it answers; `at` is its clock, in seconds."""

    key: ECKey
    at: Callable[[], int]
    url: str = ""
    token_lasts: int = 300
    down: int = 0
    pending: int = 0
    failures: int = 0
    elsewhere: str = ""
    tokens: list[str] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        """Who it says it is: not the address of its token endpoint."""
        return f"{self.url}/realm"

    def token(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """Answer a request for a token."""
        try:
            assertion = form["client_assertion"][0]
            claims = jwt.decode(assertion, self.key, algorithms=["ES256"]).claims
            assert form["grant_type"] == ["client_credentials"]
            assert (claims["iss"], claims["sub"]) == (CLIENT, CLIENT)
            assert claims["aud"] == self.issuer, "the audience is not the issuer alone"
            assert self.at() - 5 <= claims["iat"] <= self.at() + 5 < claims["exp"]
            assert claims["exp"] - claims["iat"] <= 300
            assert claims["jti"] not in self.seen
        except Exception as fault:
            self.refusals.append(repr(fault))
            return 401, {"error": "invalid_client"}
        self.seen.add(str(claims["jti"]))
        self.tokens.append(f"token-{len(self.tokens)}")
        said = {"token_type": "Bearer", "expires_in": self.token_lasts}
        return 200, {"access_token": self.tokens[-1], **said}

    def add(self, envelope: dict[str, Any]) -> dict[str, Any]:
        """Take objects, by id and version: giving them twice changes nothing."""
        for one in envelope["objects"]:
            self.objects[f"{one['id']} {one.get('modified', '')}"] = one
        return self.status()

    def status(self) -> dict[str, Any]:
        """Return how it stands with what it was given."""
        complete = self.pending == 0
        self.pending = max(0, self.pending - 1)
        return {
            "id": "2d086da7-4bdc-4f91-900e-d77486753710",
            "status": "complete" if complete else "pending",
            "failure_count": self.failures,
        }


def _handler(server: CertServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def answer(self, status: int, body: dict[str, Any], kind: str = MEDIA_TYPE) -> None:
            written = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def let_in(self) -> bool:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if token in server.tokens and token not in server.dead:
                return True
            self.answer(401, {"title": "Unauthorized"})
            return False

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/token":
                status, said = server.token(parse_qs(body.decode()))
                return self.answer(status, said, "application/json")
            if server.elsewhere:
                self.send_response(307)
                self.send_header("Location", server.elsewhere)
                self.send_header("Content-Length", "0")
                return self.end_headers()
            if server.down:
                server.down -= 1
                return self.answer(503, {"title": "down"})
            if not self.let_in():
                return None
            right = self.headers["Content-Type"] == self.headers["Accept"] == MEDIA_TYPE
            if not right or self.path != f"/api1/collections/{COLLECTION}/objects/":
                return self.answer(406 if not right else 404, {"title": "no"})
            return self.answer(202, server.add(json.loads(body)))

        def do_GET(self) -> None:
            if self.path.startswith("/api1/status/") and self.let_in():
                self.answer(200, server.status())

    return Handler


@contextmanager
def cert_server(key: ECKey, at: Callable[[], int]) -> Iterator[CertServer]:
    """Serve a CERT on loopback while the block runs; `key` is the town's public one."""
    made = CertServer(key, at)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
