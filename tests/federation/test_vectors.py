# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published histories: the good one is sound at every size, each bad one is found out.

The reader here is the protocol's own functions in the order of federation pulls, on files in
memory: no network, no database.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beffroi_federation import errors
from beffroi_federation.canonical import encode, parse
from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.entries import Entry, parse_content_lines
from beffroi_federation.identity import parse_identity
from beffroi_federation.log import grow
from beffroi_federation.merkle import Frontier, leaf_hash
from beffroi_federation.notes import Verifier
from beffroi_federation.tiles import (
    bundle_path,
    bundle_places,
    content_path,
    decode_bundle,
    tile_path,
    tile_places,
)
from beffroi_federation.verify import (
    ReplicaState,
    Verdict,
    accept_checkpoint,
    check_contents,
    extend,
    follow,
    read_entries,
)
from support.make_vectors import OPEN, SIZES, WITHDRAWN, good_town, write
from support.memory_log import MemoryLog
from support.protocol_vectors import (
    VECTORS,
    BadHistory,
    bad_histories,
    good_checkpoint,
    good_files,
)
from support.town_files import ORIGIN, read_files

KEYS = [Verifier.from_text(good_town(5).vkey())]
NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Nothing:
    """A reader that has taken nothing yet."""

    def kind_at(self, index: int) -> str | None:
        return None

    def next_version(self, index: int) -> int | None:
        return None


def fetch(files: Mapping[str, bytes], path: str) -> bytes:
    if f"log/{path}" not in files:
        raise errors.Unreachable("The file is not served", path=path)
    return files[f"log/{path}"]


def read_leaves(files: Mapping[str, bytes], size: int) -> list[bytes]:
    return [
        leaf
        for place in bundle_places(size)
        for leaf in decode_bundle(fetch(files, bundle_path(place.index, place.width)), place.width)
    ]


def known_state(known: str | None) -> ReplicaState:
    """Return the state of a reader that took the good history up to a checkpoint."""
    if known is None:
        return ReplicaState(ORIGIN)
    checkpoint = open_checkpoint(known, KEYS)
    leaves = read_leaves(good_files(), checkpoint.size)
    return extend(ReplicaState(ORIGIN), checkpoint, leaves)


def check_tiles(files: Mapping[str, bytes], size: int, leaves: list[bytes]) -> None:
    log = MemoryLog()
    log.stage(0, leaves, grow(log, 0, [leaf_hash(leaf) for leaf in leaves]))
    for place in tile_places(size):
        served = fetch(files, tile_path(place.level, place.index, place.width))
        if served != log.read_tile(place.level, place.index, place.width):
            raise errors.Inconsistent("A tile is not that of its entries", index=place.index)


def audit(files: Mapping[str, bytes], known: str | None = None) -> dict[int, Verdict]:
    """Return what becomes of each record's content, or raise what is wrong with the history."""
    state = known_state(known)
    note = files["log/checkpoint"]
    checkpoint = accept_checkpoint(state, note, KEYS, max_growth=5_000)
    leaves = read_leaves(files, checkpoint.size)
    extend(state, checkpoint, leaves[state.size :])
    extend(ReplicaState(ORIGIN), checkpoint, leaves)
    check_tiles(files, checkpoint.size, leaves)
    entries = dict(enumerate(read_entries(0, leaves)))
    consequences = follow(0, tuple(entries.values()), Nothing())
    return judge_contents(files, checkpoint, entries, frozenset(consequences.withdrawn))


def judge_contents(
    files: Mapping[str, bytes],
    checkpoint: Checkpoint,
    entries: dict[int, Entry],
    withdrawn: frozenset[int],
) -> dict[int, Verdict]:
    contents = {
        content.index: content
        for place in bundle_places(checkpoint.size)
        for content in parse_content_lines(
            fetch(files, content_path(place.index)).splitlines(keepends=True)
        )
    }
    first_seen = dict.fromkeys(entries, NOW - timedelta(days=30))
    return check_contents(entries, contents, withdrawn=withdrawn, first_seen=first_seen, now=NOW)


def read_as_record(verdicts: dict[int, Verdict]) -> None:
    """Read every open content as canonical JSON, which a record is before it is anything else."""
    for verdict in verdicts.values():
        if verdict.content is not None:
            value = parse(verdict.content.content)
            if encode(value) != verdict.content.content:
                raise errors.Malformed("A record is not canonical")


def test_writing_the_vectors_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    for name in ("good", "checkpoints", "bad"):
        assert read_files(tmp_path / name) == read_files(VECTORS / name)


def test_the_good_history_is_sound_and_its_contents_are_open_or_withdrawn() -> None:
    verdicts = audit(good_files())
    read_as_record(verdicts)
    states = {index: verdict.state.value for index, verdict in verdicts.items()}
    assert states == dict.fromkeys(OPEN, "open") | {WITHDRAWN: "withdrawn"}


@pytest.mark.parametrize("size", SIZES)
def test_the_good_history_continues_each_of_its_checkpoints(size: int) -> None:
    assert audit(good_files(), good_checkpoint(size))


def test_the_identity_of_the_good_history_names_its_key() -> None:
    identity = parse_identity(good_files()[".well-known/beffroi.json"])
    assert identity.origin == ORIGIN
    assert identity.vkeys == (KEYS[0].vkey(),)


def test_the_root_is_the_same_whether_or_not_a_content_still_exists() -> None:
    town = good_town()
    before = town.root()
    town.contents.clear()
    assert town.root() == before
    assert Frontier().extended(map(leaf_hash, town.leaves)).root() == before


@pytest.mark.parametrize("case", bad_histories(), ids=lambda case: case.name)
def test_a_wrong_history_is_found_out(case: BadHistory) -> None:
    if case.error is None:
        assert case.index is not None
        assert audit(case.files, case.known)[case.index].state.value == case.state
    elif case.in_record:
        verdicts = audit(case.files, case.known)
        with pytest.raises(getattr(errors, case.error)):
            read_as_record(verdicts)
    else:
        with pytest.raises(getattr(errors, case.error)):
            audit(case.files, case.known)
