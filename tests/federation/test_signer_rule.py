# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one rule: any two notes that ever left the signer are of one history.

Whatever is asked in whatever order, wherever the process dies, whichever old copies of its memory
are put back, with or without a rotation under way.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from beffroi_federation.checkpoint import Proof, open_checkpoint
from beffroi_federation.cosigning import cosign, witness_vkey
from beffroi_federation.entries import KeyEntry, encode_entry
from beffroi_federation.errors import ProtocolError
from beffroi_federation.log import append
from beffroi_federation.merkle import consistency_proof, inclusion_proof, root_at
from beffroi_federation.notes import Verifier, format_note, parse, vkey
from beffroi_federation.policy import parse_policy
from beffroi_federation.signer import ROTATION_SECONDS, TreeSigner
from beffroi_federation.signer_folder import SignerFolder, local_signer
from beffroi_federation.signer_keys import derive_key
from beffroi_federation.signer_memory import discard
from support.memory_log import MemoryLog

ORIGIN = "beffroi.example/beffroi/210000006/1"
WITNESS = derive_key(b"w" * 32, b"witness")
NAME = "witness.example/w1"
POLICY = parse_policy(f"witness w {witness_vkey(NAME, WITNESS)}\nquorum w\n")
SIZE, SAME, ROTATIONS = 24, 3, 2
MEMORY_DISK = next((d for d in ("/dev/shm",) if Path(d).is_dir()), None)


def key_of(rotation: int) -> str:
    """Return the vkey of the log's first key (0), or of a later one."""
    key = derive_key(bytes([rotation]) * 32, b"log-public").public_key()
    return vkey(ORIGIN, key.public_bytes_raw())


KEYS = [key_of(n) for n in range(ROTATIONS + 1)]


def history(name: bytes) -> MemoryLog:
    """Return a log of SIZE entries; the first SAME are those of every history: the keys to come."""
    log = MemoryLog()
    leaves = [encode_entry(KeyEntry(key)) for key in KEYS[:SAME]]
    append(log, leaves + [b"%s %d" % (name, n) for n in range(SAME, SIZE)])
    return log


HISTORIES = (history(b"a"), history(b"b"))
ROOTS = [[root_at(log, size) for size in range(SIZE + 1)] for log in HISTORIES]
sizes = st.integers(0, SIZE)
which = st.integers(0, 1)
points = st.sampled_from(["", "", "", "sealed", "remembered", "adopted"])


class Crash(BaseException):
    """The process dies here."""


class SignerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(dir=MEMORY_DISK))
        self.folder = SignerFolder(self.root / "signer")
        self.folder.create(ORIGIN, bytes(32))
        self.memory = self.folder.memory(ORIGIN)
        self.copies = [self.memory.read_bytes()]
        self.given: list[str] = []
        self.seen = ""
        self.seconds = 1_800_000_000
        self.rotations = 0

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    def signer(self, point: str = "") -> TreeSigner:
        """The signer of a process that was just started, and dies at a point."""

        def at(name: str) -> None:
            if name == point:
                raise Crash(name)

        return local_signer(self.folder, policy=POLICY, now=lambda: self.seconds, at=at)

    def tree(self, note: str) -> tuple[int, bytes]:
        checkpoint = open_checkpoint(note, [Verifier.from_text(key) for key in KEYS])
        return checkpoint.size, checkpoint.root

    @rule(log=which, other=which, old=sizes, new=sizes, point=points)
    def ask(self, log: int, other: int, old: int, new: int, point: str) -> None:
        """Somebody asks for a tree, with a proof of that history or of another."""
        proof = consistency_proof(HISTORIES[other], old, new) if old <= new else ()
        with contextlib.suppress(ProtocolError, Crash):
            self.given.append(self.signer(point).sign(old, new, ROOTS[log][new], proof))

    @rule(log=which, more=st.integers(0, 8), point=points)
    def ask_as_a_log_does(self, log: int, more: int, point: str) -> None:
        """A log, honest or not, goes on from where the signer says it stands."""
        with contextlib.suppress(ProtocolError, Crash):
            signer = self.signer(point)
            old = signer.state().size
            new = min(old + more, SIZE)
            proof = consistency_proof(HISTORIES[log], old, new)
            self.given.append(signer.sign(old, new, ROOTS[log][new], proof))

    @rule(number=st.integers(0, 3))
    def put_back(self, number: int) -> None:
        """One of the last backups is restored."""
        self.memory.write_bytes(self.copies[-1 - number % len(self.copies)])

    @rule()
    def lose(self) -> None:
        """The memory is deleted."""
        self.memory.unlink(missing_ok=True)

    @precondition(lambda self: self.given)
    @rule()
    def witness(self) -> None:
        """The witness sees the newest note that was given out."""
        self.seen = self.newest

    @property
    def newest(self) -> str:
        return max(self.given, key=lambda note: self.tree(note)[0])

    @precondition(lambda self: self.seen and self.tree(self.seen) == self.tree(self.newest))
    @rule()
    def lose_everything(self) -> None:
        """Memory and seal are gone, after the witness saw all there was to see."""
        discard(self.memory)

    @precondition(lambda self: self.seen)
    @rule(log=which, point=points)
    def catch_up(self, log: int, point: str) -> None:
        """The signer is shown the last note that the witness cosigned."""
        parsed = parse(self.seen)
        line = cosign(parsed.text, NAME, WITNESS, self.seconds)
        note = format_note(parsed.text, [*parsed.signatures, line])
        with contextlib.suppress(ProtocolError, Crash):
            signer = self.signer(point)
            old, new = signer.state().size, self.tree(note)[0]
            proof = consistency_proof(HISTORIES[log], old, new) if old <= new else ()
            signer.catch_up(note, proof)

    @precondition(lambda self: self.rotations < ROTATIONS)
    @rule()
    def rotate(self) -> None:
        """The operator makes a new key."""
        with contextlib.suppress(ProtocolError):
            self.folder.rotate(bytes([self.rotations + 1]) * 32)
            self.rotations += 1

    @precondition(lambda self: self.given)
    @rule()
    def announce(self) -> None:
        """The newest note shows that the successor's entry is in the log."""
        size, root = self.tree(self.newest)
        log = HISTORIES[0 if root == ROOTS[0][size] else 1]
        index = KEYS.index(key_of(self.rotations))
        if index < size:
            proof = Proof(index, inclusion_proof(log, index, size), self.newest)
            with contextlib.suppress(ProtocolError):
                self.signer().announced(proof.text())

    @rule()
    def days(self) -> None:
        """Thirty days go by."""
        self.seconds += ROTATION_SECONDS

    @invariant()
    def a_backup_takes_the_memory(self) -> None:
        data = self.memory.read_bytes() if self.memory.exists() else self.copies[-1]
        if data not in self.copies:
            self.copies.append(data)

    @invariant()
    def all_notes_are_of_one_history(self) -> None:
        trees = {self.tree(note) for note in self.given}
        assert any(all(root == roots[size] for size, root in trees) for roots in ROOTS)


SignerMachine.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestAnyTwoNotesAreOfOneHistory = SignerMachine.TestCase
