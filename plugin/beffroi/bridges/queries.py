# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known of sources and of what they hold. Public pages read public forms alone, here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from beffroi.bridges import rules
from beffroi.bridges.models import AnswerThere, BridgedItem, BridgeSource
from beffroi.cases import queries as cases
from beffroi.kernel import driver
from beffroi.kernel.db import db
from beffroi.kernel.extension import Bridged

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Source:
    """A source as the desk and the worker know it; its secrets are sealed."""

    id: int
    kind: str
    address: str
    component: str
    name: str
    mode: str
    lang: str
    optional: tuple[str, ...] | None
    space: str
    credentials: str | None
    hook_secret: str | None
    tried_at: datetime | None
    read_at: datetime | None
    swept_at: datetime | None
    fault: str | None
    refused: int
    requests: int
    vanished: int

    @property
    def label(self) -> str:
        """What people read for it."""
        return self.name or self.address.split("/")[2]


def _source(row: BridgeSource) -> Source:
    optional = None if row.optional is None else tuple(row.optional.split())
    return Source(
        row.id, row.kind, row.address, row.component, row.name, row.mode, row.lang, optional,
        row.space, row.credentials, row.hook_secret, row.tried_at, row.read_at, row.swept_at,
        row.fault, row.refused, row.requests, row.vanished,
    )  # fmt: skip


def sources() -> list[Source]:
    """Return the sources that are read, the oldest first."""
    alive = select(BridgeSource).where(BridgeSource.ended_at.is_(None))
    return [_source(row) for row in db.session.scalars(alive.order_by(BridgeSource.id))]


def source(source_id: int) -> Source | None:
    """Return one source that is read."""
    row = db.session.get(BridgeSource, source_id)
    return _source(row) if row is not None and row.ended_at is None else None


def lights(source_id: int) -> dict[str, tuple[str, bool]]:
    """Return what tells whether an item has changed, and whether it is gone, by its id there."""
    rows = db.session.execute(
        select(BridgedItem.external_id, BridgedItem.light, BridgedItem.gone_at).where(
            BridgedItem.source_id == source_id
        )
    )
    return {external_id: (light, gone_at is not None) for external_id, light, gone_at in rows}


