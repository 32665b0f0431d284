# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that publishes, corrects, withdraws and rests at random, and readers that come at random.

Whenever a reader comes, what it holds must be what somebody finds who reads the whole log anew with
a reader that shares no code with ours: same root, same kinds, same records, same unreleased
receptions. One reader takes bundles, another tails; one is disturbed by a batch in the middle.
"""

from datetime import UTC, datetime
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from beffroi_federation.canonical import encode
from beffroi_federation.entries import Reason
from beffroi_federation.feed_client import FeedClient
from beffroi_federation.notes import Verifier
from beffroi_federation.pulling import Pulled, pull, verdicts
from beffroi_federation.verify import ContentState, ReplicaState
from support import foreign_reader as foreign
from support.mutating import EXAMPLES
from support.simulated_town import MemoryFetcher, SimulatedTown

NOW = datetime(2026, 10, 5, tzinfo=UTC)


class Replica:
    """A reader that keeps what it took: frontier, kinds, versions and open contents."""

    def __init__(self, town: SimulatedTown) -> None:
        self.town = town
        self.state = ReplicaState(town.origin)
        self.etag: str | None = None
        self.kinds: dict[int, str] = {}
        self.versions: dict[int, int] = {}
        self.firsts: dict[int, int] = {}
        self.contents: dict[int, bytes] = {}
        self.unreleased: set[int] = set()

    def kind_at(self, index: int) -> str | None:
        return self.kinds.get(index)

    def next_version(self, index: int) -> int | None:
        return self.versions.get(index)

    def come(self, fetcher: MemoryFetcher | None = None) -> None:
        """Pull once, and keep what came."""
        feed = FeedClient(fetcher or MemoryFetcher(self.town))
        verifiers = [Verifier.from_text(self.town.vkey())]
        pulled = pull(feed, self.state, verifiers, self, max_growth=5_000, etag=self.etag)
        if pulled is not None:
            self._take(feed, pulled)

    def _take(self, feed: FeedClient, pulled: Pulled) -> None:
        found = list(verdicts(feed, pulled, now=NOW))
        for index, entry in enumerate(pulled.entries, pulled.start):
            self.kinds[index] = entry.kind
        done = pulled.consequences
        self.versions.update(done.superseded)
        older = {new: old for old, new in done.superseded.items()}
        for index in done.published:
            self.firsts[index] = self.firsts[older[index]] if index in older else index
        for index, verdict in found:
            assert verdict.state is not ContentState.MISMATCH
            if verdict.content is not None:
                self.contents[index] = verdict.content.content
        for gone in done.withdrawn.keys() | done.superseded.keys():
            self.contents.pop(gone, None)
        self.unreleased |= set(done.received)
        self.unreleased -= set(done.answered.values())
        self.state, self.etag = pulled.state, pulled.etag

    def records(self) -> dict[int, bytes]:
        """Return the content of each record's newest version that is open, by first index."""
        return {
            self.firsts[index]: content
            for index, content in self.contents.items()
            if index not in self.versions
        }


class Growing(RuleBasedStateMachine):
    """One town, three readers."""

    @initialize(tails=st.booleans())
    def begin(self, tails: bool) -> None:
        self.town = SimulatedTown(serves_tails=tails)
        self.numbers = count(1)
        self.open: dict[int, list[int]] = {}
        self.received: list[int] = []
        self.town.begin_batch("2026-W40")
        self.town.publish()
        self.readers = [Replica(self.town) for _ in range(3)]

    def content(self) -> bytes:
        return encode({"kind": "request", "n": next(self.numbers), "v": 1})

    @rule(day=st.booleans())
    def begin_a_batch(self, day: bool) -> None:
        self.town.begin_batch("2026-10-02" if day else "2026-W41")

    @rule(many=st.sampled_from([1, 1, 1, 3, 120]))
    def release(self, many: int) -> None:
        for _ in range(many):
            index = self.town.record(self.content())
            self.open[index] = [index]

    @rule()
    def receive(self) -> None:
        self.received.append(self.town.receive(self.content()))

    @precondition(lambda self: self.received)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        received = data.draw(st.sampled_from(self.received))
        index = self.town.record(self.content(), received=received)
        self.open[index] = [index]

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        versions = self.open[data.draw(st.sampled_from(sorted(self.open)))]
        versions.append(self.town.supersede(versions[-1], self.content()))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), reason=st.sampled_from(Reason))
    def withdraw(self, data: st.DataObject, reason: Reason) -> None:
        for index in self.open.pop(data.draw(st.sampled_from(sorted(self.open)))):
            self.town.withdraw(index, reason)

    @rule()
    def publish(self) -> None:
        self.town.publish()

    @rule(which=st.integers(0, 2))
    def come(self, which: int) -> None:
        self.readers[which].come()
        if len(self.town.leaves) == max(self.town.notes):
            self.agree(self.readers[which])

    @rule(after=st.sampled_from(["checkpoint", "tile", "tail", "content"]))
    def come_while_a_batch_is_published(self, after: str) -> None:
        town, waiting = self.town, [True]

        def disturb(path: str) -> None:
            if waiting and path.startswith(after):
                waiting.clear()
                index = town.record(self.content())
                self.open[index] = [index]
                town.publish()

        reader = self.readers[0]
        town.publish()
        reader.come(MemoryFetcher(town, disturb))
        reader.come()
        self.agree(reader)

    def agree(self, reader: Replica) -> None:
        """Compare what a reader holds with the log read anew; contents are served for all of it."""
        town = self.town
        reading = foreign.read(town.files().get, [town.vkey()], town.origin)
        assert (reader.state.size, reader.state.root) == (reading.size, reading.root)
        assert reader.kinds == reading.kinds
        assert reader.records() == reading.records
        assert reader.unreleased == reading.unreleased
        assert set(reading.states.values()) <= {"open", "withdrawn", "absent"}


Growing.TestCase.settings = settings(
    max_examples=max(20, EXAMPLES // 3), stateful_step_count=30, deadline=None
)
TestATownThatGrowsAndReadersThatComeAtRandom = Growing.TestCase
