# SPDX-License-Identifier: AGPL-3.0-or-later
"""A file as an encrypted e-mail: PGP/MIME, RFC 3156.

Outside stands what any mail server may read: who writes to whom, and that it is a file for the
CERT; neither the case nor what it is about. The subject that a person reads is inside (RFC 9788).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.policy import SMTP
from email.utils import format_datetime

OUTSIDE = "Message chiffré pour le CERT"


@dataclass(frozen=True, slots=True)
class Part:
    """One writing of a file: its name, its media type, its bytes."""

    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom, under which stable name, and when."""

    sender: str
    to: str
    message_id: str
    at: datetime


def inside(subject: str, words: str, parts: Sequence[Part]) -> bytes:
    """Return what is encrypted: words for a person, and the parts of the file."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message.set_content(words)
    for part in parts:
        kind, _, sub = part.media_type.partition("/")
        message.add_attachment(part.body, maintype=kind, subtype=sub, filename=part.name)
    message.set_param("protected-headers", "v1")
    message.set_param("hp", "cipher")
    return message.as_bytes()


def letter(envelope: Envelope, encrypted: bytes) -> EmailMessage:
    """Return the message that leaves: two parts, the second of which only the CERT can read."""
    outer = MIMEMultipart("encrypted", protocol="application/pgp-encrypted", policy=SMTP)
    version = MIMEBase("application", "pgp-encrypted")
    version.set_payload("Version: 1\r\n")
    body = MIMEBase("application", "octet-stream", name="encrypted.asc")
    body["Content-Disposition"] = 'inline; filename="encrypted.asc"'
    body.set_payload(encrypted.decode("ascii"))
    for part in (version, body):
        del part["MIME-Version"]
        outer.attach(part)
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"] = envelope.sender, envelope.to
    made["Subject"] = OUTSIDE
    made["Message-ID"] = envelope.message_id
    made["Date"] = format_datetime(envelope.at)
    made["MIME-Version"] = "1.0"
    made["Content-Type"] = outer["Content-Type"]
    made.set_payload(outer.get_payload())
    return made
