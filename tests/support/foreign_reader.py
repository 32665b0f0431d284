# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reader of towns' logs written from docs/protocol alone: it shares no code with the product.

Only the standard library and `cryptography`. It is small rather than fast, and stops at the first
thing that is wrong. If it and the product ever disagree, one of them or a page of the protocol is
wrong.

    reading = read(get, vkeys, origin)     # get("log/checkpoint") -> bytes, or None if not served
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Get = Callable[[str], bytes | None]

REASONS = ("erasure", "reident", "error", "legal", "expired")
MEMBERS: dict[str, tuple[set[str], set[str]]] = {
    "rec": ({"c"}, {"q"}),
    "sup": ({"c", "i"}, set()),
    "wdr": ({"i", "r"}, set()),
    "key": ({"k"}, set()),
    "bat": ({"p"}, set()),
    "rcv": ({"c"}, set()),
    "epo": ({"n", "o", "r"}, set()),
}
"""The members of each kind of leaf that a town may write: those it must have, those it may."""


NAME = r"[^\s+\0-\x1f\x7f]+"
"""A key's name, or an origin."""


class Wrong(Exception):
    """What was read cannot be what an honest log serves; says why."""


@dataclass
class Reading:
    """What a log was found to be.

    `states` has the state of each `rec` and `sup` by index, `newest` the index of the last version
    of each record by that of its first, `records` the content of each of those that is open.
    """

    origin: str
    size: int
    root: bytes
    signed_by: tuple[str, ...]
    leaves: list[bytes]
    kinds: dict[int, str] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    newest: dict[int, int] = field(default_factory=dict)
    records: dict[int, bytes] = field(default_factory=dict)
    unreleased: set[int] = field(default_factory=set)


def require(condition: object, sentence: str) -> None:
    if not condition:
        raise Wrong(sentence)


# Bytes: base64, JSON


def base64_bytes(text: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Wrong("not base64") from None
    require(base64.b64encode(data).decode() == text, "base64 in another spelling")
    return data


def thirty_two(text: Any) -> bytes:
    """Return the 32 bytes of 43 characters of base64url."""
    require(isinstance(text, str) and re.fullmatch("[A-Za-z0-9_-]{43}", text), "not 32 bytes")
    return base64_bytes(text.replace("-", "+").replace("_", "/") + "=")


def strict_json(data: bytes, depth: int) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        require(len({name for name, _ in pairs}) == len(pairs), "a name twice")
        return dict(pairs)

    def whole(digits: str) -> int:
        require(digits != "-0" and len(digits) < 18, "a number that is no integer of ours")
        require(abs(int(digits)) < 2**53, "a number that is too large")
        return int(digits)

    def never(_text: str) -> Any:
        raise Wrong("a number that is no integer")

    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=once,
            parse_int=whole,
            parse_float=never,
            parse_constant=never,
        )
    except (ValueError, RecursionError):
        raise Wrong("not JSON") from None
    check_value(value, depth)
    return value


def check_value(value: Any, depth: int) -> None:
    if isinstance(value, str):
        require(not re.search("[\ud800-\udfff]", value), "half of a surrogate pair")
    elif isinstance(value, list | dict):
        require(depth > 0, "nested too deep")
        for item in value:
            check_value(item, depth - 1)
        for item in value.values() if isinstance(value, dict) else ():
            check_value(item, depth - 1)


def canonical(value: Any) -> bytes:
    """Return RFC 8785's spelling of a value that `strict_json` gave."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        members = (canonical(name) + b":" + canonical(value[name]) for name in names)
        return b"{" + b",".join(members) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    return json.dumps(value, ensure_ascii=False).encode()


# Notes and checkpoints


def key_of(vkey: str) -> tuple[str, bytes, int, bytes]:
    """Return name, key ID, type and public key of a vkey text."""
    match = re.fullmatch(rf"({NAME})\+([0-9a-f]{{8}})\+(.+)", vkey)
    require(match, "not a vkey")
    assert match is not None
    key = base64_bytes(match[3])
    require(len(key) == 33 and key[0] in (1, 4), "a key of another type")
    identity = hashlib.sha256(match[1].encode() + b"\n" + key).digest()[:4]
    require(identity.hex() == match[2], "a key ID that is not the key's")
    return match[1], identity, key[0], key[1:]


def open_note(note: bytes, vkeys: Sequence[str]) -> tuple[str, list[tuple[str, int]]]:
    """Return a note's text and the (name, type) of those of the keys that signed it."""
    require(len(note) <= 65_536, "a note that is too long")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        raise Wrong("a note that is not UTF-8") from None
    require(not re.search("[\0-\x09\x0b-\x1f\x7f]", whole), "a control character in a note")
    cut = whole.rfind("\n\n")
    require(cut > 0 and whole.endswith("\n"), "a note without signatures")
    text, lines = whole[: cut + 1], whole[cut + 2 : -1].split("\n")
    require(len(lines) <= 16, "more than 16 signatures")
    known = {key[:2]: key for key in map(key_of, vkeys)}
    seen: set[tuple[str, bytes]] = set()
    signers = []
    for line in lines:
        match = re.fullmatch(rf"— ({NAME}) (\S+)", line)
        require(match, "a line that is no signature")
        assert match is not None
        data = base64_bytes(match[2])
        require(len(data) > 4, "an empty signature")
        who = (match[1], data[:4])
        require(who not in seen, "two lines of one key")
        seen.add(who)
        if who in known:
            verify_line(text, known[who], data[4:])
            signers.append((who[0], known[who][2]))
    require(signers, "nobody known signed")
    return text, signers


