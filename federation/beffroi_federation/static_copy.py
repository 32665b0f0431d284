# SPDX-License-Identifier: AGPL-3.0-or-later
"""A static copy of a log on disk, read as if it were served; opens files and no connection."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from beffroi_federation.bodies import split_lines, unpack
from beffroi_federation.errors import OverLimit
from beffroi_federation.feed_client import NOT_FOUND, OK, Fetched, Streamed
from beffroi_federation.url_policy import check_path

PIECE_BYTES = 65_536


class DirectoryFetcher:
    """Reads a static copy of a log from a folder: the prefix itself, or a folder with `log/`."""

    def __init__(self, folder: Path) -> None:
        with_log = not (folder / "checkpoint").is_file() and (folder / "log").is_dir()
        self._root = str(folder)
        self._prefix = str(folder / "log" if with_log else folder)

    def get(self, path: str, *, etag: str | None = None, max_bytes: int) -> Fetched:
        """Return a file's bytes, or 404; a file above `max_bytes` is OverLimit."""
        file = self._file(path)
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            with open(file, "rb", buffering=0) as stream:
                size = os.fstat(stream.fileno()).st_size
                body = stream.read(min(size, max_bytes) + 1) or b""
            if len(body) > max_bytes:
                raise OverLimit("A file is longer than it may be", expected=f"at most {max_bytes}")
            return Fetched(OK, body, None)
        return Fetched(NOT_FOUND, b"", None)

    def lines(
        self, path: str, *, etag: str | None = None, max_bytes: int, max_line: int
    ) -> Streamed:
        """Return the lines of a file, or 404."""
        file = self._file(path)
        if not os.path.isfile(file):
            return Streamed(NOT_FOUND, iter(()), None)
        pieces = unpack(_file_pieces(file), encoding="", max_bytes=max_bytes)
        return Streamed(OK, split_lines(pieces, max_line=max_line), None)

    def _file(self, path: str) -> str:
        """Return where a path stands in the folder."""
        check_path(path)
        return f"{self._root}{path}" if path.startswith("/") else f"{self._prefix}/{path}"


def _file_pieces(file: str) -> Iterator[bytes]:
    """Yield a file in pieces."""
    with open(file, "rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece
