# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checkpoints that are not to be accepted as notes, or not as signed by the log."""

from base64 import b64encode
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.notes import Signature, sign
from support.town_files import ORIGIN, Town
from support.vectors.case import Case, error, loosened
from support.vectors.history import (
    WITNESS_NAME,
    cosign,
    good_town,
    next_vkey,
    sign_with_next,
    witness_vkey,
)


def note_cases() -> Iterator[Case]:
    """Yield checkpoints that are not to be accepted as notes."""
    good = good_town()
    files, note = good.files(), good.notes[260]
    text, lines = note.split("\n\n")
    line = good.sign(text + "\n").line()

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
    yield case(
        "non-canonical-base64",
        "The signature is spelt with spare bits set",
        "Malformed",
        f"{text}\n\n{loosened(line.strip())}\n",
    )
    origin, size, root = text.split("\n")
    yield case(
        "non-canonical-root",
        "The root is spelt with spare bits set, and signed so",
        "Malformed",
        signed(good, f"{origin}\n{size}\n{loosened(root)}\n"),
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
    yield case(
        "no-signature",
        "There is no signature line",
        "Malformed",
        f"{text}\n\n",
    )
    yield case(
        "hyphen-for-a-dash",
        "A signature line begins with a hyphen",
        "Malformed",
        note.replace("—", "-"),
    )
    yield case(
        "note-without-its-last-line-feed",
        "The note ends in the middle of its last line",
        "Malformed",
        note[:-1],
    )
    yield case(
        "tab-in-a-note",
        "The note has a tab in it",
        "Malformed",
        signed(good, f"{origin}\n{size}\t\n{root}\n"),
    )
    yield case(
        "short-root",
        "The root has 31 bytes",
        "Malformed",
        signed(good, f"{origin}\n{size}\n{b64encode(bytes(31)).decode()}\n"),
    )
    yield case(
        "size-beyond-2-to-the-63",
        "The size is 2^63",
        "Malformed",
        signed(good, f"{origin}\n{2**63}\n{root}\n"),
    )
    yield case(
        "empty-log-with-a-root",
        "The log is empty, and its root is not that of nothing",
        "Malformed",
        signed(good, f"{origin}\n0\n{root}\n"),
    )
    yield Case(
        "note-that-is-not-utf-8",
        "The note holds bytes that are not UTF-8",
        error("Malformed"),
        files | {"log/checkpoint": b"\xff" + note.encode()},
    )
    yield from key_cases(files, text, lines)


def key_cases(files: dict[str, bytes], text: str, lines: str) -> Iterator[Case]:
    """Yield checkpoints that the keys which a reader knows did not all rightly sign."""
    own, successor, cosignature = lines.splitlines(keepends=True)
    served = files | {"log/checkpoint": f"{text}\n\n{own}".encode()}
    yield Case(
        "retired-key",
        "The key that another one has replaced signs alone",
        error("Unsigned"),
        served,
        vkeys=(next_vkey(),),
    )
    other = sign_with_next("another text\n").line()
    yield Case(
        "false-line-of-the-next-key",
        "The log's key signed, and the line of its successor, which is known too, is false",
        error("Unsigned"),
        files | {"log/checkpoint": f"{text}\n\n{own}{other}".encode()},
        vkeys=(good_town(5).vkey(), next_vkey()),
    )
    yield Case(
        "witness-alone",
        "Only the witness signed",
        error("Unsigned"),
        files | {"log/checkpoint": f"{text}\n\n{cosignature}".encode()},
        vkeys=(good_town(5).vkey(), witness_vkey()),
    )
    later = Signature(WITNESS_NAME, *_moved(cosign(text + "\n"))).line()
    yield Case(
        "false-cosignature",
        "The time in a witness's line is not the one that it signed",
        error("Unsigned"),
        files | {"log/checkpoint": f"{text}\n\n{own}{successor}{later}".encode()},
        vkeys=(good_town(5).vkey(), witness_vkey()),
    )


def _moved(line: Signature) -> tuple[bytes, bytes]:
    """Return key ID and signature bytes with the time a second later."""
    time = int.from_bytes(line.signature[:8], "big") + 1
    return line.key_id, time.to_bytes(8, "big") + line.signature[8:]


def signed(town: Town, text: str) -> str:
    """Return the note of a text that is no checkpoint, under the town's signature."""
    return f"{text}\n{town.sign(text).line()}"
