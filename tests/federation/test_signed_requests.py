# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests signed with the log's key: who may, for which path, and how long."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation import checkpoint
from beffroi_federation.errors import Malformed, ProtocolError, Unsigned
from beffroi_federation.notes import COSIGNATURE, Verifier, vkey
from beffroi_federation.signed_requests import (
    LEEWAY,
    read_headers,
    request_headers,
    request_text,
    verify_request,
)

ORIGIN = "ville.example/beffroi/213105554/1"
PATH = "/witness/00/content/000"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))


def verifier(key: Ed25519PrivateKey = KEY, name: str = ORIGIN, kind: int = 1) -> Verifier:
    return Verifier.from_text(vkey(name, key.public_key().public_bytes_raw(), kind))


def signed(path: str = PATH, seconds: int = 1_700_000_000, key: Ed25519PrivateKey = KEY) -> bytes:
    return key.sign(request_text(ORIGIN, path, seconds).encode())


def test_the_text_is_the_four_lines_of_the_protocol() -> None:
    assert request_text("a.example/1", "/x/y", 12) == "beffroi/request/v1\na.example/1\n/x/y\n12\n"


def test_a_request_of_the_log_s_key_is_recognised_until_it_is_too_old() -> None:
    for late in (-LEEWAY, 0, LEEWAY):
        found = verify_request(
            [verifier()], ORIGIN, PATH, 1_700_000_000, signed(), 1_700_000_000 + late
        )
        assert found.name == ORIGIN
    for late in (-LEEWAY - 1, LEEWAY + 1):
        with pytest.raises(Unsigned):
            verify_request(
                [verifier()], ORIGIN, PATH, 1_700_000_000, signed(), 1_700_000_000 + late
            )


@pytest.mark.parametrize(
    ("path", "seconds", "signature"),
    [
        ("/witness/00/content/001", 1_700_000_000, signed()),
        (PATH, 1_700_000_001, signed()),
        (PATH, 1_700_000_000, signed(key=OTHER)),
        (PATH, 1_700_000_000, bytes(64)),
        (PATH, 1_700_000_000, b""),
    ],
)
def test_a_signature_is_good_for_its_path_its_moment_and_its_key_only(
    path: str, seconds: int, signature: bytes
) -> None:
    with pytest.raises(Unsigned):
        verify_request([verifier()], ORIGIN, path, seconds, signature, 1_700_000_000)


def test_the_key_of_a_witness_or_of_another_log_signs_no_request() -> None:
    for pinned in (verifier(kind=COSIGNATURE), verifier(name="b.example/1")):
        with pytest.raises(Unsigned):
            verify_request([pinned], ORIGIN, PATH, 1_700_000_000, signed(), 1_700_000_000)


def test_either_of_two_keys_in_a_rotation_is_recognised() -> None:
    keys = [verifier(), verifier(OTHER)]
    for key in (KEY, OTHER):
        found = verify_request(keys, ORIGIN, PATH, 1_700_000_000, signed(key=key), 1_700_000_000)
        assert found == verifier(key)


@pytest.mark.parametrize("path", ["", "x", "/a b", "/a\n", "/a?b", "/a#b", "/é", "/" + "a" * 1_024])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        request_text(ORIGIN, path, 1)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(Malformed):
        request_text(origin, PATH, 1)


@given(st.integers(0, 10**12 - 1), st.binary(min_size=64, max_size=64))
def test_headers_are_read_back(seconds: int, signature: bytes) -> None:
    headers = request_headers(seconds, signature)
    assert read_headers(headers["Beffroi-Time"], headers["Beffroi-Signature"]) == (
        seconds,
        signature,
    )


@given(st.text(max_size=20), st.text(max_size=100))
def test_other_headers_are_refused_and_nothing_else_happens(moment: str, signature: str) -> None:
    try:
        seconds, data = read_headers(moment, signature)
    except Malformed:
        return
    assert str(seconds) == moment
    assert len(data) == 64


@pytest.mark.parametrize("moment", ["", "-1", "+1", "01", "1.0", "1e3", " 1", "١", "9" * 13])
def test_a_time_that_is_no_plain_number_is_refused(moment: str) -> None:
    with pytest.raises(Malformed):
        read_headers(moment, request_headers(1, bytes(64))["Beffroi-Signature"])


@given(
    st.from_regex(r"[a-z]{1,9}\.example(/[a-z0-9]{1,5}){0,3}", fullmatch=True),
    st.from_regex(r"/[a-z0-9/]{0,30}", fullmatch=True),
    st.integers(0, 10**12 - 1),
)
def test_no_request_is_a_checkpoint(origin: str, path: str, seconds: int) -> None:
    with pytest.raises(ProtocolError):
        checkpoint.parse(request_text(origin, path, seconds))
