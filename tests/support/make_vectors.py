# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes the generated part of docs/protocol/vectors: a good history, and each way of being wrong.

    PYTHONPATH=tests .venv/bin/python -m support.make_vectors

Everything is derived from fixed bytes, so that writing again changes nothing; a test says so. The
worked values (tree.json, notes.json, entries.json) were not made here: they were computed from the
specifications and agreed by independent programs.
"""

import base64
import hashlib
import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.canonical import encode
from beffroi_federation.entries import (
    BatchEntry,
    Entry,
    Reason,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    encode_base64url,
    encode_entry,
)
from beffroi_federation.notes import Signature, sign
from beffroi_privacy.commitments import commit
from support.town_files import ORIGIN, Town, write_files

VECTORS = Path(__file__).parents[2] / "docs/protocol/vectors"
SIZES = (5, 9, 12, 260)
OPEN = (3, 4, 6, 7)  # contents that are served at size 260
WITHDRAWN = 8


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
    if size > 12:
        add(town, BatchEntry("2026-W42"))
        while len(town.leaves) < size:
            receive(town)
        town.publish()
    return town


@dataclass
class Case:
    """One way of being wrong: what is served instead, what the reader knew, what it must say."""

    name: str
    title: str
    expect: dict[str, object]
    served: dict[str, bytes]
    known: str | None = None
    remove: list[str] = field(default_factory=list)

    def to_json(self, good: dict[str, bytes]) -> str:
        """Return the case as a file: only what differs from the good history."""
        files: dict[str, object] = {
            path: _text(data) for path, data in self.served.items() if good.get(path) != data
        }
        files |= {path: None for path in good if path not in self.served}
        members: dict[str, object] = {"title": self.title, "expect": self.expect}
        if self.known is not None:
            members["known"] = self.known
        members["files"] = dict(sorted(files.items()))
        return json.dumps(members, ensure_ascii=False, indent=1) + "\n"


def _text(data: bytes) -> object:
    """Return bytes as a string where they are text, else as base64."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def error(name: str) -> dict[str, object]:
    """Return the expectation of an error, by the name of its class or of a parent of it."""
    return {"error": name}


def state(name: str, index: int) -> dict[str, object]:
    """Return the expectation that a reader finds the content of an entry in a state."""
    return {"state": name, "index": index}


def cases() -> Iterator[Case]:
    """Yield every case."""
    yield from history_cases()
    yield from bundle_cases()
    yield from content_cases()
    yield from note_cases()
    yield from leaf_cases()
    yield from record_cases()


def history_cases() -> Iterator[Case]:
    """Yield histories that contradict what the reader knew, all validly signed."""
    good = good_town()
    known = good.notes[260]
    yield Case(
        "rollback",
        "The checkpoint of an earlier day is served again",
        error("Rollback"),
        good.files() | {"log/checkpoint": good.notes[12].encode()},
        known,
    )
    other = deepcopy(good)
    other.leaves[259] = encode_entry(ReceivedEntry(bytes(32)))
    other.publish()
    yield Case(
        "same-size-other-root",
        "Two trees of one size are signed",
        error("Fork"),
        other.files(),
        known,
    )
    fork = good_town(12)
    fork.leaves[10] = encode_entry(ReceivedEntry(bytes(32)))
    receive(fork)
    fork.publish()
    yield Case(
        "fork-after-12",
        "A larger tree is signed that does not continue the one of size 12",
        error("Fork"),
        fork.files(),
        good.notes[12],
    )


def bundle_cases() -> Iterator[Case]:
    """Yield bundles and tiles that are not those of the signed tree."""
    good = good_town()
    files = good.files()
    path = "log/tile/entries/001.p/4"
    framed = [len(leaf).to_bytes(2, "big") + leaf for leaf in good.leaves[256:]]
    yield Case(
        "reordered-bundle",
        "Two entries changed places",
        error("Inconsistent"),
        files | {path: b"".join([framed[0], framed[2], framed[1], framed[3]])},
    )
    yield Case(
        "truncated-bundle",
        "A bundle ends in the middle of its last entry",
        error("Malformed"),
        files | {path: files[path][:-9]},
    )
    yield Case(
        "bundle-with-more",
        "A bundle holds an entry more than its width",
        error("Malformed"),
        files | {path: files[path] + framed[3]},
    )
    altered = encode_entry(ReceivedEntry(bytes(32)))
    yield Case(
        "altered-leaf",
        "An entry was replaced by another one",
        error("Inconsistent"),
        files | {path: b"".join(framed[:3]) + len(altered).to_bytes(2, "big") + altered},
    )
    tile = files["log/tile/0/001.p/4"]
    yield Case(
        "altered-tile",
        "A hash tile is not that of its entries",
        error("Inconsistent"),
        files | {"log/tile/0/001.p/4": tile[:-1] + bytes([tile[-1] ^ 1])},
    )
    missing = dict(files)
    del missing["log/tile/entries/001.p/4"]
    yield Case("missing-bundle", "A bundle is not served", error("Unreachable"), missing)


