# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a signer and its clients say to each other over a Unix socket (docs/protocol/signer.md).

One connection is one request and its answer, each a line of strict JSON, ended by LF:

    {"new":9,"old":5,"op":"sign","proof":["…"],"root":"…","v":1}
    {"note":"…","ok":true,"v":1}
    {"error":"Stale","ok":false,"sentence":"…","size":5,"v":1}

Hashes, roots and signatures are standard base64. No request can read or change a key.
"""

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from beffroi_federation import errors
from beffroi_federation.canonical import Json, encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError, Stale
from beffroi_federation.merkle import HASH_BYTES
from beffroi_federation.notes import decode_base64
from beffroi_federation.signing import Signer, SignerStanding, Standing

MAX_LINE = 262_144
"""Bytes of a request or an answer, LF included: a note of 64 KiB, escaped, is well below."""
MAX_PROOF = 126
"""Hashes of a consistency proof: two for each level of a tree of 2^63 leaves."""

Members = Mapping[str, Json]

_SPOKEN = (
    errors.Malformed,
    errors.OverLimit,
    errors.Unsigned,
    errors.Inconsistent,
    errors.Rollback,
    errors.Fork,
    errors.SignerLocked,
)


def encode_line(members: Mapping[str, object]) -> bytes:
    """Return a message as a line; OverLimit if it is too long for the other side."""
    line = encode({**members, "v": 1}) + b"\n"
    if len(line) > MAX_LINE:
        raise OverLimit("A message to or from the signer is too long", length=len(line))
    return line


def decode_line(line: bytes) -> Members:
    """Return a message's members; Malformed for anything but one line of this version."""
    if not line.endswith(b"\n") or len(line) > MAX_LINE:
        raise Malformed("A message to or from the signer is one line")
    members = parse_json(line[:-1], max_depth=3)
    if not isinstance(members, dict) or members.get("v") != 1:
        raise Malformed("A message to or from the signer is an object of version 1")
    return members


def hashes_text(hashes: Sequence[bytes]) -> list[str]:
    """Return hashes as a message holds them."""
    return [base64.b64encode(one).decode() for one in hashes]


def text_of(members: Members, name: str) -> str:
    """Return a member that is a string; Malformed."""
    value = members.get(name)
    if not isinstance(value, str):
        raise Malformed("A member of a message to or from the signer is missing", member=name)
    return value


def number_of(members: Members, name: str) -> int:
    """Return a member that is a whole number from 0 on; Malformed."""
    value = members.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Malformed("A member of a message to or from the signer is no number", member=name)
    return value


def hash_of(members: Members, name: str) -> bytes:
    """Return a member that is a hash of 32 bytes; Malformed."""
    data = decode_base64(text_of(members, name))
    if len(data) != HASH_BYTES:
        raise Malformed("A member of a message to or from the signer is no hash", member=name)
    return data


def hashes_of(members: Members, name: str) -> tuple[bytes, ...]:
    """Return a member that is a list of hashes; Malformed or OverLimit."""
    value = members.get(name)
    if not isinstance(value, list):
        raise Malformed("A member of a message to or from the signer is no list", member=name)
    if len(value) > MAX_PROOF:
        raise OverLimit("A proof has more hashes than any proof can have", hashes=len(value))
    return tuple(hash_of({name: one}, name) for one in value)


def answer(signer: Signer, request: Members) -> dict[str, object]:
    """Return the members of the answer to a request; raises what the signer raises."""
    match request.get("op"), request.keys() - {"op", "v"}:
        case "sign", names if names == {"old", "new", "root", "proof"}:
            note = signer.sign(
                number_of(request, "old"),
                number_of(request, "new"),
                hash_of(request, "root"),
                hashes_of(request, "proof"),
            )
            return {"note": note}
        case "vkeys", names if not names:
            return {"vkeys": list(signer.vkeys())}
        case "sign-request", names if names == {"path", "seconds"}:
            path, seconds = text_of(request, "path"), number_of(request, "seconds")
            signature = signer.sign_request(path, seconds)
            return {"signature": base64.b64encode(signature).decode()}
        case "state", names if not names:
            return standing_members(signer.state())
        case "catch-up", names if names == {"note", "proof"}:
            note, proof = text_of(request, "note"), hashes_of(request, "proof")
            return standing_members(signer.catch_up(note, proof))
        case "announced", names if names == {"proof"}:
            return standing_members(signer.announced(text_of(request, "proof")))
    raise Malformed("The signer knows no such request")


def standing_members(standing: SignerStanding) -> dict[str, object]:
    """Return a standing as a message holds it."""
    return {
        "kind": standing.kind.value,
        "origin": standing.origin,
        "vkeys": list(standing.vkeys),
        "size": standing.size,
        "root": base64.b64encode(standing.root).decode(),
        "note": standing.note,
        "reason": standing.reason,
        "successor": standing.successor,
        "announce": standing.announce,
        "retires": standing.retires,
    }


def standing_of(members: Members) -> SignerStanding:
    """Return the standing in an answer; Malformed."""
    try:
        kind = Standing(text_of(members, "kind"))
    except ValueError:
        raise Malformed("The signer stands in a way that is not known here") from None
    return SignerStanding(
        kind,
        text_of(members, "origin"),
        vkeys_of(members),
        number_of(members, "size"),
        hash_of(members, "root"),
        text_of(members, "note"),
        text_of(members, "reason"),
        text_of(members, "successor"),
        members.get("announce") is True,
        None if members.get("retires") is None else number_of(members, "retires"),
    )


def vkeys_of(members: Members) -> tuple[str, ...]:
    """Return the keys in an answer, one or two; Malformed."""
    value = members.get("vkeys")
    if not isinstance(value, list) or not 1 <= len(value) <= 2:
        raise Malformed("The signer names no keys")
    return tuple(text_of({"vkeys": one}, "vkeys") for one in value)


def refusal_members(error: ProtocolError) -> dict[str, object]:
    """Return an error as a message holds it; an unknown kind becomes the nearest known one."""
    if isinstance(error, Stale):
        return {"error": "Stale", "sentence": error.sentence, "size": error.size}
    kinds = [kind for kind in type(error).__mro__ if kind in _SPOKEN]
    return {"error": kinds[0].__name__ if kinds else "Malformed", "sentence": error.sentence}


def raise_refusal(members: Members) -> None:
    """Raise the error that an answer holds, if it holds one."""
    if members.get("ok") is True:
        return
    name, sentence = text_of(members, "error"), text_of(members, "sentence")
    if name == "Stale":
        raise Stale(sentence, number_of(members, "size"))
    kinds = {kind.__name__: kind for kind in _SPOKEN}
    raise kinds.get(name, Malformed)(sentence)


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """Give a name of a socket's path that fits the 108 bytes a Unix socket's name may have."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        short = f"/proc/self/fd/{folder}/{path.name}"
        yield short if os.path.exists(f"/proc/self/fd/{folder}") else str(path)
    finally:
        os.close(folder)
