# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on connected catalogues: connect, begin an import, take datasets, end it. None commits."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from beffroi.catalogue.models import Catalogue, Dataset
from beffroi.catalogue.queries import INDEX
from beffroi.catalogue.rules import EVERY, Described
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi.kernel.nearby import Text
from beffroi_web.addresses import check_address
from beffroi_web.words import N_

AT_ONCE = 500


def connect(wanted: Iterable[tuple[str, str]]) -> None:
    """Keep exactly the catalogues that the settings name, beside those of the desk.

    Those that are named no more are forgotten. One that the desk had connected and the settings
    name now is theirs from here on; read as another kind, it begins anew.
    """
    wanted = dict.fromkeys(wanted)
    named = {address: kind for kind, address in wanted}
    known = set()
    for one in db.session.scalars(select(Catalogue)).all():
        if (one.kind, one.address) in wanted:
            one.fixed = True
            known.add((one.kind, one.address))
        elif one.fixed or one.address in named:
            _forget(one.id)
    db.session.flush()
    for kind, address in wanted:
        if (kind, address) not in known:
            db.session.add(Catalogue(kind=kind, address=address, name="", fixed=True))
    db.session.flush()


def _forget(catalogue_id: int) -> None:
    forget_unseen(catalogue_id, ())
    db.session.execute(delete(Catalogue).where(Catalogue.id == catalogue_id))


def add(kind: str, address: str, name: str, *, loopback: frozenset[str]) -> None:
    """Connect a catalogue at the desk; the worker brings it in. Invalid says what is wrong."""
    try:
        check_address(address, loopback)
    except ValueError:
        raise Invalid(_WRONG, errors={"address": [_WRONG]}) from None
    if db.session.scalar(select(Catalogue.id).where(Catalogue.address == address)) is not None:
        sentence = N_("This address is connected already.")
        raise Invalid(sentence, errors={"address": [sentence]})
    row = Catalogue(kind=kind, address=address, name=" ".join(name.split()), fixed=False)
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return  # the same form, sent twice at once


_WRONG = N_(
    "Give an address that begins with https:// and a public name, without a port or a password."
)


def end_at_desk(catalogue_id: int) -> None:
    """Forget a catalogue that was connected at the desk, with its datasets."""
    row = db.session.get(Catalogue, catalogue_id)
    if row is None:
        raise NotFound(N_("There is no such catalogue."))
    if row.fixed:
        raise Conflict(
            N_("The settings name this catalogue: whoever runs the server takes it out.")
        )
    _forget(catalogue_id)


def begin(catalogue_id: int, *, now: datetime, again: bool = False) -> bool:
    """Take a catalogue's import of the day, once; say whether it was there to be taken."""
    due = or_(Catalogue.tried_at.is_(None), Catalogue.tried_at <= now - EVERY)
    result = db.session.execute(
        update(Catalogue)
        .where(Catalogue.id == catalogue_id, *(() if again else (due,)))
        .values(tried_at=now)
    )
    return bool(getattr(result, "rowcount", 0))


def take(catalogue_id: int, rows: Sequence[Described]) -> set[int]:
    """Keep datasets that are new or have changed; return the ids of all of them.

    One that a catalogue names twice is kept as it comes last.
    """
    by_source = {row.source_id: row for row in rows}
    there = {
        source_id: (dataset_id, digest)
        for source_id, dataset_id, digest in db.session.execute(
            select(Dataset.source_id, Dataset.id, Dataset.digest).where(
                Dataset.catalogue_id == catalogue_id, Dataset.source_id.in_(by_source)
            )
        ).all()
    }
    changed: dict[int, Described] = {}
    for source_id, (dataset_id, digest) in there.items():
        row = by_source[source_id]
        if _digest(row) != digest:
            changed[dataset_id] = row
            values = _values(row)
            db.session.execute(update(Dataset).where(Dataset.id == dataset_id).values(**values))
    new = [row for source_id, row in by_source.items() if source_id not in there]
    ids: Sequence[int] = ()
    if new:
        ids = db.session.scalars(
            insert(Dataset).returning(Dataset.id, sort_by_parameter_order=True),
            [{"catalogue_id": catalogue_id, **_values(row)} for row in new],
        ).all()
    INDEX.put(_text(dataset_id, row) for dataset_id, row in changed.items())
    INDEX.add(_text(dataset_id, row) for dataset_id, row in zip(ids, new, strict=True))
    return {dataset_id for dataset_id, _ in there.values()} | set(ids)


def forget_unseen(catalogue_id: int, seen: Collection[int]) -> int:
    """Forget the datasets of a catalogue that it no longer names; return how many."""
    mine = db.session.scalars(select(Dataset.id).where(Dataset.catalogue_id == catalogue_id)).all()
    gone = sorted(set(mine) - set(seen))
    for start in range(0, len(gone), AT_ONCE):
        some = gone[start : start + AT_ONCE]
        INDEX.remove(some)
        db.session.execute(delete(Dataset).where(Dataset.id.in_(some)))
    return len(gone)


def end(
    catalogue_id: int,
    *,
    now: datetime,
    fault: str = "",
    refused: int | None = None,
    kept: tuple[str, str] | None = None,
) -> None:
    """Write down how an import went; `refused` is None where nothing had changed."""
    count = select(func.count()).where(Dataset.catalogue_id == catalogue_id)
    values: dict[str, object] = {
        "fault": fault[:500] or None,
        "datasets": db.session.scalar(count) or 0,
    }
    if not fault:
        values["imported_at"] = now
    if refused is not None:
        values["refused"] = refused
    if kept is not None:
        values["etag"], values["modified"] = kept
    db.session.execute(update(Catalogue).where(Catalogue.id == catalogue_id).values(**values))


def _values(row: Described) -> dict[str, object]:
    return {
        "source_id": row.source_id,
        "title": row.title,
        "url": row.url,
        "summary": row.summary,
        "publisher": row.publisher,
        "licence": row.licence,
        "themes": " ".join(row.themes),
        "high_value": row.high_value,
        "digest": _digest(row),
    }


def _digest(row: Described) -> str:
    return hashlib.sha256(repr(row).encode()).hexdigest()


def _text(dataset_id: int, row: Described) -> Text:
    return Text(dataset_id, row.title, row.summary, row.publisher)
