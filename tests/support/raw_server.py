# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server that says exactly what a test wants, over TCP or TLS, and counts its connections."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Say = Callable[[str, str], Iterable[bytes]]
"""What to answer to (path, the head of the request); ends the connection if it raises."""


def plain(body: bytes, status: int = 200, **headers: str) -> bytes:
    """Return a whole answer with its length."""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class RawServer:
    """Answers each request with pieces of bytes; a thread a connection."""

    def __init__(self, say: Say, context: ssl.SSLContext | None = None) -> None:
        self._say = say
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self.port: int = self._listener.getsockname()[1]
        self.heads: list[str] = []
        self.opened = 0
        self.peak = 0
        self.stopping = threading.Event()

    @property
    def base(self) -> str:
        """Return the server's address, as an allow-list has it."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["RawServer"]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            with self._lock:
                for one in self._connections:
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)
            self.opened += 1
            self.peak = max(self.peak, len(self._connections))
        try:
            with suppress(OSError, ValueError):
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                while head := _head(connection):
                    self._answer(connection, head)
        finally:
            with self._lock:
                self._connections = {one for one in self._connections if one.fileno() >= 0}
                self._connections.discard(connection)
            connection.close()
            with self._lock:
                self._connections = {one for one in self._connections if one.fileno() >= 0}

    def _answer(self, connection: socket.socket, head: str) -> None:
        with self._lock:
            self.heads.append(head)
        for piece in self._say(head.split(" ", 2)[1], head):
            if self.stopping.is_set():
                return
            connection.sendall(piece)


def _head(connection: socket.socket) -> str:
    """Return the head of the next request, empty at the end of the connection."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        piece = connection.recv(65_536)
        if not piece:
            return ""
        data += piece
    return data.decode("latin-1")


class Authority:
    """A throw-away authority: a file that clients trust, and server contexts for names."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away authority")])
        self._folder = folder
        self._made = 0
        own = self._builder(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(
            own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    def files_for(self, names: Sequence[str]) -> tuple[Path, Path]:
        """Return the files of a certificate for names, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away server")])
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        certificate = self._builder(subject, key.public_key()).add_extension(
            alternatives, critical=False
        )
        self._made += 1
        pem = self._folder / f"server-{self._made}.pem"
        secret = self._folder / f"server-{self._made}.key"
        pem.write_bytes(
            certificate.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return pem, secret

    def context_for(self, *names: str) -> ssl.SSLContext:
        """Return a server's context with a certificate for names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.files_for(names))
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        self._serial = getattr(self, "_serial", 0) + 1
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(self._serial)
            .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
            .not_valid_after(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        )
