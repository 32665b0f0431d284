# SPDX-License-Identifier: AGPL-3.0-or-later
"""The `key` entry of a rotation: in the log once, and the proof of it that the signer wants."""

import hashlib

from beffroi.feed import queries
from beffroi.feed.models import LogFact
from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.db import db
from beffroi_federation import log
from beffroi_federation.entries import KeyEntry, encode_entry


def _fact(vkey: str) -> str:
    """Return the name under which a key's entry is noted: short, and one for each key."""
    return "key:" + hashlib.sha256(vkey.encode()).hexdigest()[:40]


def stage_key(vkey: str) -> int:
    """Append a successor's `key` entry, in the caller's transaction; return how many were (0 or 1).

    Not to an empty log: what a log begins with is not a rotation's to say. Not twice.
    """
    store = SqlLogStore()
    store.take_turn()
    if store.head().size == 0 or queries.places(_fact(vkey)):
        return 0
    position = store.head().size
    log.append(store, [encode_entry(KeyEntry(vkey))])
    db.session.add(
        LogFact(
            log_id=store.log_id,
            position=position,
            fact=_fact(vkey),
            version=1,
            record_id=None,
            entry="key",
        )
    )
    return 1


def proof_of_key(vkey: str) -> str:
    """Return the tlog-proof of a key's entry under the served checkpoint, "" if it is not there."""
    places = queries.places(_fact(vkey))
    proof = log.proof_for(SqlLogStore(), places[0].position) if places else None
    return proof.text() if proof else ""
