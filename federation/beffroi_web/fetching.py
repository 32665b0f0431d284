# SPDX-License-Identifier: AGPL-3.0-or-later
"""One document from an address that the settings name, or to it: https, once, of a size, in time.

What matters is what is not done. Nothing is looked up twice (the connection goes to the address
that was checked, so that a name cannot answer otherwise the second time), nothing is redirected, no
proxy, .netrc or cookie is read, and no more is held than was allowed. Plain http is for an exact
`http://127.0.0.1:PORT` that the caller allows: tests and demonstrations.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import SplitResult, urlencode

from beffroi_web.addresses import LONGEST_ADDRESS, check_address, domain_name, is_public

_PIECE = 65_536
MOST_TRIED = 4
_A = TypeVar("_A")

Resolver = Callable[[str, int], Sequence[str]]


class NotFetched(Exception):
    """The document did not come; the sentence says why and what to do.

    `status` is what was answered, or None where nothing was.
    """

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


class SentOn(NotFetched):
    """The answer names another address, which is not followed; `location` is what it names."""

    def __init__(self, sentence: str, location: str) -> None:
        super().__init__(sentence)
        self.location = location


@dataclass(frozen=True, slots=True)
class Kept:
    """What an earlier answer said of itself, by which one asks whether it has changed."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """An answer: None for `body` says that it is still what it was."""

    body: bytes | None
    kept: Kept
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whatever was answered, good or bad, but for a redirect: its status and its body.

    `kind` is its content type without parameters, `retry_after` its header of that name.
    """

    status: int
    body: bytes
    kind: str = ""
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take: bytes, and seconds from the first look-up to the last byte."""

    size: int = 32 * 1024 * 1024
    seconds: float = 60.0
    connecting: float = 5.0


def look_up(host: str, port: int) -> Sequence[str]:
    """Return every address of a name, as the machine's resolver orders them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[0]) for *_, address in found]


