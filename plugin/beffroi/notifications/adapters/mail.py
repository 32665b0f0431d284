# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two ways for a message to leave: an SMTP server, or a folder of .eml files.

Both take a complete message and return once it is safely handed over: the server has said 250, or
the file is on disk under its final name. Anything else raises, and the job is tried again.

The envelope may name another sender than the letter does: other servers send back there what they
took and could not deliver (RFC 5321, 3.6.3 and 4.4). We do not read that mailbox.
"""

import os
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from beffroi.notifications.rules import REFUSED

TIMEOUT_SECONDS = 20
_STATUS = re.compile(rb"5\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$)")


class MailRefused(smtplib.SMTPException):
    """The server says that it will never take this message for this address (RFC 5321, 4.2.1: 5yz).

    `codes` are its reply code and, where it gives one, its enhanced status (RFC 3463). Its sentence
    is not kept: most servers name the address in it.
    """

    def __init__(self, code: int, said: bytes | str) -> None:
        words = said.encode("utf-8", "replace") if isinstance(said, str) else said
        status = _STATUS.match(words)
        self.codes = f"{REFUSED} {code}" + (f" {status[0].decode()}" if status else "")
        super().__init__(self.codes)


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
    """Hands messages to a server: `smtp://host:port`, `smtps://user:password@host:port`.

    `bounces` is the envelope's sender, to whom other servers send back; empty: the letter's sender.
    """

    def __init__(self, url: str, bounces: str = "") -> None:
        self._bounces = bounces
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def send(self, message: EmailMessage) -> None:
        """Send one message over a connection of its own; MailRefused where it never will be."""
        with self._entered() as server:
            try:
                server.send_message(message, from_addr=self._bounces or None)
            except smtplib.SMTPRecipientsRefused as error:
                for code, said in error.recipients.values():
                    _refused_for_good(code, said)
                raise
            except smtplib.SMTPDataError as error:
                _refused_for_good(error.smtp_code, error.smtp_error)
                raise

    def try_out(self, sender: str) -> None:
        """Go as far as a message to ourselves goes without sending one, to sender and recipient.

        SMTPException or OSError where the server is away, or takes no mail from here.
        """
        with self._entered() as server:
            server.ehlo_or_helo_if_needed()
            ours = self._bounces or sender
            for code, said in (server.mail(ours), server.rcpt(ours)):
                if code >= 300:
                    raise smtplib.SMTPResponseException(code, said)
            server.rset()

    @contextmanager
    def _entered(self) -> Iterator[smtplib.SMTP]:
        with self._connected() as server:
            if self._user:
                server.login(self._user, self._password)
            yield server

    def _connected(self) -> smtplib.SMTP:
        if not self._tls:
            return smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        # Without a context of this kind the library takes any certificate.
        trusting = ssl.create_default_context()
        return smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=trusting)


def _refused_for_good(code: int, said: bytes | str) -> None:
    if 500 <= code <= 599:
        raise MailRefused(code, said) from None


class NoMailer:
    """No mail is set up: every message fails, waits, and the desk's health page says so."""

    def send(self, message: EmailMessage) -> None:
        """Refuse: nothing is dropped in silence."""
        raise RuntimeError("no mail server is set (BEFFROI_MAIL_URL)")


def mailer_for(url: str, bounces: str = "") -> Mailer:
    """Return the mailer that a setting names; `bounces`: where what comes back is to go."""
    if url.startswith("file:"):
        return FolderMailer(Path(url.removeprefix("file:")))
    return SmtpMailer(url, bounces) if url else NoMailer()
