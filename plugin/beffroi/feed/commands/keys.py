# SPDX-License-Identifier: AGPL-3.0-or-later
"""A rotation as the worker does it: the successor's entry enters the log, and the signer is shown.

Each step can be done again after a crash: the entry is staged once (its fact is unique), and the
signer asks for the proof until it has seen it.
"""

from beffroi.feed import service
from beffroi.kernel.db import db, unit_of_work
from beffroi_federation.signing import Signer


def successor_to_stage(signer: Signer) -> str:
    """Return the vkey of a successor whose entry is not under the served checkpoint; "" if none."""
    standing = signer.state()
    if not standing.announce or _shown(signer, standing.successor):
        return ""
    return standing.successor


def show_successor(signer: Signer, successor: str) -> None:
    """Show the signer that a successor's entry is in the log; nothing if it is not, or is ""."""
    if successor:
        _shown(signer, successor)


def publish_key(signer: Signer) -> int:
    """Publish a successor's entry now, if one waits; return how many entries entered the log."""
    successor = successor_to_stage(signer)
    if not successor:
        return 0
    with unit_of_work():
        staged = service.stage_key(successor)
    with unit_of_work():
        service.sign(signer)
    show_successor(signer, successor)
    return staged


def _shown(signer: Signer, successor: str) -> bool:
    proof = service.proof_of_key(successor)
    db.session.rollback()
    if proof:
        signer.announced(proof)
    return bool(proof)
