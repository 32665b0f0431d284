# SPDX-License-Identifier: AGPL-3.0-or-later
"""What goes from the network to the tables: as taken, as prepared, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from beffroi_federation.aggregator.intake.service.announcing import Announced
from beffroi_federation.aggregator.national.service import Changes, ContentRow
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.witness.rules import Step
from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.merkle import TILE_WIDTH, Frontier


@dataclass(slots=True)
class ServedContents:
    """The contents served for the entries from `start` to `end`: a bounded body, not parsed yet.

    The body is let go once it was compared. `bundle` is the number of the content bundle that was
    asked for, or None when they came with a tail; `unchanged` when the town said so (304).
    """

    start: int
    end: int
    body: bytes = field(default=b"", repr=False)
    bundle: int | None = None
    unchanged: bool = False
    etag: str | None = None

    @classmethod
    def of_bundle(
        cls,
        bundle: int,
        body: bytes = b"",
        *,
        etag: str | None = None,
        unchanged: bool = False,
    ) -> "ServedContents":
        """Return what `content/<bundle>` served."""
        start = bundle * TILE_WIDTH
        return cls(start, start + TILE_WIDTH, body, bundle, unchanged, etag)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one pull brought, verified up to the root; contents are not compared yet.

    `checkpoint` is None when nothing changed. `start` is the size that it was read from, `turn`
    the `Freshness.turn` of then (None: that of now). `contents` cover every new entry. `no_tail`
    says whether the town serves no tails, where it was asked for one.
    """

    start: int
    frontier: Frontier
    checkpoint: Checkpoint | None = None
    note: bytes | None = None
    etag: str | None = None
    leaves: Sequence[bytes] = field(default=(), repr=False)
    contents: Sequence[ServedContents] = ()
    turn: int | None = None
    no_tail: bool | None = None

    @property
    def behind(self) -> int:
        """Return how many entries of the checkpoint are still to be taken."""
        return 0 if self.checkpoint is None else self.checkpoint.size - self.frontier.size


@dataclass(slots=True)
class Compared:
    """What comparing contents with their entries led to.

    `contents` are new and fit, `gone` are stored and served no longer, `returned` those new ones
    whose entry was taken before. `awaited` and `arrived` change what is awaited; `bundles` are
    (bundle, ETag, whether all of it was compared). `still_served` are withdrawn and served.
    """

    contents: list[ContentRow] = field(default_factory=list, repr=False)
    gone: set[int] = field(default_factory=set)
    returned: set[int] = field(default_factory=set)
    awaited: list[int] = field(default_factory=list)
    arrived: list[int] = field(default_factory=list)
    bundles: list[tuple[int, str | None, bool]] = field(default_factory=list)
    still_served: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One town's pull, ready to be written; `turn` is the state that it was read from.

    With `only_removals` nothing but what disappears is believed: the town is in quarantine. `step`
    is what the pull is for the witness, None when it accepts nothing new.
    """

    town: TownRow
    taken: Taken
    turn: int
    now: datetime
    changes: Changes
    compared: Compared
    only_removals: bool = False
    announced: Announced | None = None
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What a pull changed: entries taken, and entries still to take."""

    entries: int
    behind: int
