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

    `known` is the checkpoint note the reader accepted before, if any; `vkeys` the keys it knows.
    `error` names the class of `beffroi_federation.errors` (or a parent of it) that must be raised
    by reading `where`: the log, the content at `index` as a record, or the tail, proof, receipt or
    identity file among the files. Without an error, `state` is that of the content at `index`.
    """

    name: str
    title: str
    files: dict[str, bytes]
    known: str | None
    vkeys: tuple[str, ...]
    error: str | None
    state: str | None
    index: int | None
    where: str


def worked(name: str) -> Any:
    """Return the values of one worked file, `tree`, `notes` or `entries`."""
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


@cache
def good_files() -> dict[str, bytes]:
    """Return every file of the good history by its path."""
    return read_files(VECTORS / "good")


def good_vkeys() -> tuple[str, ...]:
    """Return the keys that the good history's identity names, the current one first."""
    identity = json.loads(good_files()[".well-known/beffroi.json"])
    return tuple(identity["vkeys"])


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
        tuple(case.get("vkeys", good_vkeys()[:1])),
        expect.get("error"),
        expect.get("state"),
        expect.get("index"),
        expect.get("where", "log"),
    )
