# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree against the worked values, a naive tree, and everything a liar may change."""

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_federation.errors import Inconsistent, Malformed, ProtocolError
from beffroi_federation.log import append
from beffroi_federation.merkle import (
    EMPTY_ROOT,
    Edge,
    Frontier,
    consistency_proof,
    forget_tiles,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    tile_root,
    tile_width,
    verify_consistency,
    verify_inclusion,
)
from beffroi_federation.merkle.reading import Tiles
from support.log_contract import fill
from support.log_vectors import log_vectors
from support.memory_log import MemoryLog
from support.protocol_vectors import worked

SMALL = 24
HASHES = [leaf_hash(b"beffroi-test-%d" % i) for i in range(600)]


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(naive_root(hashes[:k]), naive_root(hashes[k:]))


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    log = MemoryLog()
    fill(log, 600)
    return log


@pytest.fixture(scope="module")
def large_log() -> MemoryLog:
    log = MemoryLog()
    fill(log, 70_000)
    return log


def test_the_first_leaf_hash_is_the_worked_one() -> None:
    assert HASHES[0].hex() == worked("tree")["leaf_hash_0_hex"]


def test_roots_from_tiles_and_from_frontiers_are_the_worked_ones(large_log: MemoryLog) -> None:
    for size, root in worked("tree")["roots"].items():
        expected = b64decode(root)
        assert root_at(large_log, int(size)) == expected
        leaves = (leaf_hash(b"beffroi-test-%d" % i) for i in range(int(size)))
        assert Frontier().extended(leaves).root() == expected


def test_proofs_are_the_worked_ones(large_log: MemoryLog) -> None:
    values = worked("tree")
    for case in values["inclusion"]:
        proof = tuple(map(b64decode, case["proof"]))
        assert inclusion_proof(large_log, case["index"], case["size"]) == proof
    for case in values["consistency"]:
        proof = tuple(map(b64decode, case["proof"]))
        assert consistency_proof(large_log, case["old"], case["new"]) == proof
    for case in values["consistency_lengths"]:
        assert len(consistency_proof(large_log, case["old"], case["new"])) == case["hashes"]


def test_a_frontier_goes_on_from_its_stored_bytes() -> None:
    stored = Frontier().extended(HASHES[:257]).to_bytes()
    assert len(stored) == 8 + 2 * 32
    rest = Frontier.from_bytes(stored).extended(HASHES[257:600])
    assert rest.root() == naive_root(HASHES[:600])


@given(st.lists(st.binary(max_size=40), max_size=80), st.integers(0, 80))
def test_a_frontier_has_the_naive_root_however_its_leaves_arrive(
    leaves: list[bytes], cut: int
) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    frontier = Frontier().extended(hashes[:cut]).extended(hashes[cut:])
    assert frontier.size == len(hashes)
    assert frontier.root() == naive_root(hashes)


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 7, b"\0" * 9, b"\0" * 7 + b"\x01", b"\xff" * 8 + b"\0" * 32 * 64]
)
def test_stored_bytes_that_are_no_frontier_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        Frontier.from_bytes(data)


def test_a_leaf_hash_of_another_length_never_enters_a_frontier() -> None:
    with pytest.raises(Malformed):
        Frontier().extended([b"short"])


def test_roots_at_every_size_are_those_of_the_naive_tree(log: MemoryLog) -> None:
    for size in [*range(SMALL), 255, 256, 257, 258, 511, 512, 513, 599, 600]:
        assert root_at(log, size) == naive_root(HASHES[:size])


def test_every_inclusion_proof_of_every_small_size_holds(log: MemoryLog) -> None:
    for size in range(1, SMALL):
        root = naive_root(HASHES[:size])
        for index in range(size):
            proof = inclusion_proof(log, index, size)
            verify_inclusion(HASHES[index], index, size, proof, root)


