# SPDX-License-Identifier: AGPL-3.0-or-later
"""An audit of a whole log from the protocol alone: everything that is served against everything.

Unlike a pull, an audit goes on after a fault: its reader wants to know how much is wrong, not
only that something is. Nothing of what is read is kept or shown but indexes, counts and sentences.
"""

import base64
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from itertools import chain

from beffroi_federation.audit_memory import ABSENT, MISMATCH, OPEN, WITHDRAWN, Remembered
from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.checkpoint import parse as parse_checkpoint
from beffroi_federation.entries import (
    BatchEntry,
    CheckpointEntry,
    Content,
    Entry,
    EpochEntry,
    RecordEntry,
    SupersedeEntry,
    parse_entry,
)
from beffroi_federation.errors import Inconsistent, ProtocolError, Unreachable
from beffroi_federation.feed_client import GONE, NOT_FOUND, FeedClient
from beffroi_federation.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Edge,
    Frontier,
    Tile,
    leaf_hashes,
)
from beffroi_federation.notes import Verifier
from beffroi_federation.notes import parse as parse_note
from beffroi_federation.records import read_record
from beffroi_federation.verify import (
    PATIENCE,
    ContentState,
    LogOf,
    follow,
    read_entries,
    require_root,
)
from beffroi_privacy.commitments import commit

