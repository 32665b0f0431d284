# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only module that opens a connection: fetching what stands under a town's prefix.

Why the standard library's http.client and not a friendlier one: what matters here is what is *not*
done. Nothing is looked up twice, nothing is redirected, no proxy or .netrc is read from the
environment, no cookie is kept, no body is held that was not allowed. Each of these is a default of
the friendlier libraries that would have to be found and switched off, and stay so. http.client does
framing (chunks, lengths) and nothing else.

The name is looked up once a connection, every address it has is checked (`url_policy`), and the
connection goes to a checked address with the name in SNI and Host. What this cannot do is stand in
for a firewall on the machine that pulls.

BUG: the look-up itself has no deadline here; getaddrinfo offers none. A name server that answers
slowly holds this client for as long as the machine's resolver allows (resolv.conf `timeout` and
`attempts`), not for 5 s. It holds up one reader of one town. The national pull, where many would
wait, looks names up elsewhere, with a deadline (`aggregator.intake.adapters.resolver`).
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, cast

from beffroi_federation.asking import OK, good_etag, require_answer
from beffroi_federation.bodies import split_lines, unpack
from beffroi_federation.errors import OverLimit, TooSlow, Unreachable
from beffroi_federation.feed_client import FeedClient, Fetched, Fetcher, Streamed
from beffroi_federation.static_copy import DirectoryFetcher
from beffroi_federation.url_policy import (
    AddressRefused,
    Target,
    check_addresses,
    check_path,
    check_prefix,
)

__all__ = [
    "DirectoryFetcher",
    "FeedClient",
    "Fetched",
    "Fetcher",
    "HttpFetcher",
    "Posted",
    "Streamed",
    "Timeouts",
]

Resolver = Callable[[str, int], Sequence[str]]
Connector = Callable[[str, int, float], socket.socket]

_PIECE_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a town may take: seconds, and bytes a second once the grace is over."""

    connect: float = 5.0
    total: float = 30.0
    grace: float = 10.0
    rate: int = 1_024


def look_up(host: str, port: int) -> Sequence[str]:
    """Return every address of a name, as the machine's resolver orders them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[0]) for *_, address in found]


def connect(address: str, port: int, timeout: float) -> socket.socket:
    """Return a TCP connection to an address (never a name)."""
    return socket.create_connection((address, port), timeout)


class _Watch:
    """The time one exchange may still take: a total, and a least rate after a grace.

    The least rate moves the deadline with each byte, so that a body that drips is ended as soon as
    it falls behind and not when the total is over.
    """

    def __init__(self, timeouts: Timeouts, clock: Callable[[], float]) -> None:
        self._timeouts = timeouts
        self._clock = clock
        self._began = clock()
        self.received = 0

    def left(self) -> float:
        """Return the seconds left; Unreachable when there are none."""
        earned = self._timeouts.grace + self.received / self._timeouts.rate
        left = self._began + min(self._timeouts.total, earned) - self._clock()
        if left <= 0:
            raise TooSlow("The town answers too slowly", received=self.received)
        return left


class _Incoming(io.RawIOBase):
    """A connection as a stream of bytes that is under watch."""

    def __init__(self, connection: socket.socket, watch: _Watch) -> None:
        super().__init__()
        self._connection = connection
        self._watch = watch

    def readable(self) -> bool:
        """Return True: this is what it is for."""
        return True

    def readinto(self, buffer: object) -> int:
        """Receive into a buffer, within the time that is left."""
        self._connection.settimeout(self._watch.left())
        try:
            count = self._connection.recv_into(cast(memoryview, buffer))
        except TimeoutError:
            raise TooSlow("The town answers too slowly", received=self._watch.received) from None
        self._watch.received += count
        return count


