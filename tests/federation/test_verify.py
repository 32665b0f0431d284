# SPDX-License-Identifier: AGPL-3.0-or-later
import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation import canonical, verify
from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.checkpoint import parse as parse_checkpoint
from beffroi_federation.entries import (
    BatchEntry,
    CheckpointEntry,
    Content,
    Entry,
    EpochEntry,
    KeyEntry,
    Reason,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    encode_content_line,
    encode_entry,
    parse_entry,
)
from beffroi_federation.errors import (
    Fork,
    Inconsistent,
    Malformed,
    OverLimit,
    ProtocolError,
    Rollback,
    Unsigned,
)
from beffroi_federation.merkle import EMPTY_ROOT, Frontier, leaf_hash
from beffroi_federation.notes import Verifier, format_note
from beffroi_federation.notes import parse as parse_note
from beffroi_federation.tail import TAIL_BYTES, Tail, encode_tail, parse_tail
from beffroi_federation.verify import (
    ContentState,
    LogOf,
    ReplicaState,
    accept_checkpoint,
    accepted_note,
    check_contents,
    extend,
    follow,
    read_content_lines,
    read_entries,
)
from beffroi_privacy.commitments import commit
from support.town_files import Town

NOW = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)
LEAVES = [b"leaf %d" % number for number in range(40)]


class Past:
    """A past of given kinds and versions."""

    def __init__(
        self, kinds: Mapping[int, str] | None = None, versions: Mapping[int, int] | None = None
    ) -> None:
        self.kinds = kinds or {}
        self.versions = versions or {}

    def kind_at(self, index: int) -> str | None:
        return self.kinds.get(index)

    def next_version(self, index: int) -> int | None:
        return self.versions.get(index)


def town_of(leaves: list[bytes]) -> Town:
    town = Town(leaves=list(leaves))
    town.publish()
    return town


def state_of(leaves: list[bytes]) -> ReplicaState:
    frontier = Frontier().extended(leaf_hash(leaf) for leaf in leaves)
    return ReplicaState(Town().origin, frontier, frontier.root())


def accept(state: ReplicaState, town: Town, max_growth: int = 100) -> Checkpoint:
    verifiers = [Verifier.from_text(Town().vkey())]
    return accept_checkpoint(state, town.notes[max(town.notes)], verifiers, max_growth=max_growth)


# ---- checkpoints ----


def test_nothing_is_known_of_a_new_log() -> None:
    state = ReplicaState("a.example/beffroi/1/1")
    assert (state.size, state.root) == (0, EMPTY_ROOT)


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_log_that_grows_honestly_is_followed(one: int, other: int) -> None:
    old, new = sorted((one, other))
    checkpoint = accept(state_of(LEAVES[:old]), town_of(LEAVES[:new]))
    after = extend(state_of(LEAVES[:old]), checkpoint, LEAVES[old:new])
    assert after == state_of(LEAVES[:new])


@given(st.integers(0, 39), st.integers(1, 40), st.data())
def test_no_other_leaves_lead_to_the_signed_root(old: int, new: int, data: st.DataObject) -> None:
    old, new = sorted((old, new))
    if old == new:
        return
    leaves = list(LEAVES[old:new])
    where = data.draw(st.integers(0, len(leaves) - 1))
    leaves[where] = data.draw(st.binary(max_size=9).filter(lambda leaf: leaf != leaves[where]))
    checkpoint = accept(state_of(LEAVES[:old]), town_of(LEAVES[:new]))
    with pytest.raises(Fork, match=f"from {old} on"):
        extend(state_of(LEAVES[:old]), checkpoint, leaves)


def test_a_smaller_log_is_a_rollback() -> None:
    with pytest.raises(Rollback) as caught:
        accept(state_of(LEAVES[:10]), town_of(LEAVES[:9]))
    assert caught.value.details == {"expected": "at least 10", "got": 9}


def test_the_same_size_with_another_root_is_a_fork() -> None:
    with pytest.raises(Fork) as caught:
        accept(state_of(LEAVES[:10]), town_of(LEAVES[1:11]))
    assert caught.value.details["expected"] == state_of(LEAVES[:10]).root.hex()
    assert caught.value.details["got"] == state_of(LEAVES[1:11]).root.hex()


