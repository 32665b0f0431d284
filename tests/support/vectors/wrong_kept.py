# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tails, proofs, receipts and identity files that are not what they say."""

import json
from collections.abc import Iterator
from dataclasses import replace

from beffroi_federation.canonical import encode
from beffroi_federation.entries import encode_receipt
from beffroi_federation.tiles import encode_bundle
from support.vectors.case import Case, found_in
from support.vectors.history import (
    PROVED,
    TAIL_FROM,
    good_files,
    good_town,
    kept_proof,
    proof_of,
    receipt_of,
    request,
    tail_of,
)


def kept_cases() -> Iterator[Case]:
    """Yield every case that is not about the log itself."""
    town = good_town()
    files = good_files(town)
    for path, cases in (
        (f"log/tail/{TAIL_FROM}", tail_cases()),
        (f"log/proof/{PROVED}", proof_cases()),
        ("kept/receipt.json", receipt_cases()),
        (f"kept/{PROVED}.tlog-proof", kept_cases_of_proofs()),
        (".well-known/beffroi.json", identity_cases(files[".well-known/beffroi.json"])),
    ):
        where = {"log/t": "tail", "log/p": "proof", "kept/r": "receipt", "kept/3": "kept"}
        for name, title, expected, data in cases:
            place = next(
                (name for head, name in where.items() if path.startswith(head)), "identity"
            )
            known = town.notes[TAIL_FROM] if place == "tail" else None
            yield Case(name, title, found_in(place, expected), files | {path: data}, known)


Wrong = tuple[str, str, str, bytes]


def tail_cases() -> Iterator[Wrong]:
    """Yield tails."""
    town = good_town()
    good = tail_of(town)
    head, _, rest = good.partition(b"\n")
    count = len(town.leaves) - TAIL_FROM
    said = {"contents": 2, "entries": count, "start": TAIL_FROM, "v": 1}
    moved = [*town.leaves[TAIL_FROM:-2], town.leaves[-1], town.leaves[-2]]
    lines = rest[len(encode_bundle(moved)) :] if count <= 256 else b""
    yield ("reordered-tail", "Two entries of a tail changed places", "Fork",
           head + b"\n" + encode_bundle(moved) + lines)  # fmt: skip
    yield "truncated-tail", "A tail ends in the middle", "Malformed", good[:-9]
    yield ("tail-with-more-contents", "A tail says that it has a content line more", "Malformed",
           encode(said | {"contents": 3}) + b"\n" + rest)  # fmt: skip
    yield ("tail-with-more-entries", "A tail says that it has 2^40 entries", "ProtocolError",
           encode(said | {"entries": 2**40}) + b"\n" + rest)  # fmt: skip
    yield ("tail-of-another-version", "A tail is of version 2", "Malformed",
           encode(said | {"v": 2}) + b"\n" + rest)  # fmt: skip


def proof_cases() -> Iterator[Wrong]:
    """Yield proofs."""
    town = good_town()
    good = proof_of(town, PROVED)
    text = good.text().encode()
    yield ("proof-of-another-entry", "A proof names another index than its hashes prove",
           "Inconsistent", replace(good, index=PROVED + 1).text().encode())  # fmt: skip
    yield ("proof-with-a-hash-less", "A proof has a hash less than the tree is high",
           "ProtocolError", replace(good, hashes=good.hashes[:-1]).text().encode())  # fmt: skip
    short = (good.hashes[0][:31], *good.hashes[1:])
    yield ("proof-with-a-short-hash", "A hash of a proof has 31 bytes", "Malformed",
           replace(good, hashes=short).text().encode())  # fmt: skip
    yield ("proof-with-an-extra-line", "A proof has an extra line, which nothing authenticates",
           "Malformed", text.replace(b"index", b"extra AAAA\nindex", 1))  # fmt: skip
    yield ("proof-with-crlf", "A proof's lines end with CR LF", "Malformed",
           text.replace(b"\n", b"\r\n"))  # fmt: skip
    yield ("proof-beyond-its-tree", "A proof names an index beyond its checkpoint",
           "ProtocolError", replace(good, index=4_000).text().encode())  # fmt: skip


def receipt_cases() -> Iterator[Wrong]:
    """Yield receipts."""
    good = receipt_of(good_town())
    whole = encode_receipt(good)
    yield ("receipt-with-another-text", "The text of a receipt was changed", "Inconsistent",
           encode_receipt(replace(good, content=b"received 9")))  # fmt: skip
    yield ("receipt-of-another-entry", "A receipt and its proof are about two entries",
           "Inconsistent", encode_receipt(replace(good, index=2)))  # fmt: skip
    yield ("receipt-of-another-log", "A receipt and its proof are about two logs",
           "Inconsistent", encode_receipt(replace(good, origin=good.origin + "9")))  # fmt: skip
    yield ("receipt-with-a-member-more", "A receipt has a member of its own", "Malformed",
           whole.replace(b'"i":', b'"a":1,"i":', 1))  # fmt: skip
    yield ("receipt-with-duplicate-keys", "A receipt names a member twice", "Malformed",
           whole.replace(b'"i":', b'"i":1,"i":', 1))  # fmt: skip


def kept_cases_of_proofs() -> Iterator[Wrong]:
    """Yield proofs that hold their entry."""
    town = good_town()
    yield ("kept-proof-with-another-text", "The text beside a kept proof was changed",
           "ProtocolError", kept_proof(town, content=request(9)).encode())  # fmt: skip
    yield ("kept-proof-with-another-entry", "A kept proof holds another entry than it proves",
           "Inconsistent", kept_proof(town, leaf=town.leaves[4]).encode())  # fmt: skip
    good = kept_proof(town).encode()
    yield ("kept-proof-with-broken-extra", "The extra line of a kept proof is not base64",
           "Malformed", good.replace(b"extra ", b"extra *", 1))  # fmt: skip


def identity_cases(good: bytes) -> Iterator[Wrong]:
    """Yield identity files."""
    members = json.loads(good)
    yield ("identity-without-keys", "An identity file names no key", "Malformed",
           encode(members | {"vkeys": []}))  # fmt: skip
    yield ("identity-with-a-final-slash", "An identity file's prefix has a final slash",
           "Malformed", encode(members | {"prefix": members["prefix"] + "/"}))  # fmt: skip
    yield ("identity-with-duplicate-keys", "An identity file names a member twice", "Malformed",
           good.replace(b'"kind":', b'"kind":"epci","kind":', 1))  # fmt: skip
    yield ("overlong-identity", "An identity file is longer than 64 KiB", "OverLimit",
           good + b" " * 2**16)  # fmt: skip
