# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site that receives webhooks on loopback, and checks them as the docs say: nothing of ours."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What came, in its order; `answers` are the next statuses, then 204."""

    url: str = ""
    secret: str = ""
    came: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    unsigned: int = 0
    answers: list[int | str] = field(default_factory=list)

    def fits(self, headers: Any, body: bytes) -> bool:
        """Check a signature: HMAC-SHA256 of timestamp, a full stop and the body."""
        signed = headers["X-Webhook-Timestamp"].encode() + b"." + body
        made = "v1=" + hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(made, headers["X-Webhook-Signature"])

    @property
    def types(self) -> list[str]:
        """The events that came."""
        return [one["type"] for one in self.came]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver while the block runs."""
    made = Receiver()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = made.answers.pop(0) if made.answers else 204
            if made.secret and not made.fits(self.headers, body):
                made.unsigned += 1
            said = json.loads(body)
            assert said["id"] == self.headers["X-Webhook-Id"]
            made.ids.append(said["id"])
            if answer in (204, "huge"):
                made.came.append(said)
            with suppress(OSError):
                self._answer(answer)

        def _answer(self, answer: int | str) -> None:
            if answer == "drip":
                for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200:
                    self.wfile.write(bytes([letter]))
                    time.sleep(0.05)
                return
            self.send_response(200 if answer == "huge" else int(answer))
            if answer == 302:
                self.send_header("Location", made.url + "/elsewhere")
            if answer == "huge":
                self.send_header("Content-Length", str(10**12))
            self.end_headers()
            for _ in range(1000 if answer == "huge" else 0):
                self.wfile.write(b"x" * 65_536)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
