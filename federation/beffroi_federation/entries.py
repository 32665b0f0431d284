# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log's leaves, and the contents that some of them commit to (`docs/protocol/entries.md`).

    rec  {"c":…,"q":<index>?,"t":"rec","v":1}    commitment to one record; q names its reception
    sup  {"c":…,"i":<index>,"t":"sup","v":1}     a newer version of the record at i
    wdr  {"i":<index>,"r":<code>,"t":"wdr","v":1}    the content at i is withdrawn
    key  {"k":<vkey>,"t":"key","v":1}            the key that will sign from now on
    bat  {"p":<period>,"t":"bat","v":1}          first entry of a batch
    rcv  {"c":…,"t":"rcv","v":1}                 commitment to a request that was received
    epo  {"n":…,"o":…,"r":…,"t":"epo","v":1}     a new epoch: where the log before it ended
    chk  {"k":…,"n":…,"o":…,"r":…,"t":"chk","v":1}   a checkpoint that the nation accepted

A leaf is canonical JSON in ASCII, at most 1,024 bytes, and has no field in which anything about a
person could stand. A content is served beside the log with its salt, one line each, and can be
destroyed without a trace in the tree.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeAlias

from beffroi_federation.canonical import MAX_INTEGER, Json, encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.errors import Malformed, OverLimit
from beffroi_federation.merkle import EMPTY_ROOT
from beffroi_federation.notes import MAX_ORIGIN, Verifier, check_name
from beffroi_federation.tiles import MAX_LEAF
from beffroi_privacy.commitments import SALT_BYTES

VERSION = 1
MAX_CONTENT = 16_384
MAX_LINE = 40_960
MAX_CONTENT_BUNDLE = 12 * 1_048_576
MAX_RECEIPT = 131_072

_PERIOD = re.compile(
    r"[0-9]{4}-(W(0[1-9]|[1-4][0-9]|5[0-3])|(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))"
)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_SIGNATURE_BYTES = 68


class Reason(StrEnum):
    """Why a content is withdrawn; a code, since a sentence could tell of a person."""

    ERASURE = "erasure"
    REIDENT = "reident"
    ERROR = "error"
    LEGAL = "legal"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """A record is published: its commitment (32 bytes), and the reception it answers, if any."""

    kind: ClassVar[str] = "rec"
    commitment: bytes
    received: int | None = None


@dataclass(frozen=True, slots=True)
class SupersedeEntry:
    """A newer version of the record at `replaces`, the index of the version before it."""

    kind: ClassVar[str] = "sup"
    commitment: bytes
    replaces: int


@dataclass(frozen=True, slots=True)
class WithdrawEntry:
    """The content of the entry at `index` is withdrawn."""

    kind: ClassVar[str] = "wdr"
    index: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """Another key (its vkey text) will sign this log."""

    kind: ClassVar[str] = "key"
    vkey: str


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """A batch begins: its period, an ISO week (`2026-W40`) or a day (`2026-10-02`)."""

    kind: ClassVar[str] = "bat"
    period: str


@dataclass(frozen=True, slots=True)
class ReceivedEntry:
    """A request was received: a commitment whose content is never served."""

    kind: ClassVar[str] = "rcv"
    commitment: bytes


@dataclass(frozen=True, slots=True)
class EpochEntry:
    """A new epoch begins: the origin, size and root (32 bytes) with which the log before it ended.

    Stands at index 0 of a town's log or nowhere.
    """

    kind: ClassVar[str] = "epo"
    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class CheckpointEntry:
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


def encode_entry(entry: Entry) -> bytes:
    """Return an entry's leaf; Malformed or OverLimit for values that no leaf may hold."""
    members: dict[str, Json] = {"t": entry.kind, "v": VERSION}
    match entry:
        case RecordEntry(commitment, received):
            members["c"] = encode_base64url(commitment)
            if received is not None:
                members["q"] = received
        case SupersedeEntry(commitment, replaces):
            members |= {"c": encode_base64url(commitment), "i": replaces}
        case WithdrawEntry(index, reason):
            members |= {"i": index, "r": reason.value}
        case KeyEntry(vkey):
            members["k"] = vkey
        case BatchEntry(period):
            members["p"] = period
        case ReceivedEntry(commitment):
            members["c"] = encode_base64url(commitment)
        case EpochEntry(origin, size, root):
            members |= {"n": size, "o": origin, "r": encode_base64url(root)}
        case CheckpointEntry(origin, size, root, signature):
            members |= {"n": size, "o": origin, "r": encode_base64url(root)}
            members["k"] = encode_base64url(signature, _SIGNATURE_BYTES)
    leaf = encode(members)
    parse_entry(leaf)  # one grammar for what is written and what is read
    return leaf


