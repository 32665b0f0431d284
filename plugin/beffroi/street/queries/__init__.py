# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the street desk: rules, areas, bodies, delays, what another body was told. For agents,
except `about`, which is what the page of a report says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from beffroi.cases import queries as cases
from beffroi.incidents import queries as incidents
from beffroi.incidents.queries import exchange
from beffroi.kernel.db import db
from beffroi.street.models import (
    CompetentBody,
    DonePhoto,
    Forwarding,
    SavedFilter,
    StreetArea,
    StreetReport,
    StreetRule,
    StreetTarget,
)
from beffroi.street.rules import Area, Reported, Rule, corners_of, lines_of
from beffroi.street.rules.delays import NEVER, Target


def areas() -> dict[int, Area]:
    """Return the named areas by id."""
    rows = db.session.scalars(select(StreetArea).order_by(StreetArea.name))
    return {
        row.id: Area(row.id, row.name, corners_of(row.corners), lines_of(row.words)) for row in rows
    }


def rules() -> list[Rule]:
    """Return the rules in their order."""
    named = areas()
    rows = db.session.scalars(select(StreetRule).order_by(StreetRule.place, StreetRule.id))
    return [
        Rule(
            row.id,
            row.category,
            row.commune,
            named.get(row.area_id) if row.area_id is not None else None,
            lines_of(row.words),
            row.department_id,
            row.body_id,
        )
        for row in rows
    ]


def targets() -> dict[str, Target]:
    """Return the delays that an administrator has set, by category."""
    rows = db.session.execute(
        select(StreetTarget.category, StreetTarget.working_days, StreetTarget.remind_days)
    )
    return {row.category: Target(row.working_days, row.remind_days) for row in rows}


@dataclass(frozen=True, slots=True)
class Body:
    """Another body, and how it is reached."""

    id: int
    name: str
    kind: str
    email: str | None
    tool: str | None
    contact: str | None


_BODY = [getattr(CompetentBody, name) for name in Body.__dataclass_fields__]


def bodies() -> dict[int, Body]:
    """Return the bodies that are known, by id, in the order of their names."""
    rows = db.session.execute(select(*_BODY).order_by(CompetentBody.name))
    return {row.id: Body(*row) for row in rows}


def body(body_id: int) -> Body | None:
    """Return one body."""
    row = db.session.execute(select(*_BODY).where(CompetentBody.id == body_id)).first()
    return Body(*row) if row else None


def reported(case_id: int) -> Reported | None:
    """Return what rules look at in a report, or None where it is no street report."""
    head, codes = cases.head_by_id(case_id), incidents.codes(case_id)
    if head is None or codes is None or head.kind != "street":
        return None
    texts = cases.originals(case_id)
    words = [t.original or t.public or "" for t in texts if t.role in _READ]
    place = exchange.positions([case_id]).get(case_id)
    return Reported(codes.category, head.commune, place, "\n".join(words))


_READ = frozenset({"title", "description", "place"})


@dataclass(frozen=True, slots=True)
class Imported:
    """A report that an import has just brought in, as the queue and the rules need it."""

    case_id: int
    report: Reported
    status: str
    open: bool


def imported(case_ids: Sequence[int]) -> list[Imported]:
    """Return the street reports among some cases that were just imported, by few statements."""
    found = incidents.street_codes(case_ids)
    places = exchange.positions(case_ids) if found else {}
    words = cases.originals_of(case_ids, _READ) if found and _any_rule() else {}
    return [
        Imported(
            case_id,
            Reported(category, commune, places.get(case_id), words.get(case_id, "")),
            status,
            bool(is_open),
        )
        for case_id, category, commune, status, is_open in found
    ]


def _any_rule() -> bool:
    return db.session.scalar(select(StreetRule.id).limit(1)) is not None


def newest(most: int) -> list[int]:
    """Return the ids of the newest street reports, the newest first."""
    rows = select(StreetReport.case_id).order_by(StreetReport.case_id.desc()).limit(most)
    return list(db.session.scalars(rows))


@dataclass(frozen=True, slots=True)
class Kept:
    """What the queue knows of one report."""

    case_id: int
    category: str
    status: str
    open: bool
    department: int
    due_on: date
    rule_id: int | None
    remind_on: date | None