def verify_line(text: str, key: tuple[str, bytes, int, bytes], signature: bytes) -> None:
    message = text.encode()
    if key[2] == 4:
        require(len(signature) == 72 and signature[0] < 128, "a cosignature of another length")
        time = int.from_bytes(signature[:8], "big")
        message, signature = b"cosignature/v1\ntime %d\n%s" % (time, message), signature[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key[3]).verify(signature, message)
    except InvalidSignature:
        raise Wrong("a signature that does not verify") from None


def open_checkpoint(note: bytes, vkeys: Sequence[str]) -> tuple[str, int, bytes, tuple[str, ...]]:
    """Return origin, size and root of a checkpoint that the log signed, and who signed it."""
    text, signers = open_note(note, vkeys)
    lines = text.split("\n")
    require(len(lines) == 4 and lines[3] == "", "a checkpoint does not have three lines")
    origin, size, root = lines[0], lines[1], base64_bytes(lines[2])
    require(re.fullmatch(NAME, origin) and len(origin.encode()) <= 255, "no origin")
    require(re.fullmatch("0|[1-9][0-9]{0,18}", size) and int(size) < 2**63, "not a size")
    require(len(root) == 32, "a root that does not have 32 bytes")
    require(size != "0" or root == hashlib.sha256(b"").digest(), "an empty log's root")
    require((origin, 1) in signers, "the log itself did not sign")
    return origin, int(size), root, tuple(name for name, _ in signers)


# The tree


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root of leaf hashes by folding a stack of perfect subtrees."""
    stack: list[tuple[int, bytes]] = []
    for one in hashes:
        height = 0
        while stack and stack[-1][0] == height:
            one = hashlib.sha256(b"\1" + stack.pop()[1] + one).digest()
            height += 1
        stack.append((height, one))
    if not stack:
        return hashlib.sha256(b"").digest()
    root = stack.pop()[1]
    while stack:
        root = hashlib.sha256(b"\1" + stack.pop()[1] + root).digest()
    return root


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof leads from a leaf hash to the root (RFC 9162 section 2.1.3.2)."""
    if index >= size or any(len(one) != 32 for one in proof):
        return False
    node, last = index, size - 1
    value = leaf
    for one in proof:
        if last == 0:
            return False
        if node % 2 or node == last:
            value = hashlib.sha256(b"\1" + one + value).digest()
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\1" + value + one).digest()
        node, last = node >> 1, last >> 1
    return last == 0 and value == root


def number(index: int) -> str:
    """Return a tile's number as its address spells it."""
    digits = str(index)
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = re.findall("...", digits)
    return "/".join(["x" + group for group in groups[:-1]] + groups[-1:])


def path_of(index: int, width: int) -> str:
    """Return the last part of the address of a tile or bundle."""
    return number(index) if width == 256 else f"{number(index)}.p/{width}"


def fetch(get: Get, path: str) -> bytes:
    data = get(path)
    require(data is not None, f"{path} is not served")
    assert data is not None
    return data