class Fetching:
    """Fetches documents; `resolve` and `context` are arguments for tests.

    `neighbours` are names of hosts whose address may be private: those that the settings name.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allowed_loopback: frozenset[str] = frozenset(),
        neighbours: frozenset[str] = frozenset(),
        limits: Limits | None = None,
        resolve: Resolver = look_up,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._allowed = allowed_loopback
        self._neighbours = neighbours
        self._limits = limits or Limits()
        self._resolve = resolve
        self._context = context

    def get(self, address: str, kept: Kept | None = None) -> Document:
        """Return what stands at an address, or that it has not changed; raises NotFetched."""
        return self._once(
            address, lambda sock, parts, until: self._asked(sock, parts, until, kept or Kept())
        )

    def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post a body once; return the status (200 to 299), of the answer nothing is read.

        Raises NotFetched for every other status, redirects included.
        """
        return self._once(
            address, lambda sock, parts, until: self._told(sock, parts, until, body, headers)
        )

    def send(self, address: str, form: Mapping[str, str]) -> Document:
        """Send a form to an address and return the answer; raises NotFetched, also for a refusal.

        Once it is raised nobody knows whether the form arrived, unless the sentence says so.
        """
        body = urlencode(form).encode()
        return self._once(
            address, lambda sock, parts, until: self._asked(sock, parts, until, Kept(), body)
        )

    def ask(
        self,
        address: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        verb: str = "",
    ) -> Answer:
        """Get an address, or post a body to it, with headers of one's own; return the answer.

        Every status is returned but redirects, which raise SentOn. `verb` is another method.
        """
        return self._once(
            address, lambda sock, parts, until: self._said(sock, parts, until, headers, body, verb)
        )

    def _once(self, address: str, ask: Callable[[socket.socket, SplitResult, float], _A]) -> _A:
        """Ask an address that is checked, over a connection that is used once."""
        try:
            parts = check_address(address, self._allowed)
        except ValueError as fault:
            raise NotFetched(f"The address is not fetched: it {fault}") from None
        until = time.monotonic() + self._limits.seconds
        try:
            connection = self._connected(parts)
        except (OSError, ssl.SSLError) as error:
            raise NotFetched(f"No connection to {parts.netloc}: {error}") from None
        # A socket waits for each piece anew: whoever sends a letter at a time is cut off here.
        watch = threading.Timer(max(0.0, until - time.monotonic()), _cut, (connection,))
        watch.daemon = True
        watch.start()
        try:
            answer = ask(connection, parts, until)
            _left(until)  # what was cut off may look like a short answer
            return answer
        except (OSError, http.client.HTTPException) as error:
            said = str(error) or type(error).__name__
            raise NotFetched(f"{parts.netloc} broke off: {said}") from None
        finally:
            watch.cancel()
            connection.close()

    def _connected(self, parts: SplitResult) -> socket.socket:
        if parts.scheme == "http":
            return socket.create_connection(
                ("127.0.0.1", parts.port or 80), self._limits.connecting
            )
        host = domain_name(parts.hostname or "")
        addresses = list(self._resolve(host, 443))
        near = host in self._neighbours
        if not addresses or not (near or all(is_public(one) for one in addresses)):
            raise NotFetched(f"{host} leads to an address that is not public")
        failure: OSError = OSError("it has no address")
        for one in addresses[:MOST_TRIED]:
            try:
                plain = socket.create_connection((one, 443), self._limits.connecting)
            except OSError as error:
                failure = error
                continue
            try:
                context = self._context or ssl.create_default_context()
                return context.wrap_socket(plain, server_hostname=host)
            except OSError:
                plain.close()
                raise
        raise failure

    def _answer(
        self,
        connection: socket.socket,
        parts: SplitResult,
        until: float,
        headers: Mapping[str, str],
        body: bytes | None = None,
        verb: str = "",
    ) -> http.client.HTTPResponse:
        asking = http.client.HTTPConnection(parts.hostname or "", parts.port)
        asking.auto_open = 0  # never look the name up again
        asking.sock = connection
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        verb = verb or ("GET" if body is None else "POST")
        asking.putrequest(verb, path, skip_host=True, skip_accept_encoding=True)
        own = {
            "Host": parts.netloc,
            "Accept-Encoding": "identity",
            "User-Agent": self._user_agent,
            "Content-Length": "" if body is None else str(len(body)),
        }
        for name, value in {**own, **headers}.items():
            if value:
                asking.putheader(name, value)
        connection.settimeout(_left(until))
        asking.endheaders(body)
        return asking.getresponse()

    def _told(
        self,
        connection: socket.socket,
        parts: SplitResult,
        until: float,
        body: bytes,
        headers: Mapping[str, str],
    ) -> int:
        answer = self._answer(connection, parts, until, headers, body)
        if not 200 <= answer.status < 300:
            raise NotFetched(f"{parts.netloc} answered {answer.status}", answer.status)
        return answer.status

    def _said(
        self,
        connection: socket.socket,
        parts: SplitResult,
        until: float,
        headers: Mapping[str, str],
        body: bytes | None,
        verb: str = "",
    ) -> Answer:
        answer = self._answer(connection, parts, until, headers, body, verb)
        if 300 <= answer.status < 400:
            to = answer.headers.get("Location", "")[:LONGEST_ADDRESS]
            raise SentOn(f"{parts.netloc} sends on to another address", to)
        read = self._body(answer, connection, until, parts.netloc)
        said = _plain(answer.headers.get("Retry-After"))
        return Answer(answer.status, read, answer.headers.get_content_type(), said)

    def _asked(
        self,
        connection: socket.socket,
        parts: SplitResult,
        until: float,
        kept: Kept,
        form: bytes | None = None,
    ) -> Document:
        known = {"If-None-Match": kept.etag, "If-Modified-Since": kept.modified}
        sent = {"Content-Type": "" if form is None else "application/x-www-form-urlencoded"}
        answer = self._answer(connection, parts, until, {**known, **sent}, form)
        if answer.status == 304 and kept != Kept():
            return Document(None, kept)
        if 300 <= answer.status < 400:
            to = answer.headers.get("Location", "")[:LONGEST_ADDRESS]
            raise NotFetched(
                f"{parts.netloc} sends on to {to!r}: write that address, if it is right"
            )
        if answer.status not in ((200,) if form is None else (200, 201, 202)):
            raise NotFetched(f"{parts.netloc} answered {answer.status}")
        body = self._body(answer, connection, until, parts.netloc)
        new = Kept(_plain(answer.headers.get("ETag")), _plain(answer.headers.get("Last-Modified")))
        return Document(body, new, answer.headers.get_content_type())

    def _body(
        self, answer: http.client.HTTPResponse, connection: socket.socket, until: float, host: str
    ) -> bytes:
        """Return a body within its size and its time; every piece has the time that is left."""
        pieces: list[bytes] = []
        size = 0
        if answer.length is not None and answer.length > self._limits.size:
            raise NotFetched(f"{host} sends {answer.length} bytes; {self._limits.size} are taken")
        while True:
            connection.settimeout(_left(until))
            piece = answer.read1(_PIECE)
            if not piece:
                break
            size += len(piece)
            if size > self._limits.size:
                raise NotFetched(f"{host} sends more than {self._limits.size} bytes")
            pieces.append(piece)
        if answer.length:
            raise NotFetched(f"{host} broke off before the end")
        return b"".join(pieces)


def _cut(connection: socket.socket) -> None:
    """End a connection from another thread; whoever reads from it is told."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise NotFetched("The answer took too long")
    return left


def _plain(value: str | None) -> str:
    """Return a header that is kept to be sent back, if it is short and printable."""
    return value if value and len(value) <= 200 and value.isascii() and value.isprintable() else ""
