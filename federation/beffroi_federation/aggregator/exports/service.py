# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of the whole as columns, and the list of files that were made of them. None commits."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select

from beffroi_federation.aggregator.exports import queries
from beffroi_federation.aggregator.exports.models import ExportDue, ExportFile
from beffroi_federation.aggregator.exports.rules import BY_KIND, DATA, DataSet
from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.queries import whole
from beffroi_federation.aggregator.towns import queries as registry

Block = Sequence[Sequence[Any]]
"""A list of values for each column."""
_OF_THE_HEAD = 6
"""The columns that each data set of records begins with."""


def blocks(data: DataSet, site: str) -> Iterator[Block]:
    """Yield the rows of a data set in blocks; `site` is where its pages are."""
    makers: dict[str, Callable[[str], Iterator[Block]]] = {"towns": _towns, "topics": _topics}
    if data.name in makers:
        yield from makers[data.name](site)
        return
    logs = registry.log_names()
    read = whole.cell_blocks if data.kind == "incident_summary" else None
    for rows in read() if read else whole.record_blocks(data.kind):
        _, log_ids, firsts, positions, departments, *rest = zip(*rows, strict=True)
        homes = [logs[one] for one in log_ids]
        refs = [
            f"{home.siren}-{home.epoch}-{first}" for home, first in zip(homes, firsts, strict=True)
        ]
        head = [
            refs, [one.siren for one in homes], [one.name for one in homes],
            [one.origin for one in homes], positions, departments,
        ]  # fmt: skip
        yield [*head, *(rest if read else _members(data, site, refs, rest[0]))]


def _members(data: DataSet, site: str, refs: Sequence[str], known: Sequence[str]) -> Block:
    """Return the columns that come out of records' members; the page's address is our own."""
    names = [one.name for one in data.columns[_OF_THE_HEAD:]]
    at_home = names[0] == "url"
    decode = _reader(data).decode
    found = [msgspec.structs.astuple(decode(one)) for one in known]
    columns = list(zip(*found, strict=True))
    return [[f"{site}/requests/{ref}" for ref in refs], *columns] if at_home else columns


def _reader(data: DataSet) -> msgspec.json.Decoder[Any]:
    """Return what reads the members of a data set out of JSON, in the order of its columns."""
    members = [one for one in data.columns[_OF_THE_HEAD:] if one.name != "url"]
    fields: list[tuple[str, Any, Any]] = [
        (f"m_{one.name}", int | None if one.kind == "number" else str | None, None)
        for one in members
    ]
    names = {f"m_{one.name}": one.name for one in members}
    return msgspec.json.Decoder(msgspec.defstruct(data.name, fields, rename=names))


def _towns(site: str) -> Iterator[Block]:
    rows = registry.all_towns()
    served = registry.communes_of_towns([row.id for row in rows])
    if rows:
        yield [
            [row.siren for row in rows], [row.name for row in rows], [row.kind for row in rows],
            [row.url for row in rows], [" ".join(served.get(row.id, ())) for row in rows],
            [row.population_band for row in rows], [row.state for row in rows],
            [row.origin for row in rows], [row.prefix for row in rows], [row.vkey for row in rows],
        ]  # fmt: skip


def _topics(site: str) -> Iterator[Block]:
    place: tuple[int, int] | None = None
    names = [one.name for one in DATA["topics"].columns]
    while True:
        items, place = queries.topics_page({}, town_id=None, after=place, limit=5_000)
        for one in items:
            one["url"] = f"{site}/topics/{one['id']}"
        if items:
            yield [[one[name] for one in items] for name in names]
        if place is None:
            return


# ---- what is due, and what there is --------------------------------------------------------------


def note_going(ids: Sequence[int], *, now: datetime) -> None:
    """Note that files which hold these records are to be made anew; the records are still there."""
    going = {(BY_KIND[kind].name, year) for kind, year in whole.kinds_and_years(ids)}
    if any(name == "requests" for name, _ in going):
        going.add(("topics", ""))  # whose titles are requests'
    db.session.add_all(ExportDue(name=name, year=year, at=now) for name, year in sorted(going))


def due() -> dict[int, str]:
    """Return the names of data sets of which something is gone, by the id of the note."""
    return {row.id: row.name for row in db.session.execute(select(ExportDue.id, ExportDue.name))}


def put_files(data: DataSet, made: Sequence[Any], done: Sequence[int], *, began: datetime) -> bool:
    """Let the files of a data set take the place of those before; False if newer ones are there.

    `done` are the notes that were there before anything was read; `began` is when that was.
    """
    before = [
        one for one in queries.files() if one.name.partition(".")[0].partition("-")[0] == data.name
    ]
    if any(one.made_at > began for one in before):
        return False
    names = [one.name for one in before]
    for some in bulk.batches(names, bulk.AT_ONCE):
        db.session.execute(delete(ExportFile).where(ExportFile.name.in_(some)))
    rows = [
        {"name": one.name, "rows": one.rows, "bytes": one.bytes, "sha256": one.sha256,
         "made_at": began}
        for one in made
    ]  # fmt: skip
    db.session.execute(insert(ExportFile), rows)
    for ids in bulk.batches(sorted(done), bulk.AT_ONCE):
        db.session.execute(delete(ExportDue).where(ExportDue.id.in_(ids)))
    return True
