# SPDX-License-Identifier: AGPL-3.0-or-later
"""Paths have one spelling, and a bundle holds its leaves and nothing else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.errors import Malformed, OverLimit, ProtocolError
from beffroi_federation.tiles import (
    MAX_BUNDLE,
    MAX_INDEX,
    Place,
    bundle_path,
    bundle_places,
    content_path,
    decode_bundle,
    encode_bundle,
    parse_content_path,
    parse_tile_path,
    tile_path,
    tile_places,
)
from support.log_contract import fill, leaves_from
from support.memory_log import MemoryLog
from support.protocol_vectors import worked


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "000"),
        (7, 256, "007"),
        (999, 1, "999.p/1"),
        (1000, 256, "x001/000"),
        (1234067, 255, "x001/x234/067.p/255"),
    ],
)
def test_a_place_has_the_path_of_the_format(index: int, width: int, path: str) -> None:
    assert tile_path(3, index, width) == f"tile/3/{path}"
    assert bundle_path(index, width) == f"tile/entries/{path}"
    assert parse_tile_path(path) == (index, width)


@given(st.integers(0, MAX_INDEX), st.integers(1, 256))
def test_every_path_reads_back(index: int, width: int) -> None:
    path = tile_path(0, index, width).removeprefix("tile/0/")
    assert parse_tile_path(path) == (index, width)
    assert parse_content_path(content_path(index).removeprefix("content/")) == index


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "00",
        "0000",
        "x000/001",
        "001/000",
        "x001/0",
        "x001/x000",
        "000.p/0",
        "000.p/01",
        "000.p/256",
        "000.p/999",
        "000.p/",
        "000/",
        "/000",
        "000\n",
        "٠٠٠",
        "-01",
        "000.p/1/",
        "x999/x999/x999/x999/x999/999",
        "../000",
    ],
)
def test_any_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        parse_tile_path(path)


def test_contents_have_no_partial_form() -> None:
    with pytest.raises(Malformed):
        parse_content_path("000.p/3")


@pytest.mark.parametrize(("index", "width"), [(-1, 256), (0, 0), (0, 257), (MAX_INDEX + 1, 1)])
def test_a_tile_that_cannot_be_has_no_path(index: int, width: int) -> None:
    with pytest.raises(ValueError, match="no tile"):
        tile_path(0, index, width)


def test_the_tiles_of_a_size_are_the_worked_ones() -> None:
    for case in worked("tree")["widths"]:
        paths = [tile_path(p.level, p.index, p.width) for p in tile_places(case["size"])]
        assert paths == case["tiles"]
    places = list(tile_places(70_000))
    for name, (full, partial) in worked("tree")["counts_at_70000"].items():
        level = int(name.removeprefix("level "))
        widths = [place.width for place in places if place.level == level]
        assert widths == [256] * full + [partial]


def test_only_tiles_that_changed_are_listed_since_a_size() -> None:
    assert list(tile_places(257, 256)) == [Place(0, 1, 1)]
    assert list(tile_places(512, 257)) == [Place(0, 1, 256), Place(1, 0, 2)]
    assert list(tile_places(300, 300)) == []
    assert [p.index for p in bundle_places(513, 256)] == [1, 2]
    assert list(bundle_places(0)) == []


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_the_tiles_since_a_size_are_those_that_were_not_there_then(one: int, two: int) -> None:
    old, new = sorted((one, two))
    assert set(tile_places(new, old)) == set(tile_places(new)) - set(tile_places(old))


def test_tiles_and_bundles_are_the_worked_bytes() -> None:
    log = MemoryLog()
    fill(log, 256)
    expected = worked("tree")["sha256_hex"]
    assert hashlib.sha256(log.read_tile(0, 0, 256)).hexdigest() == expected["tile/0/000"]
    bundle = encode_bundle(leaves_from(0, 256))
    assert hashlib.sha256(bundle).hexdigest() == expected["tile/entries/000"]
    assert encode_bundle(leaves_from(0, 2)).hex() == worked("tree")["bundle_of_two_hex"]


@given(st.lists(st.binary(max_size=1_024), min_size=1, max_size=20))
def test_a_bundle_reads_back(leaves: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(leaves), len(leaves)) == tuple(leaves)


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=9), st.data())
def test_a_bundle_cut_short_or_read_with_another_width_is_refused(
    leaves: list[bytes], data: st.DataObject
) -> None:
    bundle = encode_bundle(leaves)
    cut = data.draw(st.integers(0, len(bundle) - 1))
    with pytest.raises(Malformed):
        decode_bundle(bundle[:cut], len(leaves))
    for width in (len(leaves) - 1, len(leaves) + 1):
        with pytest.raises(Malformed):
            decode_bundle(bundle, width)
    with pytest.raises(ProtocolError):
        decode_bundle(bundle + b"\0", len(leaves))


def test_a_leaf_above_the_limit_is_neither_written_nor_read() -> None:
    with pytest.raises(OverLimit):
        encode_bundle([b"x" * 1_025])
    with pytest.raises(OverLimit):
        decode_bundle(b"\x04\x01" + b"x" * 1_025, 1)
    assert len(encode_bundle([b"x" * 1_024] * 256)) == MAX_BUNDLE


def test_a_bundle_of_nothing_or_of_too_much_is_a_mistake() -> None:
    for count in (0, 257):
        with pytest.raises(ValueError, match="1 to 256"):
            encode_bundle([b"x"] * count)
