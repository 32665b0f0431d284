# SPDX-License-Identifier: AGPL-3.0-or-later
"""The kinds of entries, as values: structs, which cost a fifth of a dataclass to make."""

from enum import StrEnum
from typing import ClassVar, TypeAlias

from msgspec import Struct

VERSION = 1


class Reason(StrEnum):
    """Why a content is withdrawn; a code, since a sentence could tell of a person."""

    ERASURE = "erasure"
    REIDENT = "reident"
    ERROR = "error"
    LEGAL = "legal"
    EXPIRED = "expired"


class RecordEntry(Struct, frozen=True, gc=False):
    """A record is published: its commitment (32 bytes), and the reception it answers, if any."""

    kind: ClassVar[str] = "rec"
    commitment: bytes
    received: int | None = None


class SupersedeEntry(Struct, frozen=True, gc=False):
    """A newer version of the record at `replaces`, the index of the version before it."""

    kind: ClassVar[str] = "sup"
    commitment: bytes
    replaces: int


class WithdrawEntry(Struct, frozen=True, gc=False):
    """The content of the entry at `index` is withdrawn."""

    kind: ClassVar[str] = "wdr"
    index: int
    reason: Reason


class KeyEntry(Struct, frozen=True, gc=False):
    """Another key (its vkey text) will sign this log."""

    kind: ClassVar[str] = "key"
    vkey: str


class BatchEntry(Struct, frozen=True, gc=False):
    """A batch begins: its period, an ISO week (`2026-W40`) or a day (`2026-10-02`)."""

    kind: ClassVar[str] = "bat"
    period: str


class ReceivedEntry(Struct, frozen=True, gc=False):
    """A request was received: a commitment whose content is never served."""

    kind: ClassVar[str] = "rcv"
    commitment: bytes


class EpochEntry(Struct, frozen=True, gc=False):
    """A new epoch begins: the origin, size and root (32 bytes) with which the log before it ended.

    Stands at index 0 of a town's log or nowhere.
    """

    kind: ClassVar[str] = "epo"
    origin: str
    size: int
    root: bytes


class CheckpointEntry(Struct, frozen=True, gc=False):
    """A checkpoint that the nation accepted, in the nation's own log only.

    `signature` is the 4-byte key ID and the 64-byte Ed25519 signature of the log's own line, so
    that the note can be written again, byte for byte (`verify.accepted_note`).
    """

    kind: ClassVar[str] = "chk"
    origin: str
    size: int
    root: bytes
    signature: bytes


Entry: TypeAlias = (
    RecordEntry
    | SupersedeEntry
    | WithdrawEntry
    | KeyEntry
    | BatchEntry
    | ReceivedEntry
    | EpochEntry
    | CheckpointEntry
)
