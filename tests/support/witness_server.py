# SPDX-License-Identifier: AGPL-3.0-or-later
"""A witness on the loopback: an honest one in memory, or one that answers what it is told to.

with WitnessServer([log_vkey]).served() as witness:
    witness.url, witness.vkey
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.aggregator.witness import rules
from beffroi_federation.cosigning import cosign, witness_vkey
from beffroi_federation.errors import ProtocolError, Stale
from beffroi_federation.notes import Verifier

Said = tuple[int, str, bytes]
"""A status, a content type and a body."""


@dataclass
class WitnessServer:
    """One witness; `instead` answers in the place of the honest one while it gives something."""

    log_vkeys: Sequence[str] = ()
    name: str = "witness.example/w1"
    seed: bytes = bytes(range(32, 64))
    seconds: Callable[[], int] = lambda: 1_700_000_000
    standing: rules.Standing = field(default_factory=lambda: rules.Standing(1))
    instead: Callable[[bytes], Said | None] = lambda _body: None
    asked: list[bytes] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def key(self) -> Ed25519PrivateKey:
        """Return the witness's key."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def vkey(self) -> str:
        """Return the witness's vkey."""
        return witness_vkey(self.name, self.key)

    def answer(self, body: bytes) -> Said:
        """Return what the witness answers to a submission."""
        self.asked.append(body)
        said = self.instead(body)
        return said if said is not None else self._honest(body)

    def _honest(self, body: bytes) -> Said:
        submission = rules.parse_submission(body)
        verifiers = [Verifier.from_text(one) for one in self.log_vkeys]
        try:
            checkpoint, signature = rules.signed_checkpoint(submission, verifiers)
            step = rules.judge(submission, checkpoint, signature, self.standing)
        except Stale as stale:
            return 409, "text/x.tlog.size", rules.answer_of_size(stale.size)
        except ProtocolError as error:
            return 422, "text/plain", error.sentence.encode()
        self.standing = rules.Standing(1, checkpoint.size, checkpoint.root, step.note)
        line = cosign(checkpoint.text(), self.name, self.key, self.seconds()).line()
        return 200, "text/plain; charset=utf-8", line.encode()

    @contextmanager
    def served(self) -> Iterator["WitnessServer"]:
        """Serve on a free port of the loopback."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}/witness"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(witness: WitnessServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Takes submissions."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer one submission."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, kind, said = (404, "text/plain", b"")
            if self.path == "/witness/add-checkpoint":
                status, kind, said = witness.answer(body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(said)))
            for name, value in witness.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
