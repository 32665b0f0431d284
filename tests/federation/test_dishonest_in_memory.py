# SPDX-License-Identifier: AGPL-3.0-or-later
"""The dishonest towns without a network: what refuses them is the protocol, not the connection.

Both readers are asked: ours pulls on top of what it knew, the one that shares no code with us reads
the whole log anew. What only a connection can do (a drip, bytes that are no HTTP, a redirection, a
bomb) is left to the tests over HTTP.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from beffroi_federation.bodies import unpack
from beffroi_federation.canonical import encode
from beffroi_federation.errors import ProtocolError
from beffroi_federation.feed_client import FeedClient
from beffroi_federation.notes import Verifier
from beffroi_federation.pulling import Pulled, pull, verdicts
from beffroi_federation.verify import ContentState, ReplicaState
from support import foreign_reader as foreign
from support.dishonest import BEHAVIOURS, Behaviour
from support.simulated_town import Answer, MemoryFetcher, SimulatedTown

NOW = datetime(2026, 10, 5, tzinfo=UTC)
OF_THE_CONNECTION = {
    "connection cut in a bundle", "endless checkpoint", "slow drip", "redirect to loopback",
    "garbage instead of http", "not modified unasked", "gzip bomb of contents",
    "gzip bomb of a checkpoint", "half a gzip body", "unknown encoding",
}  # fmt: skip
EACH = pytest.mark.parametrize(
    "behaviour",
    [one for one in BEHAVIOURS if one.name not in OF_THE_CONNECTION],
    ids=lambda one: one.name.replace(" ", "-"),
)
OF_TAILS = {"reordered tail", "garbage tail"}


class Known:
    """What a reader took before (`verify.Past`)."""

    def __init__(self) -> None:
        self.state: ReplicaState | None = None
        self.kinds: dict[int, str] = {}
        self.versions: dict[int, int] = {}

    def kind_at(self, index: int) -> str | None:
        return self.kinds.get(index)

    def next_version(self, index: int) -> int | None:
        return self.versions.get(index)

    def come(self, town: SimulatedTown) -> set[ContentState]:
        """Pull and keep; return the states of the new contents."""
        feed = FeedClient(MemoryFetcher(town))
        state = self.state or ReplicaState(town.origin)
        keys = [Verifier.from_text(town.vkey())]
        pulled = pull(feed, state, keys, self, max_growth=5_000)
        assert isinstance(pulled, Pulled)
        states = {verdict.state for _, verdict in verdicts(feed, pulled, now=NOW)}
        self.kinds |= {at: one.kind for at, one in enumerate(pulled.entries, pulled.start)}
        self.versions |= pulled.consequences.superseded
        self.state = pulled.state
        return states


def grown_town() -> SimulatedTown:
    town = SimulatedTown()
    town.begin_batch("2026-W40")
    for number in range(11):
        town.record(encode({"kind": "request", "n": number, "v": 1}))
    town.publish()
    return town


@EACH
def test_our_reader_refuses_it_on_top_of_what_it_knew(behaviour: Behaviour) -> None:
    town, known = grown_town(), Known()
    assert known.come(town) == {ContentState.OPEN}
    for number in (20, 21, 22):
        town.record(encode({"kind": "request", "n": number, "v": 1}))
    town.publish()
    behaviour.act(town)
    if isinstance(behaviour.expected, ContentState):
        assert behaviour.expected in known.come(town)
        return
    before = known.state
    with pytest.raises(behaviour.expected):
        known.come(town)
    assert known.state == before


@EACH
def test_the_reader_that_shares_no_code_refuses_it_too(behaviour: Behaviour) -> None:
    if behaviour.name in OF_TAILS:
        return  # it reads none
    town = grown_town()
    accepted = town.notes[12].encode()
    for number in (20, 21, 22):
        town.record(encode({"kind": "request", "n": number, "v": 1}))
    town.publish()
    behaviour.act(town)

    def get(path: str) -> bytes | None:
        answer: Answer = town.answer(path)
        body: bytes | Iterable[bytes] = answer.body
        assert isinstance(body, bytes)
        encoding = answer.headers.get("Content-Encoding", "")
        unpacked = b"".join(unpack([body], encoding=encoding, max_bytes=16 << 20))
        return unpacked if answer.status == 200 else None

    def read() -> foreign.Reading:
        return foreign.read(get, [town.vkey()], town.origin, accepted)

    if isinstance(behaviour.expected, ContentState):
        wanted = {"pending": "absent"}.get(behaviour.expected.value, behaviour.expected.value)
        assert wanted in read().states.values()
        return
    assert issubclass(behaviour.expected, ProtocolError)
    with pytest.raises(foreign.Wrong):
        read()
