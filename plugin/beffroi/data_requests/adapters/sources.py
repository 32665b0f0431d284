# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opens files of others so that none can do harm: tables (CSV) and documents (JSON), with caps.

A row that cannot be taken is a sentence, and the next one is read. `Unreadable` ends the file: what
follows could no longer be told apart, or is more than is taken in one go. Bytes that are not of the
encoding stay visible as lone surrogates, so that the row which holds them is refused, not the file.
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from beffroi.data_requests.service import ImportedRequest

MOST_BYTES = 256 * 2**20
"""The most bytes of a table, unpacked: a small gzip file may hold a very large one."""
MOST_DOCUMENT = 32 * 2**20
"""The most bytes of a JSON file: one document is held in memory whole."""
MOST_CELL = 4 * 2**20
"""The most characters of a line or a cell; one that is longer than its text may be is refused."""
MOST_ROWS = 200_000
MOST_OBJECTS = 1_000_000
DEEPEST = 12
"""How deep a record may be nested: nothing that is read lies deeper than four."""

Record = dict[str, Any]


class Unreadable(ValueError):
    """Nothing more of a file is read; the sentence says where it stopped, and why."""


@dataclass(frozen=True, slots=True)
class How:
    """What the operator says of a file: which mapping to read it with, which language it is in."""

    mapping: Path | None = None
    language: str = "fr"


class _Counted(io.RawIOBase):
    """A stream of bytes that ends in `Unreadable` after so many."""

    def __init__(self, inner: IO[bytes], file: IO[bytes], most: int) -> None:
        self._inner, self._file, self._left, self._most = inner, file, most, most

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._inner.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Unreadable(f"the gzip file is damaged ({error})") from error
        self._left -= len(piece)
        if self._left < 0:
            raise Unreadable(f"the file has more than {self._most // 2**20} MiB: split it")
        buffer[: len(piece)] = piece
        return len(piece)


def open_text(path: Path, *, encoding: str = "utf-8-sig", most: int = MOST_BYTES) -> io.TextIOBase:
    """Open a file as text, gzip or not, at most so many bytes of it."""
    plain = path.open("rb")
    packed = plain.read(2) == b"\x1f\x8b"
    plain.seek(0)
    inner: IO[bytes] = gzip.GzipFile(fileobj=plain) if packed else plain  # type: ignore[assignment]
    counted = io.BufferedReader(_Counted(inner, plain, most))
    return io.TextIOWrapper(counted, encoding=encoding, errors="surrogateescape", newline="")


def _lines(file: io.TextIOBase) -> Iterator[str]:
    while line := file.readline(MOST_CELL + 1):
        if len(line) > MOST_CELL:
            raise Unreadable(f"a line has more than {MOST_CELL} characters: nothing more was read")
        yield line


def table(
    path: Path,
    *,
    needs: Collection[str],
    may: Collection[str] = (),
    encoding: str = "utf-8-sig",
    delimiter: str | None = None,
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield the line and the cells of each row, or a sentence; other columns are never handed over.

    Without a delimiter it is the one of comma, semicolon and tab that the head has most of. A fault
    in the quotes ends the file: one quote too many makes words of one cell into rows.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MOST_CELL))  # the cap of the whole process
    with open_text(path, encoding=encoding) as file:
        lines = _lines(file)
        first = next(lines, "")
        mark = delimiter or max(",;\t", key=first.count)
        reader = csv.reader(_with(first, lines), delimiter=mark, strict=True)
        rows = _parsed(reader)
        places = _places(next(rows, []), needs, may)
        width, count = places.pop(""), 0
        for row in rows:
            if not row:
                continue
            count += 1
            if count > MOST_ROWS:
                raise Unreadable(f"more than {MOST_ROWS} rows: split the file")
            if len(row) != width:
                yield reader.line_num, f"{len(row)} cells where the head has {width}"
            else:
                yield reader.line_num, {name: row[at] for name, at in places.items()}