def counts() -> dict[int, tuple[int, int]]:
    """Return how many items each source has here, and how many of their texts wait."""
    waits = BridgedItem.state.in_(("pending",)) & BridgedItem.case_id.is_(None)
    answers = (BridgedItem.answer != "") & BridgedItem.public_answer.is_(None)
    rows = db.session.execute(
        select(
            BridgedItem.source_id,
            func.count(),
            func.count().filter((waits & (BridgedItem.title != "")) | answers),
        )
        .where(BridgedItem.gone_at.is_(None), BridgedItem.state != "erased")
        .group_by(BridgedItem.source_id)
    )
    return {source_id: (items, waiting) for source_id, items, waiting in rows}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an agent has to decide about an item: its title, its answer, or both (else empty)."""

    id: int
    title: str
    answer: str
    url: str


def waiting(source_id: int, most: int = MOST_LISTED) -> list[Waiting]:
    """Return the oldest items of a source with something that waits for an agent."""
    title = (BridgedItem.case_id.is_(None)) & (BridgedItem.title != "")
    title = title & (BridgedItem.state == "pending")
    answer = (BridgedItem.answer != "") & BridgedItem.public_answer.is_(None)
    rows = db.session.scalars(
        select(BridgedItem)
        .where(BridgedItem.source_id == source_id, BridgedItem.gone_at.is_(None))
        .where(BridgedItem.state.not_in(("erased", "held")), title | answer)
        .order_by(BridgedItem.id)
        .limit(most)
    )
    return [
        Waiting(
            row.id,
            row.title if row.case_id is None and row.state == "pending" else "",
            row.answer if row.public_answer is None else "",
            row.url,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Linked:
    """A proposal that stays where it is, in its public words; `beside` is a request like it."""

    title: str
    seen: Bridged
    beside: str | None = None


def _bridged(item: BridgedItem, origin: BridgeSource) -> Bridged:
    return Bridged(
        origin=origin.name or origin.address.split("/")[2],
        url=item.url,
        status=rules.STATUS_WORDS[item.status],
        token=item.status_raw,
        supports=item.supports,
        comments=item.comments,
        answer=item.public_answer,
        answered_at=item.answered_at,
        labels=tuple(item.labels.split("\n")) if item.labels else (),
    )


_SHOWN = (
    BridgedItem.case_id.is_(None),
    BridgedItem.gone_at.is_(None),
    BridgedItem.state == "released",
    BridgeSource.ended_at.is_(None),
)
_COUNTED = (
    "SELECT count(*) FROM bridged_item i JOIN bridge_source s ON s.id = i.source_id"
    " WHERE i.case_id IS NULL AND i.gone_at IS NULL AND i.state = 'released'"
    " AND s.ended_at IS NULL"
)
"""`_SHOWN`, counted."""


def linked(before: int | None = None, most: int = MOST_LISTED) -> tuple[list[Linked], int | None]:
    """Return released proposals, the newest first, and by what to ask for the next ones."""
    rows = db.session.execute(
        select(BridgedItem, BridgeSource)
        .join(BridgeSource, BridgeSource.id == BridgedItem.source_id)
        .where(*_SHOWN, *(() if before is None else (BridgedItem.id < before,)))
        .order_by(BridgedItem.id.desc())
        .limit(most + 1)
    ).all()
    refs = cases.public_refs({item.beside_id for item, _ in rows if item.beside_id})
    found = [
        Linked(item.public_title or "", _bridged(item, origin), refs.get(item.beside_id or 0))
        for item, origin in rows
    ]
    return found[:most], rows[most - 1][0].id if len(rows) > most else None


def linked_count() -> int:
    """Return how many proposals are listed as links; every list of requests asks."""
    return int(driver.read(_COUNTED)[0][0])


def beside(case_id: int) -> list[tuple[str, Bridged]]:
    """Return (title, how it stands) of the released proposals that stand beside a request."""
    rows = db.session.execute(
        select(BridgedItem, BridgeSource)
        .join(BridgeSource, BridgeSource.id == BridgedItem.source_id)
        .where(*_SHOWN, BridgedItem.beside_id == case_id)
        .order_by(BridgedItem.id)
        .limit(MOST_LISTED)
    )
    return [(item.public_title or "", _bridged(item, origin)) for item, origin in rows]


@dataclass(frozen=True, slots=True)
class Released:
    """A proposal that is listed, and the request beside which it stands, or None."""

    id: int
    title: str
    url: str
    beside: str | None


def released(source_id: int, most: int = MOST_LISTED) -> list[Released]:
    """Return the newest proposals of a source that are listed as links."""
    rows = db.session.execute(
        select(BridgedItem.id, BridgedItem.public_title, BridgedItem.url, BridgedItem.beside_id)
        .join(BridgeSource, BridgeSource.id == BridgedItem.source_id)
        .where(*_SHOWN, BridgedItem.source_id == source_id)
        .order_by(BridgedItem.id.desc())
        .limit(most)
    ).all()
    refs = cases.public_refs({beside_id for *_, beside_id in rows if beside_id})
    return [
        Released(item, title or "", url, refs.get(beside_id or 0))
        for item, title, url, beside_id in rows
    ]


def of_case(case_id: int) -> Bridged | None:
    """Return where a case comes from, as its page shows it; None if it was written here."""
    found = db.session.execute(
        select(BridgedItem, BridgeSource)
        .join(BridgeSource, BridgeSource.id == BridgedItem.source_id)
        .where(BridgedItem.case_id == case_id, BridgedItem.state != "erased")
    ).first()
    return _bridged(*found) if found else None


@dataclass(frozen=True, slots=True)
class Answerable:
    """An item that can be answered there: its source, its case, and how it stands there."""

    id: int
    source: Source
    external_id: str
    case_id: int
    url: str
    lang: str
    status_raw: str


def answerable(item_id: int) -> Answerable | None:
    """Return an item that became a case, of a source that is read with credentials."""
    row = db.session.get(BridgedItem, item_id)
    of = source(row.source_id) if row is not None else None
    if row is None or of is None or of.credentials is None or row.case_id is None:
        return None
    if row.gone_at is not None or row.state == "erased":
        return None
    return Answerable(row.id, of, row.external_id, row.case_id, row.url, row.lang, row.status_raw)


def answerable_case(case_id: int) -> int | None:
    """Return the item of a case that can be answered there, or None."""
    item_id = db.session.scalar(select(BridgedItem.id).where(BridgedItem.case_id == case_id))
    return item_id if item_id is not None and answerable(item_id) else None


@dataclass(frozen=True, slots=True)
class SentAnswer:
    """An answer that was sent there, and whether it was seen to stand there."""

    state: str
    words: str
    sent_at: datetime
    confirmed_at: datetime | None
    fault: str | None


def answers_sent(item_id: int) -> Sequence[SentAnswer]:
    """Return the answers that were sent for an item, the newest first."""
    rows = db.session.scalars(
        select(AnswerThere).where(AnswerThere.item_id == item_id).order_by(AnswerThere.id.desc())
    )
    return [SentAnswer(r.state, r.words, r.sent_at, r.confirmed_at, r.fault) for r in rows]
