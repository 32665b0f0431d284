# SPDX-License-Identifier: AGPL-3.0-or-later
"""Strategies for bytes that are nearly right: valid inputs with a few things changed.

A parser's mistakes are rarely in noise, which its first line refuses, and mostly one step beside
what is valid. `near(seeds)` takes valid inputs, and cuts, doubles, exchanges and inserts.
"""

import os
from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("BEFFROI_FUZZ_EXAMPLES", "100"))
"""How many inputs each parser gets; a long night has more."""

bounded = settings(max_examples=EXAMPLES, deadline=None)

PIECES: tuple[bytes, ...] = (
    b"", b"\0", b"\n", b"\n\n", b"\r\n", b"\r", b"\t", b" ", b"+", b"-", b"=", b"==", b"/", b".p/",
    b"x000/", b"0", b"00", b"-0", b"-1", b"1e9", b"0.5", b"9" * 18, b"9" * 400, b"NaN",
    b"Infinity", b"null", b"true", b'"', b"\\", b"\\u0000", b"\\ud800", b"\\u0041", b"{", b"}",
    b"[", b"]", b"[" * 40, b'{"a":' * 40, b",", b":", b'"v":1', b'"t":"rec"', b'"i":', b'"c":',
    b"\xff", b"\xc3", b"\xef\xbb\xbf", "é".encode(), "\u2028".encode(), "\u00a0".encode(),
    "— ".encode(), b"index 0\n", b"old 0\n", b"A" * 43, b"_" * 43, b"\x1f\x8b\x08", b"\xed\xa0\x80",
)  # fmt: skip


def _change(data: bytes, step: tuple[int, int, int, bytes]) -> bytes:
    """Return the data with one change."""
    what, at, length, piece = step
    at = at % (len(data) + 1)
    end = min(len(data), at + length)
    match what:
        case 0:
            return data[:at] + piece + data[end:]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:end] + data[at:end] + data[end:]
        case 3:
            return data[:at]
        case 4:
            return data[end:] + data[at:end] + data[:at]
        case _:
            changed = bytearray(data)
            for place in range(at, end):
                changed[place] ^= 1 << (length % 8)
            return bytes(changed)


def near(seeds: Sequence[bytes], pieces: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """Return a strategy for bytes near one of the seeds; `pieces` are put in beside the common."""
    step = st.tuples(
        st.integers(0, 5),
        st.integers(0, 1 << 16),
        st.one_of(st.integers(0, 4), st.integers(0, 300)),
        st.one_of(st.sampled_from((*PIECES, *pieces)), st.binary(max_size=8)),
    )

    def changed(seed: bytes, steps: list[tuple[int, int, int, bytes]]) -> bytes:
        for one in steps:
            seed = _change(seed, one)
        return seed

    return st.one_of(
        st.builds(changed, st.sampled_from(seeds), st.lists(step, min_size=1, max_size=4)),
        st.builds(changed, st.just(b""), st.lists(step, max_size=12)),
    )
