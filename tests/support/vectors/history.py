# SPDX-License-Identifier: AGPL-3.0-or-later
"""The good histories: a small town's log with one of everything, and the log of its next epoch."""

import hashlib
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.canonical import encode
from beffroi_federation.checkpoint import Proof
from beffroi_federation.entries import (
    BatchEntry,
    Entry,
    EpochEntry,
    KeyEntry,
    Reason,
    Receipt,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    encode_base64url,
    encode_content_line,
    encode_entry,
    encode_receipt,
)
from beffroi_federation.log import grow
from beffroi_federation.merkle import inclusion_proof, leaf_hash
from beffroi_federation.notes import COSIGNATURE, Signature, sign, vkey
from beffroi_federation.receipts import Kept, encode_kept
from beffroi_federation.tail import encode_tail
from beffroi_privacy.commitments import commit
from support.memory_log import MemoryLog
from support.town_files import ORIGIN, Town

SIZES = (5, 9, 12, 13, 260)
OPEN = (3, 4, 6, 7)  # contents that are served at size 260
WITHDRAWN = 8
RECEIVED = 1  # the reception whose receipt is kept
PROVED = 3  # the record whose proof is kept
TAIL_FROM = 5

NEXT_ORIGIN = ORIGIN[:-1] + "2"
NEXT_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(0x40, 0x60)))
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(0x20, 0x40)))
WITNESS_NAME = "witness.beffroi.example/w1"
COSIGNED_AT = 1_792_000_000  # in October 2026


def next_vkey(origin: str = ORIGIN) -> str:
    """Return the vkey of the key that follows, under an origin's name."""
    return vkey(origin, NEXT_KEY.public_key().public_bytes_raw())


def witness_vkey() -> str:
    """Return the vkey of the witness."""
    return vkey(WITNESS_NAME, WITNESS_KEY.public_key().public_bytes_raw(), COSIGNATURE)


def sign_with_next(text: str) -> Signature:
    """Return the next key's signature of a text."""
    return sign(text, ORIGIN, NEXT_KEY)


def cosign(text: str, at: int = COSIGNED_AT) -> Signature:
    """Return the witness's cosignature of a checkpoint's text (C2SP tlog-cosignature, Ed25519)."""
    message = f"cosignature/v1\ntime {at}\n{text}".encode()
    key_id = bytes.fromhex(witness_vkey().split("+")[1])
    return Signature(WITNESS_NAME, key_id, at.to_bytes(8, "big") + WITNESS_KEY.sign(message))


def salt(index: int) -> bytes:
    """Return the salt of entry `index` here; a real one is random."""
    return hashlib.sha256(b"salt of entry %d" % index).digest()


def request(number: int, **members: object) -> bytes:
    """Return the content of a request record."""
    record = {
        "clock": "none",
        "id": encode_base64url(hashlib.sha256(b"record %d" % number).digest())[:22],
        "kind": "request",
        "lang": "fr",
        "object": "dataset",
        "period": "2026-W38",
        "status": "open",
        "summary": "Les horaires et les arrêts des navettes, en GTFS.",
        "supports": "1-9",
        "theme": "TRAN",
        "title": f"Horaires des navettes ({number})",
        "v": 1,
    }
    return encode(record | members)


def counts() -> bytes:
    """Return the content of an incident summary."""
    return encode(
        {
            "area": "99999",
            "category": "lighting",
            "closed": 7,
            "count": 12,
            "delay": "8-30",
            "family": "street",
            "kind": "incident_summary",
            "period": "2026-Q3",
            "state": "shown",
            "v": 1,
        }
    )


def add(town: Town, entry: Entry) -> None:
    """Append an entry that has no content."""
    town.leaves.append(encode_entry(entry))


def receive(town: Town) -> None:
    """Append the commitment to a request that was received."""
    index = len(town.leaves)
    add(town, ReceivedEntry(commit(salt(index), b"received %d" % index)))