def parse_entry(leaf: bytes) -> Entry:
    """Return the entry of a leaf: ASCII, at most 1,024 bytes, canonical, exactly its members.

    Raises Malformed or OverLimit. What an index points to depends on the log: `verify.follow`.
    """
    if len(leaf) > MAX_LEAF:
        raise OverLimit("A leaf is longer than 1,024 bytes", length=len(leaf))
    if not leaf.isascii():
        raise Malformed("A leaf is not ASCII")
    members = parse_json(leaf, max_depth=1)
    if not isinstance(members, dict) or encode(members) != leaf:
        raise Malformed("A leaf is not canonical JSON")
    kind, version = members.pop("t", None), members.pop("v", None)
    if version is True or version != VERSION:
        raise Malformed("A leaf is of a version that is not known here")
    entry = _read(kind, members)
    if members:
        raise Malformed("A leaf has a member that its kind does not have", kind=entry.kind)
    return entry


def _read(kind: Json, members: dict[str, Json]) -> Entry:
    match kind:
        case "rec":
            received = _index(members, "q") if "q" in members else None
            return RecordEntry(_commitment(members), received)
        case "sup":
            return SupersedeEntry(_commitment(members), _index(members, "i"))
        case "wdr":
            index, reason = _index(members, "i"), _string(members, "r")
            if reason not in set(Reason):
                raise Malformed("A withdrawal gives a reason that is not in the list")
            return WithdrawEntry(index, Reason(reason))
        case "key":
            text = _string(members, "k")
            Verifier.from_text(text)
            return KeyEntry(text)
        case "bat":
            period = _string(members, "p")
            if not _PERIOD.fullmatch(period):
                raise Malformed("A batch's period is not a week or a day")
            return BatchEntry(period)
        case "rcv":
            return ReceivedEntry(_commitment(members))
        case "epo":
            return EpochEntry(*_tree(members))
        case "chk":
            signature = decode_base64url(_string(members, "k"), _SIGNATURE_BYTES)
            return CheckpointEntry(*_tree(members), signature)
    raise Malformed("A leaf is of a kind that is not known here")


def _commitment(members: dict[str, Json]) -> bytes:
    return decode_base64url(_string(members, "c"))


def _tree(members: dict[str, Json]) -> tuple[str, int, bytes]:
    """Return origin, size and root of a tree that an entry names."""
    origin, size = _string(members, "o"), _index(members, "n")
    root = decode_base64url(_string(members, "r"))
    check_name(origin)
    if len(origin) > MAX_ORIGIN:
        raise OverLimit("An origin is longer than 255 bytes", length=len(origin))
    if size == 0 and root != EMPTY_ROOT:
        raise Malformed("An entry names an empty tree with another root than the empty one")
    return origin, size, root


def _string(members: dict[str, Json], name: str) -> str:
    value = members.pop(name, None)
    if not isinstance(value, str):
        raise Malformed("A member is missing or is not a string", member=name)
    return value


def _index(members: dict[str, Json], name: str) -> int:
    value = members.pop(name, None)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_INTEGER:
        raise Malformed("A member is missing or is not an index", member=name)
    return value


