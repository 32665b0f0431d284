# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log's signed state (C2SP tlog-checkpoint v1.0.0), and a proof to keep (C2SP tlog-proof).

A checkpoint is the text `<origin>`, `<size>`, `<root in base64>`, one a line, signed by the key
that goes by the origin's name. Extension lines are refused: nobody could audit them.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_federation.errors import Malformed, OverLimit, Unsigned
from beffroi_federation.merkle import EMPTY_ROOT, HASH_BYTES, MAX_SIZE
from beffroi_federation.notes import (
    COSIGNATURE,
    ED25519,
    MAX_NOTE,
    MAX_ORIGIN,
    Verifier,
    check_name,
    decode_base64,
    open_note,
)
from beffroi_federation.notes import parse as parse_note

PROOF_HEAD = "c2sp.org/tlog-proof@v1\n"

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: who it is, how many entries it has, and their root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse(text: str) -> Checkpoint:
    """Return the checkpoint of a note's text; Malformed for anything but its three lines."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed("A checkpoint has exactly three lines")
    origin, size_text, root_text, _ = lines
    check_name(origin)
    if len(origin.encode()) > MAX_ORIGIN:
        raise OverLimit("An origin is longer than 255 bytes")
    size, root = parse_size(size_text), decode_base64(root_text)
    if len(root) != HASH_BYTES:
        raise Malformed("A checkpoint's root does not have 32 bytes", length=len(root))
    if size == 0 and root != EMPTY_ROOT:
        raise Malformed("A checkpoint of an empty log has another root than the empty one")
    return Checkpoint(origin, size, root)


def parse_size(text: str) -> int:
    """Return a decimal number below 2^63 without leading zeroes; else Malformed."""
    if not _SIZE.fullmatch(text) or (size := int(text)) > MAX_SIZE:
        raise Malformed("A size or index is not a plain decimal number")
    return size


def open_checkpoint(note: bytes | str, verifiers: Sequence[Verifier]) -> Checkpoint:
    """Return the checkpoint of a note that the log itself signed.

    `verifiers` are the log's keys, and any witnesses'. At least one key that goes by the origin's
    name must have signed (so a witness alone does not do); every line of a known key must verify.
    Raises Unsigned, Malformed or OverLimit.
    """
    parsed, signers = open_note(note, verifiers)
    checkpoint = parse(parsed.text)
    if not any(v.kind == ED25519 and v.name == checkpoint.origin for v in signers):
        raise Unsigned("The log's own key did not sign its checkpoint", origin=checkpoint.origin)
    return checkpoint


def cosigners(note: bytes | str, witnesses: Sequence[Verifier]) -> tuple[str, ...]:
    """Return the names of the witnesses that cosigned; Unsigned if a line of theirs is false."""
    kinds = [witness for witness in witnesses if witness.kind == COSIGNATURE]
    try:
        _, signers = open_note(note, kinds)
    except Unsigned as error:
        if "key" in error.details:
            raise
        return ()
    return tuple(verifier.name for verifier in signers)


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry's inclusion proof with the checkpoint it leads to: what one keeps as a receipt."""

    index: int
    hashes: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """Return the proof as a `.tlog-proof` text."""
        hashes = "".join(f"{base64.b64encode(h).decode()}\n" for h in self.hashes)
        return f"{PROOF_HEAD}index {self.index}\n{hashes}\n{self.note}"


def parse_proof(data: bytes | str) -> Proof:
    """Return the proof of a `.tlog-proof` text; nothing in it is verified yet.

    An `extra` line, which the format allows and does not authenticate, is refused.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > MAX_NOTE + 4_096:
        raise OverLimit("A proof is longer than any proof can be", length=len(raw))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("A proof is not UTF-8") from None
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] + "\n" != PROOF_HEAD or len(lines) < 2:
        raise Malformed("This is not an inclusion proof")
    if not lines[1].startswith("index "):
        raise Malformed("An inclusion proof does not name its index")
    if len(lines) > 2 + 63:
        raise OverLimit("An inclusion proof has more than 63 hashes")
    hashes = tuple(decode_base64(line) for line in lines[2:])
    parse_note(note)
    return Proof(parse_size(lines[1].removeprefix("index ")), hashes, note)
