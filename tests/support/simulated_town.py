# SPDX-License-Identifier: AGPL-3.0-or-later
"""An honest town in memory, and the same town over real HTTP on the loopback.

    town = SimulatedTown()
    town.begin_batch("2026-W40")
    index = town.record(content)
    town.publish()
    with town.served() as prefix:
        FeedClient(HttpFetcher(prefix, user_agent="test", allowed_loopback=town.allowed()))

Salts come from a counter, so that a town built twice is the same town. What a dishonest town does
instead is in `support.dishonest`: it puts answers into `instead`.
"""

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from beffroi_federation.asking import Fetched, require_answer
from beffroi_federation.bodies import split_lines, unpack
from beffroi_federation.entries import (
    BatchEntry,
    Entry,
    Reason,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    encode_content_line,
    encode_entry,
)
from beffroi_federation.feed_client import Streamed
from beffroi_federation.identity import Identity
from beffroi_federation.tail import encode_tail
from beffroi_privacy.commitments import commit
from support.town_files import Town


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, headers of its own, and a body, whole or piece by piece.

    `raw` is sent as it is in the place of everything, status line included. A body that is not
    bytes is sent without a length, to the end of the connection.
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass
class SimulatedTown(Town):
    """A town whose log grows by calls, and that answers requests as a real one does."""

    prefix: str = "https://beffroi.example/log"
    serves_tails: bool = True
    instead: dict[str, Answer] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    _files: dict[str, bytes] | None = None
    _salts: int = 0

    def begin_batch(self, period: str) -> int:
        """Add a batch entry and return its index."""
        return self.append(BatchEntry(period))

    def record(self, content: bytes, *, received: int | None = None) -> int:
        """Add a record with its content and return its index."""
        return self._committed(content, lambda c: RecordEntry(c, received))

    def supersede(self, index: int, content: bytes) -> int:
        """Add a newer version of a record and return its index; the old content is not served."""
        self.contents.pop(index, None)
        return self._committed(content, lambda c: SupersedeEntry(c, index))

    def receive(self, content: bytes) -> int:
        """Add a reception, whose content is never served, and return its index."""
        return self.append(ReceivedEntry(commit(self._salt(), content)))

    def withdraw(self, index: int, reason: Reason = Reason.ERASURE) -> int:
        """Stop serving a content, add its withdrawal and return that one's index."""
        self.contents.pop(index, None)
        return self.append(WithdrawEntry(index, reason))

    def append(self, entry: Entry) -> int:
        """Add any entry and return its index."""
        return self.append_leaf(encode_entry(entry))

    def append_leaf(self, leaf: bytes) -> int:
        """Add a leaf, whatever it holds, and return its index."""
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def publish(self) -> str:
        """Sign the present tree and serve it."""
        self._files = None
        return super().publish()

    def identity(self) -> Identity:
        """Return the identity file's members, with the prefix that is served."""
        identity = super().identity()
        return Identity(
            **{name: getattr(identity, name) for name in Identity.__slots__}
            | {"prefix": self.prefix}
        )

    def allowed(self) -> frozenset[str]:
        """Return the loopback address the town is served at, as a client's allow-list."""
        return frozenset({self.prefix.removesuffix("/log")})

    def answer(self, path: str, if_none_match: str | None = None) -> Answer:
        """Return what the town answers to GET /<path>."""
        self.requests.append(path)
        if path in self.instead:
            return self.instead[path]
        if path.startswith("log/tail/"):
            return self._tail(int(path.removeprefix("log/tail/")))
        if self._files is None:
            self._files = self.files()
        body = self._files.get(path)
        if path.startswith("log/content/") and body is not None:
            body = self._contents(_number(path))
        if body is None:
            return Answer(404)
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        if etag == if_none_match:
            return Answer(304, b"", {"ETag": etag})
        headers = {"ETag": etag}
        if path.startswith(("log/content/", "log/tile/entries/")):
            body = gzip.compress(body, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Answer(200, body, headers)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the town on a free port of the loopback; gives the prefix of its log."""
        before = self.prefix
        server = _Server(self)
        self.prefix = f"http://127.0.0.1:{server.server_address[1]}/log"
        self._files = None
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self.prefix
        finally:
            server.stopping.set()
            server.shutdown()
            server.server_close()
            thread.join()
            self.prefix = before

    def _tail(self, start: int) -> Answer:
        """Return the tail from an index on, as far as the last published size."""
        published = max(self.notes)
        if not self.serves_tails or start >= published:
            return Answer(404)
        lines = {i: encode_content_line(i, *self.contents[i]) for i in sorted(self.contents)}
        return Answer(200, encode_tail(start, self.leaves[start:published], lines))

    def _committed(self, content: bytes, entry: Callable[[bytes], Entry]) -> int:
        salt = self._salt()
        index = self.append(entry(commit(salt, content)))
        self.contents[index] = (salt, content)
        return index

    def _salt(self) -> bytes:
        self._salts += 1
        return hashlib.sha256(f"{self.origin} {self._salts}".encode()).digest()


def _number(path: str) -> int:
    """Return the number of a content bundle's path."""
    return int(path.removeprefix("log/content/").replace("x", "").replace("/", ""))


class _Server(ThreadingHTTPServer):
    """Serves one town; a thread a connection, ended with the server."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, town: SimulatedTown) -> None:
        self.town = town
        self.stopping = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: that a reader goes away in the middle is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    """Answers GET with what the town answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer a request."""
        answer = self.server.town.answer(self.path[1:], self.headers.get("If-None-Match"))
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(answer.body, bytes):
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        self.send_header("Connection", "close")
        self.end_headers()
        for piece in answer.body:
            if self.server.stopping.wait(0.02):  # a body in pieces comes at its own pace
                return
            self.wfile.write(piece)
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass
class MemoryFetcher:
    """Reads a town without a network (`feed_client.Fetcher`); `between` runs after each answer."""

    town: SimulatedTown
    between: Callable[[str], None] = lambda _path: None

    def get(self, path: str, *, etag: str | None = None, max_bytes: int) -> Fetched:
        """Return an answer, unpacked and bounded as over HTTP."""
        answer = self._answer(path, etag)
        assert isinstance(answer.body, bytes)
        encoding = answer.headers.get("Content-Encoding", "")
        body = b"".join(unpack([answer.body], encoding=encoding, max_bytes=max_bytes))
        self.between(path)
        return Fetched(answer.status, body, answer.headers.get("ETag"))

    def lines(
        self, path: str, *, etag: str | None = None, max_bytes: int, max_line: int
    ) -> Streamed:
        """Return an answer's lines."""
        found = self.get(path, etag=etag, max_bytes=max_bytes)
        lines = split_lines([found.body], max_line=max_line)
        return Streamed(found.status, lines, found.etag)

    def _answer(self, path: str, etag: str | None) -> Answer:
        inside = path.removeprefix("/") if path.startswith("/") else f"log/{path}"
        answer = self.town.answer(inside, etag)
        require_answer(answer.status, asked_etag=etag is not None)
        return answer
