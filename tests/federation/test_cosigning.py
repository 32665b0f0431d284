# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cosignatures of witnesses: the worked vector, and what is refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.cosigning import (
    cosign,
    read_answer,
    read_cosignatures,
    witness_vkey,
)
from beffroi_federation.errors import Malformed, ProtocolError, Unsigned
from beffroi_federation.notes import Verifier, format_note, parse

# The worked example: log seed 00..1f, witness seed 20..3f, 257 entries, witnessed at 1700000000.
NAME = "witness.beffroi.example/w1"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
VKEY = "witness.beffroi.example/w1+20d38f0d+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
LOG_VKEY = "beffroi.example/c/99999+e2479524+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
TEXT = "beffroi.example/c/99999\n257\nx5Wo53tuoAhdVb/U6z9b3u+FKU5PPL6K+U7e/UxYX58=\n"
LOG_LINE = (
    "— beffroi.example/c/99999 4keVJIU6fheaKFUzsGTNd4Y85HhJRoUxSG2fevZNZ0a3D4Uhi+jzX4vNJdXGaaCKSWLf"
    "3XNiwa1pY+yVskvcWjtamQE=\n"
)
LINE = (
    "— witness.beffroi.example/w1 INOPDQAAAABlU/EAvo+KQzJ0dlESuRtl/cEVe3h5bdanfXMWAGek7cabDuxtAjy+x"
    "qYjETuF/gBvtRcjD4MiKMnDwHRbkvMU1luyBA==\n"
)
WITNESS = Verifier.from_text(VKEY)


def test_the_worked_example_is_made_bit_by_bit() -> None:
    assert witness_vkey(NAME, KEY) == VKEY
    assert cosign(TEXT, NAME, KEY, 1_700_000_000).line() == LINE


def test_the_worked_example_is_read_with_its_time() -> None:
    note = f"{TEXT}\n{LOG_LINE}{LINE}"
    (found,) = read_cosignatures(note, [WITNESS])
    assert (found.verifier, found.seconds) == (WITNESS, 1_700_000_000)
    assert found.signature.line() == LINE
    assert open_checkpoint(note, [Verifier.from_text(LOG_VKEY), WITNESS]).size == 257


def test_a_witness_that_is_not_asked_for_is_left_aside() -> None:
    assert read_cosignatures(f"{TEXT}\n{LOG_LINE}{LINE}", [Verifier.from_text(LOG_VKEY)]) == ()


def test_a_cosignature_of_another_text_time_or_witness_is_refused() -> None:
    for bad in (
        f"{TEXT.replace('257', '256')}\n{LINE}",
        f"{TEXT}\n" + _with_time(1_700_000_001),
        f"{TEXT}\n" + _with_time(2**63),
    ):
        with pytest.raises(Unsigned):
            read_cosignatures(bad, [WITNESS])


def _with_time(seconds: int) -> str:
    data = bytearray(base64.b64decode(LINE.split()[-1]))
    data[4:12] = seconds.to_bytes(8, "big")
    return f"— {NAME} {base64.b64encode(bytes(data)).decode()}\n"


def test_an_answer_is_read_whatever_stands_beside_the_cosignature() -> None:
    other = cosign(TEXT, "other.example/w", Ed25519PrivateKey.from_private_bytes(bytes(32)), 5)
    (found,) = read_answer(TEXT, (other.line() + LINE).encode(), [WITNESS])
    assert found.seconds == 1_700_000_000
    assert parse(format_note(TEXT, [found.signature])).text == TEXT


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\n",
        b"OK\n",
        LINE.encode()[:-1],
        LINE.encode() * 2,
        b"<html>\n",
        LINE.encode().replace("—".encode(), b"-"),
        LINE.encode() * 17,
        b"x" * 20_000,
    ],
)
def test_an_answer_that_is_no_signature_lines_is_refused(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_answer(TEXT, answer, [WITNESS])


def test_an_answer_without_the_witness_s_own_line_is_refused() -> None:
    other = cosign(TEXT, "other.example/w", Ed25519PrivateKey.from_private_bytes(bytes(32)), 5)
    with pytest.raises(Unsigned):
        read_answer(TEXT, other.line().encode(), [WITNESS])


@pytest.mark.parametrize("seconds", [-1, 2**63])
def test_a_time_that_cannot_be_written_is_refused(seconds: int) -> None:
    with pytest.raises(Malformed):
        cosign(TEXT, NAME, KEY, seconds)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**62))
def test_what_is_made_is_read_back(seconds: int, size: int) -> None:
    text = TEXT.replace("257", str(size))
    note = format_note(text, [cosign(text, NAME, KEY, seconds)])
    (found,) = read_cosignatures(note, [WITNESS])
    assert found.seconds == seconds