def record(town: Town, content: bytes, received: int | None = None) -> None:
    """Append a record with its content."""
    index = len(town.leaves)
    add(town, RecordEntry(commit(salt(index), content), received))
    town.contents[index] = (salt(index), content)


def supersede(town: Town, content: bytes, replaces: int) -> None:
    """Append a newer version with its content."""
    index = len(town.leaves)
    add(town, SupersedeEntry(commit(salt(index), content), replaces))
    town.contents[index] = (salt(index), content)


def good_town(size: int = SIZES[-1]) -> Town:
    """Return the good history, or its beginning up to one of `SIZES`."""
    town = Town()
    add(town, BatchEntry("2026-W40"))
    receive(town)
    receive(town)
    record(town, request(1), received=1)
    record(town, request(2), received=2)
    town.publish()
    if size > 5:
        add(town, BatchEntry("2026-W41"))
        supersede(town, request(1, status="published", outcome="published"), replaces=3)
        record(town, counts())
        record(town, request(3))
        town.publish()
    if size > 9:  # a day's withdrawals: the content of 8 is gone
        add(town, BatchEntry("2026-10-09"))
        add(town, WithdrawEntry(WITHDRAWN, Reason.ERASURE))
        receive(town)
        town.publish()
        del town.contents[WITHDRAWN]
    if size > 12:  # another key is announced: from here on both sign
        add(town, KeyEntry(next_vkey()))
        town.also.append(sign_with_next)
        town.others.append(next_vkey())
        town.publish()
    if size > 13:  # and from here on a witness cosigns
        add(town, BatchEntry("2026-W42"))
        while len(town.leaves) < size:
            receive(town)
        town.also.append(cosign)
        town.publish()
    return town


def next_town() -> Town:
    """Return the log of the next epoch: it begins with where the good history ended."""
    ended = good_town()
    town = Town(origin=NEXT_ORIGIN, key=NEXT_KEY)
    add(town, EpochEntry(ORIGIN, len(ended.leaves), ended.root()))
    add(town, BatchEntry("2026-W50"))
    record(town, request(1, status="published", outcome="published"))
    town.publish()
    return town


def proof_of(town: Town, index: int) -> Proof:
    """Return the proof of one entry under the town's last checkpoint."""
    log = MemoryLog()
    log.stage(0, town.leaves, grow(log, 0, [leaf_hash(leaf) for leaf in town.leaves]))
    hashes = inclusion_proof(log, index, len(town.leaves))
    return Proof(index, tuple(hashes), town.notes[len(town.leaves)])


def receipt_of(town: Town) -> Receipt:
    """Return what the author of the request at `RECEIVED` keeps."""
    content = b"received %d" % RECEIVED
    proof = proof_of(town, RECEIVED).text()
    return Receipt(town.origin, RECEIVED, salt(RECEIVED), content, proof)


def kept_proof(town: Town, content: bytes | None = None, leaf: bytes | None = None) -> str:
    """Return the proof of the record at `PROVED` as a file to keep; text and leaf may be others."""
    own_salt, own = town.contents[PROVED]
    kept = Kept(leaf or town.leaves[PROVED], own_salt, own if content is None else content)
    return encode_kept(proof_of(town, PROVED), kept)


def tail_of(town: Town, start: int = TAIL_FROM) -> bytes:
    """Return the tail from an entry on."""
    lines = {at: encode_content_line(at, *town.contents[at]) for at in sorted(town.contents)}
    return encode_tail(start, town.leaves[start:], lines)


def good_files(town: Town) -> dict[str, bytes]:
    """Return every file of a complete good history."""
    return town.files() | {
        f"log/tail/{TAIL_FROM}": tail_of(town),
        f"log/proof/{PROVED}": proof_of(town, PROVED).text().encode(),
        "kept/receipt.json": encode_receipt(receipt_of(town)),
        f"kept/{PROVED}.tlog-proof": kept_proof(town).encode(),
        "kept/receipt-before-its-batch.json": encode_receipt(
            replace(receipt_of(town), index=None, proof="")
        ),
    }
