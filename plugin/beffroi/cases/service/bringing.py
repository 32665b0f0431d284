# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many cases and answers brought at once from elsewhere, a statement a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert, update

from beffroi.cases import queries, rules
from beffroi.cases.models import (
    Case,
    CaseText,
    OfficialAnswer,
    RefCounter,
    TimelineRow,
)
from beffroi.cases.queries import similar
from beffroi.cases.service import reading
from beffroi.cases.service.references import new_reference, next_reference
from beffroi.kernel import bulk, search
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.texts.rules import still_personal, strong_in


@dataclass(slots=True)
class BroughtText:
    """A text from elsewhere; `official` words are `released` if the gate finds nothing in them."""

    role: str
    words: str
    official: bool
    released: bool = False


@dataclass(slots=True)
class BroughtCase:
    """A case from elsewhere; `case_id` is filled in by `import_cases`."""

    kind: str
    status: str
    visibility: str
    commune: str | None
    received_at: datetime
    closed_on: date | None
    sensitive: bool
    lang: str
    texts: list[BroughtText]
    due_on: date | None = None
    channel: str = "import"
    party_id: int | None = None
    case_id: int = 0


def import_cases(brought: list[BroughtCase], *, now: datetime, chance: Chance) -> None:
    """Insert many cases with texts, timeline and index, a statement a table."""
    if not brought:
        return
    heads = _with_references(brought, chance)
    bulk.insert(Case, [_case_values(b, ref, now) for b, ref in heads])
    ids = queries.ids_of([ref for _, ref in heads])
    for b, ref in heads:
        b.case_id = ids[ref]
    aids = reading.aids_for()
    official = [t for b in brought for t in b.texts if t.official]
    passing = {words: _passes(words, aids) for words in {t.words for t in official}}
    for t in official:
        t.released = passing[t.words]
    bulk.insert(CaseText, [_text_values(b, t, aids) for b, _ in heads for t in b.texts])
    codes = {channel: {"channel": channel} for channel in {b.channel for b in brought}}
    bulk.insert(
        TimelineRow,
        [
            {
                "case_id": b.case_id,
                "at": b.received_at,
                "step": "received",
                "voice": "system",
                "codes": codes[b.channel],
                "public": True,
            }
            for b, _ in heads
        ],
    )
    shown = [
        (b, ref, [(t.role, t.words) for t in b.texts if t.released])
        for b, ref in heads
        if b.visibility == "public"
    ]
    search.put_many(
        similar.searched(b.case_id, b.received_at, ref, texts) for b, ref, texts in shown
    )
    similar.put(((b.case_id, b.kind, texts) for b, _, texts in shown), new=True)


def _with_references(brought: list[BroughtCase], chance: Chance) -> list[tuple[BroughtCase, str]]:
    """Give each case its reference, year by year: counted where it is listed, else drawn."""
    heads: list[tuple[BroughtCase, str]] = []
    for year in sorted({b.received_at.year for b in brought}):
        block = [b for b in brought if b.received_at.year == year]
        listed = [b for b in block if b.visibility != "unlisted"]
        first = _reserve(year, len(listed)) if listed else 0
        heads += [(b, rules.reference(year, first + n)) for n, b in enumerate(listed)]
        hidden = [b for b in block if b.visibility == "unlisted"]
        heads += [(b, new_reference(b.visibility, year, chance)) for b in hidden]
    return heads


def _reserve(year: int, count: int) -> int:
    """Take `count` references of a year; return the first."""
    next_reference(year)
    last = db.session.execute(
        update(RefCounter)
        .where(RefCounter.year == year)
        .values(last=RefCounter.last + count - 1)
        .returning(RefCounter.last)
    ).scalar_one()
    return last - count + 1


def _case_values(b: BroughtCase, ref: str, now: datetime) -> dict[str, Any]:
    return {
        "ref": ref,
        "kind": b.kind,
        "status": b.status,
        "open": rules.is_open(b.kind, b.status),
        "visibility": b.visibility,
        "channel": b.channel,
        "lang": b.lang,
        "commune": b.commune,
        "party_id": b.party_id,
        "received_on": b.received_at.date(),
        "received_at": b.received_at,
        "changed_at": now,
        "closed_on": b.closed_on,
        "due_on": b.due_on,
        "supports": 0,
        "version": 1,
        "sensitive": b.sensitive,
    }


def _passes(words: str, aids: reading.Aids) -> bool:
    """Say whether the gate finds nothing in words of an institution, which are often the same."""
    return not still_personal(words, aids.lists, strong=strong_in)


def _text_values(b: BroughtCase, t: BroughtText, aids: reading.Aids) -> dict[str, Any]:
    released = t.released
    return {
        "case_id": b.case_id,
        "role": t.role,
        "original": t.words,
        "public": t.words if released else None,
        "state": "released" if released else "pending",
        "version": 1 if released else 0,
        "lang": b.lang,
        "voice": "institution" if t.official else "citizen",
        "written_at": b.received_at,
        "released_at": b.received_at if released else None,
        **reading.remembered(t.words, None if released else aids),
    }


@dataclass(frozen=True, slots=True)
class BroughtAnswer:
    """The official answer that a case from elsewhere had already, and the day on which."""

    outcome: str
    words: str
    on: date | None = None
    url: str | None = None
    planned: str | None = None


def waiting(brought: Sequence[BroughtCase]) -> int:
    """Return how many cases from elsewhere have words that will wait for an agent."""
    aids = reading.aids_for()
    return sum(not all(t.official and _passes(t.words, aids) for t in b.texts) for b in brought)


def import_answer(brought: BroughtCase, answer: BroughtAnswer, *, now: datetime) -> None:
    """Add the answer that a case from elsewhere already had; see `import_answers`."""
    import_answers([(brought, answer)], now=now)


def import_answers(pairs: Sequence[tuple[BroughtCase, BroughtAnswer]], *, now: datetime) -> None:
    """Add the answers that cases from elsewhere already had; their grounds are not known here.

    Words are shown if the gate finds nothing in them; otherwise they wait for an agent. An address
    in which the gate finds something is not taken. One statement a table.
    """
    if not pairs:
        return
    aids, texts, answers, steps = reading.aids_for(), [], [], []
    for brought, answer in pairs:
        words, outcome, url = answer.words, answer.outcome, answer.url
        clean = _passes(words, aids)
        if url and still_personal(url, aids.lists):
            url = None
        day = answer.on or brought.closed_on or now.date()
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        texts.append(
            {
                "case_id": brought.case_id,
                "role": "answer",
                "original": words,
                "public": words if clean else None,
                "state": "released" if clean else "pending",
                "version": 1 if clean else 0,
                "lang": brought.lang,
                "voice": "institution",
                "written_at": at,
                "released_at": at if clean else None,
                **reading.remembered(words, None if clean else aids),
            }
        )
        answers.append(
            {
                "case_id": brought.case_id,
                "outcome": outcome,
                "ground": "not_stated" if outcome in {"refused", "not_held"} else None,
                "url": url,
                "planned": answer.planned,
                "answered_at": at,
            }
        )
        steps.append(
            {
                "case_id": brought.case_id,
                "at": at,
                "step": "answered",
                "voice": "institution",
                "codes": {"outcome": outcome},
                "public": True,
            }
        )
    ids = db.session.scalars(
        insert(CaseText).returning(CaseText.id, sort_by_parameter_order=True), texts
    ).all()
    for text_id, row, step_row in zip(ids, answers, steps, strict=True):
        row["text_id"] = step_row["text_id"] = text_id
    db.session.execute(insert(OfficialAnswer), answers)
    db.session.execute(insert(TimelineRow), steps)
