# SPDX-License-Identifier: AGPL-3.0-or-later
"""The nation's own keys: one seed, from which its witness key and its log's key are derived.

Below the data directory, in `witness/`:

- `keys`: the seed (0600), read through `beffroi_federation.signer_keys` alone;
- `memory`: what the nation's own log signed last; never restored from a backup;
- `vkeys`: the two public keys, one a line, the witness's first. Whoever only shows them reads this.

The witness's state (what it cosigned last) is in the database and not here: it must be swapped in
the transaction that stores what was accepted.
"""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.cosigning import cosign, witness_vkey
from beffroi_federation.notes import Signature, Verifier, format_note, sign, vkey
from beffroi_federation.signer import TreeSigner
from beffroi_federation.signer_keys import KeyRing, Ring, Seed, create_file, derive_key
from beffroi_federation.signer_memory import FileState, create_state

WITNESS_LABEL = b"witness"
HINTS_LABEL = b"hints"
FOLDER = "witness"


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The nation's two public keys: the witness's and its own log's."""

    witness: Verifier
    log: Verifier


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """The key that cosigns; its name goes by no other."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    def cosign(self, text: str, seconds: int) -> Signature:
        """Return the cosignature of a checkpoint's text, made now."""
        return cosign(text, self.name, self.key, seconds)


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key that signs texts as notes; its name goes by no other."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    def sign(self, text: str) -> str:
        """Return the signed note of a text."""
        return format_note(text, [sign(text, self.name, self.key)])

    def vkey(self) -> str:
        """Return the text of the public key."""
        return vkey(self.name, self.key.public_key().public_bytes_raw())


def names(public_url: str) -> tuple[str, str]:
    """Return the witness's name and the own log's origin, at their creation, from the address."""
    domain = urlsplit(public_url).netloc.replace(":", "-")
    return f"{domain}/beffroi/witness", f"{domain}/beffroi/checkpoints/1"


def create(data_dir: Path, public_url: str, seed: bytes) -> PublicKeys:
    """Write the files of 32 random bytes; FileExistsError if there is a seed already."""
    folder = data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    witness, origin = names(public_url)
    ring = KeyRing(folder / "keys")
    if not ring.exists():
        create_state(folder / "memory")
    ring.create(Ring(origin, (Seed(seed),)))
    public = witness_vkey(witness, derive_key(seed, WITNESS_LABEL)), ring.keys().vkeys()[0]
    create_file(folder / "vkeys", "".join(f"{one}\n" for one in public).encode(), 0o644)
    return read_public(data_dir)  # type: ignore[return-value]  # it has just been written


def read_public(data_dir: Path) -> PublicKeys | None:
    """Return the public keys, or None before `beffroi-aggregator init`."""
    try:
        text = (data_dir / FOLDER / "vkeys").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    witness, log = text.split()
    return PublicKeys(Verifier.from_text(witness), Verifier.from_text(log))


def witness_key(data_dir: Path) -> WitnessKey | None:
    """Return the key that cosigns, or None where there is none; SignerLocked if unreadable."""
    public = read_public(data_dir)
    ring = KeyRing(data_dir / FOLDER / "keys")
    if public is None or not ring.exists():
        return None
    seed = ring.read().seeds[0].seed
    return WitnessKey(public.witness.name, derive_key(seed, WITNESS_LABEL))


def hints_key(data_dir: Path, public_url: str) -> NoteKey | None:
    """Return the key that signs files of hints, or None where there is none."""
    ring = KeyRing(data_dir / FOLDER / "keys")
    if not ring.exists():
        return None
    domain = urlsplit(public_url).netloc.replace(":", "-")
    return NoteKey(f"{domain}/beffroi/hints", derive_key(ring.read().seeds[0].seed, HINTS_LABEL))


def log_signer(data_dir: Path) -> TreeSigner | None:
    """Return the signer of the nation's own log, or None on a machine that has no key."""
    ring = KeyRing(data_dir / FOLDER / "keys")
    if not ring.exists():
        return None
    state = FileState(data_dir / FOLDER / "memory", lambda: ring.keys().verifiers())
    return TreeSigner(ring, state)
