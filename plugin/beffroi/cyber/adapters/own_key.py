# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's own OpenPGP key, with which it signs what it sends to the CERT; by Sequoia.

Two files in a folder of the data folder, for its owner alone: the secret half, which only who
signs reads, and the public halves, the present one first, which anybody may have. The key signs
and certifies; it has no part for encryption, so that nobody writes to a key that no mailbox has.
It is in no backup and no export: a lost one is replaced (`make`), and the CERT told.

Source: RFC 9580 (OpenPGP). Its key is of version 4, which GnuPG reads.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from beffroi.config import Settings

FOLDER = "openpgp"
SECRET, PUBLIC = "secret.asc", "public.asc"  # names of files
LIFE = timedelta(days=730)
SOON = timedelta(days=30)
"""How long before its end a key is spoken of."""
FORMER = 10
"""How many earlier keys stay among the public ones, so that what they signed can be verified."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The public half of the key that signs: its fingerprint (hexadecimal), when it ends."""

    fingerprint: str
    ends_at: datetime | None

    @property
    def in_groups(self) -> str:
        """Return the fingerprint as people compare it: groups of four."""
        said = self.fingerprint.upper()
        return " ".join(said[at : at + 4] for at in range(0, len(said), 4))

    def has_ended(self, now: datetime) -> bool:
        """Say whether nothing is signed with it any more."""
        return self.ends_at is not None and self.ends_at <= now

    def ends_soon(self, now: datetime) -> bool:
        """Say whether it has ended, or will within `SOON`."""
        return self.ends_at is not None and self.ends_at - now < SOON


def sender(settings: Settings) -> str:
    """Return what messages to the CERT say as their sender."""
    return settings.mail_from or f"beffroi@{urlsplit(settings.public_url).hostname}"


def owner(settings: Settings) -> str:
    """Return whose key it is, `Name <address>`: the body, and the sender of its messages."""
    name = "".join(char for char in settings.name if char not in "<>")
    return f"{name} <{parseaddr(sender(settings))[1]}>"


def _kept(folder: Path, name: str, text: str) -> None:
    """Write a file for its owner alone, whole or not at all."""
    half = folder / f".{name}"
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(half, folder / name)


def _generated(owner: str) -> Any:
    """Return a new secret key without the part for encryption."""
    from pysequoia import Profile, Tsk
    from pysequoia.packet import PacketPile, PublicKeyAlgorithm, Tag

    whole = Tsk.generate(owner, profile=Profile.RFC4880, validity_seconds=int(LIFE.total_seconds()))
    kept, leaving = [], False
    for packet in PacketPile.from_bytes(bytes(whole)):
        if packet.tag == Tag.SecretSubkey:  # what binds it comes after it
            leaving = packet.key_algorithm == PublicKeyAlgorithm.ECDH
        if not leaving:
            kept.append(packet)
    return Tsk.from_packets(kept)


def make(data_dir: Path, owner: str) -> bool:
    """Make the key of `owner` (`Name <address>`) if there is none; say whether one was made."""
    if (data_dir / FOLDER / SECRET).exists():
        return False
    _replace(data_dir, owner, former=[])
    return True


def rotate(data_dir: Path, owner: str, *, stolen: bool = False) -> str:
    """Put a new key in place of the present one, whose secret half is destroyed.

    Returns the new public key and its fingerprint as a text that the old key signed, or "" where
    there was none, or its time is over. A key that was `stolen` vouches for nothing: it is revoked
    instead, and what it signed before no longer verifies; one whose time is over is left out.
    """
    from pysequoia import SignatureMode, Tsk, sign

    file = data_dir / FOLDER / SECRET
    old = Tsk.from_bytes(file.read_bytes()) if file.exists() else None
    former = _certs(data_dir) if old is not None else []
    if old is not None and stolen:
        former = [*_revoked(old), *former[1:]]
    signer = None if old is None or stolen else _signer(old)
    new = _replace(data_dir, owner, former=former)
    if signer is None:
        return ""
    said = f"{owner}\n{new.fingerprint.upper()}\n\n{new}"
    return bytes(sign(signer, said.encode(), mode=SignatureMode.CLEAR)).decode()


def _signer(old: Any) -> Any:
    """Return what signs with a key, None once its time is over."""
    try:
        return old.signer()
    except RuntimeError:
        return None


def _revoked(old: Any) -> list[Any]:
    """Return the public half of a key, revoked; nothing once its time is over."""
    from pysequoia import Cert
    from pysequoia.packet import PacketPile

    cert = old.extract_certificate()
    first, *others = PacketPile.from_bytes(bytes(cert))
    try:
        certifier = old.certifier()
    except RuntimeError:
        return []
    [revocation] = PacketPile.from_bytes(bytes(cert.revoke(certifier)))
    return [Cert.from_packets([first, revocation, *others])]


def _replace(data_dir: Path, owner: str, *, former: list[Any]) -> Any:
    """Write a new key; the public halves first, so that nothing is signed by an unknown one."""
    from pysequoia import ArmorKind, armor

    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = _generated(owner)
    cert = secret.extract_certificate()
    public = b"".join(bytes(one) for one in [cert, *former[:FORMER]])
    _kept(folder, PUBLIC, armor(public, ArmorKind.PublicKey))
    _kept(folder, SECRET, str(secret))
    return cert


def _certs(data_dir: Path) -> list[Any]:
    from pysequoia import Cert

    try:
        return list(Cert.split_bytes((data_dir / FOLDER / PUBLIC).read_bytes()))
    except Exception:  # no such file, or no key in it
        return []


def public_keys(data_dir: Path) -> str:
    """Return the public keys in their printable form, the present one first; "" without any."""
    try:
        return (data_dir / FOLDER / PUBLIC).read_text(encoding="ascii")
    except OSError:
        return ""


def own_key(data_dir: Path) -> OwnKey | None:
    """Return what is public of the key that signs, or None if there is none."""
    certs = _certs(data_dir)
    return OwnKey(certs[0].fingerprint, certs[0].expiration) if certs else None


def signer(data_dir: Path, *, now: datetime) -> Any | None:
    """Return what signs, or None where there is no key or it has ended."""
    from pysequoia import Tsk

    try:
        secret = Tsk.from_bytes((data_dir / FOLDER / SECRET).read_bytes())
        ends = secret.extract_certificate().expiration
        return None if ends is not None and ends <= now else secret.signer()
    except Exception:  # no such file, or no key in it: what leaves is unsigned, and pages say so
        return None
