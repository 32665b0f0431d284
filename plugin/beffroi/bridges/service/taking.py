# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a source holds is taken over, or seen to be gone; a second time writes nothing.

None commits. Order of effects for one item: its case (new, or its words and status), then its own
row. What an agent decided here, and what people said here, is never touched.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from flask_babel import gettext
from sqlalchemy import select

from beffroi.bridges.models import BridgedItem, BridgeSource
from beffroi.cases import service as cases
from beffroi.cases.service import mirroring
from beffroi.data_requests import service as requests
from beffroi.data_requests.queries import importing
from beffroi.data_requests.service import ImportedRequest
from beffroi.kernel.actors import SYSTEM
from beffroi.kernel.chance import Chance, system_chance
from beffroi.kernel.db import db
from beffroi.texts import queries as texts
from beffroi.texts.rules import still_personal

CASE_STATUS = {"open": "open", "under_review": "under_review", "answered": "under_review"}
"""The status of a request from that of its origin. An answer there is shown as theirs: what came
of a request, with its ground, is said here by an agent, never by an import."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An item in one language, fit for our tables, its author's names masked."""

    external_id: str
    title: str
    body: str
    lang: str
    url: str
    status: str
    status_raw: str
    answer: str
    answered_at: datetime | None
    published_at: datetime
    supports: int | None
    comments: int | None
    light: str
    digest: str
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Taken:
    """What was written: items that were new, changed, gone, or came back."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    back: int = 0
    unchanged: int = 0
    codes: list[str] = field(default_factory=list)

    @property
    def written(self) -> int:
        """How many items were written."""
        return self.new + self.changed + self.gone + self.back


@dataclass(frozen=True, slots=True)
class At:
    """When it happens, and by whose chance."""

    now: datetime
    today: date
    chance: Chance = system_chance


def take(source_id: int, items: Sequence[Prepared], at: At) -> Taken:
    """Take some items of a source; see the module's own words."""
    done = Taken()
    source = db.session.get(BridgeSource, source_id)
    if source is None or source.ended_at is not None or not items:
        return done
    wanted = {one.external_id: one for one in items}
    rows = _known(source_id, wanted)
    fresh: list[tuple[BridgedItem, Prepared]] = []
    for external_id, one in wanted.items():
        row = rows.get(external_id)
        if row is None:
            row = BridgedItem(source_id=source_id, external_id=external_id, turn=0, state="pending")
            _write(row, one, source)
            db.session.add(row)
            fresh.append((row, one))
            done.new += 1
        elif row.state == "erased":
            done.unchanged += 1
        elif row.gone_at is not None:
            row.gone_at, row.turn, row.case_id = None, row.turn + 1, None
            _write(row, one, source)
            fresh.append((row, one))
            done.back += 1
        elif row.digest != one.digest:
            _follow(row, one, source, at)
            done.changed += 1
        elif row.light != one.light:
            row.light = one.light
            done.changed += 1
        else:
            done.unchanged += 1
    if source.mode == "requests":
        _open_cases(source, [pair for pair in fresh if pair[1].status != "withdrawn"], at)
    db.session.flush()
    return done


def _known(source_id: int, wanted: Iterable[str]) -> dict[str, BridgedItem]:
    """Return the rows of some items of a source that are there, by their ids there."""
    rows = db.session.scalars(
        select(BridgedItem).where(
            BridgedItem.source_id == source_id, BridgedItem.external_id.in_(list(wanted))
        )
    )
    return {row.external_id: row for row in rows}


def _public_answer(words: str) -> str | None:
    """Return the institution's words if the gate finds nothing in them; else they wait."""
    return words if words and not still_personal(words, texts.lists()) else None


def _write(row: BridgedItem, one: Prepared, source: BridgeSource) -> None:
    """Write an item's row; words that changed wait for an agent."""
    linked = source.mode == "linked"
    if linked and row.title != one.title:
        row.title, row.public_title, row.state = one.title, None, "pending"
    if row.answer != one.answer:
        row.answer, row.public_answer = one.answer, _public_answer(one.answer)
    row.title = row.title or ""
    row.labels = "\n".join(said for said in one.labels if _public_answer(said))
    for name in (
        "url", "light", "digest", "lang", "status", "status_raw", "answered_at", "published_at",
        "supports", "comments",
    ):  # fmt: skip
        setattr(row, name, getattr(one, name))


def _source_name(row: BridgedItem) -> str:
    """Return the name under which an item's case is known, another one each time it came back."""
    again = f":{row.turn}" if row.turn else ""
    return f"bridge:{row.source_id}:{row.external_id}{again}"


def _open_cases(
    source: BridgeSource, pairs: Sequence[tuple[BridgedItem, Prepared]], at: At
) -> None:
    rows = [
        ImportedRequest(
            source=_source_name(row),
            object="dataset",
            title=one.title,
            wanted=one.body or one.title,
            received_at=min(one.published_at, at.now),
            lang=one.lang[:2],
            official=False,
            status=CASE_STATUS[one.status],
            channel="bridge",
        )
        for row, one in pairs
    ]
    if not rows:
        return
    requests.import_requests(rows, now=at.now, chance=at.chance)
    ids = importing.case_ids([one.source for one in rows])
    for row, _ in pairs:
        row.case_id = ids.get(_source_name(row))


def _follow(row: BridgedItem, one: Prepared, source: BridgeSource, at: At) -> None:
    """Let an item and its case follow what stands at the origin now."""
    case = cases.case_by_id(row.case_id) if row.case_id is not None else None
    if case is not None:
        words = {"title": one.title, "wanted": one.body or one.title}
        mirroring.rewrite(case, words, now=at.now)
        if one.status == "withdrawn":
            why = gettext("Withdrawn by its author on the other site.")
            mirroring.follow(case, "abandoned", reason=why, now=at.now, today=at.today)
        elif case.status == "open":
            status = CASE_STATUS[one.status]
            mirroring.follow(case, status, reason="", now=at.now, today=at.today)
    _write(row, one, source)


def vanish(source_id: int, external_ids: Sequence[str], at: At) -> Taken:
    """Hide items that their origin shows no more; their history stays at the desk."""
    done = Taken()
    rows = db.session.scalars(
        select(BridgedItem).where(
            BridgedItem.source_id == source_id,
            BridgedItem.external_id.in_(external_ids),
            BridgedItem.gone_at.is_(None),
        )
    ).all()
    for row in rows:
        row.gone_at = at.now
        row.public_title, row.public_answer = None, None
        row.state = row.state if row.state == "erased" else "pending"
        case = cases.case_by_id(row.case_id) if row.case_id is not None else None
        if case is not None and case.visibility != "removed":
            why = gettext("It is no longer shown on the site on which it was written.")
            cases.remove_case(case, reason=why, code="error", actor=SYSTEM, now=at.now)
        done.gone += 1
    db.session.flush()
    return done
