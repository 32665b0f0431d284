# SPDX-License-Identifier: AGPL-3.0-or-later
"""The folder of the keys: made once, restored, rotated; a crash at any write can be mended."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from beffroi_federation.checkpoint import Proof, open_checkpoint
from beffroi_federation.cosigning import cosign, witness_vkey
from beffroi_federation.entries import KeyEntry, encode_base64url, encode_entry
from beffroi_federation.errors import (
    Fork,
    Inconsistent,
    Malformed,
    ProtocolError,
    Rollback,
    SignerLocked,
    Unsigned,
)
from beffroi_federation.log import append, proof_for, publish
from beffroi_federation.merkle import consistency_proof
from beffroi_federation.notes import Verifier, format_note, parse
from beffroi_federation.policy import Policy, parse_policy
from beffroi_federation.signer import ROTATION_SECONDS, TreeSigner
from beffroi_federation.signer_facts import read_facts
from beffroi_federation.signer_folder import SignerFolder, local_signer
from beffroi_federation.signer_keys import Ring, derive_key
from beffroi_federation.signing import Standing
from support.log_contract import fill, naive_root
from support.memory_log import MemoryLog

ORIGIN = "beffroi.example/beffroi/210000006/1"
SEED, NEXT, OTHER = bytes(range(32)), bytes(range(1, 33)), bytes(range(2, 34))
WITNESS = derive_key(b"w" * 32, b"witness")
WITNESS_NAME = "witness.example/w1"


@pytest.fixture
def folder(tmp_path: Path) -> SignerFolder:
    made = SignerFolder(tmp_path / "signer")
    made.create(ORIGIN, SEED)
    return made


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000

    def __call__(self) -> int:
        return self.seconds


def policy() -> Policy:
    vkey = witness_vkey(WITNESS_NAME, WITNESS)
    return parse_policy(f"witness nation {vkey}\nquorum nation\n")


def cosigned(note: str) -> str:
    parsed = parse(note)
    line = cosign(parsed.text, WITNESS_NAME, WITNESS, 1_800_000_000)
    return format_note(parsed.text, [*parsed.signatures, line])


def raw(path: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file())


class Crash(BaseException):
    """The process dies here."""


@contextmanager
def dying_after(effects: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let so many renames, links and removals happen; the process dies at the next one."""
    done: list[str] = []

    def counted(name: str, real: Callable[..., None]) -> Callable[..., None]:
        def effect(*arguments: object, **options: object) -> None:
            if len(done) == effects:
                raise Crash(name)
            done.append(name)
            real(*arguments, **options)

        return effect

    with monkeypatch.context() as patch:
        for name in ("replace", "link", "unlink"):
            patch.setattr(os, name, counted(name, getattr(os, name)))
        try:
            yield done
        except Crash:
            done.append("crash")


def test_a_signer_is_made_once_and_its_keys_are_its_owners_alone(folder: SignerFolder) -> None:
    assert stat.S_IMODE(folder.keys.stat().st_mode) == 0o700
    for path in folder.keys.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert stat.S_IMODE((folder.path / "log.json").stat().st_mode) == 0o644
    before = raw(folder.path)
    with pytest.raises(FileExistsError):
        folder.create(ORIGIN, OTHER)
    assert raw(folder.path) == before
    facts = read_facts(folder.path / "log.json")
    assert (facts.origin, facts.epoch, facts.vkeys) == (ORIGIN, 1, local_signer(folder).vkeys())
    assert encode_base64url(SEED).encode() not in (folder.path / "log.json").read_bytes()


def test_a_crash_while_it_is_made_leaves_nothing_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for effects in range(20):
        made = SignerFolder(tmp_path / f"signer-{effects}")
        with dying_after(effects, monkeypatch) as done:
            made.create(ORIGIN, SEED)
        try:
            made.create(ORIGIN, SEED)
        except FileExistsError:
            made.publish_facts()
        assert local_signer(made).state().kind is Standing.NEVER_SIGNED
        assert read_facts(made.path / "log.json").origin == ORIGIN
        if "crash" not in done:
            return
    raise AssertionError("there was always another effect")


