# SPDX-License-Identifier: AGPL-3.0-or-later
"""Validly signed logs with an entry, or a content, that no log may hold."""

from collections.abc import Iterator

from beffroi_federation.entries import encode_base64url
from beffroi_privacy.commitments import commit
from support.town_files import ORIGIN
from support.vectors.case import Case, error, loosened
from support.vectors.history import good_town, next_vkey, record, request, salt, supersede


def leaf_cases() -> Iterator[Case]:
    """Yield validly signed logs with an entry, at index 5, that no log may hold."""
    commitment = encode_base64url(commit(salt(5), request(5))).encode()
    leaves: dict[str, tuple[str, str, bytes]] = {
        "overlong-entry": (
            "An entry is longer than 1,024 bytes",
            "OverLimit",
            b'{"p":"%s","t":"bat","v":1}' % (b"2" * 1_024),
        ),
        "non-canonical-leaf": (
            "A leaf has a space in it",
            "Malformed",
            b'{"c":"%s", "t":"rec","v":1}' % commitment,
        ),
        "unsorted-leaf": (
            "A leaf's members are not in order",
            "Malformed",
            b'{"t":"rec","c":"%s","v":1}' % commitment,
        ),
        "duplicate-keys-in-a-leaf": (
            "A leaf names a member twice",
            "Malformed",
            b'{"c":"%s","t":"rec","t":"rec","v":1}' % commitment,
        ),
        "float-in-a-leaf": (
            "A leaf's version is 1.0",
            "Malformed",
            b'{"c":"%s","t":"rec","v":1.0}' % commitment,
        ),
        "nan-in-a-leaf": (
            "A withdrawal's index is NaN",
            "Malformed",
            b'{"i":NaN,"r":"error","t":"wdr","v":1}',
        ),
        "deep-json-in-a-leaf": (
            "A leaf's version is nested 480 deep",
            "OverLimit",
            b'{"t":"bat","v":' + b"[" * 480 + b"]" * 480 + b"}",
        ),
        "number-beyond-2-to-the-53": (
            "An index is 2^53",
            "Malformed",
            b'{"i":9007199254740992,"r":"error","t":"wdr","v":1}',
        ),
        "leaf-with-a-byte-order-mark": (
            "A leaf begins with a byte order mark",
            "Malformed",
            b'\xef\xbb\xbf{"p":"2026-W41","t":"bat","v":1}',
        ),
        "commitment-with-spare-bits": (
            "A commitment is spelt with spare bits set",
            "Malformed",
            b'{"c":"%s","t":"rec","v":1}' % loosened(commitment.decode()).encode(),
        ),
        "key-with-a-false-id": (
            "A key's ID is not that of its name and key",
            "Malformed",
            b'{"k":"%s","t":"key","v":1}' % next_vkey().replace(ORIGIN, ORIGIN + "9").encode(),
        ),
        "leaf-of-an-unknown-kind": (
            "A leaf is of a kind that is not in the list",
            "Malformed",
            b'{"c":"%s","t":"xyz","v":1}' % commitment,
        ),
        "leaf-with-a-free-field": (
            "A leaf has a member of its own",
            "Malformed",
            b'{"c":"%s","n":"Dupont","t":"rec","v":1}' % commitment,
        ),
        "leaf-with-a-short-commitment": (
            "A commitment does not have 43 characters",
            "Malformed",
            b'{"c":"%s","t":"rec","v":1}' % commitment[:42],
        ),
        "withdrawal-with-a-sentence": (
            "A withdrawal gives a reason that is not in the list",
            "Malformed",
            b'{"i":3,"r":"the mayor asked","t":"wdr","v":1}',
        ),
    }
    leaves |= pointing_leaves(commitment)
    for name, (title, expected, leaf) in leaves.items():
        town = good_town(5)
        town.leaves.append(leaf)
        town.publish()
        yield Case(name, title, error(expected), town.files())


def pointing_leaves(commitment: bytes) -> dict[str, tuple[str, str, bytes]]:
    """Return well written leaves that name what they may not, or stand where they may not."""
    root = encode_base64url(bytes(32)).encode()
    signature = encode_base64url(bytes(68), 68).encode()
    tree = (root, ORIGIN.encode())
    return {
        name: (title, "Inconsistent", leaf)
        for name, title, leaf in (
            ("withdrawal-of-itself", "A withdrawal names itself",
             b'{"i":5,"r":"error","t":"wdr","v":1}'),
            ("withdrawal-of-nothing", "A withdrawal names an entry that is not there yet",
             b'{"i":4000,"r":"error","t":"wdr","v":1}'),
            ("withdrawal-of-a-batch", "A withdrawal names the beginning of a batch",
             b'{"i":0,"r":"error","t":"wdr","v":1}'),
            ("withdrawal-of-a-reception", "A withdrawal names a reception",
             b'{"i":1,"r":"error","t":"wdr","v":1}'),
            ("version-of-a-reception", "A new version of a reception",
             b'{"c":"%s","i":1,"t":"sup","v":1}' % commitment),
            ("version-of-itself", "A new version of itself",
             b'{"c":"%s","i":5,"t":"sup","v":1}' % commitment),
            ("answer-to-a-record", "A record names a record as its reception",
             b'{"c":"%s","q":3,"t":"rec","v":1}' % commitment),
            ("epoch-in-the-middle", "An epoch begins in the middle of a log",
             b'{"n":9,"o":"%s","r":"%s","t":"epo","v":1}' % tree[::-1]),
            ("checkpoint-in-a-towns-log", "A town's log holds what only the nation's may",
             b'{"k":"%s","n":9,"o":"%s","r":"%s","t":"chk","v":1}' % (signature, *tree[::-1])),
        )
    }  # fmt: skip


def second_version_cases() -> Iterator[Case]:
    """Yield a log in which one version has two versions after it."""
    town = good_town(9)
    supersede(town, request(1, status="refused", outcome="refused", ground="CRPA"), replaces=3)
    town.publish()
    yield Case(
        "two-versions-of-one-version",
        "Two new versions of one record are both that of the same version before",
        error("Inconsistent"),
        town.files(),
    )


def record_cases() -> Iterator[Case]:
    """Yield validly signed logs with a content, at index 5, that no record may be."""
    plain = request(5)
    contents = {
        "float": ("A record holds a float", plain.replace(b'"v":1', b'"v":1.0')),
        "deep-json": (
            "A record is nested deeper than four levels",
            plain.replace(b'"v":1', b'"v":1,"x":[[[[0]]]]'),
        ),
        "record-with-duplicate-keys": (
            "A record names a member twice",
            plain.replace(b'"v":1', b'"v":1,"v":1'),
        ),
        "non-canonical-record": ("A record has a space in it", plain.replace(b'"v":1', b'"v": 1')),
        "record-with-a-byte-order-mark": (
            "A record begins with a byte order mark",
            b"\xef\xbb\xbf" + plain,
        ),
        "record-with-a-large-number": (
            "A record holds a number beyond 2^53 - 1",
            plain.replace(b'"v":1', b'"v":1,"x":9007199254740993'),
        ),
        "record-that-is-no-json": ("A record is not JSON", b"Bonjour"),
    }
    for name, (title, content) in contents.items():
        town = good_town(5)
        record(town, content)
        town.publish()
        expected = "OverLimit" if name == "deep-json" else "Malformed"
        yield Case(name, title, error(expected) | {"where": "record", "index": 5}, town.files())
