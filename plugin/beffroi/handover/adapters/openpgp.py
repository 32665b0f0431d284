# SPDX-License-Identifier: AGPL-3.0-or-later
"""The CERT's OpenPGP key, and encryption to it by Sequoia (`pysequoia`): no cryptography of ours.

Source: RFC 9580 (OpenPGP). The key is read from its file each time, so that a renewed one holds at
once. Nothing is ever sent where the key does not serve: `Unusable` says why.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask_babel import format_date, gettext, ngettext

from beffroi_web.words import N_

LARGEST = 1024 * 1024
SOON = timedelta(days=30)
"""How long before its end a key is spoken of."""


class Unusable(Exception):
    """The key cannot be used; `sentence` is a marked sentence with the place `%(day)s`."""

    def __init__(self, sentence: str, day: str = "") -> None:
        super().__init__(sentence % {"day": day} if day else sentence)
        self.sentence = sentence
        self.day = day

    def said(self) -> str:
        """Return why, in the reader's language."""
        return str(gettext(self.sentence, day=self.day) if self.day else gettext(self.sentence))


@dataclass(frozen=True, slots=True)
class Key:
    """A key that serves now: its fingerprint, when it ends, and what encrypts to it."""

    fingerprint: str
    ends_at: datetime | None
    _cert: Any

    @property
    def in_groups(self) -> str:
        """Return the fingerprint as people compare it: groups of four."""
        said = self.fingerprint.upper()
        return " ".join(said[at : at + 4] for at in range(0, len(said), 4))

    def encrypted(self, words: bytes, signer: Any | None = None) -> bytes:
        """Return a message for the holder of the key, in its printable form.

        What `signer` signs is inside: outside nobody sees whether, or by which key.
        """
        from pysequoia import encrypt

        try:
            return bytes(encrypt(words, recipients=[self._cert], signer=signer))
        except Exception:  # whatever the library raises of a key: no part of it serves encryption
            raise Unusable(NO_ENCRYPTION) from None


NO_FILE = N_("No public key of the CERT is set, so nothing can be sent (BEFFROI_CERT_KEY).")
UNREADABLE = N_("The file of BEFFROI_CERT_KEY holds no OpenPGP public key that can be read.")
SECRET = N_("The file of BEFFROI_CERT_KEY holds a secret key: only the public one belongs there.")
REVOKED = N_("The CERT has revoked this key: ask it for its new one (BEFFROI_CERT_KEY).")
EXPIRED = N_("The CERT's key expired on %(day)s: ask it for its new one (BEFFROI_CERT_KEY).")
NO_ENCRYPTION = N_("The CERT's key cannot be used to encrypt: ask it for another one.")


def key_of(path: Path | None, *, now: datetime) -> Key:
    """Return the key of a file, if it serves at a moment; raises Unusable with the reason."""
    if path is None:
        raise Unusable(NO_FILE)
    from pysequoia import Cert
    from pysequoia.packet import PacketPile, Tag

    try:
        with path.open("rb") as file:
            read = file.read(LARGEST)
        tags = [packet.tag for packet in PacketPile.from_bytes(read)]
        secret = Tag.SecretKey in tags or Tag.SecretSubkey in tags
        cert = None if secret else Cert.from_bytes(read)
    except Exception:  # no such file, no key in it, several kinds of damage: nothing can be read
        raise Unusable(UNREADABLE) from None
    if cert is None:
        raise Unusable(SECRET)
    if cert.is_revoked:
        raise Unusable(REVOKED)
    ends = cert.expiration
    if ends is not None and ends <= now:
        raise Unusable(EXPIRED, ends.date().isoformat())
    key = Key(cert.fingerprint, ends, cert)
    key.encrypted(b"")  # a key that only signs shows it here, before anybody presses the button
    return key


def warning(path: Path | None, *, now: datetime) -> str:
    """Return what is, or within `SOON` will be, wrong with a key, as the reader reads it; or ""."""
    try:
        ends = key_of(path, now=now).ends_at
    except Unusable as fault:
        return fault.said()
    if ends is None or ends - now >= SOON:
        return ""
    return str(
        ngettext(
            "The CERT's key expires on %(day)s, in less than a day: ask it for its new one"
            " (BEFFROI_CERT_KEY).",
            "The CERT's key expires on %(day)s, in less than %(num)d days: ask it for its new one"
            " (BEFFROI_CERT_KEY).",
            (ends - now).days + 1,
            day=format_date(ends.date(), "long"),
        )
    )
