# SPDX-License-Identifier: AGPL-3.0-or-later
"""Leaves: written, read strictly, and read fast.

`parse_entry_strictly` is the grammar. Many leaves at once are read by one regular expression, which
matches a part of what the grammar allows and nothing that it refuses; leaves that it does not match
go to the grammar, which alone decides and says why. A test compares both on any bytes.
"""

import re
from binascii import a2b_base64
from collections.abc import Sequence

from beffroi_federation.canonical import Json, encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.entries.base64url import decode_base64url, encode_base64url
from beffroi_federation.entries.kinds import (
    VERSION,
    BatchEntry,
    CheckpointEntry,
    Entry,
    EpochEntry,
    KeyEntry,
    Reason,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
)
from beffroi_federation.entries.members import take_index, take_string
from beffroi_federation.errors import Malformed, OverLimit
from beffroi_federation.merkle import EMPTY_ROOT
from beffroi_federation.notes import MAX_ORIGIN, Verifier, check_name
from beffroi_federation.tiles import MAX_LEAF

_SIGNATURE_BYTES = 68
_PERIOD = re.compile(
    r"[0-9]{4}-(W(0[1-9]|[1-4][0-9]|5[0-3])|(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))"
)

# What is matched: canonical spellings only. The last character of 32 or 68 bytes in
# base64url has two spare bits, which are zero; an integer of at most 15 digits is below 2^53.
_LAST = rb"[AEIMQUYcgkosw048]"
_HASH = rb"([A-Za-z0-9_-]{42}" + _LAST + rb")"
_LINE = rb"([A-Za-z0-9_-]{90}" + _LAST + rb")"
_INDEX = rb"(0|[1-9][0-9]{0,14})"
_COMMON = re.compile(
    rb"^\{(?:"
    rb'"c":"' + _HASH + rb'",(?:'
    rb'"t":"r(ec|cv)"|"q":' + _INDEX + rb',"t":"rec"|"i":' + _INDEX + rb',"t":"sup")'
    rb'|"i":' + _INDEX + rb',"r":"(' + "|".join(Reason).encode() + rb')","t":"wdr"'
    rb'|"p":"([0-9]{4}-(?:W(?:0[1-9]|[1-4][0-9]|5[0-3])|(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])))"'
    rb',"t":"bat"'
    rb'),"v":1\}\n',
    re.MULTILINE,
)
_CHECKPOINT = re.compile(
    rb'^\{"k":"' + _LINE + rb'","n":([1-9][0-9]{0,14}),"o":"([!#-*,-\[\]-~]{1,255})","r":"' + _HASH
    + rb'","t":"chk","v":1\}\n',
    re.MULTILINE,
)  # fmt: skip
_STANDARD = bytes.maketrans(b"-_", b"+/")
_CHUNK = 256


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
    return (_common(leaf + b"\n", 1) or [parse_entry_strictly(leaf)])[0]


def parse_entry_strictly(leaf: bytes) -> Entry:
    """Return what `parse_entry` returns, by the grammar itself."""
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
            received = take_index(members, "q") if "q" in members else None
            return RecordEntry(_commitment(members), received)
        case "sup":
            return SupersedeEntry(_commitment(members), take_index(members, "i"))
        case "wdr":
            index, reason = take_index(members, "i"), take_string(members, "r")
            if reason not in set(Reason):
                raise Malformed("A withdrawal gives a reason that is not in the list")
            return WithdrawEntry(index, Reason(reason))
        case "key":
            text = take_string(members, "k")
            Verifier.from_text(text)
            return KeyEntry(text)
        case "bat":
            period = take_string(members, "p")
            if not _PERIOD.fullmatch(period):
                raise Malformed("A batch's period is not a week or a day")
            return BatchEntry(period)
        case "rcv":
            return ReceivedEntry(_commitment(members))
        case "epo":
            return EpochEntry(*_tree(members))
        case "chk":
            signature = decode_base64url(take_string(members, "k"), _SIGNATURE_BYTES)
            return CheckpointEntry(*_tree(members), signature)
    raise Malformed("A leaf is of a kind that is not known here")


def _commitment(members: dict[str, Json]) -> bytes:
    return decode_base64url(take_string(members, "c"))


def _tree(members: dict[str, Json]) -> tuple[str, int, bytes]:
    """Return origin, size and root of a tree that an entry names."""
    origin, size = take_string(members, "o"), take_index(members, "n")
    root = decode_base64url(take_string(members, "r"))
    check_name(origin)
    if len(origin) > MAX_ORIGIN:
        raise OverLimit("An origin is longer than 255 bytes", length=len(origin))
    if size == 0 and root != EMPTY_ROOT:
        raise Malformed("An entry names an empty tree with another root than the empty one")
    return origin, size, root


def parse_entries(leaves: Sequence[bytes]) -> list[Entry]:
    """Return the entries of leaves, in order: what `parse_entry` returns for each, and faster.

    Raises what `parse_entry` raises for the first that is none; `verify.read_entries` names it.
    """
    entries: list[Entry] = []
    for at in range(0, len(leaves), _CHUNK):
        chunk = leaves[at : at + _CHUNK]
        joined = b"\n".join(chunk) + b"\n"
        entries += (
            _common(joined, len(chunk))
            or _checkpoints(joined, len(chunk))
            or [parse_entry(leaf) for leaf in chunk]
        )
    return entries


def _common(joined: bytes, count: int) -> list[Entry]:
    """Return the entries of leaves, each followed by LF; nothing if one is not of a common kind.

    A match is one whole line. If matches and LFs are as many as the leaves, then no leaf holds a
    LF, every line is one leaf, and every one of them matched.
    """
    rows = _COMMON.findall(joined)
    if not len(rows) == count == joined.count(b"\n"):
        return []
    commitments = _unpack([row[0] or _NOTHING for row in rows])
    entries: list[Entry] = []
    append = entries.append
    for row, commitment in zip(rows, commitments, strict=True):
        committed, plain, received, replaces, index, reason, period = row
        if plain == b"ec":
            append(RecordEntry(commitment))
        elif received:
            append(RecordEntry(commitment, int(received)))
        elif replaces:
            append(SupersedeEntry(commitment, int(replaces)))
        elif committed:
            append(ReceivedEntry(commitment))
        elif period:
            append(BatchEntry(period.decode()))
        else:
            append(WithdrawEntry(int(index), Reason(reason.decode())))
    return entries


_NOTHING = b"A" * 43  # stands for the commitment of an entry that has none, while many are decoded


def _unpack(texts: list[bytes]) -> list[bytes]:
    """Return the 32 bytes of each text of 43 characters, decoded in one go.

    A character for six zero bits between two makes 44 characters and 33 bytes of each.
    """
    data = a2b_base64(b"A".join(texts).translate(_STANDARD) + b"A")
    return [data[at : at + 32] for at in range(0, len(data), 33)]


def _checkpoints(joined: bytes, count: int) -> list[Entry]:
    """Return the `chk` entries of leaves, each followed by LF; nothing if one is another."""
    rows = _CHECKPOINT.findall(joined)
    if not len(rows) == count == joined.count(b"\n"):
        return []
    roots = _unpack([row[3] for row in rows])
    return [
        CheckpointEntry(
            row[2].decode(), int(row[1]), root, a2b_base64(row[0].translate(_STANDARD) + b"=")
        )
        for row, root in zip(rows, roots, strict=True)
    ]
