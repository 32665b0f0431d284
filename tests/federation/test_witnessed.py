# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi-verify --policy`: a log and what people keep of it, against a quorum of witnesses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.auditor import main
from beffroi_federation.checkpoint import Proof
from beffroi_federation.cosigning import cosign, witness_vkey
from beffroi_federation.entries import Receipt, ReceivedEntry, encode_entry, encode_receipt
from beffroi_federation.log import grow
from beffroi_federation.merkle import inclusion_proof, leaf_hash
from beffroi_federation.notes import Signature
from beffroi_federation.receipts import Kept, encode_kept
from beffroi_privacy.commitments import commit
from support.memory_log import MemoryLog
from support.simulated_town import SimulatedTown
from support.town_files import write_files

NAMES = ("nation", "maires", "fac")
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at, name in enumerate(NAMES, 1)
}
SECONDS = 1_796_000_000


def signer_of(name: str) -> Callable[[str], Signature]:
    return lambda text: cosign(text, f"{name}.example/w", KEYS[name], SECONDS)


def town_with(*witnesses: str) -> SimulatedTown:
    """Return a published town whose checkpoint these witnesses cosigned."""
    town = SimulatedTown()
    town.begin_batch("2026-W40")
    town.receive(b'{"v":1}')
    for name in witnesses:
        town.also.append(signer_of(name))
    town.publish()
    return town


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy: two of three witnesses, and the town's log."""
    path = tmp_path / "policy"
    lines = [f"witness {name} {witness_vkey(f'{name}.example/w', KEYS[name])}" for name in NAMES]
    names = " ".join(NAMES)
    lines = [f"log {SimulatedTown().vkey()}", *lines, f"group two 2 {names}", "quorum two", ""]
    path.write_text("\n".join(lines))
    return path


def verify(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, object]]:
    code = main([*map(str, arguments), "--json"])
    said: dict[str, object] = json.loads(capsys.readouterr().out)
    return code, said


@pytest.mark.parametrize(
    ("witnesses", "code"),
    [(NAMES, 0), (("nation", "fac"), 0), (("maires",), 1), ((), 1)],
)
def test_a_log_is_held_to_the_quorum(
    tmp_path: Path, policy: Path, capsys: pytest.CaptureFixture[str],
    witnesses: tuple[str, ...], code: int,
) -> None:  # fmt: skip
    write_files(tmp_path / "copy", town_with(*witnesses).files())
    found, said = verify(capsys, tmp_path / "copy/log", "--policy", policy)
    assert found == code, said
    assert said["witnesses"] == list(witnesses)
    assert said["quorum"] is (code == 0)
    assert said["key"] == "pinned"


def test_the_sentence_says_who_and_when(
    tmp_path: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path / "copy", town_with("nation", "fac").files())
    assert main([str(tmp_path / "copy/log"), "--policy", str(policy)]) == 0
    said = capsys.readouterr().out
    assert "Witnessed by nation (at 2026-11-30" in said
    assert "fac (at " in said
    assert "the policy's quorum (two) is reached" in said
    write_files(tmp_path / "few", town_with("fac").files())
    assert main([str(tmp_path / "few/log"), "--policy", str(policy)]) == 1
    assert "FAULT: Witnessed by fac" in capsys.readouterr().out


def test_a_false_line_of_a_known_witness_is_a_fault_though_others_are_enough(
    tmp_path: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = town_with("nation", "fac")

    def forged(text: str) -> Signature:
        true = cosign(text, "maires.example/w", KEYS["maires"], SECONDS)
        return Signature(
            true.name, true.key_id, true.signature[:-1] + bytes([true.signature[-1] ^ 1])
        )

    town.also.append(forged)
    town.publish()
    write_files(tmp_path / "copy", town.files())
    code, said = verify(capsys, tmp_path / "copy/log", "--policy", policy)
    assert code == 1
    assert "does not verify" in str(said["faults"])


def _proof(town: SimulatedTown, index: int) -> Proof:
    held = MemoryLog()
    held.stage(0, town.leaves, grow(held, 0, [leaf_hash(leaf) for leaf in town.leaves]))
    size = len(town.leaves)
    return Proof(index, inclusion_proof(held, index, size), town.notes[size])


@pytest.mark.parametrize(("witnesses", "code"), [(("nation", "maires"), 0), (("nation",), 1)])
def test_a_kept_proof_and_a_receipt_are_held_to_the_quorum(
    tmp_path: Path, policy: Path, capsys: pytest.CaptureFixture[str],
    witnesses: tuple[str, ...], code: int,
) -> None:  # fmt: skip
    salt, content = bytes(32), b'{"v":1}'
    town = SimulatedTown()
    town.begin_batch("2026-W40")
    index = town.append_leaf(encode_entry(ReceivedEntry(commit(salt, content))))
    for name in witnesses:
        town.also.append(signer_of(name))
    town.publish()
    proof = _proof(town, index)
    kept = tmp_path / "kept.tlog-proof"
    kept.write_text(encode_kept(proof, Kept(town.leaves[index])))
    receipt = tmp_path / "receipt.json"
    receipt.write_bytes(encode_receipt(Receipt(town.origin, index, salt, content, proof.text())))
    for path in (kept, receipt):
        found, said = verify(capsys, path, "--policy", policy)
        assert (found, said["witnesses"]) == (code, list(witnesses)), said


@pytest.mark.parametrize("text", [None, "quorum\n", "\xff"])
def test_a_policy_that_cannot_be_read_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    write_files(tmp_path / "copy", town_with().files())
    path = tmp_path / "policy"
    if text is not None:
        path.write_text(text, encoding="latin-1")
    assert main([str(tmp_path / "copy/log"), "--policy", str(path)]) == 2
    assert str(path) in capsys.readouterr().err