def test_the_same_checkpoint_again_is_accepted_and_changes_nothing() -> None:
    state = state_of(LEAVES[:10])
    assert extend(state, accept(state, town_of(LEAVES[:10])), []) == state


def test_growth_is_taken_up_to_the_window_and_not_beyond() -> None:
    assert accept(state_of(LEAVES[:10]), town_of(LEAVES[:15]), max_growth=5).size == 15
    with pytest.raises(OverLimit) as caught:
        accept(state_of(LEAVES[:10]), town_of(LEAVES[:16]), max_growth=5)
    assert caught.value.details["got"] == 6


def test_the_checkpoint_of_another_log_is_refused_though_its_key_is_known() -> None:
    other = Town(origin="other.example/beffroi/1/1", leaves=LEAVES[:3])
    other.publish()
    verifiers = [Verifier.from_text(other.vkey()), Verifier.from_text(Town().vkey())]
    with pytest.raises(Inconsistent, match="another log"):
        accept_checkpoint(state_of([]), other.notes[3], verifiers, max_growth=9)


def test_a_signature_by_nobody_we_know_is_refused_before_anything_is_compared() -> None:
    town = Town(leaves=LEAVES[:3])
    other = Town(origin="other.example/beffroi/1/1")
    text = Checkpoint(town.origin, 3, town.root()).text()
    note = format_note(text, [other.sign(text)])
    with pytest.raises(Unsigned):
        accept_checkpoint(state_of(LEAVES), note, [Verifier.from_text(town.vkey())], max_growth=9)


@pytest.mark.parametrize("wrong", [LEAVES[10:14], LEAVES[10:16], []])
def test_another_number_of_entries_than_signed_is_refused(wrong: list[bytes]) -> None:
    checkpoint = accept(state_of(LEAVES[:10]), town_of(LEAVES[:15]))
    with pytest.raises(Malformed) as caught:
        extend(state_of(LEAVES[:10]), checkpoint, wrong)
    assert caught.value.details == {"expected": 5, "got": len(wrong)}


def test_an_overlong_leaf_is_refused_though_the_root_would_hold() -> None:
    leaves = [*LEAVES[:3], b"x" * 1_025]
    with pytest.raises(OverLimit):
        extend(state_of([]), accept(state_of([]), town_of(leaves)), leaves)


def test_entries_are_not_parsed_before_the_root_holds() -> None:
    """Leaves that are no entries at all pass `extend`: it looks at hashes only."""
    leaves = [b"\xff\xfe", b"{", b""]
    after = extend(state_of([]), accept(state_of([]), town_of(leaves)), leaves)
    with pytest.raises(Malformed, match="Entry 0"):
        read_entries(0, leaves)
    assert after.size == 3


# ---- what entries point to ----

C = bytes(32)


def test_versions_withdrawals_and_receptions_are_followed() -> None:
    entries: list[Entry] = [
        BatchEntry("2026-W40"),
        ReceivedEntry(C),
        RecordEntry(C, 11),
        SupersedeEntry(C, 12),
        SupersedeEntry(C, 13),
        WithdrawEntry(12, Reason.ERASURE),
        WithdrawEntry(3, Reason.LEGAL),
        WithdrawEntry(12, Reason.ERROR),
        RecordEntry(C),
    ]
    past = Past({3: "sup"})
    consequences = follow(10, entries, past)
    assert consequences.published == (12, 13, 14, 18)
    assert consequences.superseded == {12: 13, 13: 14}
    assert consequences.withdrawn == {12: "erasure", 3: "legal"}
    assert consequences.received == (11,)
    assert consequences.answered == {12: 11}


PAST = Past(
    {0: "bat", 1: "rcv", 2: "rec", 3: "sup", 4: "wdr", 5: "key", 10: "rec", 11: "rec"}, {2: 3}
)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        *((SupersedeEntry(C, i), "in `i`") for i in (0, 1, 4, 5, 6, 10, 11, 10**9)),
        *((WithdrawEntry(i, Reason.ERROR), "in `i`") for i in (0, 1, 4, 5, 6, 10, 11, 10**9)),
        *((RecordEntry(C, i), "in `q`") for i in (0, 2, 3, 4, 5, 6, 10, 11, 10**9)),
        (SupersedeEntry(C, 2), "already has one"),
    ],
)
def test_an_entry_that_points_where_it_may_not_is_refused(entry: Entry, says: str) -> None:
    with pytest.raises(Inconsistent, match=says) as caught:
        follow(10, [entry], PAST)
    assert {"expected", "got"} <= caught.value.details.keys()


