# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people may keep: the receipt of what they asked, the proof of what was published."""

from beffroi.feed.queries.reads import contents, everywhere
from beffroi.feed.queries.store import SqlLogStore
from beffroi.feed.queries.witnesses import proof_for
from beffroi.kernel.extension import KeptReceipt
from beffroi_federation.entries import Receipt, encode_receipt
from beffroi_federation.receipts import Kept, encode_kept


def receipt_of(case_id: int, salt: bytes, content: bytes, *, origin: str) -> KeptReceipt:
    """Return the receipt of a request from what was received and its salt.

    It names the entry and bears its proof as soon as a checkpoint covers it; a request of an
    earlier epoch has its proof under that epoch's last checkpoint. `origin` is the current log's.
    """
    for log_id, position in sorted(everywhere(f"received:{case_id}"), reverse=True):
        store = SqlLogStore(log_id)
        proof = proof_for(store, position)
        if proof is not None:
            named = proof.note.partition("\n")[0]
            document = encode_receipt(Receipt(named, position, salt, content, proof.text()))
            return KeptReceipt(document, position)
    return KeptReceipt(encode_receipt(Receipt(origin, None, salt, content)), None)


def kept_proof(index: int) -> str | None:
    """Return the `.tlog-proof` of an entry that can be checked by itself, or None before its batch.

    It holds the entry, and the content with its salt for as long as that is published.
    """
    store = SqlLogStore()
    proof = proof_for(store, index)
    if proof is None:
        return None
    leaf = store.read_leaves(index, 1)[0]
    opened = contents(index, 1, index + 1)
    if not opened:
        return encode_kept(proof, Kept(leaf))
    return encode_kept(proof, Kept(leaf, opened[0].salt, opened[0].content))