def content_cases() -> Iterator[Case]:
    """Yield contents that are not those of their entries."""
    good = good_town()
    files = good.files()

    swapped = deepcopy(good)
    swapped.contents[3], swapped.contents[4] = good.contents[4], good.contents[3]
    yield Case(
        "swapped-content",
        "Two entries have each other's content",
        state("mismatch", 3),
        swapped.files(),
    )
    altered = deepcopy(good)
    altered.contents[4] = (good.contents[4][0], request(2, title="Autre chose"))
    yield Case(
        "altered-content",
        "A content was changed after it was published",
        state("mismatch", 4),
        altered.files(),
    )
    missing = deepcopy(good)
    del missing.contents[7]
    yield Case(
        "missing-content",
        "A content is not served and was not withdrawn",
        state("missing", 7),
        missing.files(),
    )
    lines = files["log/content/000"].splitlines(keepends=True)
    double = lines[0].replace(b'{"d":', b'{"d":"","d":')
    yield Case(
        "duplicate-json-keys",
        "A content line names a member twice",
        error("Malformed"),
        files | {"log/content/000": b"".join([double, *lines[1:]])},
    )
    yield Case(
        "two-contents-of-one-entry",
        "An entry has two content lines",
        error("Malformed"),
        files | {"log/content/000": b"".join([lines[0], *lines])},
    )
    yield Case(
        "content-of-a-reception",
        "A content is served for an entry that has none",
        error("Malformed"),
        files | {"log/content/000": b"".join([lines[0].replace(b'"i":3', b'"i":1'), *lines[1:]])},
    )
    overlong = b'{"d":"%s","i":3,"s":"%s"}\n' % (b"x" * 16_385, encode_base64url(salt(3)).encode())
    yield Case(
        "overlong-content",
        "A content is longer than 16,384 bytes",
        error("OverLimit"),
        files | {"log/content/000": b"".join([overlong, *lines[1:]])},
    )


def note_cases() -> Iterator[Case]:
    """Yield checkpoints that are not to be accepted as notes."""
    good = good_town()
    files, note = good.files(), good.notes[260]
    text, line = note.split("\n\n")

    def case(name: str, title: str, expected: str, served: str) -> Case:
        return Case(name, title, error(expected), files | {"log/checkpoint": served.encode()})

    yield case("crlf-note", "The lines end with CR LF", "Malformed", note.replace("\n", "\r\n"))
    others = "".join(
        Signature(f"witness.example/{i}", bytes([i] * 4), bytes(64)).line() for i in range(16)
    )
    yield case(
        "seventeen-signatures", "The note has 17 signature lines", "OverLimit", note + others
    )
    yield case(
        "duplicate-lines", "The log's signature stands there twice", "Malformed", note + line
    )
    assert line.endswith("=\n")
    position = len(line) - 3  # the last character before the padding carries two spare bits
    spare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = spare[spare.index(line[position]) ^ 1]
    yield case(
        "non-canonical-base64",
        "The signature is spelt with spare bits set",
        "Malformed",
        f"{text}\n\n{line[:position]}{other}{line[position + 1 :]}",
    )
    origin, size, root = text.split("\n")
    loose = root[:-2] + spare[spare.index(root[-2]) ^ 1] + "="
    yield case(
        "non-canonical-root",
        "The root is spelt with spare bits set, and signed so",
        "Malformed",
        signed(good, f"{origin}\n{size}\n{loose}\n"),
    )
    yield case(
        "extension-line",
        "The checkpoint has a fourth line",
        "Malformed",
        signed(good, f"{text}\nmore\n"),
    )
    yield case(
        "size-with-a-leading-zero",
        "The size is spelt 0260",
        "Malformed",
        signed(good, f"{origin}\n0{size}\n{root}\n"),
    )
    yield case(
        "other-origin",
        "The checkpoint is that of another log, signed by this one's key",
        "ProtocolError",
        signed(good, f"{ORIGIN}9\n{size}\n{root}\n"),
    )
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    yield case(
        "wrong-key",
        "Somebody else signed under the log's name",
        "Unsigned",
        f"{text}\n\n{sign(text + chr(10), ORIGIN, stranger).line()}",
    )
    forged = good.sign("another text\n")
    yield case(
        "altered-signature",
        "The log's key signed another text",
        "Unsigned",
        f"{text}\n\n{forged.line()}",
    )


def signed(town: Town, text: str) -> str:
    """Return the note of a text that is no checkpoint, under the town's signature."""
    return f"{text}\n{town.sign(text).line()}"


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
        "withdrawal-of-a-later-entry": (
            "A withdrawal names itself",
            "Inconsistent",
            b'{"i":5,"r":"error","t":"wdr","v":1}',
        ),
        "withdrawal-with-a-sentence": (
            "A withdrawal gives a reason that is not in the list",
            "Malformed",
            b'{"i":3,"r":"the mayor asked","t":"wdr","v":1}',
        ),
    }
    for name, (title, expected, leaf) in leaves.items():
        town = good_town(5)
        town.leaves.append(leaf)
        town.publish()
        yield Case(name, title, error(expected), town.files())


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
        "record-that-is-no-json": ("A record is not JSON", b"Bonjour"),
    }
    for name, (title, content) in contents.items():
        town = good_town(5)
        record(town, content)
        town.publish()
        expected = "OverLimit" if name == "deep-json" else "Malformed"
        yield Case(name, title, error(expected) | {"where": "record", "index": 5}, town.files())


def write(folder: Path) -> None:
    """Write good/, checkpoints/ and bad/ below a folder, in the place of what was there."""
    town = good_town()
    files = town.files()
    for name in ("good", "checkpoints", "bad"):
        shutil.rmtree(folder / name, ignore_errors=True)
    write_files(folder / "good", files)
    notes = {f"{size}": note.encode() for size, note in town.notes.items()}
    write_files(folder / "checkpoints", notes)
    bad = {f"{case.name}.json": case.to_json(files).encode() for case in cases()}
    write_files(folder / "bad", bad)


if __name__ == "__main__":
    write(VECTORS)
