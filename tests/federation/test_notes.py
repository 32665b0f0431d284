# SPDX-License-Identifier: AGPL-3.0-or-later
"""Notes: the worked ones verify, and everything near them is refused."""

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.errors import Malformed, OverLimit, ProtocolError, Unsigned
from beffroi_federation.notes import (
    Note,
    Signature,
    Verifier,
    format_note,
    open_note,
    parse,
    sign,
    vkey,
)
from support.protocol_vectors import worked

NOTES = worked("notes")
NOTE: str = NOTES["checkpoint_257"]
LOG, WITNESS = (Verifier.from_text(key["vkey"]) for key in NOTES["keys"])
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(NOTES["keys"][0]["seed_hex"]))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def test_keys_have_the_worked_texts() -> None:
    for key in NOTES["keys"]:
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed_hex"]))
        public = private.public_key().public_bytes_raw()
        assert vkey(key["name"], public, key["kind"]) == key["vkey"]
        assert Verifier.from_text(key["vkey"]).vkey() == key["vkey"]


def test_the_worked_note_carries_both_signatures_and_is_written_the_same_again() -> None:
    note, verified = open_note(NOTE, [WITNESS, LOG])
    assert verified == (LOG, WITNESS)
    assert format_note(note.text, note.signatures) == NOTE
    assert sign(note.text, LOG.name, KEY) == note.signatures[0]
    assert int.from_bytes(note.signatures[1].signature[:8], "big") == NOTES["cosigned_at"]


def test_the_origin_hash_of_a_witness_is_that_of_the_name() -> None:
    assert sha256(LOG.name.encode()).hexdigest() == NOTES["origin_hash_hex"]


def test_the_message_of_a_post_quantum_cosignature_is_laid_out_as_specified() -> None:
    # Only the layout is pinned: no key of that kind is read yet.
    origin_line, _, root = parse(NOTE).text.split("\n")[:3]
    name, origin = WITNESS.name.encode(), origin_line.encode()
    message = b"subtree/v1\n\0" + bytes([len(name)]) + name
    message += NOTES["cosigned_at"].to_bytes(8, "big") + bytes([len(origin)]) + origin
    message += (0).to_bytes(8, "big") + (257).to_bytes(8, "big") + b64decode(root)
    assert NOTES["mldsa44_message_hex"] == message.hex()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+e2479524",
        LOG.vkey().replace("e2479524", "E2479524"),
        LOG.vkey().replace("e2479524", "e2479525"),
        LOG.vkey().replace("c/99999", "c/99998"),
        LOG.vkey()[:-1],
        LOG.vkey() + "\n",
        LOG.vkey().replace("+AQ", "+Ag"),
        " " + LOG.vkey(),
        "a b" + LOG.vkey(),
        LOG.vkey()[:-2] + "5=",
    ],
)
def test_a_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Verifier.from_text(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\tb", "a\u2028b"])
def test_a_key_has_a_name_without_spaces_or_plus(name: str) -> None:
    with pytest.raises(Malformed):
        vkey(name, bytes(32))


def note(text: str = "text\n", lines: str = "— name AAAAAAA=\n") -> str:
    return f"{text}\n{lines}"


def test_a_text_may_hold_empty_lines_and_the_last_one_separates() -> None:
    parsed = parse(note("one\n\ntwo\n"))
    assert parsed == Note("one\n\ntwo\n", (Signature("name", bytes(4), b"\0"),))


@pytest.mark.parametrize(
    "data",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        "\n\n— name AAAAAAA=\n",
        note(lines="— name AAAAAAA="),
        note(lines="- name AAAAAAA=\n"),
        note(lines="—  name AAAAAAA=\n"),
        note(lines="— name  AAAAAAA=\n"),
        note(lines="— name AAAAAAA= \n"),
        note(lines="— na+me AAAAAAA=\n"),
        note(lines="— name AAAAAA==\n"),
        note(lines="— name AAAAAAB=\n"),
        note(lines="— name AAAAAAA\n"),
        note(lines="— name AAAA-AA=\n"),
        note(lines="— name AAAAAAA=\n\n"),
        note(lines="— name AAAAAAA=\n— name AAAAAAE=\n"),
        note().replace("\n", "\r\n"),
        note("te\rxt\n"),
        note("te\txt\n"),
        note("te\0xt\n"),
        note("te\x7fxt\n"),
        note().encode("utf-16"),
        note().encode().replace(b"te", b"\xe9"),
    ],
)
def test_what_is_no_note_is_refused(data: str | bytes) -> None:
    with pytest.raises(Malformed):
        parse(data)


