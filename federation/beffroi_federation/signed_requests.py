# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests that a town signs with its log's key, to be given what only the town may have.

Four lines, signed with Ed25519 by the key that signs the log's checkpoints:

    beffroi/request/v1
    <origin>
    <path, as it is asked for, without the query>
    <seconds since 1970>

sent as `Beffroi-Time` (the seconds) and `Beffroi-Signature` (standard base64 of the 64 bytes).
Such a text is never a checkpoint: a checkpoint has three lines and its second is a number; and no
checkpoint is such a text, for its first line is an origin and no origin of ours begins so.
What is *sent* this way is signed by its path, which ends with the SHA-256 of the body
(`appeal_path`): there is one kind of it, a town's appeal against its quarantine, and nothing is
ever given under such a path, as nothing is taken under another.
A caught signature is good for its path and a few minutes only, and over TLS nobody catches it.
"""

import base64
import hashlib
import re
from collections.abc import Sequence

from beffroi_federation.errors import Malformed, Unsigned
from beffroi_federation.notes import ED25519, Verifier, check_name, decode_base64

HEAD = "beffroi/request/v1"
TIME_HEADER = "Beffroi-Time"
SIGNATURE_HEADER = "Beffroi-Signature"
LEEWAY = 300
MAX_PATH = 1_024
MOST_APPEAL = 4_000
"""Characters of an appeal."""

_PATH = re.compile(r"/[\x21-\x7e]*")
_SECONDS = re.compile(r"0|[1-9][0-9]{0,11}")


def request_text(origin: str, path: str, seconds: int) -> str:
    """Return the text to sign for one request.

    `path` is the URL's absolute path in its encoded form, ASCII, at most 1,024 characters and
    without a query; `seconds` are those since 1970, below 10^12. Raises Malformed.
    """
    check_name(origin)
    if not _PATH.fullmatch(path) or len(path) > MAX_PATH or "?" in path or "#" in path:
        raise Malformed("A signed request names an absolute path without a query")
    if not 0 <= seconds < 10**12:
        raise Malformed("A signed request names a moment after 1970")
    return f"{HEAD}\n{origin}\n{path}\n{seconds}\n"


def appeal_path(place: str, body: bytes) -> str:
    """Return the path under which a town's appeal is sent; `place` is its log's at the witness."""
    return f"{place}/appeal/{hashlib.sha256(body).hexdigest()}"


def request_headers(seconds: int, signature: bytes) -> dict[str, str]:
    """Return the two headers that carry a signature of `request_text`."""
    return {
        TIME_HEADER: str(seconds),
        SIGNATURE_HEADER: base64.b64encode(signature).decode(),
    }


def read_headers(time_value: str, signature_value: str) -> tuple[int, bytes]:
    """Return the seconds and the 64 bytes that the two headers carry; Malformed if they do not."""
    if not _SECONDS.fullmatch(time_value):
        raise Malformed("The time of a signed request is not a plain number of seconds")
    signature = decode_base64(signature_value)
    if len(signature) != 64:
        raise Malformed("The signature of a request does not have 64 bytes")
    return int(time_value), signature


def verify_request(
    verifiers: Sequence[Verifier],
    origin: str,
    path: str,
    seconds: int,
    signature: bytes,
    now: int,
    leeway: int = LEEWAY,
) -> Verifier:
    """Return the log's key that signed this request; raises Unsigned or Malformed.

    `verifiers` are the log's pinned keys (others are left aside), `now` and `leeway` seconds. A
    request dated more than `leeway` before or after `now` is refused whoever signed it.
    """
    text = request_text(origin, path, seconds)
    if abs(now - seconds) > leeway:
        raise Unsigned("A signed request is too old, or its clock is wrong", seconds=now - seconds)
    for verifier in verifiers:
        if verifier.kind != ED25519 or verifier.name != origin:
            continue
        if verifier.verifies(text, signature):
            return verifier
    raise Unsigned("No pinned key of the log signed this request", origin=origin)
