# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looking for split views: does a town show us the log that it showed to the aggregator?

Only somebody else, elsewhere, can answer that. This reads the aggregator's public list of towns and
its own log of the checkpoints it accepted, draws some towns, asks each of them for its checkpoint
directly, and compares that with what the aggregator cosigned:

- equal sizes: equal roots;
- the town shows more: its own tiles must prove that it continues what was cosigned;
- the town shows less: the aggregator's tiles must prove that what was cosigned continues it.

Every cosigned checkpoint must stand in the aggregator's own log, once, and that log's entries must
lead to its signed root. Two signed notes that do not fit are the evidence, kept with the fault.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from random import Random
from typing import Any
from urllib.parse import quote

from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.cosigning import read_cosignatures
from beffroi_federation.entries import CheckpointEntry, parse_entry
from beffroi_federation.errors import (
    Inconsistent,
    Malformed,
    ProtocolError,
    Unreachable,
    Unsigned,
)
from beffroi_federation.feed_client import OK, FeedClient, Fetcher
from beffroi_federation.merkle import (
    Frontier,
    HashReader,
    consistency_proof,
    leaf_hash,
    verify_consistency,
)
from beffroi_federation.notes import Verifier
from beffroi_federation.policy import MAX_POLICY, Policy, parse_policy
from beffroi_federation.verify import accepted_note

MOST_TOWNS = 100_000
PAGE_BYTES = 4_194_304
SETTLED = timedelta(hours=1)
"""An accepted checkpoint is in the aggregator's own log within this time."""

Open = Callable[[str], AbstractContextManager[Fetcher]]
"""Opens an address under a prefix; raises ProtocolError for one that may not be opened."""


@dataclass(frozen=True, slots=True)
class ListedTown:
    """A town of the aggregator's public list."""

    name: str
    origin: str
    prefix: str
    vkey: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Evidence against a log: a sentence, and what was received, as JSON members."""

    origin: str
    sentence: str
    evidence: Mapping[str, Any]


@dataclass(slots=True)
class Findings:
    """What was compared, and what was found."""

    listed: int = 0
    drawn: int = 0
    agreed: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    own_size: int = 0
    own_root: bytes = b""
    pinned: bool = False


def origin_hash(origin: str) -> str:
    """Return the name of a log in a witness's addresses."""
    return hashlib.sha256(origin.encode()).hexdigest()


def compare(
    url: str, open_address: Open, *, share: float, chance: Random, now: datetime,
    policy: Policy | None = None, progress: Callable[[int, int], None] = lambda done, of: None,
) -> Findings:  # fmt: skip
    """Compare a share (0 to 1, at least one town) of an aggregator's towns with what it cosigned.

    `policy` pins the aggregator's witness and its log; without it its own `/log/policy` names them.
    Raises Unreachable when the aggregator cannot be asked, and ProtocolError when its own log or
    list is not what it must be.
    """
    found = Findings(pinned=policy is not None)
    with open_address(url) as aggregator:
        policy = policy or _own_policy(aggregator)
    with open_address(f"{url}/log") as fetcher:
        accepted = _own_log(FeedClient(fetcher), policy, found)
    with open_address(url) as aggregator:
        towns = list(_listed(aggregator))
    found.listed = len(towns)
    drawn = chance.sample(towns, min(len(towns), max(1, ceil(share * len(towns)))))
    found.drawn = len(drawn)
    for done, town in enumerate(drawn):
        progress(done, len(drawn))
        _Comparison(url, town, policy, accepted.get(town.origin, {}), open_address, now).run(found)
    return found


def _own_policy(aggregator: Fetcher) -> Policy:
    fetched = aggregator.get("/log/policy", max_bytes=MAX_POLICY)
    if fetched.status != OK:
        raise Unreachable("The aggregator does not say its keys", status=fetched.status)
    return parse_policy(fetched.body)


