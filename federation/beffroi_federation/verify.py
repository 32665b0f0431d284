# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reader checks before it believes a town. Bytes and a time in, verdicts out: no I/O here.

The order is the design (`docs/protocol/pulling.md`):

1. `accept_checkpoint`: note, signature, origin, no going back, size window. A size is only a claim
   until the entries are there, and a forged one costs nothing to sign.
2. `extend`: the new entries as bytes, hashed onto the frontier, whose root must be the signed one.
   This single comparison proves that every entry is included, that nothing old was changed, and
   that nothing was left out. Nothing is parsed before it holds.
3. `read_entries` and `follow`: grammar of each entry, and what `sup`, `wdr` and `q` point to.
4. `check_contents`: each content against the commitment of its entry.

A reader stores the new state together with what it took, in one transaction: a crash in between
leaves the old state, and the same pull again gives the same result.

Every refusal is a `ProtocolError` and says what was expected and what came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Protocol

from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.entries import (
    BatchEntry,
    CheckpointEntry,
    Content,
    Entry,
    EpochEntry,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    parse_content_line,
    parse_entries,
    parse_entry,
)
from beffroi_federation.errors import Fork, Inconsistent, Malformed, Overgrown, OverLimit, Rollback
from beffroi_federation.merkle import EMPTY_ROOT, Frontier, leaf_hashes
from beffroi_federation.notes import Signature, Verifier, format_note
from beffroi_federation.tiles import MAX_LEAF
from beffroi_privacy.commitments import commit

PATIENCE = timedelta(days=8)  # a weekly batch and a day: by then a withdrawal is in the log


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """What a reader keeps of a log: enough to check everything that comes after it.

    `root` is that of the last accepted checkpoint; the frontier's root always equals it.
    """

    origin: str
    frontier: Frontier = field(default_factory=Frontier)
    root: bytes = EMPTY_ROOT

    @property
    def size(self) -> int:
        """Return the number of entries taken so far."""
        return self.frontier.size


def accept_checkpoint(
    state: ReplicaState, note: bytes | str, verifiers: Sequence[Verifier], *, max_growth: int
) -> Checkpoint:
    """Return the checkpoint of a note if it may follow this state.

    Raises Malformed, OverLimit or Unsigned for the note itself; Inconsistent for another origin;
    Rollback for a smaller tree; Fork for the same size with another root; Overgrown for more than
    `max_growth` new entries.
    """
    checkpoint = open_checkpoint(note, verifiers)
    if checkpoint.origin != state.origin:
        sentence = "The checkpoint is that of another log"
        raise Inconsistent(sentence, expected=state.origin, got=checkpoint.origin)
    if checkpoint.size < state.size:
        sentence = "The log is smaller than it was"
        raise Rollback(sentence, expected=f"at least {state.size}", got=checkpoint.size)
    if checkpoint.size == state.size and checkpoint.root != state.root:
        sentence = "The log has another root than before at the same size"
        raise Fork(sentence, size=state.size, expected=state.root.hex(), got=checkpoint.root.hex())
    if checkpoint.size - state.size > max_growth:
        raise Overgrown(
            "The log claims to have grown by more than is taken in one go",
            expected=f"at most {max_growth} new entries",
            got=checkpoint.size - state.size,
        )
    return checkpoint


def extend(
    state: ReplicaState, checkpoint: Checkpoint, new_leaves: Sequence[bytes]
) -> ReplicaState:
    """Return the state after the new leaves, whose root must be the checkpoint's.

    `new_leaves` are the entries from `state.size` to `checkpoint.size` as served; they are hashed,
    not parsed. Raises OverLimit for a leaf above 1,024 bytes, Malformed for another number of
    leaves than the sizes say, Fork if the roots differ.
    """
    expected = checkpoint.size - state.size
    if len(new_leaves) != expected:
        sentence = "The log serves another number of entries than its checkpoint says"
        raise Malformed(sentence, expected=expected, got=len(new_leaves))
    for index, leaf in enumerate(new_leaves, state.size):
        if len(leaf) > MAX_LEAF:
            raise OverLimit("A leaf is longer than 1,024 bytes", index=index, length=len(leaf))
    frontier = state.frontier.extended(leaf_hashes(new_leaves))
    require_root(frontier, checkpoint, since=state.size)
    return ReplicaState(state.origin, frontier, checkpoint.root)


def require_root(frontier: Frontier, checkpoint: Checkpoint, *, since: int) -> None:
    """Return if the frontier's root is the checkpoint's; raises Fork otherwise.

    `since` is the size from which the entries were read, for the sentence.
    """
    root = frontier.root()
    if frontier.size != checkpoint.size or not compare_digest(root, checkpoint.root):
        raise Fork(
            f"The entries from {since} on do not lead to the signed root: an entry was changed, "
            "left out or moved, or the signed history is another one",
            size=checkpoint.size,
            expected=checkpoint.root.hex(),
            got=root.hex(),
        )


def read_entries(start: int, leaves: Sequence[bytes]) -> tuple[Entry, ...]:
    """Return the entries of verified leaves; Malformed or OverLimit names the first bad index."""
    try:
        return tuple(parse_entries(leaves))
    except (Malformed, OverLimit):
        return tuple(_read_entry(index, leaf) for index, leaf in enumerate(leaves, start))


def _read_entry(index: int, leaf: bytes) -> Entry:
    """Return one entry, or raise with its index in the sentence."""
    try:
        return parse_entry(leaf)
    except (Malformed, OverLimit) as error:
        raise type(error)(f"Entry {index}: {error.sentence}", **error.details) from None


class LogOf(StrEnum):
    """Whose log is read: which kinds of entries it may hold."""

    TOWN = "town"
    NATION = "nation"


class Past(Protocol):
    """What a reader already took from a log, by index. Both answer from memory or its database."""

    def kind_at(self, index: int) -> str | None:
        """Return the kind (`rec`, `sup`, `rcv` …) of an entry already taken, or None."""

    def next_version(self, index: int) -> int | None:
        """Return the index of the `sup` entry that names this one, or None."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """What new entries do to records, by index.

    `published` are new records and versions; `superseded` maps an old version to the new one;
    `withdrawn` maps a record to its reason; `received` are receptions; `answered` maps a record to
    the reception it answers.
    """

    published: tuple[int, ...]
    superseded: Mapping[int, int]
    withdrawn: Mapping[int, str]
    received: tuple[int, ...]
    answered: Mapping[int, int]


_OF_THE_NATION = frozenset({CheckpointEntry, BatchEntry})


class _Following:
    """The entries of one pull, being followed one after the other."""

    def __init__(self, start: int, entries: Sequence[Entry], past: Past, whose: LogOf) -> None:
        self._start = start
        self._entries = entries
        self._past = past
        self._whose = whose
        self.published: list[int] = []
        self.superseded: dict[int, int] = {}
        self.withdrawn: dict[int, str] = {}
        self.received: list[int] = []
        self.answered: dict[int, int] = {}

    def run(self) -> None:
        """Follow every entry; Inconsistent if one points or stands where it may not."""
        publish, receive = self.published.append, self.received.append
        foreign = self._foreign()
        for index, entry in enumerate(self._entries, self._start):
            kind = type(entry)
            if kind in foreign:
                self._refuse(index, entry)
            if kind is RecordEntry:
                publish(index)
                if entry.received is not None:  # type: ignore[union-attr]  # its type is known
                    self._answer(index, entry)  # type: ignore[arg-type]
            elif kind is ReceivedEntry:
                receive(index)
            elif kind is not BatchEntry:
                self._take(index, entry)

    def _foreign(self) -> frozenset[type]:
        """Return the kinds among the entries that this log never holds."""
        kinds = frozenset(map(type, self._entries))
        if self._whose is LogOf.NATION:
            return kinds - _OF_THE_NATION
        return kinds & {CheckpointEntry}

    def _refuse(self, index: int, entry: Entry) -> None:
        sentence = f"Entry {index} is of a kind that the log of a {self._whose.value} never holds"
        raise Inconsistent(sentence, kind=entry.kind)

    def _answer(self, index: int, entry: RecordEntry) -> None:
        received = entry.received or 0
        self._require(index, "q", received, ("rcv",))
        self.answered[index] = received

    def _take(self, index: int, entry: Entry) -> None:
        """Follow an entry of the kinds that are less common."""
        match entry:
            case SupersedeEntry(_, replaces):
                self._require(index, "i", replaces, ("rec", "sup"))
                self._supersede(index, replaces)
            case WithdrawEntry(target, reason):
                self._require(index, "i", target, ("rec", "sup"))
                self.withdrawn.setdefault(target, reason.value)
            case EpochEntry() if index:
                sentence = f"Entry {index} begins an epoch, and only entry 0 may"
                raise Inconsistent(sentence, expected=0, got=index)

    def _supersede(self, index: int, replaces: int) -> None:
        """Note a new version; a record has one line of versions, never two."""
        already = self.superseded.get(replaces, self._past.next_version(replaces))
        if already is not None:
            raise Inconsistent(
                f"Entry {index} is a new version of entry {replaces}, which already has one",
                expected=f"a version of entry {already} or a later one",
                got=replaces,
            )
        self.superseded[replaces] = index
        self.published.append(index)

    def _require(self, index: int, member: str, target: int, kinds: tuple[str, ...]) -> None:
        """Refuse a pointer that does not lead to an earlier entry of one of these kinds."""
        kind: str | None = None
        if self._start <= target < index:
            kind = self._entries[target - self._start].kind
        elif target < index:
            kind = self._past.kind_at(target)
        if kind not in kinds:
            raise Inconsistent(
                f"Entry {index} points to entry {target} in `{member}`",
                expected=f"an earlier {' or '.join(kinds)} entry",
                got=kind or "no earlier entry",
            )


def follow(
    start: int, entries: Sequence[Entry], past: Past, whose: LogOf = LogOf.TOWN
) -> Consequences:
    """Return what entries from `start` on do to records, or raise Inconsistent.

    A `sup` points to an earlier `rec` or `sup` that has no newer version yet, a `wdr` to an earlier
    `rec` or `sup`, a `q` to an earlier `rcv`. Withdrawing twice is the same as once. In a town's
    log `epo` stands at index 0 or nowhere and `chk` nowhere; the nation's holds `chk` and `bat`.
    """
    following = _Following(start, entries, past, whose)
    following.run()
    return Consequences(
        tuple(following.published),
        following.superseded,
        following.withdrawn,
        tuple(following.received),
        following.answered,
    )


def accepted_note(entry: CheckpointEntry) -> str:
    """Return the note that a `chk` entry stands for, with the log's own signature line alone."""
    text = Checkpoint(entry.origin, entry.size, entry.root).text()
    line = Signature(entry.origin, entry.signature[:4], entry.signature[4:])
    return format_note(text, (line,))


