# SPDX-License-Identifier: AGPL-3.0-or-later
"""An audit of a whole log from the protocol alone: everything that is served against everything.

Unlike a pull, an audit goes on after a fault: its reader wants to know how much is wrong, not
only that something is. Nothing of what is read is kept or shown but indexes, counts and sentences.
"""

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.checkpoint import parse as parse_checkpoint
from beffroi_federation.entries import (
    BatchEntry,
    CheckpointEntry,
    Entry,
    RecordEntry,
    SupersedeEntry,
    parse_entry,
)
from beffroi_federation.errors import Inconsistent, ProtocolError, Unreachable
from beffroi_federation.feed_client import GONE, NOT_FOUND, FeedClient
from beffroi_federation.merkle import TILE_WIDTH, Frontier, leaf_hash, tile_root
from beffroi_federation.notes import Verifier
from beffroi_federation.notes import parse as parse_note
from beffroi_federation.records import read_record
from beffroi_federation.verify import (
    ContentState,
    LogOf,
    Verdict,
    check_contents,
    follow,
    require_root,
)

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
    """One audit on its way: entries first, then contents."""

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
        self._frontier = Frontier()
        self._tiles = _Tiles(feed, report)
        self._past = _Past()
        self._records: dict[int, Entry] = {}
        self._seen: dict[int, datetime] = {}
        self._batch: datetime | None = None
        self._bundles = -(-checkpoint.size // TILE_WIDTH)

    def run(self) -> None:
        """Check entries, tiles and root, then every content."""
        try:
            self._entries()
        except Unreachable as error:
            _served(error)
            self._report.fault(f"Entries: {error.diagnostics()}")
        except ProtocolError as error:
            self._report.fault(f"Entries: {error.diagnostics()}")
        self._contents()

    def _entries(self) -> None:
        """Read every bundle, check entries and tiles, and compare the root."""
        for start, leaves in self._feed.bundles(0, self._checkpoint.size):
            self._extend(leaves)
            for index, leaf in enumerate(leaves, start):
                self._entry(index, leaf)
            self._progress("entries", start // TILE_WIDTH + 1, self._bundles)
        self._tiles.finish()
        require_root(self._frontier, self._checkpoint, since=0)

    def _extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaves to the tree, stopping at the earlier checkpoint's size to compare."""
        hashes = [leaf_hash(leaf) for leaf in leaves]
        self._tiles.add(hashes)
        earlier, size = self._earlier, self._frontier.size
        if earlier is not None and size < earlier.size <= size + len(hashes):
            self._frontier = self._frontier.extended(hashes[: earlier.size - size])
            hashes = hashes[earlier.size - size :]
            if self._frontier.root() != earlier.root:
                self._report.fault(
                    "The log does not continue the earlier checkpoint: its first "
                    f"{earlier.size} entries are others now"
                )
        self._frontier = self._frontier.extended(hashes)

    def _entry(self, index: int, leaf: bytes) -> None:
        """Check one entry's grammar and what it points to, and remember what contents need."""
        try:
            entry = parse_entry(leaf)
            if self._whose is None and not isinstance(entry, BatchEntry):
                nation = isinstance(entry, CheckpointEntry)
                self._whose = LogOf.NATION if nation else LogOf.TOWN
            consequences = follow(index, (entry,), self._past, self._whose or LogOf.TOWN)
        except ProtocolError as error:
            self._past.kinds[index] = "?"
            self._report.fault(f"Entry {index}: {error.diagnostics()}")
            return
        self._report.entries[entry.kind] += 1
        self._past.kinds[index] = entry.kind
        self._past.versions.update(consequences.superseded)
        self._past.withdrawn.update(consequences.withdrawn)
        if isinstance(entry, BatchEntry):
            self._batch = _end_of(entry.period)
        if isinstance(entry, RecordEntry | SupersedeEntry):
            self._records[index] = entry
            if self._batch is not None:
                self._seen[index] = self._batch

    def _contents(self) -> None:
        """Check the contents of every bundle that was read."""
        for bundle in range(self._bundles):
            first = bundle * TILE_WIDTH
            here = range(first, min(first + TILE_WIDTH, self._frontier.size))
            if not here:
                return
            try:
                self._bundle(bundle, here)
            except Unreachable as error:
                _served(error)
                self._report.fault(f"Contents of bundle {bundle}: {error.diagnostics()}")
            except ProtocolError as error:
                self._report.fault(f"Contents of bundle {bundle}: {error.diagnostics()}")
            self._progress("contents", bundle + 1, self._bundles)

    def _bundle(self, bundle: int, here: range) -> None:
        """Check the contents of one bundle."""
        contents = {c.index: c for c in self._feed.contents(bundle).lines if c.index in here}
        for index in sorted(contents.keys() - self._records.keys()):
            self._report.fault(f"Entry {index}: a content is served for an entry that has none")
        records = {index: self._records[index] for index in here if index in self._records}
        found = check_contents(
            records,
            contents,
            withdrawn=frozenset(self._past.withdrawn),
            first_seen=self._seen,
            now=self._now,
        )
        for index, verdict in found.items():
            self._verdict(index, verdict)

    def _verdict(self, index: int, verdict: Verdict) -> None:
        """Count one content, and say what is wrong with it."""
        self._report.contents[verdict.state.value] += 1
        if verdict.still_served:
            self._report.fault(f"Entry {index}: its content is withdrawn and still served")
        elif verdict.state is ContentState.MISMATCH:
            self._report.fault(
                f"Entry {index}: its content is not the one that the log commits to; it was "
                "changed after it was published"
            )
        elif verdict.state is ContentState.MISSING:
            self._report.fault(
                f"Entry {index}: its content is missing for 8 days or more, without a withdrawal"
            )
        elif verdict.content is not None:
            try:
                read_record(verdict.content.content)
            except ProtocolError as error:
                self._no_record(index, error)

    def _no_record(self, index: int, error: ProtocolError) -> None:
        """Say that an open content is no record.

        That it does not fit version 1 is for its readers to leave aside, so a remark; that it is no
        canonical JSON is against the protocol, so a fault.
        """
        if "reasons" in error.details:
            self._report.remarks.append(f"Entry {index}: {error.sentence}")
        else:
            self._report.fault(f"Entry {index}: its content is no record: {error.diagnostics()}")


class _Past:
    """What was read of the log so far (`verify.Past`)."""

    def __init__(self) -> None:
        self.kinds: dict[int, str] = {}
        self.versions: dict[int, int] = {}
        self.withdrawn: dict[int, str] = {}

    def kind_at(self, index: int) -> str | None:
        """Return the kind of an entry already read."""
        return self.kinds.get(index)

    def next_version(self, index: int) -> int | None:
        """Return the index of the newer version of a record, if one was read."""
        return self.versions.get(index)


class _Tiles:
    """The hash tiles of a log, compared with those that its entries make, as these are read."""

    def __init__(self, feed: FeedClient, report: Report) -> None:
        self._feed = feed
        self._report = report
        self._rows: list[list[bytes]] = [[]]
        self._full: list[int] = [0]

    def add(self, hashes: Sequence[bytes]) -> None:
        """Take leaf hashes in the log's order, and compare each tile that they complete."""
        for one in hashes:
            self._add(0, one)

    def finish(self) -> None:
        """Compare the partial tiles at the end of each level."""
        for level, row in enumerate(self._rows):
            if row:
                self._compare(level, self._full[level], b"".join(row))

    def _add(self, level: int, one: bytes) -> None:
        """Add a hash to a level; a full tile is compared and its root goes up."""
        if level == len(self._rows):
            self._rows.append([])
            self._full.append(0)
        row = self._rows[level]
        row.append(one)
        if len(row) == TILE_WIDTH:
            whole = b"".join(row)
            self._compare(level, self._full[level], whole)
            self._full[level] += 1
            row.clear()
            self._add(level + 1, tile_root(whole))

    def _compare(self, level: int, index: int, expected: bytes) -> None:
        """Compare one tile with what the entries make it."""
        self._report.tiles += 1
        name = f"Tile {index} of level {level}"
        try:
            served = self._feed.read_tile(level, index, len(expected) // 32)
        except Unreachable as error:
            _served(error)
            self._report.fault(f"{name}: {error.diagnostics()}")
        except ProtocolError as error:
            self._report.fault(f"{name}: {error.diagnostics()}")
        else:
            if served != expected:
                self._report.fault(
                    f"{name} does not hold the hashes of the entries that are served"
                )


def _served(error: Unreachable) -> None:
    """Raise an error of the network again; return where the log itself says "there is none"."""
    if error.details.get("status") not in (NOT_FOUND, GONE):
        raise error


def _end_of(period: str) -> datetime:
    """Return the moment a batch's week or day is over: its contents were served by then."""
    try:
        if "W" in period:
            last = date.fromisocalendar(int(period[:4]), int(period[6:]), 7)
        else:
            last = date.fromisoformat(period)
    except ValueError:  # 30 February: no moment, so nothing counts as missing
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(last, time(), UTC) + timedelta(days=1)


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
    }
