# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who witnessed a checkpoint, by a trust policy, said in a sentence. No I/O here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from beffroi_federation.checkpoint import PROOF_HEAD
from beffroi_federation.cosigning import Cosignature, read_cosignatures
from beffroi_federation.entries import parse_receipt
from beffroi_federation.feed_client import FeedClient, Fetched
from beffroi_federation.policy import NONE, Policy


class Remembering(FeedClient):
    """A feed that keeps the checkpoint it gave last, for whoever asks who witnessed it."""

    note: bytes = b""

    def checkpoint(self, etag: str | None = None) -> Fetched:
        """Return the checkpoint as served, and remember it."""
        fetched = super().checkpoint(etag)
        self.note = fetched.body
        return fetched


def note_in(kept: bytes) -> bytes:
    """Return the checkpoint's note in a receipt or a kept proof that was checked already."""
    proof = kept if kept.startswith(PROOF_HEAD.encode()) else parse_receipt(kept).proof.encode()
    return proof.partition(b"\n\n")[2]


@dataclass(frozen=True, slots=True)
class Witnessing:
    """Which witnesses of a policy cosigned a checkpoint, and whether they are enough."""

    names: tuple[str, ...]
    times: tuple[datetime, ...]
    enough: bool
    quorum: str

    def sentence(self) -> str:
        """Return it in plain words."""
        said = [
            f"{name} (at {moment:%Y-%m-%d %H:%M} UTC)"
            for name, moment in zip(self.names, self.times, strict=True)
        ]
        who = f"Witnessed by {', '.join(said)}" if said else "No witness of the policy cosigned it"
        if self.enough:
            rule = "asks for none" if self.quorum == NONE else f"({self.quorum}) is reached"
            return f"{who}: the policy's quorum {rule}."
        return f"{who}: the policy's quorum ({self.quorum}) is NOT reached."


def judge_note(note: bytes | str, policy: Policy) -> Witnessing:
    """Return who of the policy's witnesses cosigned a checkpoint.

    Raises Unsigned when a line of theirs is false, Malformed or OverLimit when it is no note.
    """
    found = read_cosignatures(note, policy.verifiers())
    names, times = [], []
    for witness in policy.witnesses:
        made = _of(found, witness.verifier.vkey())
        if made is not None:
            names.append(witness.name)
            times.append(datetime.fromtimestamp(min(made.seconds, 2**35), UTC))
    return Witnessing(tuple(names), tuple(times), policy.satisfied(names), policy.quorum)


def _of(found: Sequence[Cosignature], vkey: str) -> Cosignature | None:
    return next((one for one in found if one.verifier.vkey() == vkey), None)