def test_every_consistency_proof_of_every_small_size_holds(log: MemoryLog) -> None:
    roots = [naive_root(HASHES[:size]) for size in range(SMALL)]
    for new in range(SMALL):
        for old in range(new + 1):
            proof = consistency_proof(log, old, new)
            verify_consistency(old, new, proof, roots[old], roots[new])


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_proof_across_tiles_holds(log: MemoryLog, data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 600))
    old = data.draw(st.integers(0, new))
    index = data.draw(st.integers(0, new - 1))
    root = naive_root(HASHES[:new])
    verify_inclusion(HASHES[index], index, new, inclusion_proof(log, index, new), root)
    proof = consistency_proof(log, old, new)
    verify_consistency(old, new, proof, naive_root(HASHES[:old]), root)


@given(data=st.data())
def test_a_changed_inclusion_proof_is_refused(log: MemoryLog, data: st.DataObject) -> None:
    size = data.draw(st.integers(2, SMALL))
    index = data.draw(st.integers(0, size - 1))
    proof = list(inclusion_proof(log, index, size))
    changed = data.draw(st.sampled_from(altered(proof, data)))
    with pytest.raises(ProtocolError):
        verify_inclusion(HASHES[index], index, size, changed, naive_root(HASHES[:size]))


@given(data=st.data())
def test_an_inclusion_proof_for_another_leaf_place_or_root_is_refused(
    log: MemoryLog, data: st.DataObject
) -> None:
    size = data.draw(st.integers(2, SMALL))
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size + 2).filter(lambda i: i != index))
    proof = inclusion_proof(log, index, size)
    root = naive_root(HASHES[:size])
    with pytest.raises(Inconsistent):
        verify_inclusion(HASHES[index], other, size, proof, root)
    with pytest.raises(Inconsistent):
        verify_inclusion(HASHES[other], index, size, proof, root)
    with pytest.raises(Inconsistent):
        verify_inclusion(HASHES[index], index, size, proof, naive_root(HASHES[: size - 1]))


@given(data=st.data())
def test_a_changed_consistency_proof_is_refused(log: MemoryLog, data: st.DataObject) -> None:
    new = data.draw(st.integers(2, SMALL))
    old = data.draw(st.integers(1, new - 1))
    proof = list(consistency_proof(log, old, new))
    changed = data.draw(st.sampled_from(altered(proof, data)))
    with pytest.raises(ProtocolError):
        verify_consistency(old, new, changed, naive_root(HASHES[:old]), naive_root(HASHES[:new]))


@given(data=st.data())
def test_a_consistency_proof_for_other_roots_is_refused(
    log: MemoryLog, data: st.DataObject
) -> None:
    new = data.draw(st.integers(2, SMALL))
    old = data.draw(st.integers(1, new - 1))
    proof = consistency_proof(log, old, new)
    before, after = naive_root(HASHES[:old]), naive_root(HASHES[:new])
    with pytest.raises(Inconsistent):
        verify_consistency(old, new, proof, leaf_hash(b"other"), after)
    with pytest.raises(Inconsistent):
        verify_consistency(old, new, proof, before, leaf_hash(b"other"))
    with pytest.raises(Inconsistent):
        verify_consistency(new, old, proof, after, before)


