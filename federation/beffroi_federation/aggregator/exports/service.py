# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of the whole as columns, and the list of files that were made of them. None commits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, groupby, islice, repeat
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select

from beffroi_federation.aggregator.exports import queries
from beffroi_federation.aggregator.exports.models import ExportDue, ExportFile
from beffroi_federation.aggregator.exports.rules import BY_KIND, DATA, DataSet, data_of
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
    counted = data.kind == "incident_summary"
    members = None if counted else _reader(data)
    for rows in whole.cell_blocks() if counted else whole.record_blocks(data.kind):
        _, log_ids, firsts, positions, departments, *rest = zip(*rows, strict=True)
        # Rows come log by log: what they share is looked up once for each run of them.
        runs = [(logs[log], len(list(some))) for log, some in groupby(log_ids)]
        firsts_of = iter(firsts)
        refs = [
            f"{begins}{first}"
            for begins, length in [(f"{one.siren}-{one.epoch}-", n) for one, n in runs]
            for first in islice(firsts_of, length)
        ]
        head = [
            refs, _spread((one.siren, n) for one, n in runs),
            _spread((one.name, n) for one, n in runs), _spread((one.origin, n) for one, n in runs),
            positions, departments,
        ]  # fmt: skip
        if members is not None:
            # JSON of many records is read as one list of them, in one turn of the decoder.
            found = members.decode("[" + ",".join(rest[0]) + "]")
            rest = list(zip(*map(msgspec.structs.astuple, found), strict=True))
            if data.columns[_OF_THE_HEAD].name == "url":
                rest.insert(0, tuple(f"{site}/requests/{ref}" for ref in refs))
        yield [*head, *rest]


def _spread(runs: Iterable[tuple[str, int]]) -> list[str]:
    return list(chain.from_iterable(repeat(value, length) for value, length in runs))


def _reader(data: DataSet) -> msgspec.json.Decoder[Any]:
    """Return what reads the members of a data set out of JSON, in the order of its columns."""
    members = [one for one in data.columns[_OF_THE_HEAD:] if one.name != "url"]
    fields: list[tuple[str, Any, Any]] = [
        (f"m_{one.name}", int | None if one.kind == "number" else str | None, None)
        for one in members
    ]
    names = {f"m_{one.name}": one.name for one in members}
    record = msgspec.defstruct(data.name, fields, rename=names, gc=False)
    return msgspec.json.Decoder(list[record])  # type: ignore[valid-type]  # made just now


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
    before = [one for one in queries.files() if data_of(one.name) == data.name]
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