def test_a_key_that_is_gone_while_its_memory_is_there_is_not_made_anew(
    folder: SignerFolder,
) -> None:
    local_signer(folder).sign(0, 5, naive_root(5), ())
    (folder.keys / "keyring").unlink()
    with pytest.raises(SignerLocked, match="restore it from its words"):
        folder.create(ORIGIN, OTHER)
    folder.restore(ORIGIN, SEED)
    assert local_signer(folder).state().size == 5, "only the key was lost: it knows where it stands"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_keys_that_others_can_read_are_not_used(folder: SignerFolder, mode: int) -> None:
    (folder.keys / "keyring").chmod(mode)
    with pytest.raises(SignerLocked, match="0600"):
        local_signer(folder).vkeys()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"keys":[],"origin":"x","retires":null,"v":1}',
        b'{"keys":[{"seed":"AA","shown":true}],"origin":"x","retires":null,"v":1}',
        b'{"keys":[{"seed":1,"shown":true}],"origin":"x","retires":null,"v":1}',
        b'{"keys":[1,2,3],"origin":"x","retires":null,"v":1}',
        b'{"keys":[1],"origin":"x","retires":null,"v":2}',
        b"\xff" * 9_000,
    ],
)
def test_a_key_file_that_cannot_be_understood_is_not_used(
    folder: SignerFolder, data: bytes
) -> None:
    (folder.keys / "keyring").write_bytes(data)
    with pytest.raises(SignerLocked):
        local_signer(folder).vkeys()


# ---- restoring -----------------------------------------------------------------------------------


def test_a_restored_key_is_locked_until_it_has_caught_up(tmp_path: Path) -> None:
    log, old = MemoryLog(), SignerFolder(tmp_path / "old")
    old.create(ORIGIN, SEED)
    fill(log, 9)
    note = publish(log, local_signer(old))
    new = SignerFolder(tmp_path / "new")
    new.restore(ORIGIN, SEED)
    signer = local_signer(new, policy=policy())
    assert signer.vkeys() == local_signer(old).vkeys()
    assert signer.state().locked
    with pytest.raises(SignerLocked):
        signer.sign(0, 9, naive_root(9), ())
    with pytest.raises(Unsigned):
        signer.catch_up(note)  # no witness cosigned it
    standing = signer.catch_up(cosigned(note))
    assert (standing.kind, standing.size, standing.root) == (Standing.SIGNED, 9, naive_root(9))
    fill(log, 12)
    publish(log, signer)


def test_a_signer_that_was_told_of_no_witness_never_catches_up(tmp_path: Path) -> None:
    old, new = SignerFolder(tmp_path / "old"), SignerFolder(tmp_path / "new")
    old.create(ORIGIN, SEED)
    note = local_signer(old).sign(0, 9, naive_root(9), ())
    new.restore(ORIGIN, SEED)
    with pytest.raises(SignerLocked, match="no witness"):
        local_signer(new).catch_up(cosigned(note))


def test_another_logs_checkpoint_is_not_caught_up_with(tmp_path: Path) -> None:
    other, new = SignerFolder(tmp_path / "other"), SignerFolder(tmp_path / "new")
    other.create(ORIGIN, OTHER)
    note = local_signer(other).sign(0, 9, naive_root(9), ())
    new.restore(ORIGIN, SEED)
    with pytest.raises(Unsigned):
        local_signer(new, policy=policy()).catch_up(cosigned(note))
    assert local_signer(new).state().locked


def test_a_signer_that_remembers_never_goes_back_and_wants_a_proof_to_go_on(
    folder: SignerFolder, tmp_path: Path
) -> None:
    log, elsewhere = MemoryLog(), SignerFolder(tmp_path / "elsewhere")
    elsewhere.create(ORIGIN, SEED)
    signer, twin = local_signer(folder, policy=policy()), local_signer(elsewhere)
    fill(log, 5)
    five = twin.sign(0, 5, naive_root(5), ())
    fill(log, 9)
    nine = twin.sign(5, 9, naive_root(9), consistency_proof(log, 5, 9))
    signer.catch_up(cosigned(five))
    with pytest.raises(Inconsistent):
        signer.catch_up(cosigned(nine))
    signer.catch_up(cosigned(nine), consistency_proof(log, 5, 9))
    before = signer.state()
    with pytest.raises(Rollback):
        signer.catch_up(cosigned(five))
    assert signer.catch_up(cosigned(nine)) == before


def test_what_the_seal_knows_is_not_gone_behind_by_catching_up(folder: SignerFolder) -> None:
    log, signer = MemoryLog(), local_signer(folder, policy=policy())
    fill(log, 5)
    five = signer.sign(0, 5, naive_root(5), ())
    memory = folder.memory(ORIGIN).read_bytes()
    fill(log, 9)
    nine = signer.sign(5, 9, naive_root(9), consistency_proof(log, 5, 9))
    folder.memory(ORIGIN).write_bytes(memory)  # from a backup
    standing = signer.state()
    assert standing.locked
    assert (standing.size, standing.root) == (9, naive_root(9))
    with pytest.raises(Rollback):
        signer.catch_up(cosigned(five))
    forked = SignerFolder(folder.path.parent / "forked")
    forked.create(ORIGIN, SEED)
    with pytest.raises(Fork):
        signer.catch_up(cosigned(local_signer(forked).sign(0, 9, naive_root(8), ())))
    assert signer.catch_up(cosigned(nine)).size == 9


def test_words_replace_a_fresh_key_and_never_one_that_signed(folder: SignerFolder) -> None:
    folder.restore(ORIGIN, OTHER)
    assert local_signer(folder).state().locked, "its past is not known here"
    assert folder.ring.read() == Ring(ORIGIN, folder.ring.read().seeds)
    folder.restore(ORIGIN, OTHER)
    signed = SignerFolder(folder.path.parent / "signed")
    signed.create(ORIGIN, SEED)
    local_signer(signed).sign(0, 5, naive_root(5), ())
    with pytest.raises(FileExistsError):
        signed.restore(ORIGIN, OTHER)
    assert local_signer(signed).state().size == 5


# ---- rotation ------------------------------------------------------------------------------------


class Rotation:
    """A log whose key is being changed, and what the town does in it."""

    def __init__(self, folder: SignerFolder) -> None:
        self.folder, self.clock, self.log = folder, Clock(), MemoryLog()
        fill(self.log, 3)
        publish(self.log, self.signer)

    @property
    def signer(self) -> TreeSigner:
        """The signer as a process that was just started has it."""
        return local_signer(self.folder, now=self.clock)

    def announce(self) -> Proof:
        """Put the successor's entry in the log, and return its proof."""
        entry = encode_entry(KeyEntry(self.signer.state().successor))
        index = append(self.log, [entry]).first_index
        publish(self.log, self.signer)
        proof = proof_for(self.log, index)
        assert proof is not None
        return proof

    def more(self) -> str:
        """Publish one more entry; return the note."""
        fill(self.log, self.log.head().size + 1)
        return publish(self.log, self.signer)


@pytest.fixture
def rotation(folder: SignerFolder) -> Rotation:
    return Rotation(folder)


def signers(note: str, vkeys: tuple[str, ...]) -> list[str]:
    found = []
    for vkey in vkeys:
        try:
            open_checkpoint(note, [Verifier.from_text(vkey)])
        except Unsigned:
            continue
        found.append(vkey)
    return found


def test_a_rotation_from_its_first_day_to_its_last(rotation: Rotation) -> None:
    old = rotation.signer.vkey()
    rotation.folder.rotate(NEXT)
    standing = rotation.signer.state()
    assert standing.announce
    both = rotation.signer.vkeys()
    assert both == (old, standing.successor)
    assert signers(rotation.more(), both) == list(both), "both sign from the first note on"
    proof = rotation.announce()
    standing = rotation.signer.announced(proof.text())
    assert not standing.announce
    assert standing.retires == rotation.clock() + ROTATION_SECONDS
    assert rotation.signer.announced(proof.text()) == standing, "shown twice, begun once"
    rotation.clock.seconds += ROTATION_SECONDS - 1
    assert signers(rotation.more(), both) == list(both)
    assert rotation.signer.vkey() == old, "the old key is the current one to its last day"
    rotation.clock.seconds += 1
    assert rotation.signer.vkeys() == both[1:]
    assert signers(rotation.more(), both) == [both[1]]
    assert encode_base64url(SEED).encode() not in raw(rotation.folder.path)
    assert encode_base64url(NEXT).encode() in raw(rotation.folder.path)
    rotation.folder.rotate(OTHER)  # and the next can begin


def test_before_its_entry_was_shown_no_time_makes_a_successor_sign_alone(
    rotation: Rotation,
) -> None:
    rotation.folder.rotate(NEXT)
    rotation.clock.seconds += 10 * ROTATION_SECONDS
    assert len(rotation.signer.vkeys()) == 2