MOST_ENTRIES = 100_000_000  # a forged size costs nothing to sign, and reading it never ends
MOST_FAULTS = 100
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Report:
    """What an audit found. Sound when there is no fault; remarks do not count against the log."""

    origin: str = ""
    size: int = 0
    root: bytes = b""
    signed: bool = False
    entries: Counter[str] = field(default_factory=Counter)
    contents: Counter[str] = field(default_factory=Counter)
    tiles: int = 0
    faults: list[str] = field(default_factory=list)
    faults_beyond: int = 0
    remarks: list[str] = field(default_factory=list)
    remarks_beyond: int = 0
    nation: bool = False
    continues: str = ""

    @property
    def sound(self) -> bool:
        """Tell whether nothing speaks against the log."""
        return not self.faults

    def fault(self, sentence: str) -> None:
        """Add a fault; beyond a hundred they are only counted."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(sentence)
        else:
            self.faults_beyond += 1

    def remark(self, sentence: str) -> None:
        """Add a remark; beyond a hundred they are only counted."""
        if len(self.remarks) < MOST_FAULTS:
            self.remarks.append(sentence)
        else:
            self.remarks_beyond += 1


def read_signed(note: bytes | str, verifiers: Sequence[Verifier]) -> Checkpoint:
    """Return the checkpoint of a note; without verifiers its signatures are not looked at."""
    if verifiers:
        return open_checkpoint(note, verifiers)
    return parse_checkpoint(parse_note(note).text)


def audit(
    feed: FeedClient,
    verifiers: Sequence[Verifier],
    *,
    now: datetime,
    origin: str | None = None,
    earlier: Checkpoint | None = None,
    whose: LogOf | None = None,
    progress: Progress = lambda what, done, of: None,
) -> Report:
    """Return what an audit of everything that a log serves finds.

    `origin` is who the log is expected to be, `earlier` a checkpoint that it must continue. Where
    `whose` is not given, a log whose first entry other than `bat` is a `chk` is the nation's.
    Raises Unreachable if the checkpoint cannot be had, or the network fails on the way; what the
    checkpoint promises and the log says it does not have (404, 410) is a fault.
    """
    report = Report()
    note = feed.checkpoint().body
    try:
        checkpoint = read_signed(note, verifiers)
        report.signed = bool(verifiers)
        report.origin, report.size = checkpoint.origin, checkpoint.size
        report.root = checkpoint.root
        _expect(checkpoint, origin, earlier)
    except Unreachable:
        raise
    except ProtocolError as error:
        report.fault(f"Checkpoint: {error.diagnostics()}")
        return report
    _Audit(feed, checkpoint, earlier, now, whose, report, progress).run()
    return report


def _expect(checkpoint: Checkpoint, origin: str | None, earlier: Checkpoint | None) -> None:
    """Refuse a checkpoint of another log, or one that goes back behind an earlier one."""
    if origin is not None and checkpoint.origin != origin:
        sentence = "The checkpoint is that of another log"
        raise Inconsistent(sentence, expected=origin, got=checkpoint.origin)
    if earlier is not None and checkpoint.size < earlier.size:
        sentence = "The log is smaller than in the earlier checkpoint"
        raise Inconsistent(sentence, expected=f"at least {earlier.size}", got=checkpoint.size)
    if checkpoint.size > MOST_ENTRIES:
        sentence = "The log claims more entries than any town can have"
        raise Inconsistent(sentence, expected=f"at most {MOST_ENTRIES}", got=checkpoint.size)


class _Audit:
    """One audit on its way: a bundle of entries at a time, with its tiles and its contents.

    What a later entry withdraws is known at the end only, so contents are judged there.
    """

    def __init__(
        self,
        feed: FeedClient,
        checkpoint: Checkpoint,
        earlier: Checkpoint | None,
        now: datetime,
        whose: LogOf | None,
        report: Report,
        progress: Progress,
    ) -> None:
        self._feed = feed
        self._checkpoint = checkpoint
        self._earlier = earlier
        self._now = now
        self._whose = whose
        self._report = report
        self._progress = progress
        self._edge = Edge()
        self._past = Remembered()
        self._accepted: dict[str, tuple[int, bytes]] = {}
        self._no_records: list[tuple[int, ProtocolError]] = []
        self._more_of_them = array("q")
        self._bundles = -(-checkpoint.size // TILE_WIDTH)

    def run(self) -> None:
        """Read and check everything, and compare the root."""
        try:
            for start, leaves in self._feed.bundles(0, self._checkpoint.size):
                self._tiles(leaves)
                entries = self._entries(start, leaves)
                self._contents(start, entries)
                self._progress("entries and contents", start // TILE_WIDTH + 1, self._bundles)
            self._last_tiles()
            self._require_root()
        except Unreachable as error:
            _served(error)
            self._report.fault(f"Entries: {error.diagnostics()}")
        except ProtocolError as error:
            self._report.fault(f"Entries: {error.diagnostics()}")
        self._report.entries = self._past.counts()
        self._report.nation = self._whose is LogOf.NATION
        self._judge_contents()

    def _tiles(self, leaves: Sequence[bytes]) -> None:
        """Add leaves to the tree, comparing the full tiles; stop where the earlier tree ended."""
        hashes = leaf_hashes(leaves)
        earlier, size = self._earlier, self._edge.size
        if earlier is not None and size < earlier.size <= size + len(hashes):
            self._grow(hashes[: earlier.size - size])
            hashes = hashes[earlier.size - size :]
            if self._edge.root() != earlier.root:
                self._report.fault(
                    "The log does not continue the earlier checkpoint: its first "
                    f"{earlier.size} entries are others now"
                )
        self._grow(hashes)

    def _grow(self, hashes: Sequence[bytes]) -> None:
        self._edge, tiles = self._edge.grown(hashes)
        for tile in tiles:
            if len(tile.hashes) == TILE_WIDTH * HASH_BYTES:
                self._compare(tile)

    def _last_tiles(self) -> None:
        """Compare the partial tiles at the end of each level."""
        for level, hashes in enumerate(self._edge.tiles):
            if hashes:
                count = self._edge.size >> (TILE_HEIGHT * level)
                self._compare(Tile(level, count // TILE_WIDTH, hashes))

    def _compare(self, tile: Tile) -> None:
        """Compare one tile with what the entries make it."""
        self._report.tiles += 1
        name = f"Tile {tile.index} of level {tile.level}"
        try:
            served = self._feed.read_tile(tile.level, tile.index, len(tile.hashes) // HASH_BYTES)
        except Unreachable as error:
            _served(error)
            self._report.fault(f"{name}: {error.diagnostics()}")
        except ProtocolError as error:
            self._report.fault(f"{name}: {error.diagnostics()}")
        else:
            if served != tile.hashes:
                self._report.fault(
                    f"{name} does not hold the hashes of the entries that are served"
                )

    def _require_root(self) -> None:
        """Compare the root of what was read with the signed one."""
        parts = chain.from_iterable(part.hashes for part in reversed(self._edge.frontiers))
        frontier = Frontier(self._edge.size, tuple(parts))
        require_root(frontier, self._checkpoint, since=0)

    def _entries(self, start: int, leaves: Sequence[bytes]) -> Sequence[Entry | None]:
        """Check the entries of one bundle: their grammar, and what they point to."""
        try:
            entries = read_entries(start, leaves)
            done = follow(start, entries, self._past, self._kind_of_log(entries))
        except ProtocolError:  # at least one is wrong: one by one, to name each
            return [self._entry(index, leaf) for index, leaf in enumerate(leaves, start)]
        self._past.take(entries, done.superseded, done.withdrawn)
        self._look_at_trees(start, entries)
        return entries

    def _entry(self, index: int, leaf: bytes) -> Entry | None:
        """Check one entry; None if it is none, or points where it may not."""
        try:
            entries = (parse_entry(leaf),)
            done = follow(index, entries, self._past, self._kind_of_log(entries))
        except ProtocolError as error:
            self._past.take((None,), {}, {})
            self._report.fault(f"Entry {index}: {error.diagnostics()}")
            return None
        self._past.take(entries, done.superseded, done.withdrawn)
        self._look_at_trees(index, entries)
        return entries[0]

    def _kind_of_log(self, entries: Sequence[Entry]) -> LogOf:
        """Return whose log it is, once an entry says so."""
        if self._whose is None:
            first = next((one for one in entries if not isinstance(one, BatchEntry)), None)
            if first is None:
                return LogOf.TOWN
            nation = isinstance(first, CheckpointEntry)
            self._whose = LogOf.NATION if nation else LogOf.TOWN
        return self._whose

    def _look_at_trees(self, start: int, entries: Sequence[Entry]) -> None:
        """Note which log is continued; compare the checkpoints that the nation accepted."""
        if not start and entries and isinstance(entries[0], EpochEntry):
            self._report.continues = f"{entries[0].origin} (ended at {entries[0].size} entries)"
        if self._whose is not LogOf.NATION:
            return
        for index, entry in enumerate(entries, start):
            if isinstance(entry, CheckpointEntry):
                size, root = self._accepted.get(entry.origin, (0, EMPTY_ROOT))
                if entry.size < size or (entry.size == size and entry.root != root):
                    self._report.fault(
                        f"Entry {index}: after a checkpoint of {size} entries of {entry.origin} "
                        f"the nation accepted one of {entry.size} entries that cannot follow it"
                    )
                self._accepted[entry.origin] = (entry.size, entry.root)

    def _contents(self, first: int, entries: Sequence[Entry | None]) -> None:
        """Check the contents that are served for the entries of one bundle."""
        bundle = first // TILE_WIDTH
        try:
            for content in self._feed.contents(bundle).lines:
                at = content.index - first
                if 0 <= at < len(entries):
                    self._content(content, entries[at])
        except Unreachable as error:
            _served(error)
            self._report.fault(f"Contents of bundle {bundle}: {error.diagnostics()}")
        except ProtocolError as error:
            self._report.fault(f"Contents of bundle {bundle}: {error.diagnostics()}")

    def _content(self, content: Content, entry: Entry | None) -> None:
        """Check one content against its entry."""
        if not isinstance(entry, RecordEntry | SupersedeEntry):
            self._report.fault(
                f"Entry {content.index}: a content is served for an entry that has none"
            )
        elif compare_digest(commit(content.salt, content.content), entry.commitment):
            self._past.found(content.index, OPEN)
            try:
                read_record(content.content)
            except ProtocolError as error:
                if len(self._no_records) < 10 * MOST_FAULTS:
                    self._no_records.append((content.index, error))
                elif "reasons" not in error.details:
                    self._more_of_them.append(content.index)
        else:
            self._past.found(content.index, MISMATCH)

    def _judge_contents(self) -> None:
        """Say what became of every content, now that all withdrawals are known."""
        past, report = self._past, self._report
        for index in past.settle():
            report.fault(f"Entry {index}: its content is withdrawn and still served")
        for index in past.all_of(MISMATCH):
            report.fault(
                f"Entry {index}: its content is not the one that the log commits to; it was "
                "changed after it was published"
            )
        missing = 0
        for index in past.missing(self._now - PATIENCE):
            missing += 1
            report.fault(
                f"Entry {index}: its content is missing for 8 days or more, without a withdrawal. "
                "If it was withdrawn today, the next batch will say so: look again tomorrow"
            )
        for state, number in (
            (ContentState.OPEN, past.count(OPEN)),
            (ContentState.WITHDRAWN, past.count(WITHDRAWN)),
            (ContentState.PENDING, past.count(ABSENT) - missing),
            (ContentState.MISSING, missing),
            (ContentState.MISMATCH, past.count(MISMATCH)),
        ):
            report.contents[state.value] = number
        for index, error in self._no_records:
            if not past.withdrawn(index):
                self._no_record(index, error)
        for index in self._more_of_them:
            self._report.faults_beyond += not past.withdrawn(index)

    def _no_record(self, index: int, error: ProtocolError) -> None:
        """Say that an open content is no record.

        That it does not fit version 1 is for its readers to leave aside, so a remark; that it is no
        canonical JSON is against the protocol, so a fault.
        """
        if "reasons" not in error.details:
            self._report.fault(f"Entry {index}: its content is no record: {error.diagnostics()}")
        else:
            self._report.remark(f"Entry {index}: {error.sentence}")


def _served(error: Unreachable) -> None:
    """Raise an error of the network again; return where the log itself says "there is none"."""
    if error.details.get("status") not in (NOT_FOUND, GONE):
        raise error


def as_json(report: Report, key: str) -> Mapping[str, object]:
    """Return a report as the object that `beffroi-verify --json` prints."""
    return {
        "ok": report.sound,
        "origin": report.origin,
        "size": report.size,
        "root": base64.b64encode(report.root).decode(),
        "key": key,
        "signed": report.signed,
        "entries": dict(sorted(report.entries.items())),
        "tiles": report.tiles,
        "contents": {state.value: report.contents[state.value] for state in ContentState},
        "faults": report.faults,
        "faults_beyond": report.faults_beyond,
        "remarks": report.remarks,
        "remarks_beyond": report.remarks_beyond,
        "log_of": "nation" if report.nation else "town",
        "continues": report.continues or None,
    }