EPOCH = EpochEntry("town.example/beffroi/1/1", 7, bytes(32))
ACCEPTED = CheckpointEntry("town.example/beffroi/1/1", 7, bytes(32), bytes(68))


def test_an_epoch_begins_at_entry_0_and_nowhere_else() -> None:
    follow(0, [EPOCH, BatchEntry("2026-W40")], Past())
    for start, entries in ((0, [BatchEntry("2026-W40"), EPOCH]), (5, [EPOCH])):
        with pytest.raises(Inconsistent, match="only entry 0"):
            follow(start, entries, Past())


def test_a_town_never_logs_a_checkpoint_and_the_nation_nothing_but_checkpoints() -> None:
    with pytest.raises(Inconsistent, match="town"):
        follow(0, [ACCEPTED], Past())
    follow(0, [BatchEntry("2026-W40"), ACCEPTED], Past(), LogOf.NATION)
    for entry in (EPOCH, RecordEntry(bytes(32)), KeyEntry("k"), ReceivedEntry(bytes(32))):
        with pytest.raises(Inconsistent, match="nation"):
            follow(0, [entry], Past(), LogOf.NATION)


def test_an_accepted_checkpoint_is_written_again_byte_for_byte() -> None:
    note = town_of([b"one", b"two"]).notes[2]
    read = parse_note(note)
    (line,) = read.signatures
    seen = parse_checkpoint(read.text)
    entry = CheckpointEntry(seen.origin, seen.size, seen.root, line.key_id + line.signature)
    assert accepted_note(entry) == note
    assert parse_entry(encode_entry(entry)) == entry


def test_a_record_never_has_two_next_versions_in_one_batch() -> None:
    entries: list[Entry] = [RecordEntry(C), SupersedeEntry(C, 0), SupersedeEntry(C, 0)]
    with pytest.raises(Inconsistent, match="already has one"):
        follow(0, entries, Past())


# ---- contents ----

SALT = bytes(range(32))
ENTRY = RecordEntry(commit(SALT, b"content"))


def state_at(
    content: Content | None,
    *,
    withdrawn: bool = False,
    seen: dt.timedelta = dt.timedelta(0),
) -> verify.Verdict:
    return check_contents(
        {7: ENTRY},
        {7: content} if content else {},
        withdrawn=frozenset({7} if withdrawn else ()),
        first_seen={7: NOW - seen},
        now=NOW,
    )[7]


def test_a_content_that_opens_its_commitment_is_open() -> None:
    verdict = state_at(Content(7, SALT, b"content"))
    assert verdict.state is ContentState.OPEN
    assert verdict.content == Content(7, SALT, b"content")


@pytest.mark.parametrize(
    "content", [Content(7, SALT, b"contents"), Content(7, bytes(32), b"content")]
)
def test_another_content_or_salt_is_a_mismatch_and_is_not_handed_on(content: Content) -> None:
    verdict = state_at(content)
    assert (verdict.state, verdict.content) == (ContentState.MISMATCH, None)


def test_a_content_that_is_absent_is_pending_for_eight_days_and_then_missing() -> None:
    just_under = dt.timedelta(days=8) - dt.timedelta(microseconds=1)
    assert state_at(None, seen=just_under).state is ContentState.PENDING
    assert state_at(None, seen=dt.timedelta(days=8)).state is ContentState.MISSING


def test_an_entry_that_nobody_saw_before_is_seen_now() -> None:
    verdicts = check_contents({7: ENTRY}, {}, withdrawn=frozenset(), first_seen={}, now=NOW)
    assert verdicts[7].state is ContentState.PENDING


def test_a_withdrawn_content_is_withdrawn_whatever_is_served() -> None:
    assert state_at(None, withdrawn=True) == verify.Verdict(ContentState.WITHDRAWN)
    served = state_at(Content(7, SALT, b"content"), withdrawn=True)
    assert served == verify.Verdict(ContentState.WITHDRAWN, None, still_served=True)


