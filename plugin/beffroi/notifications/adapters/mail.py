# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two ways for a message to leave: an SMTP server, or a folder of .eml files.

Both take a complete message and return once it is safely handed over: the server has said 250, or
the file is on disk under its final name. Anything else raises, and the job is tried again.
"""

import os
import re
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

TIMEOUT_SECONDS = 20


class Mailer(Protocol):
    """Hands one message over."""

    def send(self, message: EmailMessage) -> None:
        """Hand a message over, or raise; may be called again for the same message id."""


class FolderMailer:
    """Writes each message as one .eml file named after its message id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def send(self, message: EmailMessage) -> None:
        """Write the message, under its final name only once it is complete."""
        name = re.sub(r"[^A-Za-z0-9._-]", "_", message["Message-ID"].strip("<>"))
        final = self.folder / f"{name}.eml"
        draft = final.with_suffix(".part")
        with draft.open("wb") as file:
            file.write(bytes(message))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(final)


class SmtpMailer:
    """Hands messages to a server: `smtp://host:port`, `smtps://user:password@host:port`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def send(self, message: EmailMessage) -> None:
        """Send one message over a connection of its own."""
        with self._connected() as server:
            if self._user:
                server.login(self._user, self._password)
            server.send_message(message)

    def _connected(self) -> smtplib.SMTP:
        if not self._tls:
            return smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        # Without a context of this kind the library takes any certificate.
        trusting = ssl.create_default_context()
        return smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=trusting)


class NoMailer:
    """No mail is set up: every message fails, waits, and the desk's health page says so."""

    def send(self, message: EmailMessage) -> None:
        """Refuse: nothing is dropped in silence."""
        raise RuntimeError("no mail server is set (BEFFROI_MAIL_URL)")


def mailer_for(url: str) -> Mailer:
    """Return the mailer that a setting names."""
    if url.startswith("file:"):
        return FolderMailer(Path(url.removeprefix("file:")))
    return SmtpMailer(url) if url else NoMailer()
