# SPDX-License-Identifier: AGPL-3.0-or-later
"""The protocol's pages say what the code does: limits, kinds, members, pinned versions."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from beffroi_federation import entries, identity, notes, tiles, verify
from beffroi_federation.canonical import MAX_DEPTH, MAX_INTEGER
from beffroi_federation.checkpoint import PROOF_HEAD
from beffroi_federation.entries import Reason
from beffroi_federation.identity import IDENTITY_BYTES, KINDS
from beffroi_federation.merkle import MAX_SIZE
from beffroi_federation.tail import TAIL_BYTES
from support.protocol_vectors import VECTORS, good_files, worked

PAGES = Path(__file__).parents[2] / "docs/protocol"


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text("utf-8")


def section(name: str, heading: str) -> str:
    """Return a page's part under a heading, up to the next one of any depth."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page(name), re.M | re.S)
    assert found, (name, heading)
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a page's tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if not set("".join(row)) <= set("-| ")]


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        ("checkpoint note", f"{notes.MAX_NOTE:,} bytes, {notes.MAX_SIGNATURES} signature lines"),
        ("leaf", f"{tiles.MAX_LEAF:,} bytes, ASCII"),
        ("entry bundle", f"256 leaves, {tiles.MAX_BUNDLE:,} bytes"),
        ("content", f"{entries.MAX_CONTENT:,} bytes"),
        ("content line", f"{entries.MAX_LINE:,} bytes with its LF"),
        ("content bundle", f"{entries.MAX_CONTENT_BUNDLE >> 20} MiB, read line by line"),
        ("tail", f"{TAIL_BYTES >> 20} MiB"),
        ("identity file", f"{IDENTITY_BYTES:,} bytes"),
        ("proof", f"{notes.MAX_NOTE + 4_096:,} bytes, 63 hashes"),
        ("receipt", f"{entries.MAX_RECEIPT:,} bytes"),
        ("JSON in a content", f"{MAX_DEPTH} levels of lists and objects"),
    ],
)
def test_every_limit_on_the_page_is_that_of_the_code(what: str, limit: str) -> None:
    limits = {row[0]: row[1] for row in rows(section("README", "Limits"))}
    assert limits[what] == limit


def test_the_largest_numbers_on_the_page_are_those_of_the_code() -> None:
    limits = {row[0]: row[1] for row in rows(section("README", "Limits"))}
    assert limits["tree size, index in a checkpoint or proof"] == "2^63 - 1"
    assert limits["index in a leaf or content line"] == "2^53 - 1"
    assert (MAX_SIZE, MAX_INTEGER, notes.MAX_ORIGIN) == (2**63 - 1, 2**53 - 1, 255)
    assert "at most 255 bytes in UTF-8" in page("README")


def test_the_table_of_leaves_has_every_kind_with_exactly_its_members() -> None:
    shown: dict[str, set[str]] = {}
    for row in rows(section("entries", "Leaves")):
        for leaf in re.findall(r"`(\{[^`]*\})`", row[1]) if len(row) > 1 else ():
            members = set(re.findall(r'"([a-z])":', leaf))
            kind = re.findall(r'"t":"([a-z]{3})"', leaf)
            shown.setdefault(kind[0], set()).update(members)
    known: dict[str, set[str]] = {}
    for case in worked("entries")["leaves"]:
        known.setdefault(case["kind"], set()).update(json.loads(case["leaf"]))
    assert shown == known
    kinds = {one.kind for one in get_args(entries.Entry)}
    assert shown.keys() == kinds


def test_every_reason_and_every_state_of_a_content_is_on_its_pages() -> None:
    for reason in Reason:
        assert f"`{reason.value}`" in section("entries", "Leaves")
        assert f"`{reason.value}`" in page("withdrawal")
    states = {state.value for state in verify.ContentState}
    assert {row[0] for row in rows(section("entries", "Withdrawing"))[1:]} == states
    assert {
        row[0].strip("`") for row in rows(section("pulling", "States of a content"))[1:]
    } == states


def test_the_identity_page_names_every_member_and_the_good_history_has_them() -> None:
    shown = {
        name
        for row in rows(section("identity-and-discovery", "The identity file"))[1:]
        for name in re.findall(r"`([a-z_]+)`", row[0])
    }
    assert shown == set(identity.Identity.__slots__)
    assert shown == json.loads(good_files()[".well-known/beffroi.json"]).keys()
    for kind in KINDS:
        assert f"`{kind}`" in section("identity-and-discovery", "The identity file")


def test_the_words_that_are_hashed_or_read_stand_on_the_pages() -> None:
    assert 'message = "beffroi/commit/v1\\n" || content' in page("entries")
    assert PROOF_HEAD.strip() in section("checkpoint-and-tiles", "Proofs to keep")
    assert "SHA-256(0x00 || leaf)" in page("checkpoint-and-tiles")
    assert "cosignature/v1" in page("checkpoint-and-tiles")


def test_the_pinned_specifications_have_a_tag_or_the_commit() -> None:
    text = section("README", "What it stands on")
    assert "`5ba5ee83`" in text
    pinned = {row[0].strip("`"): row[1].strip("`") for row in rows(text)[1:]}
    assert pinned == {
        "signed-note": "v1.0.0",
        "tlog-checkpoint": "v1.0.0",
        "tlog-tiles": "v0.1.0",
        "tlog-cosignature": "v1.0.1",
        "tlog-witness": "v1.0.0",
        "tlog-proof": "none, the commit",
        "tlog-policy": "none, the commit",
    }


def test_every_page_of_the_protocol_is_listed_and_every_listed_page_is_there() -> None:
    listed = set(
        re.findall(r"\]\(([a-z-]+\.md)\)", page("README").split("## What it stands on")[0])
    )
    there = {path.name for path in PAGES.glob("*.md")} - {"README.md"}
    assert listed == there


def test_every_wrong_history_is_a_file_that_says_what_is_wrong_and_what_to_find() -> None:
    table = section("vectors/README", "A wrong history")
    for path in sorted((VECTORS / "bad").glob("*.json")):
        case = json.loads(path.read_text("utf-8"))
        assert case["title"][0].isupper(), path.name
        expect = case["expect"]
        if "error" in expect:
            assert f"`{expect['error']}`" in table, path.name
        if "where" in expect:
            assert f'"where": "{expect["where"]}"' in table, path.name
        assert case.keys() <= {"title", "expect", "known", "vkeys", "files"}