def test_a_content_of_an_entry_that_has_none_is_refused() -> None:
    for entry in (ReceivedEntry(C), BatchEntry("2026-W40"), WithdrawEntry(0, Reason.ERROR)):
        with pytest.raises(Malformed, match="has none"):
            check_contents(
                {7: entry},
                {7: Content(7, SALT, b"x")},
                withdrawn=frozenset(),
                first_seen={},
                now=NOW,
            )


def test_one_entry_has_one_content_line() -> None:
    line = encode_content_line(7, SALT, b"content")
    assert read_content_lines([line]) == {7: Content(7, SALT, b"content")}
    with pytest.raises(Malformed, match="Two contents"):
        read_content_lines([line, line])


# ---- tails ----


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.binary(min_size=1, max_size=60), st.booleans()), max_size=12),
)
def test_a_tail_is_read_as_it_was_written(start: int, entries: list[tuple[bytes, bool]]) -> None:
    leaves = [leaf for leaf, _ in entries]
    lines = {
        index: encode_content_line(index, SALT, b"content")
        for index, (_, has_content) in enumerate(entries, start)
        if has_content
    }
    tail = parse_tail(encode_tail(start, leaves, lines))
    assert (tail.start, list(tail.leaves)) == (start, leaves)
    assert [line + b"\n" for line in tail.lines] == list(lines.values())


@pytest.mark.parametrize(
    "line",
    [
        b'{"v":1,"start":7,"entries":1,"contents":0}',
        b' { "contents" : 0, "entries" : 1, "start" : 7, "v" : 1 }',
        b'{"contents":0,"entries":1,"more":[],"start":7,"v":1}',
        b'{"contents":0,"entries":01,"start":7,"v":1}',
        b'{"contents":0,"entries":1,"start":7,"v":1,"v":1}',
        '{"contents":0,"entries":1,"start":\u0667,"v":1}'.encode(),
        b'{"contents":0,"entries":1,"start":9007199254740992,"v":1}',
    ],
)
def test_a_first_line_spelt_otherwise_is_left_to_the_strict_parser(line: bytes) -> None:
    body = line + b"\n\0\1a"
    try:
        canonical.parse(line)
    except ProtocolError as error:
        with pytest.raises(type(error)):
            parse_tail(body)
    else:
        assert parse_tail(body) == Tail(7, (b"a",), ())


def test_a_tail_is_cut_at_an_entry_with_its_content() -> None:
    leaves = [b"x" * 100] * 200
    lines = {i: encode_content_line(i, SALT, b"y" * 16_000) for i in range(200)}
    body = encode_tail(0, leaves, lines)
    assert 900_000 < len(body) <= TAIL_BYTES
    tail = parse_tail(body)
    assert 0 < len(tail.leaves) == len(tail.lines) < 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", Malformed),
        (b"{}\n", Malformed),
        (b'{"contents":0,"entries":1,"start":0,"v":1}\n', Malformed),
        (b'{"contents":0,"entries":1,"start":0,"v":1}\n\0\5abc', Malformed),
        (b'{"contents":0,"entries":0,"start":0,"v":1}\nmore', Malformed),
        (b'{"contents":1,"entries":0,"start":0,"v":1}\n{}\n', Malformed),
        (b'{"contents":1,"entries":1,"start":0,"v":1}\n\0\1a{}', Malformed),
        (b'{"contents":0,"entries":1,"start":-1,"v":1}\n\0\1a', Malformed),
        (b'{"contents":0,"entries":1.0,"start":0,"v":1}\n\0\1a', Malformed),
        (b'{"contents":0,"entries":1,"start":0,"v":2}\n\0\1a', Malformed),
        (b'{"contents":0,"entries":9007199254740991,"start":0,"v":1}\n', Malformed),
        (b'{"contents":0,"entries":1,"start":0,"v":1}\n\4\1' + b"x" * 1_025, OverLimit),
        (b"x" * (TAIL_BYTES + 1), OverLimit),
    ],
)
def test_a_tail_of_another_form_is_refused(body: bytes, error: type[ProtocolError]) -> None:
    with pytest.raises(error):
        parse_tail(body)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reading_of_a_tail_fail_otherwise(body: bytes) -> None:
    try:
        parse_tail(body)
    except ProtocolError:
        pass