def _listed(aggregator: Fetcher) -> Iterator[ListedTown]:
    """Yield the approved towns of the public list, page by page."""
    place, count = "", 0
    while True:
        query = f"limit=200&cursor={quote(place, safe='')}" if place else "limit=200"
        fetched = aggregator.get(f"/api/v1/towns?{query}", max_bytes=PAGE_BYTES)
        if fetched.status != OK:
            raise Unreachable("The aggregator's list of towns is not served", status=fetched.status)
        try:
            page = json.loads(fetched.body)
            items = page["items"]
            following = page["next_cursor"]
            towns = [
                ListedTown(*(str(one[name]) for name in ListedTown.__dataclass_fields__))
                for one in items
                if one["state"] == "approved"
            ]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Malformed("The aggregator's list of towns is not in its format") from None
        yield from towns
        count += len(items)
        if following is None:
            return
        if not isinstance(following, str) or not items or count > MOST_TOWNS:
            raise Malformed("The aggregator's list of towns does not end")
        place = following


Accepted = dict[str, dict[int, CheckpointEntry]]


def _own_log(feed: FeedClient, policy: Policy, found: Findings) -> Accepted:
    """Read the aggregator's own log up to its signed root; return what it accepted, by origin."""
    keys = tuple(log.verifier for log in policy.logs)
    checkpoint = open_checkpoint(feed.checkpoint().body, keys)
    frontier, accepted = Frontier(), Accepted()
    leaves: list[bytes] = []
    for _, some in feed.bundles(0, checkpoint.size):
        frontier = frontier.extended(map(leaf_hash, some))
        leaves += some
    if frontier.root() != checkpoint.root:
        raise Inconsistent("The aggregator's own log does not lead to its signed root")
    for index, leaf in enumerate(leaves):
        entry = parse_entry(leaf)
        if not isinstance(entry, CheckpointEntry):
            continue
        sizes = accepted.setdefault(entry.origin, {})
        if entry.size in sizes:
            raise Inconsistent("The aggregator accepted one size of a log twice", index=index)
        sizes[entry.size] = entry
    found.own_size, found.own_root = checkpoint.size, checkpoint.root
    return accepted