def _with(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _parsed(reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise Unreadable(
            f"line {reader.line_num}: this is not CSV ({error}): nothing after it was read, because"
            " its rows can no longer be told apart"
        ) from error


def _places(head: Sequence[str], needs: Collection[str], may: Collection[str]) -> dict[str, int]:
    """Return where each column that is asked for stands, and under no name the number of all."""
    names = [name.strip() for name in head]
    for name in (*needs, *may):
        if names.count(name) > 1:
            raise Unreadable(f"line 1: two columns are called “{name}”")
        if name in needs and name not in names:
            raise Unreadable(
                f"line 1: there is no column “{name}”; is it the right file, and is its encoding"
                " the one that was said?"
            )
    asked = {*needs, *may}
    return {name: at for at, name in enumerate(names) if name in asked} | {"": len(names)}


class Members(dict[str, Any]):
    """A JSON object that knows its depth, and a key that stands twice in it or below it."""

    __slots__ = ("deep", "twice")

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.deep, self.twice = 1, ""
        if len(self) < len(pairs):
            seen: set[str] = set()
            self.twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        for value in self.values():
            for depth, found in _inside(value):
                self.deep = max(self.deep, 1 + depth)
                if isinstance(found, Members):
                    self.twice = self.twice or found.twice


def _inside(value: Any) -> Iterator[tuple[int, Any]]:
    """Yield what lies in a value, through lists but not into objects, with its depth."""
    waiting = [(0, value)]
    while waiting:
        above, one = waiting.pop()
        if isinstance(one, Members):
            yield above + one.deep, one
        elif isinstance(one, list):
            yield above + 1, one
            waiting += [(above + 1, inner) for inner in one]


def _decoded(text: str) -> Any:
    left = iter(range(MOST_OBJECTS))

    def members(pairs: list[tuple[str, Any]]) -> Members:
        if next(left, None) is None:
            raise Unreadable(f"more than {MOST_OBJECTS} objects: split the file")
        return Members(pairs)

    try:  # a number stays what was written: identifiers are compared, and none is too long
        return json.loads(text, object_pairs_hook=members, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise Unreadable("nested too deep") from error
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"not JSON: {error.msg}, line {error.lineno}, column {error.colno}"
        ) from error


def records(path: Path, *, within: Sequence[str]) -> Iterator[tuple[int, Record | str]]:
    """Yield the number and each object of a JSON document or of JSON lines, or a sentence.

    The objects are in a list, alone or below the keys `within`, or the document is one itself.
    """
    with open_text(path, most=MOST_DOCUMENT) as file:
        text = file.read()
    starts = [line.strip() for line in text.split("\n", 50)[:50] if line.strip()][:2]
    if len(starts) == 2 and starts[0].endswith("}") and starts[1].startswith("{"):
        source: Iterable[Any] = _by_line(text)
    else:
        source = _listed(_decoded(text), within)
    del text
    for number, one in enumerate(source, 1):
        if number > MOST_ROWS:
            raise Unreadable(f"more than {MOST_ROWS} records: split the file")
        if isinstance(one, Unreadable):
            yield number, str(one)
        elif not isinstance(one, Members):
            yield number, "an object was expected"
        elif one.twice:
            yield number, f"the key “{one.twice[:40]}” stands twice in one object"
        elif one.deep > DEEPEST:
            yield number, f"nested {one.deep} deep, at most {DEEPEST} are read"
        else:
            yield number, one


def _by_line(text: str) -> Iterator[Any]:
    for line in io.StringIO(text):
        if line.strip():
            try:
                yield _decoded(line)
            except Unreadable as error:
                yield error


def _listed(document: Any, within: Sequence[str]) -> list[Any]:
    for _ in range(3):
        below = next(
            (document[k] for k in within if isinstance(document, dict) and k in document), None
        )
        if below is None:
            break
        document = below
    return document if isinstance(document, list) else [document]


def newest_of(rows: Iterable[ImportedRequest | str], until: datetime) -> datetime | None:
    """Return the newest moment of what can be read that is not after `until`, or None."""
    newest: datetime | None = None
    with suppress(Unreadable):
        for row in rows:
            if not isinstance(row, str) and row.received_at <= until:
                newest = max(newest or row.received_at, row.received_at)
    return newest
