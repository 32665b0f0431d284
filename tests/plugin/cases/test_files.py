# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store of files: bytes before rows, orphans swept, names that cannot lead elsewhere."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beffroi.cases.adapters.files import FolderStore, sweep

NAME = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2
NOW = datetime(2027, 1, 12, 12, tzinfo=UTC)


def _aged(path: Path, days: float) -> None:
    at = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))


def test_what_was_put_is_given_back(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(NAME, b"bytes")
    assert store.get(NAME) == b"bytes"


def test_a_name_is_used_once(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(NAME, b"first")
    with pytest.raises(FileExistsError):
        store.put(NAME, b"second")
    assert store.get(NAME) == b"first"
    assert [p.name for p in tmp_path.glob("??/*")] == [NAME], "no draft is left behind"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0" * 31, "g" * 32, NAME + "/x"])
def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        FolderStore(tmp_path).get(name)


def test_bytes_without_a_row_are_swept_after_a_day(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(NAME, b"named by a row")
    store.put(OTHER, b"orphan")
    for path in tmp_path.glob("??/*"):
        _aged(path, 1.5)
    assert sweep(tmp_path, {NAME}, now=NOW) == 1
    assert store.get(NAME) == b"named by a row"
    with pytest.raises(FileNotFoundError):
        store.get(OTHER)


def test_a_young_orphan_is_left_to_the_request_that_may_still_run(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(NAME, b"just written")
    _aged(next(tmp_path.glob("??/*")), 0.5)
    assert sweep(tmp_path, set(), now=NOW) == 0


def test_files_are_readable_by_the_service_only(tmp_path: Path) -> None:
    FolderStore(tmp_path).put(NAME, b"private")
    assert next(tmp_path.glob("??/*")).stat().st_mode & 0o077 == 0