def leaves_of(get: Get, size: int) -> Iterator[bytes]:
    for bundle in range((size + 255) // 256):
        width = min(256, size - bundle * 256)
        data = fetch(get, f"log/tile/entries/{path_of(bundle, width)}")
        for _ in range(width):
            length = int.from_bytes(data[:2], "big")
            require(length <= 1_024, "a leaf that is too long")
            require(len(data) >= 2 + length, "a bundle that ends too early")
            yield data[2 : 2 + length]
            data = data[2 + length :]
        require(not data, "a bundle with more than its entries")


def check_tiles(get: Get, hashes: Sequence[bytes]) -> None:
    """Compare every hash tile with the one that the entries make."""
    level, row = 0, list(hashes)
    while row:
        tiles = [row[at : at + 256] for at in range(0, len(row), 256)]
        for index, tile in enumerate(tiles):
            served = fetch(get, f"log/tile/{level}/{path_of(index, len(tile))}")
            require(served == b"".join(tile), "a tile that is not that of the entries")
        level, row = level + 1, [tree_root(tile) for tile in tiles if len(tile) == 256]


def continues(known: tuple[str, int, bytes, tuple[str, ...]], hashes: Sequence[bytes]) -> bool:
    """Say whether a log begins with the tree of a checkpoint that was accepted before."""
    return len(hashes) >= known[1] and tree_root(hashes[: known[1]]) == known[2]


# Entries


def members_of(leaf: bytes, index: int) -> dict[str, Any]:
    """Return the members of a town's leaf, in the grammar of entries.md."""
    require(leaf.isascii(), "a leaf that is not ASCII")
    leaf_members: dict[str, Any] = strict_json(leaf, 1)
    require(isinstance(leaf_members, dict) and canonical(leaf_members) == leaf, "not canonical")
    kind = leaf_members.get("t", "")
    require(isinstance(kind, str) and kind in MEMBERS, "a kind that is not known")
    require(leaf_members.get("v") == 1 and leaf_members["v"] is not True, "another version")
    must, may = MEMBERS[kind]
    names = leaf_members.keys() - {"t", "v"}
    require(must <= names <= must | may, "other members than the kind has")
    if "c" in names:
        thirty_two(leaf_members["c"])
    for name in names & {"i", "q", "n"}:
        require(type(leaf_members[name]) is int and leaf_members[name] >= 0, "not an index")
    if kind == "wdr":
        require(leaf_members["r"] in REASONS, "a reason that is not in the list")
    if kind == "key":
        require(isinstance(leaf_members["k"], str), "not a vkey")
        key_of(leaf_members["k"])
    if kind == "bat":
        week, day = "W(0[1-9]|[1-4][0-9]|5[0-3])", "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        period = leaf_members["p"]
        require(isinstance(period, str), "not a period")
        require(re.fullmatch(f"[0-9]{{4}}-({week}|{day})", period), "not a period")
    if kind == "epo":
        require(index == 0, "an epoch that does not begin a log")
        origin = leaf_members["o"]
        require(isinstance(origin, str) and re.fullmatch(NAME, origin), "no origin")
        require(len(origin) <= 255, "an origin that is too long")
        root = thirty_two(leaf_members["r"])
        require(leaf_members["n"] or root == tree_root([]), "an empty log's root")
    return leaf_members


def follow(reading: Reading) -> dict[int, tuple[bytes, int]]:
    """Check what entries point to; return commitment and first version of each record entry."""
    committed: dict[int, tuple[bytes, int]] = {}
    replaced: set[int] = set()
    for index, leaf in enumerate(reading.leaves):
        entry = members_of(leaf, index)
        kind, target = entry["t"], int(entry.get("i", entry.get("q", -1)))
        if target >= 0:
            wanted = ("rcv",) if "q" in entry else ("rec", "sup")
            require(target < index, "an entry that names a later one")
            require(reading.kinds[target] in wanted, "an entry that names one of another kind")
        if kind == "sup":
            require(target not in replaced, "two versions of one version")
            replaced.add(target)
        if kind == "wdr":
            reading.states[target] = "withdrawn"
        if kind in ("rec", "sup"):
            first = committed[target][1] if kind == "sup" else index
            committed[index] = (thirty_two(entry["c"]), first)
            reading.states[index] = "absent"
            reading.newest[first] = index
        if kind == "rcv":
            reading.unreleased.add(index)
        if kind == "rec":
            reading.unreleased.discard(target)
        reading.kinds[index] = kind
    return committed


# Contents


def content_of(line: bytes) -> tuple[int, bytes, bytes]:
    """Return index, salt and content of a content line without its LF."""
    require(len(line) < 40_960, "a content line that is too long")
    value = strict_json(line, 1)
    require(isinstance(value, dict) and value.keys() == {"d", "i", "s"}, "no content line")
    index, text = value["i"], value["d"]
    require(type(index) is int and index >= 0, "not an index")
    require(isinstance(text, str), "a content that is no text")
    content = text.encode()
    require(len(content) <= 16_384, "a content that is too long")
    return index, thirty_two(value["s"]), content


def lines_of(get: Get, size: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield index, salt and content of every content line."""
    for bundle in range((size + 255) // 256):
        data = fetch(get, f"log/content/{number(bundle)}")
        require(len(data) <= 12 * 2**20, "a content bundle that is too long")
        require(not data or data.endswith(b"\n"), "half a content line")
        last = -1
        for line in data.split(b"\n")[:-1]:
            index, salt, content = content_of(line)
            require(index > last, "contents out of order")
            require(index // 256 == bundle, "a content of another bundle")
            last = index
            yield index, salt, content


def read(
    get: Get,
    vkeys: Sequence[str],
    origin: str | None = None,
    known: bytes | None = None,
    growth: int = 5_000,
) -> Reading:
    """Read a whole log and everything that stands beside it; Wrong if anything does not fit.

    `known` is a note that was accepted before, `growth` how many entries may have come since.
    """
    found, size, root, signers = open_checkpoint(fetch(get, "log/checkpoint"), vkeys)
    require(origin in (None, found), "another log")
    before = open_checkpoint(known, vkeys) if known else (found, 0, tree_root([]), ())
    require(before[1] <= size <= before[1] + growth, "a size that cannot follow")
    leaves = list(leaves_of(get, size))
    hashes = [leaf_hash(leaf) for leaf in leaves]
    require(tree_root(hashes) == root, "another root")
    require(continues(before, hashes), "another history than before")
    check_tiles(get, hashes)
    reading = Reading(found, size, root, signers, leaves)
    committed = follow(reading)
    for index, salt, content in lines_of(get, size):
        if index >= size:
            continue  # published since the checkpoint was read
        require(index in committed, "a content of an entry that has none")
        if reading.states[index] == "absent":
            opened = hmac.digest(salt, b"beffroi/commit/v1\n" + content, "sha256")
            reading.states[index] = "open" if opened == committed[index][0] else "mismatch"
            if reading.states[index] == "open" and reading.newest[committed[index][1]] == index:
                reading.records[committed[index][1]] = content
    return reading


def members(content: bytes) -> dict[str, Any]:
    """Return the members of a content that is a record."""
    value = strict_json(content, 4)
    require(isinstance(value, dict) and canonical(value) == content, "not a canonical record")
    return dict(value)


# What people keep


def check_proof(proof: bytes, leaf: bytes, vkeys: Sequence[str]) -> tuple[int, int]:
    """Return index and tree size of a `.tlog-proof` that proves a leaf."""
    head, _, note = proof.partition(b"\n\n")
    try:
        lines = [*head.decode("utf-8").split("\n"), ""]
    except UnicodeDecodeError:
        raise Wrong("a proof that is not UTF-8") from None
    require(lines[0] == "c2sp.org/tlog-proof@v1", "not a proof")
    match = re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[1])
    require(match, "a proof without an index")
    assert match is not None
    index = int(match[1])
    _, size, root, _ = open_checkpoint(note, vkeys)
    hashes = [base64_bytes(line) for line in lines[2:-1]]
    require(included(leaf_hash(leaf), index, size, hashes, root), "a proof that does not hold")
    return index, size


def check_receipt(receipt: bytes, vkeys: Sequence[str]) -> int:
    """Return the index of the reception that a receipt proves."""
    value = strict_json(receipt, 1)
    require(isinstance(value, dict), "not a receipt")
    require(value.keys() == {"d", "i", "o", "p", "s", "t", "v"}, "not a receipt with a proof")
    require((value["t"], value["v"]) == ("receipt", 1), "not a receipt of version 1")
    opened = hmac.digest(
        thirty_two(value["s"]), b"beffroi/commit/v1\n" + value["d"].encode(), "sha256"
    )
    text = base64.urlsafe_b64encode(opened).decode().rstrip("=")
    leaf = canonical({"c": text, "t": "rcv", "v": 1})
    index, _ = check_proof(value["p"].encode(), leaf, vkeys)
    require(index == value["i"], "a receipt of another entry than its proof")
    note = value["p"].partition("\n\n")[2]
    require(note.split("\n")[0] == value["o"], "a receipt of another log than its proof")
    return index


def check_kept(document: bytes, vkeys: Sequence[str]) -> tuple[int, bytes]:
    """Return index and content of a proof that holds its entry in its `extra` line."""
    head, extra, rest = document.split(b"\n", 2)
    require(extra.startswith(b"extra "), "a proof without its entry")
    try:
        value = strict_json(base64.b64decode(extra[6:], validate=True), 1)
    except binascii.Error:
        raise Wrong("an extra line that is not base64") from None
    require(isinstance(value, dict) and value.keys() == {"d", "e", "s"}, "no entry and content")
    leaf = value["e"].encode()
    index, _ = check_proof(head + b"\n" + rest, leaf, vkeys)
    content = value["d"].encode()
    opened = hmac.digest(thirty_two(value["s"]), b"beffroi/commit/v1\n" + content, "sha256")
    entry = members_of(leaf, index)
    require(entry["t"] in ("rec", "sup") and thirty_two(entry["c"]) == opened, "another content")
    return index, bytes(content)