_KEPT = [getattr(StreetReport, name) for name in Kept.__dataclass_fields__]


def kept(case_id: int) -> Kept | None:
    """Return what the queue knows of a report, or None while it is not in it."""
    row = db.session.execute(select(*_KEPT).where(StreetReport.case_id == case_id)).first()
    return Kept(*row) if row else None


@dataclass(frozen=True, slots=True)
class Passed:
    """A report that another body is competent for."""

    case_id: int
    state: str
    named_at: datetime
    sent_at: datetime | None
    agreed_at: datetime | None
    answered_at: datetime | None
    answer_text_id: int | None
    body: Body


def passed(case_id: int) -> Passed | None:
    """Return to which body a report goes, and how that stands."""
    row = db.session.execute(
        select(
            Forwarding.state,
            Forwarding.named_at,
            Forwarding.sent_at,
            Forwarding.agreed_at,
            Forwarding.answered_at,
            Forwarding.answer_text_id,
            *_BODY,
        )
        .join(CompetentBody, CompetentBody.id == Forwarding.body_id)
        .where(Forwarding.case_id == case_id)
    ).first()
    if row is None:
        return None
    state, named_at, sent_at, agreed_at, answered_at, text_id, *of_body = row
    body_said = Body(*of_body)
    return Passed(case_id, state, named_at, sent_at, agreed_at, answered_at, text_id, body_said)


def tool_of(case_id: int) -> str | None:
    """Return the tool through which a report's body is reached by Open311, or None."""
    found = passed(case_id)
    return found.body.tool if found else None


def answer_of(text_id: int) -> int | None:
    """Return the case whose body gave this text as its newest answer, or None."""
    return db.session.scalar(select(Forwarding.case_id).where(Forwarding.answer_text_id == text_id))


def done_photos(case_id: int) -> frozenset[str]:
    """Return the stored names of the photos by which the institution shows what was done."""
    names = select(DonePhoto.stored_name).where(DonePhoto.case_id == case_id)
    return frozenset(db.session.scalars(names))


def filters_of(account_id: int) -> list[Any]:
    """Return (id, name, query, made_at) of the filters that an agent has kept, by name."""
    return list(
        db.session.execute(
            select(SavedFilter.id, SavedFilter.name, SavedFilter.query, SavedFilter.made_at)
            .where(SavedFilter.account_id == account_id)
            .order_by(SavedFilter.name)
        )
    )


def passed_of(case_ids: Collection[int]) -> list[Any]:
    """Return (case_id, body, sent_at, agreed_at, answered_at) of reports; for their author."""
    return list(
        db.session.execute(
            select(
                Forwarding.case_id,
                CompetentBody.name.label("body"),
                Forwarding.sent_at,
                Forwarding.agreed_at,
                Forwarding.answered_at,
            )
            .join(CompetentBody, CompetentBody.id == Forwarding.body_id)
            .where(Forwarding.case_id.in_(case_ids))
            .order_by(Forwarding.case_id)
        )
    )


def silent(today: date, most: int, *, departments: Collection[int]) -> list[Any]:
    """Return (case_id, department, category, remind_on, due_on) of reports of some departments
    whose reminder has come, the longest silent first.
    """
    return list(
        db.session.execute(
            select(
                StreetReport.case_id,
                StreetReport.department,
                StreetReport.category,
                StreetReport.remind_on,
                StreetReport.due_on,
            )
            .where(StreetReport.remind_on <= today, StreetReport.department.in_(departments))
            .order_by(StreetReport.remind_on, StreetReport.case_id)
            .limit(most)
        )
    )


def uses(names: Mapping[str, int]) -> int:
    """Return how many rules and reports name an area, a body or a department."""
    found = 0
    for column, key in names.items():
        statement = select(func.count()).select_from(StreetRule)
        found += db.session.scalar(statement.where(getattr(StreetRule, column) == key)) or 0
        if column == "body_id":
            reports = select(func.count()).select_from(Forwarding).where(Forwarding.body_id == key)
            found += db.session.scalar(reports) or 0
    return found


def due_of(one: Kept | None) -> date | None:
    """Return the date of a report in the queue, or None where none was promised."""
    return one.due_on if one is not None and one.due_on != NEVER else None
