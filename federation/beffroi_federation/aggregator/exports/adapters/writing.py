# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks of rows become files of CSV and Parquet: one of all rows, one of each year.

A block is turned into Arrow's columns once; both forms, of the whole and of its year, are written
from these. Each file is written under a passing name, summed, and given the name of its sum only
when it is whole; a process that dies leaves passing names, which the next one clears away.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute as compute
import pyarrow.csv
import pyarrow.parquet

from beffroi_federation.aggregator.exports.rules import ENDINGS, Column, stem

PASSING = ".part"
GROUP_ROWS = 65_536
"""Rows of a row group at most."""
GROUP_BYTES = 64 << 20
"""Bytes of a row group at most, as Arrow holds it: that is what one writer waits with."""
_FORMULA = r"(^|[;\t\r\n])([\s\x0b\x1c-\x1f\x{85}\p{Z}]*)([=+\-@＝＋－＠])"
_MADE_HARMLESS = r"\1\2'\3"
"""What `beffroi_web.cells.harmless` does, for whole columns."""
_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is whole: its name, its rows and bytes, and its sum, which is where it lies."""

    name: str
    rows: int
    bytes: int
    sha256: str


def path_of(folder: Path, sha256: str, ending: str) -> Path:
    """Return where a file with this sum lies."""
    return folder / f"{sha256}.{ending}"


def schema_of(columns: Sequence[Column]) -> Any:
    """Return the Arrow schema of columns."""
    numbers = {"number": pyarrow.int64()}
    return pyarrow.schema([(one.name, numbers.get(one.kind, pyarrow.string())) for one in columns])


@dataclass(slots=True)
class _Pair:
    """The two files of one stem while they are written, and the rows that wait for a row group."""

    folder: Path
    stem: str
    schema: Any
    endings: Sequence[str]
    waiting: list[Any] = field(default_factory=list)
    rows: int = 0
    held: int = 0
    weight: int = 0
    csv: Any = None
    parquet: Any = None

    def passing(self, ending: str) -> Path:
        return self.folder / f"{self.stem}.{os.getpid()}.{ending}{PASSING}"

    def open(self) -> None:
        if "csv" in self.endings:
            options = pyarrow.csv.WriteOptions(quoting_style="needed")
            self.csv = pyarrow.csv.CSVWriter(
                str(self.passing("csv")), self.schema, write_options=options
            )
        self.parquet = pyarrow.parquet.ParquetWriter(
            str(self.passing("parquet")), self.schema, compression="zstd"
        )

    def add(self, batch: Any, harmless: Any) -> None:
        if not batch.num_rows:
            return
        if self.csv:
            self.csv.write_batch(harmless)
        self.waiting.append(batch)
        self.rows += batch.num_rows
        self.held += batch.num_rows
        self.weight += batch.nbytes
        if self.held >= GROUP_ROWS or self.weight >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        if self.waiting:
            table = pyarrow.Table.from_batches(self.waiting, schema=self.schema)
            self.parquet.write_table(table, row_group_size=GROUP_ROWS)
            self.waiting, self.held, self.weight = [], 0, 0

    def close(self) -> list[Made]:
        self.flush()
        if self.csv:
            self.csv.close()
        self.parquet.close()
        return [
            _named(self.folder, self.passing(one), self.stem, one, self.rows)
            for one in self.endings
        ]


def _named(folder: Path, passing: Path, stem: str, ending: str, rows: int) -> Made:
    """Give a whole file the name of its sum, once its bytes are on the disk."""
    digest = hashlib.sha256()
    with passing.open("rb") as file:
        while part := file.read(_READ):
            digest.update(part)
        os.fsync(file.fileno())
    size, sha256 = passing.stat().st_size, digest.hexdigest()
    passing.replace(path_of(folder, sha256, ending))
    return Made(f"{stem}.{ending}", rows, size, sha256)


def write(
    folder: Path,
    name: str,
    columns: Sequence[Column],
    blocks: Iterable[Sequence[Sequence[Any]]],
    *,
    year_at: int | None = None,
    endings: Sequence[str] = ENDINGS,
) -> list[Made]:
    """Write a data set into a folder; return its files, those of years only where there are any.

    A block holds a list of values for each column. `year_at` is the column whose first four
    characters are the year of a row; None for a data set without years.
    """
    schema = schema_of(columns)
    texts = [at for at, one in enumerate(columns) if one.kind in {"text", "address"}]
    whole = _Pair(folder, stem(name), schema, endings)
    whole.open()
    years: dict[str, _Pair] = {}
    for block in blocks:
        batch = pyarrow.record_batch(
            [
                pyarrow.array(values, type=one.type)
                for values, one in zip(block, schema, strict=True)
            ],
            schema=schema,
        )
        harmless = _harmless(batch, texts) if "csv" in endings else batch
        whole.add(batch, harmless)
        if year_at is not None:
            for year, mask in _by_year(batch.column(year_at)):
                if year not in years:
                    years[year] = _Pair(folder, stem(name, year), schema, endings)
                    years[year].open()
                if mask is None:
                    years[year].add(batch, harmless)
                else:
                    years[year].add(batch.filter(mask), harmless.filter(mask))
    return [made for pair in (whole, *years.values()) for made in pair.close()]


def _by_year(periods: Any) -> Iterator[tuple[str, Any]]:
    """Yield each year of a column of periods with the rows that fall into it; None for all."""
    years = compute.utf8_slice_codeunits(periods, 0, 4)
    found = compute.unique(years).to_pylist()
    for year in found:
        yield year, None if len(found) == 1 else compute.equal(years, year)


def _harmless(batch: Any, texts: Sequence[int]) -> Any:
    """Return a batch whose cells no spreadsheet runs."""
    columns = list(batch.columns)
    for at in texts:
        columns[at] = compute.replace_substring_regex(columns[at], _FORMULA, _MADE_HARMLESS)
    return pyarrow.record_batch(columns, schema=batch.schema)


def clear(folder: Path, keep: Iterable[str]) -> list[str]:
    """Take every file out of the folder that is not among `keep` (their names); return which."""
    kept = set(keep)
    gone = [one for one in folder.iterdir() if one.is_file() and one.name not in kept]
    for one in gone:
        one.unlink(missing_ok=True)
    return [one.name for one in gone]
