# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed notes (C2SP signed-note v1.0.0): a text, an empty line, and signature lines.

    <text, UTF-8, ends with LF, no other control character>
    <empty line>
    — <key name> <base64(4 bytes of key ID || signature)>

Two kinds of signature are read: Ed25519 over the text (type 0x01, the log's own) and the Ed25519
cosignature of a witness (type 0x04, C2SP tlog-cosignature v1). Lines of unknown keys are ignored;
a line of a known key that does not verify refuses the whole note. Stricter than the format where
it leaves room: two lines of one key, more than 16 lines, more than 64 KiB are refused.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from beffroi_federation.errors import Malformed, OverLimit, Unsigned

MAX_NOTE = 65_536
MAX_SIGNATURES = 16
MAX_ORIGIN = 255
ED25519 = 0x01
COSIGNATURE = 0x04

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f\ud800-\udfff]+")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")
_VKEY = re.compile(rf"({_NAME.pattern})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose it says it is, the key's 4-byte ID, and the signature's bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line as it stands in a note, with its LF."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read: its text, with the final LF, and its signature lines, none verified yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that signs notes, by name and key ID; made from its vkey text."""

    name: str
    key_id: bytes
    kind: int
    public_key: bytes

    @staticmethod
    @lru_cache(1_024)
    def from_text(text: str) -> "Verifier":
        """Return the verifier of a vkey, `<name>+<8 hex digits>+<base64>`; Malformed if none."""
        match = _VKEY.fullmatch(text)
        if match is None:
            raise Malformed("This is not the text of a verifier key")
        key = decode_base64(match[3])
        if len(key) != 33 or key[0] not in (ED25519, COSIGNATURE):
            raise Malformed("This verifier key is of a kind that is not known here")
        verifier = Verifier(match[1], bytes.fromhex(match[2]), key[0], key[1:])
        if verifier.key_id != _key_id(verifier.name, verifier.kind, verifier.public_key):
            raise Malformed("The ID in a verifier key is not that of its name and key")
        return verifier

    def vkey(self) -> str:
        """Return the vkey text."""
        return vkey(self.name, self.public_key, self.kind)

    def verifies(self, text: str, signature: bytes) -> bool:
        """Say whether these bytes, as in a note's line, are this key's signature of the text."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            if len(signature) != 72 or signature[0] & 0x80:
                return False
            moment = int.from_bytes(signature[:8], "big")
            message = b"cosignature/v1\ntime %d\n" % moment + message
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _key_id(name: str, kind: int, public_key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]


def check_name(name: str) -> None:
    """Refuse (Malformed) an empty key name, or one with a space, a `+` or a control character."""
    if not _NAME.fullmatch(name):
        raise Malformed("A key's name is empty or holds a space or a plus sign")


def vkey(name: str, public_key: bytes, kind: int = ED25519) -> str:
    """Return the vkey text of a 32-byte Ed25519 public key under a name."""
    check_name(name)
    key = base64.b64encode(bytes([kind]) + public_key).decode()
    return f"{name}+{_key_id(name, kind, public_key).hex()}+{key}"


def decode_base64(text: str) -> bytes:
    """Return the bytes of standard, padded base64 in its one canonical spelling, else Malformed."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("This is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Malformed("This is not the canonical spelling of its base64")
    return data


def parse(note: bytes | str) -> Note:
    """Return a note's text and signature lines, unverified; raise Malformed or OverLimit."""
    data = note.encode("utf-8", "surrogatepass") if isinstance(note, str) else note
    return _parse_short(data) if len(data) <= _SHORT else _parse(data)


def _parse(data: bytes) -> Note:
    if len(data) > MAX_NOTE:
        raise OverLimit("A note is longer than 64 KiB", length=len(data))
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("A note is not UTF-8") from None
    if _CONTROL.search(whole):
        raise Malformed("A note holds a control character (carriage returns are refused too)")
    head, separator, tail = whole.rpartition("\n\n")
    if not separator or not head or not tail.endswith("\n"):
        raise Malformed("A note is a text, an empty line and signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise OverLimit("A note has more than 16 signatures", signatures=len(lines))
    signatures = tuple(_parse_line(line) for line in lines)
    if len({(s.name, s.key_id) for s in signatures}) != len(signatures):
        raise Malformed("One key signs a note twice")
    return Note(head + "\n", signatures)


_SHORT = 1_024
_parse_short = lru_cache(1_024)(_parse)
"""Who pulls meets a note three times: as served, for the witness, and as the witness keeps it."""


def _parse_line(line: str) -> Signature:
    match = _LINE.fullmatch(line)
    if match is None:
        raise Malformed("A signature line is not a dash, a name and base64")
    data = decode_base64(match[2])
    if len(data) < 5:
        raise Malformed("A signature line holds no signature")
    return Signature(match[1], data[:4], data[4:])


def format_note(text: str, signatures: Sequence[Signature]) -> str:
    """Return the note of a text and its signatures; Malformed if nobody could read it back."""
    note = text + "\n" + "".join(signature.line() for signature in signatures)
    if parse(note) != Note(text, tuple(signatures)):
        raise Malformed("This text cannot be made into a note")
    return note


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Signature:
    """Return the Ed25519 signature (type 0x01) of a text by a key that goes by `name`."""
    public = key.public_key().public_bytes_raw()
    return Signature(name, _key_id(name, ED25519, public), key.sign(text.encode()))


def open_note(
    note: bytes | str, verifiers: Sequence[Verifier]
) -> tuple[Note, tuple[Verifier, ...]]:
    """Return the note and those of the verifiers whose signatures it carries (at least one).

    Raises Unsigned when no known key signed it or a known key's line does not verify, Malformed or
    OverLimit when it is not a note.
    """
    parsed = parse(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    found = []
    for signature in parsed.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        if not verifier.verifies(parsed.text, signature.signature):
            raise Unsigned("A known key's signature does not verify", key=verifier.name)
        found.append(verifier)
    if not found:
        raise Unsigned(
            "No known key signed this note",
            signed_by=", ".join(s.name for s in parsed.signatures),
        )
    return parsed, tuple(found)
