# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a town's signer is, and how it is made."""

from beffroi.config import Settings
from beffroi_federation.signer import LocalSigner, create_seed, create_state


def signer_for(settings: Settings) -> LocalSigner:
    """Return the town's signer, from the two files below its data directory."""
    folder = settings.data_dir / "signer"
    return LocalSigner(origin_of(settings), folder / "seed", folder / "state")


def origin_of(settings: Settings) -> str:
    """Return the log's origin: the one it was made with, whatever the address is today.

    An origin is fixed for life; towns move to another domain. Before the log is made, it is what
    the settings say.
    """
    kept = settings.data_dir / "signer" / "origin"
    try:
        return kept.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return settings.origin


def create_signer(settings: Settings, seed: bytes) -> None:
    """Write a new signer's files from 32 random bytes; FileExistsError if there is one."""
    folder = settings.data_dir / "signer"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    create_seed(folder / "seed", seed)
    (folder / "origin").write_text(settings.origin + "\n", encoding="utf-8")
    create_state(folder / "state")