def encode_base64url(data: bytes, length: int = SALT_BYTES) -> str:
    """Return `length` bytes (32: a commitment, a salt, a root) as base64url without padding."""
    if len(data) != length:
        raise Malformed(f"This does not have {length} bytes", length=len(data))
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode_base64url(text: str, length: int = SALT_BYTES) -> bytes:
    """Return the `length` bytes of base64url without padding, in its one canonical spelling."""
    characters = -(-length * 4 // 3)
    if len(text) != characters or not _BASE64URL.fullmatch(text):
        raise Malformed(f"This is not {characters} characters of base64url")
    padded = text.translate({ord("-"): "+", ord("_"): "/"}) + "=" * (-characters % 4)
    data = binascii.a2b_base64(padded)
    if encode_base64url(data, length) != text:
        raise Malformed("A text in base64url is not spelt canonically")
    return data


@dataclass(frozen=True, slots=True)
class Content:
    """What is served for one entry: index, salt (32 bytes) and the content's exact bytes."""

    index: int
    salt: bytes
    content: bytes


def encode_content_line(index: int, salt: bytes, content: bytes) -> bytes:
    r"""Return the line `{"d":…,"i":…,"s":…}` with its LF, as it is served.

    The content is UTF-8, at most 16,384 bytes (OverLimit), whatever it says.
    """
    members = {"d": _utf8(content), "i": index, "s": encode_base64url(salt)}
    line = encode(members) + b"\n"
    parse_content_line(line)
    return line


def parse_content_line(line: bytes) -> Content:
    """Return the content of one line, with or without its LF; Malformed or OverLimit if it is none.

    The line need not be canonical: what is verified is the content inside, by its commitment.
    """
    if len(line) > MAX_LINE:
        raise OverLimit("A content line is longer than 40,960 bytes", length=len(line))
    members = parse_json(line.removesuffix(b"\n"), max_depth=1)
    if not isinstance(members, dict) or members.keys() != {"d", "i", "s"}:
        raise Malformed("A content line does not have the members d, i and s")
    return _content(members)


def _content(members: dict[str, Json]) -> Content:
    content = _string(members, "d").encode()
    if len(content) > MAX_CONTENT:
        raise OverLimit("A content is longer than 16,384 bytes", length=len(content))
    return Content(_index(members, "i"), decode_base64url(_string(members, "s")), content)


def _utf8(content: bytes) -> str:
    if len(content) > MAX_CONTENT:
        raise OverLimit("A content is longer than 16,384 bytes", length=len(content))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("A content is not UTF-8") from None


def parse_content_lines(lines: Iterable[bytes]) -> Iterator[Content]:
    """Yield the contents of a content bundle, line by line (`data.splitlines(True)`, or a stream).

    The indexes must rise strictly, so that no entry has two contents. The caller bounds the bundle
    (`MAX_CONTENT_BUNDLE`) and looks up whether each index belongs to it.
    """
    last = -1
    for line in lines:
        content = parse_content_line(line)
        if content.index <= last:
            raise Malformed("Content lines are not in the order of the log", index=content.index)
        last = content.index
        yield content


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the author of a received request keeps: enough to show that it was received.

    `origin` and `index` name the `rcv` entry, salt and content open its commitment; `proof` is its
    `.tlog-proof` text once the batch is published, and empty before.
    """

    origin: str
    index: int
    salt: bytes
    content: bytes
    proof: str = ""


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the receipt as a JSON document, canonical, ended by a LF."""
    members: dict[str, Json] = {
        "d": _utf8(receipt.content),
        "i": receipt.index,
        "o": receipt.origin,
        "s": encode_base64url(receipt.salt),
        "t": "receipt",
        "v": VERSION,
    }
    if receipt.proof:
        members["p"] = receipt.proof
    return encode(members) + b"\n"


def parse_receipt(data: bytes) -> Receipt:
    """Return the receipt of such a document; nothing in it is verified yet."""
    if len(data) > MAX_RECEIPT:
        raise OverLimit("A receipt is longer than any receipt can be", length=len(data))
    members = parse_json(data, max_depth=1)
    if not isinstance(members, dict) or not {"d", "i", "o", "s", "t", "v"} <= members.keys():
        raise Malformed("This is not a receipt")
    if (members.pop("t"), members.pop("v")) != ("receipt", VERSION):
        raise Malformed("This is not a receipt of a version that is known here")
    origin = _string(members, "o")
    proof = _string(members, "p") if "p" in members else ""
    opened = _content(members)
    if members:
        raise Malformed("A receipt has a member that is not known here")
    return Receipt(origin, opened.index, opened.salt, opened.content, proof)
