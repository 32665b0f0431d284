# SPDX-License-Identifier: AGPL-3.0-or-later
"""A nation that keeps a copy of one town's log, as honest or as false as a test wants it.

It has the addresses of the real one that a town catches up from, and nothing else:

    copy = NationCopy(); copy.served() -> its URL; copy.take(town) copies what the town serves now;
    copy.instead["checkpoint"] = b"…" answers something else.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.cosigning import cosign, witness_vkey
from beffroi_federation.entries import Content, encode_content_line, parse_content_lines
from beffroi_federation.errors import ProtocolError
from beffroi_federation.notes import Verifier, format_note, parse
from beffroi_federation.signed_requests import (
    SIGNATURE_HEADER,
    TIME_HEADER,
    read_headers,
    verify_request,
)
from beffroi_federation.tiles import (
    bundle_path,
    bundle_places,
    content_path,
    decode_bundle,
    encode_bundle,
    parse_tile_path,
)
from support.town import PUBLIC_URL, Town

NAME = "national.example/beffroi/witness"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(100, 132)))


class NationCopy:
    """The copy, and the witness that cosigns it."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.contents: dict[int, Content] = {}
        self.note = ""
        self.origin = ""
        self.vkeys: list[Verifier] = []
        self.now = 0
        self.newest = 0
        """The size that the witness has accepted, where it is more than the copy shows."""
        self.instead: dict[str, bytes] = {}
        self.asked: list[str] = []

    @property
    def policy(self) -> str:
        """The trust policy in which this witness is enough."""
        return f"witness nation {witness_vkey(NAME, KEY)}\nquorum nation\n"

    def take(self, town: Town) -> None:
        """Copy what the town serves now, and cosign its checkpoint."""
        client = town.app.test_client()

        def fetch(path: str) -> bytes:
            answer = client.get(f"/log/{path}", base_url=PUBLIC_URL)
            assert answer.status_code == 200, (path, answer.status_code)
            return answer.get_data()

        self.copy(fetch, town.app.extensions["beffroi"].vkeys(), int(town.now.timestamp()))

    def copy(self, fetch: Callable[[str], bytes], vkeys: Sequence[str], now: int) -> None:
        """Copy what `fetch` gives for the paths of a log signed by these keys."""
        self.vkeys = [Verifier.from_text(vkey) for vkey in vkeys]
        self.now = now
        self.sign(fetch("checkpoint").decode())
        size = open_checkpoint(self.note, self.vkeys).size
        self.leaves, self.contents = [], {}
        for place in bundle_places(size):
            self.leaves += decode_bundle(fetch(bundle_path(place.index, place.width)), place.width)
            lines = fetch(content_path(place.index)).splitlines(True)
            self.contents |= {one.index: one for one in parse_content_lines(lines)}

    def sign(self, note: str) -> None:
        """Cosign a checkpoint, whatever it says, and make it the one that is given."""
        parsed = parse(note)
        own = [s for s in parsed.signatures if s.name != NAME]
        self.origin = own[0].name
        line = cosign(parsed.text, NAME, KEY, self.now)
        self.note = format_note(parsed.text, [*own, line])

    def answer(self, path: str, time: str, signature: str) -> bytes | int:
        """Return what is answered to a GET: a body, or a status."""
        self.asked.append(path)
        inside = path.removeprefix(f"/witness/{hashlib.sha256(self.origin.encode()).hexdigest()}/")
        if inside in self.instead:
            return self.instead[inside]
        if inside == "checkpoint":
            return self.note.encode() or 404
        if inside.startswith("tile/entries/"):
            index, width = parse_tile_path(inside.removeprefix("tile/entries/"))
            some = self.leaves[index * 256 : index * 256 + width]
            return encode_bundle(some) if len(some) == width else 404
        if inside.startswith("content/"):
            try:
                verify_request(
                    self.vkeys, self.origin, path, *read_headers(time, signature), self.now
                )
            except ProtocolError:
                return 403
            index, _ = parse_tile_path(inside.removeprefix("content/"))
            return b"".join(
                encode_content_line(i, one.salt, one.content)
                for i, one in sorted(self.contents.items())
                if i // 256 == index
            )
        return 404

    def submitted(self, body: bytes) -> int:
        """Return the status for a checkpoint that is submitted: 200 for the newest alone."""
        newest = self.newest or int(self.note.split("\n")[1])
        old, _, note = body.decode().partition("\n\n")
        size = int(note.split("\n")[1])
        return 200 if old == f"old {size}" and size == newest else 409

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the copy on a free port of the loopback; gives its URL."""
        copy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = self.headers
                found = copy.answer(
                    self.path, headers.get(TIME_HEADER, ""), headers.get(SIGNATURE_HEADER, "")
                )
                self.send_response(found if isinstance(found, int) else 200)
                body = b"" if isinstance(found, int) else found
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(copy.submitted(body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