def altered(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """Return the proof with a bit changed, a hash more, a hash less, and a hash cut short."""
    place = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    value = int.from_bytes(proof[place], "big") ^ (1 << bit)
    return [
        [*proof[:place], value.to_bytes(32, "big"), *proof[place + 1 :]],
        [*proof, bytes(32)],
        [bytes(32), *proof],
        [*proof, proof[place]],
        proof[:-1],
        proof[1:],
        [*proof[:place], proof[place][:-1], *proof[place + 1 :]],
        [*proof[:place], b"", *proof[place:]],
    ]


def test_two_roots_of_one_size_are_inconsistent_and_one_root_needs_no_proof() -> None:
    one, two = HASHES[:2]
    verify_consistency(1, 1, (), one, one)
    with pytest.raises(Inconsistent):
        verify_consistency(1, 1, (), one, two)
    with pytest.raises(Inconsistent):
        verify_consistency(1, 1, (one,), one, one)


def test_nothing_has_one_root_only_and_no_proof() -> None:
    verify_consistency(0, 5, (), EMPTY_ROOT, HASHES[0])
    with pytest.raises(Inconsistent):
        verify_consistency(0, 5, (), HASHES[1], HASHES[0])
    with pytest.raises(Inconsistent):
        verify_consistency(0, 5, (HASHES[1],), EMPTY_ROOT, HASHES[0])
    with pytest.raises(Inconsistent):
        verify_consistency(0, 0, (), HASHES[0], HASHES[0])


def test_proofs_of_what_is_not_in_the_tree_are_not_made(log: MemoryLog) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(log, 5, 5)
    with pytest.raises(ValueError, match="cannot continue"):
        consistency_proof(log, 6, 5)


class ShortTiles:
    def read_tile(self, level: int, index: int, width: int) -> bytes:
        return bytes(32 * width - 1)


def test_a_tile_of_another_length_is_refused() -> None:
    with pytest.raises(Malformed):
        root_at(ShortTiles(), 5)


@pytest.mark.parametrize(
    ("level", "index", "size", "width"),
    [
        (0, 0, 0, 0),
        (0, 0, 1, 1),
        (0, 0, 256, 256),
        (0, 1, 256, 0),
        (1, 0, 256, 1),
        (0, 273, 70_000, 112),
        (1, 0, 70_000, 256),
        (1, 1, 70_000, 17),
        (2, 0, 70_000, 1),
        (3, 0, 70_000, 0),
    ],
)
def test_a_tile_is_as_wide_as_the_size_says(level: int, index: int, size: int, width: int) -> None:
    assert tile_width(level, index, size) == width


# The "hashes" of this case do not have 32 bytes, and it wants them accepted because they are equal.
# A reader of ours refuses such hashes before it looks at anything else.
NO_HASHES = "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"


def judged_otherwise(kind: str, judge: Callable[[dict[str, Any]], None]) -> set[str]:
    """Return the public cases that we do not judge as they say."""
    folder = log_vectors() / "merkle"
    paths = sorted((folder / kind).rglob("*.json"))
    assert len(paths) == 98
    found = set()
    for path in paths:
        case = json.loads(path.read_text("utf-8"))
        try:
            judge(case)
            refused = False
        except ProtocolError:
            refused = True
        if refused != case["wantErr"]:
            found.add(path.relative_to(folder).as_posix())
    return found


def hashes(values: list[str] | None) -> list[bytes]:
    return [b64decode(value) for value in values or []]


def judge_inclusion(case: dict[str, Any]) -> None:
    leaf, root = hashes([case["leafHash"], case["root"]])
    verify_inclusion(leaf, case["leafIdx"], case["treeSize"], hashes(case["proof"]), root)


def judge_consistency(case: dict[str, Any]) -> None:
    old_root, new_root = hashes([case["root1"], case["root2"]])
    verify_consistency(case["size1"], case["size2"], hashes(case["proof"]), old_root, new_root)


@pytest.mark.real_data
def test_public_proof_cases_are_judged_as_they_say_but_for_one_without_hashes() -> None:
    otherwise = judged_otherwise("inclusion", judge_inclusion)
    otherwise |= judged_otherwise("consistency", judge_consistency)
    assert otherwise == {NO_HASHES}


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_a_proof_over_three_levels_of_tiles_holds(
    large_log: MemoryLog, data: st.DataObject
) -> None:
    sizes = st.integers(1, 70_000) | st.sampled_from(
        [255, 256, 257, 65_535, 65_536, 65_537, 65_792]
    )
    new = data.draw(sizes)
    old = data.draw(sizes.map(lambda size: min(size, new)))
    index = data.draw(st.integers(0, new - 1))
    root = root_at(large_log, new)
    leaf = leaf_hash(large_log.leaves[index])
    verify_inclusion(leaf, index, new, inclusion_proof(large_log, index, new), root)
    proof = consistency_proof(large_log, old, new)
    verify_consistency(old, new, proof, root_at(large_log, old), root)


class Changed:
    """A log of which one bit of one tile is another."""

    def __init__(self, log: MemoryLog, level: int, index: int, bit: int) -> None:
        self._log = log
        self._place = (level, index)
        self._bit = bit

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        tile = bytearray(self._log.read_tile(level, index, width))
        if (level, index) == self._place:
            tile[self._bit // 8 % len(tile)] ^= 1 << self._bit % 8
        return bytes(tile)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 69_999), st.integers(0, 255 * 8), st.booleans())