def test_a_proof_that_does_not_show_the_entry_begins_nothing(rotation: Rotation) -> None:
    rotation.folder.rotate(NEXT)
    rotation.more()
    other = proof_for(rotation.log, 1)
    assert other is not None
    good = rotation.announce()
    parsed = parse(good.note)
    only_old = format_note(parsed.text, parsed.signatures[:1])
    for wrong in (
        other.text(),
        Proof(good.index + 1, good.hashes, good.note).text(),
        Proof(good.index, good.hashes[:-1], good.note).text(),
        Proof(good.index, good.hashes, only_old).text(),
        "not a proof",
    ):
        with pytest.raises(ProtocolError):
            rotation.signer.announced(wrong)
        assert rotation.signer.state().announce
    rotation.signer.announced(good.text())


def test_one_rotation_at_a_time(rotation: Rotation) -> None:
    with pytest.raises(Malformed):
        rotation.folder.rotate(SEED)
    rotation.folder.rotate(NEXT)
    with pytest.raises(Malformed):
        rotation.folder.rotate(OTHER)
    rotation.folder.rotate(OTHER, again=True)  # the words were lost before the entry was published
    assert encode_base64url(NEXT).encode() not in raw(rotation.folder.path)
    rotation.signer.announced(rotation.announce().text())
    with pytest.raises(Malformed):
        rotation.folder.rotate(bytes(32), again=True)


def test_a_locked_signer_keeps_its_old_key(rotation: Rotation) -> None:
    rotation.folder.rotate(NEXT)
    rotation.signer.announced(rotation.announce().text())
    rotation.clock.seconds += ROTATION_SECONDS
    memory = rotation.folder.memory(ORIGIN)
    kept = memory.read_bytes()
    memory.unlink()
    assert rotation.signer.state().locked
    assert len(rotation.signer.vkeys()) == 2
    memory.write_bytes(kept)
    assert len(rotation.signer.vkeys()) == 1


def test_a_crash_at_any_point_of_a_rotation_is_gone_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects, crashed = 0, True
    while crashed:
        made = SignerFolder(tmp_path / f"signer-{effects}")
        made.create(ORIGIN, SEED)
        rotation = Rotation(made)
        with dying_after(effects, monkeypatch) as done:
            made.rotate(NEXT)
            rotation.signer.announced(rotation.announce().text())
            rotation.clock.seconds += ROTATION_SECONDS
            rotation.signer.vkeys()
        crashed = "crash" in done
        standing = rotation.signer.state()
        if standing.vkeys == (Ring(ORIGIN, made.ring.read().seeds).keys().vkeys()[0],):
            if not standing.successor and made.ring.read().seeds[0].seed == SEED:
                made.rotate(NEXT)  # it died before it had begun
        if rotation.signer.state().announce:
            rotation.signer.announced(rotation.announce().text())
        rotation.clock.seconds += 2 * ROTATION_SECONDS
        made.ring.sweep()  # as the server does when it starts
        note = rotation.more()
        [last] = rotation.signer.vkeys()
        assert signers(note, (last,)) == [last]
        assert [one.seed for one in made.ring.read().seeds] == [NEXT]
        assert encode_base64url(SEED).encode() not in raw(made.path), effects
        effects += 1
    assert effects > 8


# ---- epochs --------------------------------------------------------------------------------------


def test_a_new_epoch_has_another_key_and_a_memory_of_its_own(folder: SignerFolder) -> None:
    local_signer(folder).sign(0, 5, naive_root(5), ())
    old = local_signer(folder).vkey()
    with pytest.raises(Malformed):
        folder.begin_epoch(ORIGIN, NEXT)
    second = ORIGIN.removesuffix("1") + "2"
    folder.begin_epoch(second, NEXT)
    signer = local_signer(folder)
    assert signer.state().kind is Standing.NEVER_SIGNED
    assert signer.vkey() != old
    facts = read_facts(folder.path / "log.json")
    assert (facts.origin, facts.epoch) == (second, 2)
    assert encode_base64url(SEED).encode() not in raw(folder.path)
    note = signer.sign(0, 4, naive_root(4), ())
    assert note.startswith(second + "\n")
    with pytest.raises(Malformed):
        folder.begin_epoch(second, OTHER)