class _Watched:
    """What http.client asks of a socket, and nothing more, under the watch of one exchange."""

    def __init__(self, connection: socket.socket, watch: _Watch) -> None:
        self._connection = connection
        self.watch = watch

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the stream that an answer is read from."""
        return io.BufferedReader(_Incoming(self._connection, self.watch), _PIECE_BYTES)

    def sendall(self, data: bytes) -> None:
        """Send a request, within the time that is left."""
        self._connection.settimeout(self.watch.left())
        self._connection.sendall(data)

    def close(self) -> None:
        """Do nothing: http.client closes a socket as soon as it has read the head of an answer.

        A real socket then stays open until its streams are read; this one until `hang_up`.
        """

    def hang_up(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Posted:
    """What a server answers to what was sent: any status, its type, its body, `Retry-After`."""

    status: int
    kind: str
    body: bytes
    retry_after: int | None = None


@dataclass(slots=True)
class _Line:
    """An open connection: http.client's, and the watched socket under it."""

    http: http.client.HTTPConnection
    watched: _Watched


class HttpFetcher:
    """Fetches over https, or over plain http on an allowed loopback address.

    `user_agent` names the software and a way to reach who runs it. `resolve`, `open_connection`,
    `context` and `clock` are arguments for tests, and for whoever must go through something else.
    Keeps one connection open between requests; close it, or use it as a context manager.
    """

    def __init__(
        self,
        prefix: str,
        *,
        user_agent: str,
        allowed_loopback: frozenset[str] = frozenset(),
        timeouts: Timeouts | None = None,
        resolve: Resolver = look_up,
        open_connection: Connector = connect,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target: Target = check_prefix(prefix, allowed_loopback)
        self._user_agent = user_agent
        self._timeouts = timeouts or Timeouts()
        self._resolve = resolve
        self._open_connection = open_connection
        self._context = context
        self._clock = clock
        self._line: _Line | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._line is not None:
            self._line.http.close()
            self._line.watched.hang_up()
            self._line = None

    def get(self, path: str, *, etag: str | None = None, max_bytes: int) -> Fetched:
        """Return an answer with its body; see `Fetcher`."""
        response, found = self._ask(path, etag)
        body = b"".join(self._body(response, max_bytes)) if response.status == OK else b""
        return Fetched(response.status, body, found)

    def lines(
        self, path: str, *, etag: str | None = None, max_bytes: int, max_line: int
    ) -> Streamed:
        """Return an answer to be read line by line; see `Fetcher`.

        The connection is busy until the lines are read to their end or the iterator is closed.
        """
        response, found = self._ask(path, etag)
        if response.status != OK:
            return Streamed(response.status, iter(()), found)
        pieces = self._body(response, max_bytes)
        return Streamed(OK, split_lines(pieces, max_line=max_line), found)

    def post(self, path: str, body: bytes, *, max_bytes: int) -> Posted:
        """Send a body of plain text and return the answer, whatever its status says.

        Every rule for what may be opened holds as for `get`; redirects are refused. Nothing is sent
        twice, except over a kept connection that the other side had closed. Raises Unreachable,
        AddressRefused, or OverLimit for an answer of more than `max_bytes`.
        """
        response = self._answer(self._path(path), None, body)
        if 300 <= response.status < 400:
            self._spare(response)
            raise AddressRefused("The server redirects; redirects are not followed")
        kind = response.headers.get("Content-Type", "").strip()[:100]
        again = response.headers.get("Retry-After", "")
        wait = int(again) if again.isascii() and again.isdigit() and len(again) < 10 else None
        said = b"".join(self._body(response, max_bytes))
        return Posted(response.status, kind, said, wait)

    def _ask(self, path: str, etag: str | None) -> tuple[http.client.HTTPResponse, str | None]:
        """Return the answer to a request, its body unread, and its ETag."""
        response = self._answer(self._path(path), etag)
        status = response.status
        if status != OK:
            self._spare(response)
        again = response.headers.get("Retry-After", "")
        require_answer(status, asked_etag=etag is not None, retry_after=again)
        return response, good_etag(response.headers.get("ETag", ""))

    def _answer(
        self, path: str, etag: str | None, body: bytes | None = None
    ) -> http.client.HTTPResponse:
        """Send a request; a kept connection that the other side has closed is opened anew."""
        if self._line is not None:
            try:
                return self._send(self._line, path, etag, body)
            except Unreachable:
                heard = self._line.watched.watch.received
                self.close()
                if heard:
                    raise
        self._line = self._dial()
        try:
            return self._send(self._line, path, etag, body)
        except Unreachable:
            self.close()
            raise

    def _send(
        self, line: _Line, path: str, etag: str | None, body: bytes | None = None
    ) -> http.client.HTTPResponse:
        """Send one request (POST if it has a body) and return the answer's head."""
        line.watched.watch = _Watch(self._timeouts, self._clock)
        try:
            line.http.putrequest(
                "GET" if body is None else "POST", path, skip_host=True, skip_accept_encoding=True
            )
            line.http.putheader("Host", self._host())
            line.http.putheader("Accept-Encoding", "gzip, identity")
            line.http.putheader("User-Agent", self._user_agent)
            if etag is not None:
                line.http.putheader("If-None-Match", etag)
            if body is not None:
                line.http.putheader("Content-Type", "text/plain; charset=utf-8")
                line.http.putheader("Content-Length", str(len(body)))
            line.http.endheaders(body)
            return line.http.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable("The town did not answer a request", error) from None

    def _dial(self) -> _Line:
        """Open a connection to the first checked address that takes one."""
        watch = _Watch(self._timeouts, self._clock)
        connection = self._reach()
        if not self._target.loopback:
            connection = self._secure(connection)
        watched = _Watched(connection, watch)
        http_connection = http.client.HTTPConnection(self._target.host, self._target.port)
        http_connection.auto_open = 0  # never look the name up again
        http_connection.sock = cast(socket.socket, watched)
        return _Line(http_connection, watched)

    def _reach(self) -> socket.socket:
        """Return a TCP connection to a checked address."""
        host, port = self._target.host, self._target.port
        addresses: Sequence[str] = (host,)
        if not self._target.loopback:
            try:
                addresses = self._resolve(host, port)
            except OSError as error:
                raise _unreachable("The town's name has no address", error) from None
            addresses = check_addresses(host, addresses)
        failure: OSError | None = None
        for address in addresses[:4]:
            try:
                return self._open_connection(address, port, self._timeouts.connect)
            except OSError as error:
                failure = error
        raise _unreachable("No connection to the town", failure) from None

    def _secure(self, connection: socket.socket) -> socket.socket:
        """Return the connection under TLS, with the certificate checked against the name."""
        try:
            connection.settimeout(self._timeouts.connect)
            if self._context is None:  # read only where it is needed: it takes a tenth of a second
                self._context = ssl.create_default_context()
            return self._context.wrap_socket(connection, server_hostname=self._target.host)
        except OSError as error:  # ssl.SSLError is one
            connection.close()
            raise _unreachable("No trustworthy TLS connection to the town", error) from None

    def _host(self) -> str:
        """Return the Host header."""
        if self._target.loopback:
            return f"{self._target.host}:{self._target.port}"
        return self._target.host

    def _path(self, path: str) -> str:
        """Return a path as it is asked for."""
        check_path(path)
        return path if path.startswith("/") else f"{self._target.path}/{path}"

    def _body(self, response: http.client.HTTPResponse, max_bytes: int) -> Iterator[bytes]:
        """Yield a body unpacked, within its caps; the connection is closed unless it was all."""
        expected = response.length
        complete = False
        try:
            if expected is not None and expected > max_bytes:
                sentence = "The body is longer than it may be"
                raise OverLimit(sentence, expected=f"at most {max_bytes}", got=expected)
            encoding = response.headers.get("Content-Encoding", "").strip().lower()
            yield from unpack(_pieces(response, expected), encoding=encoding, max_bytes=max_bytes)
            complete = True
        finally:
            if not complete or not response.isclosed() or response.will_close:
                self.close()

    def _spare(self, response: http.client.HTTPResponse) -> None:
        """Close the connection of an answer whose body nobody reads."""
        if not response.isclosed() or response.will_close:
            self.close()


def _pieces(response: http.client.HTTPResponse, expected: int | None) -> Iterator[bytes]:
    """Yield a body as it comes; Unreachable if it ends before its announced length."""
    got = 0
    try:
        while piece := response.read(_PIECE_BYTES):
            got += len(piece)
            yield piece
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable("The town broke off in the middle of an answer", error) from None
    if expected is not None and got != expected:
        raise Unreachable(
            "The town broke off in the middle of an answer", expected=expected, got=got
        )


def _unreachable(sentence: str, error: Exception | None) -> Unreachable:
    """Return the error for a failure of the network; its own text may quote the other side."""
    return Unreachable(sentence, because=type(error).__name__)