def test_no_proof_is_made_of_a_full_tile_that_was_changed_in_its_store(
    large_log: MemoryLog, index: int, bit: int, warm: bool
) -> None:
    right = inclusion_proof(large_log, index, 70_000)
    changed = Changed(large_log, 0, min(index // 256, 272), bit)
    if not warm:
        forget_tiles()
    if warm or index >= 273 * 256:
        assert inclusion_proof(changed, index, 70_000) == right  # held under its own root
    else:
        with pytest.raises(Inconsistent):
            inclusion_proof(changed, index, 70_000)


def test_what_is_remembered_of_one_log_is_never_taken_for_another() -> None:
    one, two = MemoryLog(), MemoryLog()
    fill(one, 600)
    append(two, [b"another-%d" % i for i in range(600)])
    roots = []
    for log in (one, two, one, two):
        root = root_at(log, 600)
        for index in (0, 300, 599):
            leaf = leaf_hash(log.leaves[index])
            verify_inclusion(leaf, index, 600, inclusion_proof(log, index, 600), root)
        verify_consistency(513, 600, consistency_proof(log, 513, 600), root_at(log, 513), root)
        roots.append(root)
    assert roots[0] == roots[2] != roots[1] == roots[3]


def test_a_proof_costs_as_many_hashes_and_tiles_as_the_tree_is_high(large_log: MemoryLog) -> None:
    for size, levels in ((200, 1), (10_000, 2), (70_000, 3)):
        for index in (0, size // 3, size - 1):
            forget_tiles()
            large_log.tiles_read = 0
            assert len(inclusion_proof(large_log, index, size)) <= (size - 1).bit_length()
            assert large_log.tiles_read <= 2 * levels


def test_what_is_kept_in_memory_is_bounded() -> None:
    kept = Tiles(most=8)
    for number in range(100):
        root = number.to_bytes(32, "big")
        kept.put(root, root)
        assert kept.get(root) == root
        assert len(kept) <= 8
    assert kept.get(bytes(32)) is None


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=300), st.integers(0, 300))
def test_an_edge_grows_as_the_tree_does(hashes: list[bytes], cut: int) -> None:
    edge, tiles = Edge().grown(hashes[:cut])
    edge, more = edge.grown(hashes[cut:])
    log = MemoryLog()
    log.tiles = {(tile.level, tile.index): tile.hashes for tile in (*tiles, *more)}
    assert edge.root() == Frontier().extended(hashes).root()
    assert edge == Edge.read(log, len(hashes))
    assert edge.root() == root_at(log, len(hashes))


def test_a_remembered_edge_is_taken_for_its_own_root_only_and_without_reading() -> None:
    edge, tiles = Edge().grown(HASHES[:300])
    other, others = Edge().grown(HASHES[1:301])
    log, another = MemoryLog(), MemoryLog()
    log.tiles = {(tile.level, tile.index): tile.hashes for tile in tiles}
    another.tiles = {(tile.level, tile.index): tile.hashes for tile in others}
    edge.remember(edge.root())
    assert Edge.read(log, 300, edge.root()) is edge
    assert log.tiles_read == 0
    assert Edge.read(another, 300, other.root()) == other
    assert another.tiles_read > 0
    assert Edge.read(another, 300) == other


def test_only_perfect_rows_of_hashes_have_a_tile_root() -> None:
    assert tile_root(HASHES[0]) == HASHES[0]
    assert tile_root(b"".join(HASHES[:256])) == naive_root(HASHES[:256])
    for width in (0, 3, 255):
        with pytest.raises(ValueError, match="perfect"):
            tile_root(b"".join(HASHES[:width]))
