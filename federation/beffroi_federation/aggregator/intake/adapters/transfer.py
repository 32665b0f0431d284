# SPDX-License-Identifier: AGPL-3.0-or-later
"""One transfer by libcurl: what it may do, how much it may bring, how long it may take.

libcurl does sockets, TLS and HTTP framing. It is told to do nothing else: no name is looked up (the
connection goes to an address that was checked, CURLOPT_CONNECT_TO, and the socket is refused if it
is to go anywhere else), nothing is redirected, no proxy, cookie, .netrc or password exists, no
protocol but the one of the address, nothing is decoded. Bodies are unpacked here, within their
caps (`bodies`), as they come.
"""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pycurl

from beffroi_federation.asking import NOT_MODIFIED, OK, Ask, Fetched, good_etag, require_answer
from beffroi_federation.bodies import Unpacking
from beffroi_federation.client import Timeouts
from beffroi_federation.errors import OverLimit, ProtocolError, Unreachable
from beffroi_federation.url_policy import Target

MAX_HEADERS = 16_384
"""Bytes of all header lines of an answer together, status lines and trailers among them."""
RECEIVED_AT_ONCE = 131_072
"""Bytes asked of a socket at once; libcurl keeps one such buffer for all transfers."""
SPARED = 16_384
"""Bytes of a body that nobody reads (an error's page), taken so that the connection can stay."""

UNCHANGED = Fetched(NOT_MODIFIED, b"", None)
"""The answer of a town that has nothing new."""

_HEADERS = ["Accept-Encoding: gzip, identity", "Accept:"]
_WANTED = frozenset({b"etag", b"content-encoding", b"content-length", b"retry-after"})
_TLS_FAILURES = frozenset({35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91, 98})
_CONNECT_FAILURES = frozenset({pycurl.E_COULDNT_CONNECT, pycurl.E_OPERATION_TIMEDOUT})


@dataclass(frozen=True, slots=True)
class Manner:
    """How towns are reached: who asks, what is trusted, how long it may take.

    `user_agent` names the software and a way to reach who runs it. `authorities` is a file of
    certificates in PEM; by default the machine's. `allowed_loopback` as in `url_policy`.
    """

    user_agent: str
    allowed_loopback: frozenset[str] = frozenset()
    timeouts: Timeouts = field(default_factory=Timeouts)
    authorities: Path | None = None