class ContentState(StrEnum):
    """What became of the content of a record entry."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    PENDING = "pending"
    MISSING = "missing"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one entry's content; `content` is there only when it is open and matches.

    `still_served` marks a content that is withdrawn and was served all the same: the withdrawal is
    honoured here whatever the town serves, and the town is told.
    """

    state: ContentState
    content: Content | None = None
    still_served: bool = False


def read_content_lines(lines: Sequence[bytes]) -> dict[int, Content]:
    """Return contents by index from lines as served; Malformed or OverLimit if one is bad.

    Two lines for one index are Malformed: a reader must not have to choose.
    """
    contents: dict[int, Content] = {}
    for line in lines:
        content = parse_content_line(line)
        if content.index in contents:
            raise Malformed("Two contents are served for one entry", index=content.index)
        contents[content.index] = content
    return contents


def check_contents(
    entries: Mapping[int, Entry],
    contents: Mapping[int, Content],
    *,
    withdrawn: frozenset[int],
    first_seen: Mapping[int, datetime],
    now: datetime,
) -> dict[int, Verdict]:
    """Return a verdict for each `rec` and `sup` among the entries.

    `withdrawn` holds the indexes that any `wdr` names, `first_seen` when the reader first took an
    entry (an index that is not in it was first seen now): a content that is absent without a
    withdrawal is pending for less than 8 days and missing from then on. A content for one of these
    entries that is no record raises Malformed; contents of other indexes are not looked at.
    """
    verdicts: dict[int, Verdict] = {}
    for index, entry in entries.items():
        content = contents.get(index)
        if not isinstance(entry, RecordEntry | SupersedeEntry):
            if content is not None:
                sentence = "A content is served for an entry that has none"
                raise Malformed(sentence, index=index, kind=entry.kind)
            continue
        verdicts[index] = _verdict(
            entry.commitment,
            content,
            withdrawn=index in withdrawn,
            overdue=now - first_seen.get(index, now) >= PATIENCE,
        )
    return verdicts


def _verdict(
    commitment: bytes, content: Content | None, *, withdrawn: bool, overdue: bool
) -> Verdict:
    """Return the state of one content."""
    if withdrawn:
        return Verdict(ContentState.WITHDRAWN, still_served=content is not None)
    if content is None:
        return Verdict(ContentState.MISSING if overdue else ContentState.PENDING)
    if not compare_digest(commit(content.salt, content.content), commitment):
        return Verdict(ContentState.MISMATCH)
    return Verdict(ContentState.OPEN, content)
