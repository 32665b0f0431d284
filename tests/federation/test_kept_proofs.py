# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people keep, checked without the town: receipts of three ages, proofs of records."""

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.checkpoint import Proof
from beffroi_federation.entries import (
    MAX_RECEIPT,
    Reason,
    Receipt,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    encode_entry,
    encode_receipt,
    parse_receipt,
)
from beffroi_federation.errors import ContentMismatch, Malformed, OverLimit, ProtocolError
from beffroi_federation.log import grow
from beffroi_federation.merkle import inclusion_proof, leaf_hash
from beffroi_federation.notes import Verifier
from beffroi_federation.receipts import Kept, NotYetProved, check_receipt, encode_kept, parse_kept
from beffroi_privacy.commitments import commit
from support.memory_log import MemoryLog
from support.town_files import Town

SALT = bytes(range(32))
TEXT = b'{"title":"Menus des cantines","v":1}'
COMMITTED = commit(SALT, TEXT)
LEAVES = [
    encode_entry(ReceivedEntry(COMMITTED)),
    encode_entry(RecordEntry(COMMITTED, 0)),
    encode_entry(SupersedeEntry(COMMITTED, 1)),
    encode_entry(WithdrawEntry(1, Reason.ERASURE)),
]


@pytest.fixture
def town() -> Town:
    made = Town(leaves=list(LEAVES))
    made.publish()
    return made


def keys(town: Town) -> list[Verifier]:
    return [Verifier.from_text(town.vkey())]


def proof(town: Town, index: int) -> Proof:
    log = MemoryLog()
    log.stage(0, town.leaves, grow(log, 0, [leaf_hash(leaf) for leaf in town.leaves]))
    size = len(town.leaves)
    return Proof(index, inclusion_proof(log, index, size), town.notes[size])


def kept(town: Town, index: int, *, opened: bool = True) -> bytes:
    content = (SALT, TEXT) if opened else (None, None)
    return encode_kept(proof(town, index), Kept(town.leaves[index], *content)).encode()


@pytest.mark.parametrize("index", [1, 2])
def test_a_kept_proof_shows_the_published_text_and_where_it_stands(town: Town, index: int) -> None:
    checked = check_receipt(kept(town, index), keys(town))
    assert (checked.index, checked.kind, checked.content) == (
        index,
        ("rec", "sup")[index - 1],
        TEXT,
    )
    assert checked.signed
    assert checked.checkpoint.size == 4


@pytest.mark.parametrize("index", range(4))
def test_without_its_text_it_shows_the_entry_alone(town: Town, index: int) -> None:
    checked = check_receipt(kept(town, index, opened=False), keys(town))
    assert (checked.index, checked.content) == (index, None)


def test_it_is_a_proof_like_any_other_with_one_line_more(town: Town) -> None:
    lines = kept(town, 1).decode().split("\n")
    plain = proof(town, 1).text().split("\n")
    assert lines[1].startswith("extra ")
    assert [*lines[:1], *lines[2:]] == plain
    held = json.loads(base64.b64decode(lines[1].removeprefix("extra ")))
    assert held["e"].encode() == LEAVES[1]
    assert parse_kept(kept(town, 1)) == (proof(town, 1), Kept(LEAVES[1], SALT, TEXT))


def _extra(town: Town, **members: object) -> bytes:
    document = {"d": TEXT.decode(), "e": LEAVES[1].decode(), "s": base64.urlsafe_b64encode(SALT)
                .decode().rstrip("=")} | members  # fmt: skip
    held = {name: value for name, value in document.items() if value is not None}
    extra = base64.b64encode(json.dumps(held).encode()).decode()
    head, _, rest = proof(town, 1).text().partition("\n")
    return f"{head}\nextra {extra}\n{rest}".encode()


WRONG: dict[str, Callable[[Town], bytes]] = {
    "another text": lambda town: _extra(town, d="Menus des écoles"),
    "another salt": lambda town: _extra(town, s="A" * 43),
    "another entry": lambda town: _extra(town, e=LEAVES[2].decode()),
    "no entry": lambda town: _extra(town, e=None),
    "a text without its salt": lambda town: _extra(town, s=None),
    "a member too many": lambda town: _extra(town, x="1"),
    "a number for an entry": lambda town: _extra(town, e=7),
    "an entry that is not ASCII": lambda town: _extra(town, e="é"),
    "an entry that is none": lambda town: _extra(town, e="{}"),
    "not base64": lambda town: kept(town, 1).replace(b"extra ", b"extra !"),
    "two extra lines": lambda town: kept(town, 1).replace(b"\nindex", b"\nextra e30=\nindex", 1),
    "another place": lambda town: kept(town, 1).replace(b"index 1\n", b"index 2\n"),
    "another size": lambda town: kept(town, 1).replace(b"\n4\n", b"\n5\n"),
    "too long": lambda town: kept(town, 1) + b"x" * MAX_RECEIPT,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_kept_proof_that_was_changed_does_not_hold(town: Town, wrong: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        check_receipt(WRONG[wrong](town), keys(town))
    assert not isinstance(refused.value, NotYetProved)
    if wrong in {"another text", "another salt"}:
        assert isinstance(refused.value, ContentMismatch)


def test_a_withdrawal_has_no_text_to_show(town: Town) -> None:
    forged = encode_kept(proof(town, 3), Kept(town.leaves[3], SALT, TEXT)).encode()
    with pytest.raises(Malformed, match="has none"):
        check_receipt(forged, keys(town))


@given(st.binary(max_size=400))
def test_whatever_follows_the_head_ends_in_an_error_of_ours(rest: bytes) -> None:
    for data in (b"c2sp.org/tlog-proof@v1\nextra " + rest, b"c2sp.org/tlog-proof@v1\n" + rest):
        with pytest.raises(ProtocolError):
            check_receipt(data, ())


# ---- receipts ----


def receipt(town: Town, **changed: object) -> bytes:
    values = {"origin": town.origin, "index": 0, "salt": SALT, "content": TEXT,
              "proof": proof(town, 0).text()} | changed  # fmt: skip
    return encode_receipt(Receipt(**values))  # type: ignore[arg-type]


def test_a_receipt_shows_what_was_received(town: Town) -> None:
    checked = check_receipt(receipt(town), keys(town))
    assert (checked.index, checked.kind, checked.content) == (0, "rcv", TEXT)


@pytest.mark.parametrize("index", [None, 0])
def test_a_receipt_before_its_batch_proves_nothing_yet_and_nothing_is_wrong(
    town: Town, index: int | None
) -> None:
    young = receipt(town, index=index, proof="")
    assert parse_receipt(young).index == index
    with pytest.raises(NotYetProved, match="no proof yet"):
        check_receipt(young, keys(town))


def test_a_proof_that_does_not_say_of_which_entry_is_refused(town: Town) -> None:
    with pytest.raises(Malformed, match="which entry"):
        check_receipt(receipt(town, index=None), keys(town))


def test_a_request_of_the_longest_texts_in_the_widest_letters_still_has_a_receipt(
    town: Town,
) -> None:
    longest = json.dumps({"wanted": "\x01" * 7_800}, ensure_ascii=False).encode()
    data = receipt(town, content=longest, index=None, proof="")
    assert parse_receipt(data).content == longest
    with pytest.raises(OverLimit):
        receipt(town, content=b"x" * 50_000)
