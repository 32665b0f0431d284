# SPDX-License-Identifier: AGPL-3.0-or-later
"""Commitments: one at a time by the library, many at once by RFC 2104 written out."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_privacy.commitments import CONTEXT, commit, commit_each

SALTS = st.binary(min_size=32, max_size=32)
PAIRS = st.lists(st.tuples(SALTS, st.binary(max_size=300)), max_size=8)


@given(PAIRS)
def test_many_at_once_are_what_each_is_alone(pairs: list[tuple[bytes, bytes]]) -> None:
    salts, contents = [salt for salt, _ in pairs], [content for _, content in pairs]
    assert commit_each(salts, contents) == [commit(*pair) for pair in pairs]


@given(SALTS, st.binary(max_size=300))
def test_a_commitment_is_hmac_sha256_under_the_salt(salt: bytes, content: bytes) -> None:
    expected = hmac.new(salt, CONTEXT + content, hashlib.sha256).digest()
    assert commit_each([salt], [content]) == [expected] == [commit(salt, content)]


@pytest.mark.parametrize("length", [0, 31, 33, 64, 65])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commit(bytes(length), b"content")
    with pytest.raises(ValueError, match="32 bytes"):
        commit_each([bytes(32), bytes(length)], [b"one", b"two"])


def test_salts_and_contents_are_as_many() -> None:
    with pytest.raises(ValueError, match="longer"):
        commit_each([bytes(32)], [b"one", b"two"])
