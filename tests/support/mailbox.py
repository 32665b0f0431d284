# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real mail server on loopback that keeps what it is handed, or refuses for a while.

with open_mailbox() as mailbox:
    …                      # BEFFROI_MAIL_URL = mailbox.url
    mailbox.refuse(2)      # the next two messages get 451 after their data
    mailbox.unknown.add(…) # an address gets 550, and the server's sentence names it
    mailbox.messages       # what was accepted, in order
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Received:
    """One accepted message: who it was handed over for, and what it says."""

    to: tuple[str, ...]
    message: EmailMessage
    sender: str = ""

    @property
    def id(self) -> str:
        """The Message-ID."""
        return str(self.message["Message-ID"])

    @property
    def words(self) -> str:
        """The plain text of the message, as a mail program shows it."""
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class Mailbox:
    """What came to the server; `attempts` counts refused ones too."""

    url: str = ""
    messages: list[Received] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    _refusals: int = 0

    def refuse(self, times: int) -> None:
        """Refuse the next so many messages, for the moment (451)."""
        self._refusals = times

    def to(self, address: str) -> list[Received]:
        """Return the messages that were handed over for an address."""
        return [m for m in self.messages if address in m.to]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take an address or refuse it for good; aiosmtpd calls this."""
        if address in self.unknown:
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a message or refuse it; aiosmtpd calls this."""
        content = cast(bytes, envelope.content)
        message = message_from_bytes(content, policy=policy.default)
        self.attempts.append(str(message["Message-ID"]))
        if self._refusals:
            self._refusals -= 1
            return "451 4.3.0 Not now, please try again later"
        sender = envelope.mail_from or ""
        self.messages.append(Received(tuple(envelope.rcpt_tos), message, sender))
        return "250 2.0.0 Kept"


class _AnyPort(Controller):
    """A controller that finds out which port it was given before it knocks on it."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """Run the server on a free port while the block runs."""
    mailbox = Mailbox()
    controller: Any = _AnyPort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        mailbox.url = f"smtp://127.0.0.1:{controller.port}"
        yield mailbox
    finally:
        controller.stop()
