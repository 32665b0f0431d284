# SPDX-License-Identifier: AGPL-3.0-or-later
"""A body of content lines read at once says what reading it line by line says, on any bytes."""

import base64
from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from beffroi_federation.entries import (
    MAX_CONTENT,
    encode_content_line,
    parse_content_lines,
    parse_contents,
)
from beffroi_federation.entries.base64url import decode_base64url, decode_hashes
from beffroi_federation.entries.contents import _at_once
from beffroi_federation.errors import Malformed, ProtocolError

SALT = bytes(range(32))
TEXTS = st.text(max_size=60).map(lambda text: text.encode("utf-8", "ignore"))
BODIES = st.lists(
    st.tuples(st.integers(0, 40), st.binary(min_size=32, max_size=32), TEXTS), max_size=8
).map(lambda rows: b"".join(encode_content_line(*row) for row in rows))


def slowly(body: bytes) -> tuple[list[int], list[bytes], list[bytes]]:
    """Return what the lines of a body hold, read one by one."""
    lines = body.split(b"\n")
    if lines.pop():
        raise Malformed("no LF at the end")
    found = list(parse_content_lines(lines))
    return [one.index for one in found], [one.salt for one in found], [one.content for one in found]


def said(read: Callable[[bytes], object], body: bytes) -> object:
    """Return what a reader says of a body: what it holds, or the kind of its refusal."""
    try:
        return read(body)
    except ProtocolError as error:
        return type(error)


@settings(max_examples=300)
@given(BODIES)
def test_what_is_served_is_read_at_once_as_line_by_line(body: bytes) -> None:
    assert said(parse_contents, body) == said(slowly, body)


def changed(pair: tuple[bytes, list[tuple[int, bytes]]]) -> bytes:
    """Return a body with some bytes put in the place of others."""
    body, changes = pair
    for at, piece in changes:
        place = at % (len(body) + 1)
        body = body[:place] + piece + body[place + len(piece) :]
    return body


PIECES = st.sampled_from(
    [b'"', b"\\", b"\n", b" ", b"{", b"}", b",", b'"d":', b'"i":1', b'"s":"', b"\xff", b"\xc3\xa9",
     b"\\ud800", b"\\u0041", b"1e3", b"-1", b"9" * 17, b"null", b"+", b"/", b"=", b"\x00", b"\r"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.tuples(BODIES, st.lists(st.tuples(st.integers(0, 900), PIECES), max_size=3)).map(changed))
@example(b"\n")
@example(b"")
@example(encode_content_line(1, SALT, b"x") * 2)
@example(encode_content_line(2, SALT, b"x") + encode_content_line(1, SALT, b"x"))
@example(encode_content_line(1, SALT, b"x")[:-1])
@example(encode_content_line(1, SALT, b"x").replace(b'"i":1', b'"i":1,"i":2'))
@example(encode_content_line(1, SALT, b"x").replace(b"{", b"{ "))
@example(encode_content_line(1, SALT, b"x").replace(b'"i":1', b'"i":9007199254740993'))
@example(encode_content_line(1, SALT, b"\x1f" * 6_000))
@example(encode_content_line(1, SALT, b"x" * MAX_CONTENT))
@example(encode_content_line(1, SALT, b"x" * MAX_CONTENT).replace(b'"d":"', b'"d":"x'))
def test_whatever_is_served_is_read_or_refused_as_line_by_line(body: bytes) -> None:
    assert said(parse_contents, body) == said(slowly, body)


def test_an_ordinary_body_is_read_at_once() -> None:
    body = b"".join(encode_content_line(at, SALT, "é’\n\t".encode()) for at in range(256))
    assert _at_once(body) is not None


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=5), st.integers(0, 300), PIECES)
def test_many_hashes_are_decoded_as_one_by_one(hashes: list[bytes], at: int, piece: bytes) -> None:
    texts = [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in hashes]
    assert decode_hashes(texts) == hashes
    if texts:
        mark = piece.decode("utf-8", "replace")
        worse = texts[0][: at % 43] + mark + texts[0][at % 43 + len(mark) :]
        try:
            expected = [decode_base64url(worse)]
        except Malformed:
            expected = None
        assert decode_hashes([worse]) == expected
