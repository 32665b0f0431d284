# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads docs/protocol/vectors: the worked values, the good history and the wrong ones."""

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from support.town_files import read_files

VECTORS = Path(__file__).parents[2] / "docs/protocol/vectors"


@dataclass(frozen=True)
class BadHistory:
    """One way of being wrong, complete: every file as served, and what a reader must find.

    `known` is the checkpoint note the reader accepted before, if any. `error` names the class of
    `beffroi_federation.errors` (or a parent of it) that must be raised, by reading the content at
    `index` as a record if `in_record`; or else `state` is that of the content at `index`.
    """

    name: str
    title: str
    files: dict[str, bytes]
    known: str | None
    error: str | None
    state: str | None
    index: int | None
    in_record: bool


def worked(name: str) -> Any:
    """Return the values of one worked file, `tree`, `notes` or `entries`."""
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


@cache
def good_files() -> dict[str, bytes]:
    """Return every file of the good history by its path."""
    return read_files(VECTORS / "good")


def good_checkpoint(size: int) -> str:
    """Return the note that the good history served when it had this size."""
    return (VECTORS / "checkpoints" / str(size)).read_text("utf-8")


def bad_histories() -> list[BadHistory]:
    """Return every wrong history."""
    return [_bad(path) for path in sorted((VECTORS / "bad").glob("*.json"))]


def _bad(path: Path) -> BadHistory:
    case = json.loads(path.read_text("utf-8"))
    files = dict(good_files())
    for name, data in case["files"].items():
        if data is None:
            del files[name]
        else:
            files[name] = (
                data.encode() if isinstance(data, str) else base64.b64decode(data["base64"])
            )
    expect = case["expect"]
    return BadHistory(
        path.stem,
        case["title"],
        files,
        case.get("known"),
        expect.get("error"),
        expect.get("state"),
        expect.get("index"),
        expect.get("where") == "record",
    )
