# SPDX-License-Identifier: AGPL-3.0-or-later
"""The folder of a town's signer: making it, restoring its seed, rotating its key, a new epoch.

    log.json            the public facts; everybody who may enter the folder reads them
    socket              where the signer answers
    keys/               for the signer's user alone
        keyring         the seeds
        memory-<epoch>  the last tree that was signed in that epoch, and its seal

What changes the keys is done here, by the operator as the signer's user, and never over the socket:
whoever breaks into the web or the worker can ask for signatures and for nothing else.
"""

from dataclasses import replace
from pathlib import Path

from beffroi_federation.errors import Malformed, SignerLocked
from beffroi_federation.notes import check_name
from beffroi_federation.policy import Policy
from beffroi_federation.signer import Now, TreeSigner, wall_clock
from beffroi_federation.signer_facts import FACTS_NAME, epoch_of, facts_of, write_facts
from beffroi_federation.signer_keys import KeyRing, Ring, Seed
from beffroi_federation.signer_memory import FileState, Step, create_state, discard, is_new, no_step
from beffroi_federation.signing import Floor, Signed

SOCKET_NAME = "socket"
KEYS_NAME = "keys"
RING_NAME = "keyring"


class SignerFolder:
    """One signer's folder; every method is for the signer's own user."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys = path / KEYS_NAME
        self.ring = KeyRing(self.keys / RING_NAME)

    def memory(self, origin: str) -> Path:
        """Return where the memory of an epoch is."""
        return self.keys / f"memory-{epoch_of(origin)}"

    def create(self, origin: str, seed: bytes) -> None:
        """Make a signer that never signed; FileExistsError if there is a key.

        SignerLocked if there is no key and yet a memory of something signed: that log's key has to
        be restored from its words, or it forks. The key is written last, so that a crash before
        leaves nothing that another call would not make anew.
        """
        self._make_folders()
        if self.ring.exists():
            raise FileExistsError(str(self.keys / RING_NAME))
        memory = self.memory(origin)
        if memory.exists() and not is_new(memory):
            raise SignerLocked(
                "This log was signed before, but its key is gone: restore it from its words"
            )
        discard(memory)
        create_state(memory)
        self.ring.create(Ring(origin, (Seed(seed),)))
        self.publish_facts()

    def restore(self, origin: str, seed: bytes) -> None:
        """Write the key of a log that lives already; without its memory the signer is locked.

        A key that is there and never signed anything gives way; one that did is kept, and
        FileExistsError says so. The same key again changes nothing.
        """
        check_name(origin)
        self._make_folders()
        restored = Ring(origin, (Seed(seed, shown=True),))
        if not self.ring.exists():
            if is_new(self.memory(origin)):
                discard(self.memory(origin))
            self.ring.create(restored)
        else:
            held = self.ring.read()
            if held.origin == origin and held.seeds[0].seed == seed:
                return
            if not is_new(self.memory(held.origin)):
                raise FileExistsError(str(self.keys / RING_NAME))
            discard(self.memory(held.origin))
            self.ring.replace(held, restored)
        self.publish_facts()

    def rotate(self, seed: bytes, *, again: bool = False) -> None:
        """Begin a rotation with the successor's seed; Malformed with a reason if one is under way.

        `again` gives up a successor whose entry was not shown in the log yet (its words were lost)
        for another.
        """
        held = self.ring.read()
        if held.retires is not None:
            raise Malformed("A rotation is under way; the next can begin when it is over")
        if len(held.seeds) == 2 and not again:
            raise Malformed("A rotation has begun; the new key waits to be published")
        if any(one.seed == seed for one in held.seeds):
            raise Malformed("This is the key that the log has already")
        self.ring.replace(held, Ring(held.origin, (held.seeds[0], Seed(seed))))
        self.publish_facts()

    def begin_epoch(self, origin: str, seed: bytes) -> None:
        """Give the log up and go on under another origin with another key and a new memory.

        The old keys are destroyed; the old memory stays where it is. Malformed if the origin is not
        that of the epoch after the present one.
        """
        check_name(origin)
        held = self.ring.read()
        if epoch_of(origin) != epoch_of(held.origin) + 1:
            raise Malformed("A new epoch is the one after the present epoch")
        memory = self.memory(origin)
        if memory.exists() and not is_new(memory):
            raise SignerLocked("This epoch was signed before")
        discard(memory)
        create_state(memory)
        self.ring.replace(held, Ring(origin, (Seed(seed),)))
        self.publish_facts()

    def unshown(self) -> tuple[tuple[str, bytes], ...]:
        """Return vkey and seed of each key whose words were never shown, the current one first."""
        ring = self.ring.read()
        pairs = zip(ring.keys().vkeys(), ring.seeds, strict=True)
        return tuple((vkey, one.seed) for vkey, one in pairs if not one.shown)

    def mark_shown(self) -> None:
        """Keep that the words of every key were shown."""
        held = self.ring.read()
        shown = tuple(replace(one, shown=True) for one in held.seeds)
        if shown != held.seeds:
            self.ring.replace(held, replace(held, seeds=shown))

    def publish_facts(self) -> None:
        """Write the public facts as they are now."""
        write_facts(self.path / FACTS_NAME, facts_of(self.ring.keys().vkeys()))

    def _make_folders(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o750)
        self.keys.mkdir(exist_ok=True, mode=0o700)


class FolderState:
    """The memory of whichever epoch the key ring is in; see `FileState`."""

    def __init__(self, folder: SignerFolder, at: Step = no_step) -> None:
        self._folder = folder
        self._at = at

    def _file(self) -> FileState:
        keys = self._folder.ring.keys()
        return FileState(self._folder.memory(keys.origin), keys.verifiers, self._at)

    def load(self) -> Signed | None:
        """Return the last signed tree, None if nothing was signed; SignerLocked if unknown."""
        return self._file().load()

    def floor(self) -> Floor:
        """Return a tree that was surely signed."""
        return self._file().floor()

    def compare_and_swap(self, expected: Signed | None, new: Signed) -> None:
        """Put `new` in place of `expected`, on disk before it returns; else Inconsistent."""
        self._file().compare_and_swap(expected, new)

    def adopt(self, new: Signed) -> None:
        """Remember `new` although the memory is unknown; Inconsistent if it is known."""
        self._file().adopt(new)


def local_signer(
    folder: SignerFolder,
    *,
    policy: Policy | None = None,
    now: Now = wall_clock,
    at: Step = no_step,
) -> TreeSigner:
    """Return the signer whose keys and memory lie in a folder, in this process."""
    return TreeSigner(folder.ring, FolderState(folder, at), policy=policy, now=now)