def test_sixteen_signatures_are_read_and_seventeen_are_not() -> None:
    lines = [Signature(f"witness/{i}", bytes(4), b"x").line() for i in range(17)]
    assert len(parse(note(lines="".join(lines[:16]))).signatures) == 16
    with pytest.raises(OverLimit):
        parse(note(lines="".join(lines)))


def test_a_note_above_64_kib_is_refused() -> None:
    with pytest.raises(OverLimit):
        parse(note("x" * 65_536 + "\n"))


def test_sixteen_post_quantum_lines_fit_in_a_note() -> None:
    lines = "".join(Signature(f"witness/{i}", bytes(4), bytes(2_428)).line() for i in range(16))
    assert len(parse(note(lines=lines)).signatures) == 16


def test_lines_of_unknown_keys_are_ignored_and_one_known_line_must_be_there() -> None:
    assert open_note(NOTE, [WITNESS])[1] == (WITNESS,)
    stranger = Verifier.from_text(vkey(LOG.name, STRANGER.public_key().public_bytes_raw()))
    assert open_note(NOTE, [stranger, LOG])[1] == (LOG,)
    for verifiers in ([], [stranger]):
        with pytest.raises(Unsigned):
            open_note(NOTE, verifiers)


def test_one_false_line_of_a_known_key_refuses_the_whole_note() -> None:
    text, (good, witness) = parse(NOTE).text, parse(NOTE).signatures
    false = Signature(witness.name, witness.key_id, bytes(72))
    forged = format_note(text, [good, false])
    assert open_note(forged, [LOG])[1] == (LOG,)
    with pytest.raises(Unsigned):
        open_note(forged, [LOG, WITNESS])


@given(st.data())
def test_a_changed_text_or_signature_is_refused(data: st.DataObject) -> None:
    changed = bytearray(NOTE.encode())
    end = changed.index("— witness".encode())  # what the log's own line covers, and the line
    at = data.draw(st.integers(0, end - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ProtocolError):
        open_note(bytes(changed), [LOG])


@pytest.mark.parametrize("length", [0, 8, 63, 65, 71, 73])
def test_a_signature_of_another_length_does_not_verify(length: int) -> None:
    assert not LOG.verifies("text\n", bytes(length))
    assert not WITNESS.verifies("text\n", bytes(length))


def test_a_cosignature_from_beyond_the_end_of_time_does_not_verify() -> None:
    moment = (2**63).to_bytes(8, "big")
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(NOTES["keys"][1]["seed_hex"]))
    message = b"cosignature/v1\ntime %d\ntext\n" % 2**63
    assert not WITNESS.verifies("text\n", moment + key.sign(message))


@pytest.mark.parametrize("text", ["", "no line feed", "carriage\r\n", "\n"])
def test_a_text_that_makes_no_note_is_not_written(text: str) -> None:
    with pytest.raises(Malformed):
        format_note(text, [sign(text, "name", KEY)])


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=80))
def test_every_signed_text_reads_back(text: str) -> None:
    signed = format_note(text + "\n", [sign(text + "\n", LOG.name, KEY)])
    assert open_note(signed, [LOG])[0].text == text + "\n"
    assert b64encode(LOG.key_id)[:5].decode() in signed