@dataclass(slots=True)
class _Comparison:
    """One town, as the aggregator has it and as it shows itself."""

    url: str
    town: ListedTown
    policy: Policy
    accepted: Mapping[int, CheckpointEntry]
    open_address: Open
    now: datetime
    cosigned_note: str = ""
    served_note: str = ""

    def run(self, found: Findings) -> None:
        """Compare, and note what came of it."""
        name = f"{self.town.name} ({self.town.origin})"
        try:
            keys = (Verifier.from_text(self.town.vkey), *self.policy.verifiers())
            cosigned = self._cosigned(keys, found)
            if cosigned is None:
                found.remarks.append(f"{name}: the aggregator has accepted nothing of it yet.")
                return
            with self.open_address(self.town.prefix) as fetcher:
                self._compare(FeedClient(fetcher), keys, cosigned)
        except Unreachable as error:
            found.remarks.append(f"{name}: {error.sentence.rstrip('.')}; not compared.")
        except ProtocolError as error:
            found.faults.append(Fault(self.town.origin, f"{name}: {error.sentence}", self._kept()))
        else:
            found.agreed.append(self.town.origin)

    def _cosigned(self, keys: Sequence[Verifier], found: Findings) -> Checkpoint | None:
        """Return what the aggregator cosigned, verified, and found in its own log."""
        with self.open_address(f"{self.url}/witness/{origin_hash(self.town.origin)}") as fetcher:
            fetched = fetcher.get("checkpoint", max_bytes=65_536)
        if fetched.status != OK:
            return None
        self.cosigned_note = fetched.body.decode("utf-8", "backslashreplace")
        try:
            checkpoint = open_checkpoint(fetched.body, keys)
        except Unsigned as error:
            if "key" in error.details:
                raise
            raise Unreachable(
                "What the aggregator cosigned is signed by another key than it lists"
            ) from error
        if checkpoint.origin != self.town.origin:
            raise Inconsistent("The aggregator serves the checkpoint of another log")
        cosignatures = read_cosignatures(fetched.body, self.policy.verifiers())
        if not cosignatures:
            raise Inconsistent("The aggregator serves a checkpoint that it did not cosign")
        self._check_accepted(checkpoint, keys, cosignatures[-1].seconds, found)
        return checkpoint

    def _check_accepted(
        self, checkpoint: Checkpoint, keys: Sequence[Verifier], seconds: int, found: Findings
    ) -> None:
        entry = self.accepted.get(checkpoint.size)
        if entry is None:
            made = datetime.fromtimestamp(min(seconds, 2**35), UTC)
            if self.now - made > SETTLED:
                raise Inconsistent("What the aggregator cosigned is not in its own log")
            found.remarks.append(
                f"{self.town.name}: cosigned just now; the aggregator's own log follows."
            )
        elif entry.root != checkpoint.root:
            raise Inconsistent("The aggregator's own log holds another history than it cosigned")
        known = {key.key_id for key in keys}
        for kept in self.accepted.values():
            if kept.signature[:4] in known:  # else by a key that another took over from
                open_checkpoint(accepted_note(kept), keys)

    def _compare(self, feed: FeedClient, keys: Sequence[Verifier], cosigned: Checkpoint) -> None:
        fetched = feed.checkpoint()
        self.served_note = fetched.body.decode("utf-8", "backslashreplace")
        served = open_checkpoint(fetched.body, keys)
        if served.origin != cosigned.origin:
            raise Inconsistent("The town serves the checkpoint of another log here")
        if served.size < cosigned.size:
            with self.open_address(f"{self.url}/witness/{origin_hash(served.origin)}") as fetcher:
                self._continues(FeedClient(fetcher), served, cosigned)
        else:
            self._continues(feed, cosigned, served)

    @staticmethod
    def _continues(reader: HashReader, old: Checkpoint, new: Checkpoint) -> None:
        if old.size == new.size:
            if old.root != new.root:
                raise Inconsistent(
                    "SPLIT VIEW: the town shows another history here than it showed the aggregator"
                )
            return
        proof = consistency_proof(reader, old.size, new.size)
        try:
            verify_consistency(old.size, new.size, proof, old.root, new.root)
        except Inconsistent as error:
            raise Inconsistent(
                "SPLIT VIEW: what the town shows here and what it showed the aggregator cannot be "
                "one history"
            ) from error

    def _kept(self) -> dict[str, Any]:
        return {
            "origin": self.town.origin,
            "vkey": self.town.vkey,
            "cosigned_checkpoint": self.cosigned_note,
            "served_checkpoint": self.served_note,
            "compared_at": self.now.isoformat(),
        }


def told(found: Findings, files: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return findings as JSON members and as plain sentences; `files` hold the evidence."""
    members: dict[str, Any] = {
        "ok": bool(found.agreed) and not found.faults,
        "listed": found.listed,
        "compared": found.drawn,
        "agreed": found.agreed,
        "key": "pinned" if found.pinned else "not pinned",
        "own_log": {"size": found.own_size, "root": base64.b64encode(found.own_root).decode()},
        "faults": [fault.sentence for fault in found.faults],
        "evidence": list(files),
        "remarks": found.remarks,
    }
    lines = [
        f"The aggregator's own log leads to its signed root: {found.own_size} entries.",
        f"{found.drawn} of {found.listed} towns were drawn; {len(found.agreed)} show here what "
        "they showed the aggregator.",
    ]
    lines += [
        f"FAULT: {fault.sentence} (evidence: {name})"
        for fault, name in zip(found.faults, files, strict=True)
    ]
    lines += [f"remark: {remark}" for remark in found.remarks]
    if not found.pinned:
        lines.append(
            "Keys not pinned: the aggregator itself named its keys. Give --policy to know whose "
            "they are."
        )
    return members, lines
