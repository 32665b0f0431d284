# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of connected catalogues: what is known of them, and the datasets near a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from beffroi.catalogue.models import Catalogue, Dataset
from beffroi.kernel.db import db
from beffroi.kernel.nearby import Index

INDEX = Index("dataset")
LEAST = 0.25
"""The part of a question that a dataset must answer to be shown."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published dataset as everyone may see it."""

    title: str
    url: str
    summary: str
    publisher: str
    licence: str
    themes: tuple[str, ...]
    high_value: str | None


@dataclass(frozen=True, slots=True)
class Connected:
    """A connected catalogue and how its last import went."""

    id: int
    kind: str
    address: str
    name: str
    fixed: bool
    etag: str
    modified: str
    tried_at: datetime | None
    imported_at: datetime | None
    fault: str | None
    datasets: int
    refused: int


_CATALOGUES = [getattr(Catalogue, name) for name in Connected.__dataclass_fields__]


def near(title: str, more: str = "", *, most: int = 5) -> list[Published]:
    """Return the published datasets that may be what a request asks for, the nearest first."""
    found = [one.id for one in INDEX.find(title, more, most=most, covers=LEAST)]
    rows = db.session.scalars(select(Dataset).where(Dataset.id.in_(found))) if found else ()
    by_id = {row.id: row for row in rows}
    return [_published(by_id[one]) for one in found if one in by_id]


def _published(row: Dataset) -> Published:
    return Published(
        title=row.title,
        url=row.url,
        summary=row.summary,
        publisher=row.publisher,
        licence=row.licence,
        themes=tuple(row.themes.split()),
        high_value=row.high_value,
    )


def catalogues() -> list[Connected]:
    """Return the connected catalogues, in the order in which they were connected."""
    rows: Sequence[Any] = db.session.execute(select(*_CATALOGUES).order_by(Catalogue.id)).all()
    return [Connected(*row) for row in rows]


def words_after(after: int, most: int) -> Sequence[Any]:
    """Return (id, title, summary, publisher) of the datasets after one, in the order of ids."""
    return db.session.execute(
        select(Dataset.id, Dataset.title, Dataset.summary, Dataset.publisher)
        .where(Dataset.id > after)
        .order_by(Dataset.id)
        .limit(most)
    ).all()
