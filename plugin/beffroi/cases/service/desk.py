# SPDX-License-Identifier: AGPL-3.0-or-later
"""What agents do among themselves: notes, departments, who has a case."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from beffroi.cases.models import (
    Case,
    Department,
    InternalNote,
)
from beffroi.cases.service.steps import step
from beffroi.kernel import driver
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid, NotFound
from beffroi_web.words import N_


def note(case: Case, words: str, *, actor: Actor, now: datetime) -> None:
    """Write an internal note, for agents only."""
    if not words.strip():
        raise Invalid(N_("The note is empty."), errors={"note": [N_("Missing.")]})
    db.session.add(
        InternalNote(
            case_id=case.id, account_id=actor.account_id, words=words.strip()[:5000], at=now
        )
    )
    case.changed_at = now


def assign(
    case: Case, *, department_id: int | None, account_id: int | None, actor: Actor, now: datetime
) -> None:
    """Give a case to a department, and to one of its agents if named."""
    if department_id is not None and db.session.get(Department, department_id) is None:
        raise Invalid(N_("There is no such department."), errors={"department": [N_("Unknown.")]})
    case.department_id, case.assigned_to = department_id, account_id
    step(case, "assigned", actor=actor, now=now, codes={"department": department_id}, public=False)


def add_department(name: str, email: str | None = None) -> int:
    """Add a department; return its id, or that of the one of the same name."""
    found = db.session.scalar(select(Department.id).where(Department.name == name))
    if found is not None:
        return int(found)
    row = Department(name=name, email=email)
    db.session.add(row)
    db.session.flush()
    return row.id


def keep_department(department_id: int | None, name: str, email: str | None) -> int:
    """Keep the name and the address of a department, a new one without an id; return its id."""
    same = db.session.scalar(select(Department.id).where(Department.name == name))
    if same is not None and same != department_id:
        raise Invalid(
            N_("There is a department of this name."), errors={"name": [N_("Choose another.")]}
        )
    row = db.session.get(Department, department_id) if department_id else Department()
    if row is None:
        raise NotFound(N_("There is no such department."))
    row.name, row.email = name, email
    db.session.add(row)
    db.session.flush()
    return row.id


def give_to(case_ids: Sequence[int], department_id: int) -> None:
    """Give many new cases to a department at once, as an import does; no timeline tells of it."""
    driver.execute_many(
        'UPDATE "case" SET department_id = ? WHERE id = ?',
        [(department_id, one) for one in case_ids],
    )