class Transfer:
    """One libcurl handle, used for one question after the other.

    `may_hold` is asked before a body is held that is larger than what everybody may hold at once;
    while it says no, the transfer pauses and its clock stands still.
    """

    def __init__(self, manner: Manner, may_hold: Callable[["Transfer", int], bool]) -> None:
        self._timeouts = manner.timeouts
        self._may_hold = may_hold
        self._sockets: list[socket.socket] = []
        self._pinned = ""
        self._plain: bool | None = None
        self._to = ""
        self._lines: list[bytes] = []
        self._headers: dict[bytes, bytes] = {}
        self._unpacking: Unpacking | None = None
        self.paused_at: float | None = None
        self.fault: ProtocolError | None = None
        self._most = 0
        self._clear(Ask("", 0), 0.0)
        self.curl = _handle(manner)
        self.curl.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._on_body)
        self.curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)

    def begin(self, target: Target, address: str, port: int, ask: Ask, now: float) -> None:
        """Prepare the handle for a question to a checked address (and port, for tests)."""
        self._clear(ask, now)
        curl = self.curl
        path = ask.path if ask.path.startswith("/") else f"{target.path}/{ask.path}"
        if target.loopback is not self._plain:  # what a handle knows already is not told again
            self._plain = target.loopback
            only = pycurl.PROTO_HTTP if self._plain else pycurl.PROTO_HTTPS
            curl.setopt(pycurl.PROTOCOLS, only)
        if target.loopback:
            curl.setopt(pycurl.URL, f"http://{target.host}:{target.port}{path}")
        else:
            curl.setopt(pycurl.URL, f"https://{target.host}{path}")
        if ask.max_bytes != self._most:  # refused by what it announces, before any of it comes
            curl.setopt(pycurl.MAXFILESIZE_LARGE, ask.max_bytes)
            self._most = ask.max_bytes
        if ask.etag is None:
            curl.setopt(pycurl.HTTPHEADER, _HEADERS)
        else:
            curl.setopt(pycurl.HTTPHEADER, [*_HEADERS, f"If-None-Match: {ask.etag}"])
        where = f"[{address}]" if ":" in address else address
        to = f"{target.host}:{target.port}:{where}:{port}"
        if to != self._to:
            curl.setopt(pycurl.CONNECT_TO, [to])
            self._to, self._pinned = to, _canonical(address)

    def overdue(self, now: float) -> bool:
        """Say whether the answer takes too long: the total, or the least rate after the grace."""
        if self.paused_at is not None:
            return False
        earned = self._timeouts.grace + self.received / self._timeouts.rate
        return now > self._began + min(self._timeouts.total, earned)

    def floods(self) -> bool:
        """Say whether more head came than there may be; nobody counts it while it comes.

        What is held of a head grows until then by what comes between two looks, and never past
        libcurl's own bound.
        """
        return bool(self.curl.getinfo(pycurl.HEADER_SIZE) > MAX_HEADERS)

    def resume(self, now: float) -> None:
        """Go on after a pause, which took none of the transfer's own time."""
        if self.paused_at is not None:
            self._began += now - self.paused_at
            self.paused_at = None
            self.curl.pause(pycurl.PAUSE_CONT)

    def never_connected(self, code: int) -> bool:
        """Say whether a failure is one after which another address of the name may be tried."""
        unheard = not self.received and self.fault is None
        return code in _CONNECT_FAILURES and unheard and not self.curl.getinfo(pycurl.CONNECT_TIME)

    def answer(self, code: int = 0) -> Fetched:
        """Return what came; `code` is libcurl's. Raises ProtocolError."""
        if self._sockets:
            for one in self._sockets:
                one.close()
            self._sockets.clear()
        if self.fault is not None:
            raise self.fault
        get = self.curl.getinfo
        if not code and self._ask.etag is not None and get(pycurl.RESPONSE_CODE) == NOT_MODIFIED:
            self._lines.clear()
            if get(pycurl.HEADER_SIZE) <= MAX_HEADERS:
                return UNCHANGED
            raise _long_head()
        self._read_head()
        if code == pycurl.E_FILESIZE_EXCEEDED:
            if self._status == OK:  # of another answer nobody reads the body
                raise self._too_long()
        elif code and not self._enough:
            raise self._failure(code)
        again = self._headers.get(b"retry-after", b"").decode("latin-1")
        require_answer(self._status, asked_etag=self._ask.etag is not None, retry_after=again)
        if self._status == OK:
            self._unpacking_of().end()
        etag = good_etag(self._headers.get(b"etag", b"").decode("latin-1"))
        body = b"" if self._body is None else self._body.getvalue()
        return Fetched(self._status, body, etag)

    @property
    def received(self) -> int:
        """Return how many bytes came, head and packed body."""
        return int(self.curl.getinfo(pycurl.HEADER_SIZE)) + self._taken

    @property
    def size(self) -> int:
        """Return how many unpacked bytes are held."""
        return 0 if self._body is None else self._body.tell()

    def close(self) -> None:
        """Give everything back."""
        for one in self._sockets:
            one.close()
        self._sockets.clear()
        self.curl.close()

    def _clear(self, ask: Ask, now: float) -> None:
        self._ask = ask
        self._began = now
        self._status = 0
        self._lines.clear()
        self._head = 0
        self._taken = 0
        self._body: BytesIO | None = None
        self._unpacking = None
        self._enough = False
        self.paused_at = None
        self.fault = None

    def _read_head(self) -> None:
        """Read the lines that came, once a body begins or all is over; raises OverLimit.

        Interim heads (1xx) come before the answer's. Trailers say nothing that is believed, nor
        does a 304 but that nothing changed.
        """
        lines = self._lines
        self._head += sum(map(len, lines))
        if self._head > MAX_HEADERS:
            raise _long_head()
        if not self._taken:
            begins = [at for at, line in enumerate(lines) if line[:5] == b"HTTP/"]
            if begins:
                self._read_answer(lines[begins[-1] :])
        lines.clear()

    def _read_answer(self, lines: Sequence[bytes]) -> None:
        status = lines[0].split(None, 2)[1:2]
        self._status = int(status[0]) if status and status[0].isdigit() else 0
        self._headers = {}
        if self._status != NOT_MODIFIED:
            for line in lines:
                name, _, value = line.partition(b":")
                name = name.lower()
                if name in _WANTED and name not in self._headers:
                    self._headers[name] = value.strip()

    def _on_body(self, piece: bytes) -> int | None:
        try:
            if self._lines:
                self._read_head()
            if self._status != OK:
                self._taken += len(piece)
                self._enough = self._head + self._taken > SPARED
                return 0 if self._enough else None
            unpacking = self._unpacking_of()
            if not self._may_hold(self, len(piece)):
                return int(pycurl.WRITEFUNC_PAUSE)
            self._taken += len(piece)
            body = self._body
            if body is None:
                body = self._body = BytesIO()
            for step in unpacking.take(piece):
                body.write(step)
        except ProtocolError as error:
            self.fault = error
            return 0
        return None

    def _unpacking_of(self) -> Unpacking:
        """Return how the body is unpacked; refuses a body that announces more than it may be."""
        if self._unpacking is None:
            most = self._ask.max_bytes
            length = self._headers.get(b"content-length", b"")
            if length.isdigit() and int(length) > most:
                raise self._too_long()
            encoding = self._headers.get(b"content-encoding", b"").decode("latin-1").lower()
            self._unpacking = Unpacking(encoding, most)
        return self._unpacking

    def _too_long(self) -> OverLimit:
        length = self._headers.get(b"content-length", b"")
        got = {"got": int(length)} if length.isdigit() else {}
        sentence = "The body is longer than it may be"
        return OverLimit(sentence, expected=f"at most {self._ask.max_bytes}", **got)

    def _open_socket(self, purpose: int, where: Any) -> Any:
        """Open a socket to the pinned address; nowhere else, whatever libcurl came to."""
        if _canonical(where.addr[0].partition("%")[0]) != self._pinned:
            return pycurl.SOCKET_BAD
        opened = socket.socket(where.family, where.socktype, where.protocol)
        self._sockets.append(opened)  # libcurl works on its own copy; this one is closed later
        return opened

    def _failure(self, code: int) -> Unreachable:
        """Return the error for a failure of the network, without libcurl's own words."""
        if code in _TLS_FAILURES:
            sentence = "No trustworthy TLS connection to the town"
        elif code in _CONNECT_FAILURES and not self.received:
            sentence = "No connection to the town"
        elif self._status:
            sentence = "The town broke off in the middle of an answer"
        else:
            sentence = "The town did not answer a request"
        return Unreachable(sentence, because=f"libcurl {code}")


