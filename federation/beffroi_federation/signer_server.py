# SPDX-License-Identifier: AGPL-3.0-or-later
"""A signer as a process of its own: answers one line with one line over a Unix socket.

A client that sends too much, too slowly or nothing at all is told so and loses its connection after
a few seconds, and nobody else waits for it. Signing itself is one request at a time. Only one
server runs for one folder; it holds a lock for as long as it lives.
"""

import fcntl
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic

from beffroi_federation import signer_wire as wire
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError, SignerLocked
from beffroi_federation.signing import Signer

log = logging.getLogger(__name__)

CLIENT_SECONDS = 5.0
"""How long a client may take over its request, and over reading the answer."""
MOST_CLIENTS = 32
SOCKET_MODE = 0o660


class SignerServer:
    """Serves a signer on a socket until `stop`.

    `changed` is called after each request that may have changed the keys, and now and then.
    """

    def __init__(
        self,
        signer: Signer,
        path: Path,
        *,
        changed: Callable[[], None] = lambda: None,
        seconds: float = CLIENT_SECONDS,
    ) -> None:
        self._signer = signer
        self._path = path
        self._changed = changed
        self._seconds = seconds
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_CLIENTS)
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._listener = self._listen()

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.unlink(missing_ok=True)  # left by a kill; only one server gets this far
            before = os.umask(0o777 & ~SOCKET_MODE)
            try:
                with wire.socket_address(self._path) as address:
                    listener.bind(address)
            finally:
                os.umask(before)
            listener.listen(MOST_CLIENTS)
        except BaseException:
            listener.close()
            raise
        return listener

    def serve(self) -> None:
        """Answer until `stop` is called."""
        with DefaultSelector() as selector:
            selector.register(self._listener, EVENT_READ)
            selector.register(self._wake_read, EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._wake_read in ready:
                    break
                self._accept()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        link, _ = self._listener.accept()
        link.settimeout(self._seconds)
        if not self._places.acquire(blocking=False):
            with link:
                _send(link, _refused(OverLimit("The signer has too many clients at once")))
            return
        threading.Thread(target=self._answer, args=(link,), daemon=True).start()

    def stop(self) -> None:
        """Have `serve` end; safe in a signal handler."""
        os.write(self._wake_write, b".")

    def close(self) -> None:
        """Give back what the server holds, after `serve` ended."""
        self._listener.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _answer(self, link: socket.socket) -> None:
        try:
            with link:
                _send(link, self._reply(link))
        except OSError as error:
            log.info("a client went away: %s", error.strerror or error)
        except Exception:
            log.exception("a request could not be answered")
        finally:
            self._places.release()

    def _reply(self, link: socket.socket) -> bytes:
        try:
            request = wire.decode_line(_read_line(link, self._seconds))
            with self._turn:
                members = wire.answer(self._signer, request)
                self._changed()
        except ProtocolError as error:
            log.info("refused: %s", error.sentence)
            return _refused(error)
        if request.get("op") == "sign":
            log.info("signed a log of %s entries", request.get("new"))
        return wire.encode_line({"ok": True, **members})


def _refused(error: ProtocolError) -> bytes:
    return wire.encode_line({"ok": False, **wire.refusal_members(error)})


def _read_line(link: socket.socket, seconds: float) -> bytes:
    """Return the line a client sends, whole, within its time; Malformed or OverLimit."""
    ends = monotonic() + seconds
    received = bytearray()
    while not received.endswith(b"\n"):
        left = ends - monotonic()
        if left <= 0:
            raise Malformed("The request took too long")
        link.settimeout(left)
        try:
            piece = link.recv(65_536)
        except TimeoutError:
            raise Malformed("The request took too long") from None
        if not piece:
            raise Malformed("The request ended before its line did")
        received += piece
        if len(received) > wire.MAX_LINE:
            raise OverLimit("The request is too long")
    return bytes(received)


def _send(link: socket.socket, line: bytes) -> None:
    """Send an answer; a client that does not read it in time loses it."""
    link.sendall(line)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Run a block as the only server of a folder; SignerLocked if another one runs."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SignerLocked("Another signer serves this folder already") from None
        yield
    finally:
        os.close(handle)