def _long_head() -> OverLimit:
    sentence = "The head of an answer is longer than it may be"
    return OverLimit(sentence, expected=f"at most {MAX_HEADERS}")


@lru_cache(4_096)
def _canonical(address: str) -> str:
    """Return the one spelling of an IP address."""
    return str(ipaddress.ip_address(address))


def _handle(manner: Manner) -> pycurl.Curl:
    """Return a handle with everything switched off that is not wanted."""
    curl = pycurl.Curl()
    trusted = manner.authorities or ssl.get_default_verify_paths().cafile
    options: list[tuple[int, object]] = [
        (pycurl.NOSIGNAL, 1),
        (pycurl.BUFFERSIZE, RECEIVED_AT_ONCE),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.PROXY, ""),  # empty: not even that of the environment
        (pycurl.NOPROXY, "*"),
        (pycurl.NETRC, pycurl.NETRC_IGNORED),
        (pycurl.HTTP09_ALLOWED, 0),
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
        (pycurl.SSL_VERIFYPEER, 1),
        (pycurl.SSL_VERIFYHOST, 2),
        (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
        (pycurl.PATH_AS_IS, 1),
        (pycurl.USERAGENT, manner.user_agent),
        (pycurl.CONNECTTIMEOUT_MS, int(manner.timeouts.connect * 1_000)),
    ]
    for option, value in options:
        curl.setopt(option, value)
    if trusted is not None:
        curl.setopt(pycurl.CAINFO, str(trusted))
        curl.unsetopt(pycurl.CAPATH)  # with one file only, libcurl keeps what it has read
    return curl
