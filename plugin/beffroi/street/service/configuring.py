# SPDX-License-Identifier: AGPL-3.0-or-later
"""What administrators write down: departments' addresses, areas, bodies, delays, rules. None
commits."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from beffroi.accounts.rules import checked_address
from beffroi.cases import queries as case_queries
from beffroi.cases import service as cases
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi.street import queries
from beffroi.street.models import (
    CompetentBody,
    SavedFilter,
    StreetArea,
    StreetRule,
    StreetTarget,
)
from beffroi.street.rules import BODY_KINDS, corners_of, lines_of
from beffroi.street.rules.delays import LONGEST, Target
from beffroi.street.rules.filters import query_of
from beffroi.street.rules.importing import Body, Read
from beffroi_web.words import N_

MOST_FILTERS = 20
"""Filters that one agent may keep."""


def _address(said: str, field: str = "email") -> str | None:
    if not said.strip():
        return None
    try:
        return checked_address(said)
    except Invalid as refusal:
        raise Invalid(refusal.sentence, errors={field: [refusal.sentence]}) from refusal


def _name(said: str) -> str:
    name = " ".join(said.split())
    if not 2 <= len(name) <= 120:
        raise Invalid(
            N_("Give it a name of at most 120 characters."),
            errors={"name": [N_("Give it a name of at most 120 characters.")]},
        )
    return name


def keep_department(department_id: int | None, name: str, email: str) -> int:
    """Keep a department's name and the address that reminders go to; return its id."""
    return cases.keep_department(department_id, _name(name), _address(email))


def keep_area(name: str, corners: str, words: str) -> int:
    """Keep an area under its name, new or changed; return its id."""
    name, found, said = _name(name), corners_of(corners), lines_of(words)
    if not found and not said:
        raise Invalid(
            N_("An area needs corners or words."), errors={"corners": [N_("This is needed.")]}
        )
    row = db.session.scalar(select(StreetArea).where(StreetArea.name == name))
    row = row or StreetArea(name=name)
    row.corners = "\n".join(f"{lat} {lon}" for lat, lon in found)
    row.words = "\n".join(said)
    db.session.add(row)
    db.session.flush()
    return row.id


def keep_body(given: Body) -> int:
    """Keep a body under its name, new or changed; return its id."""
    name = _name(given.name)
    if given.kind not in BODY_KINDS:
        raise Invalid(N_("Choose a kind."), errors={"kind": [N_("This is needed.")]})
    contact = " ".join(given.contact.split())
    if len(contact) > 300:
        raise Invalid(N_("This is too long."), errors={"contact": [N_("At most 300 characters.")]})
    row = db.session.scalar(select(CompetentBody).where(CompetentBody.name == name))
    row = row or CompetentBody(name=name)
    row.kind, row.email = given.kind, _address(given.email)
    row.tool, row.contact = given.tool or None, contact or None
    db.session.add(row)
    db.session.flush()
    return row.id


def keep_rule(rule_id: int | None, given: Mapping[str, Any], *, communes: tuple[str, ...]) -> int:
    """Keep a rule: `category commune area words department body`, ids as numbers or None.

    A new one comes last; return its id.
    """
    errors: dict[str, list[str]] = {}
    category, commune = given.get("category") or None, given.get("commune") or None
    if category is not None and CATEGORIES.get(category, _NO_STREET).family != "street":
        errors["category"] = [N_("Unknown.")]
    if commune is not None and commune not in communes:
        errors["commune"] = [N_("Choose one of ours.")]
    for name, known in (
        ("area", queries.areas()),
        ("department", case_queries.department_addresses()),
        ("body", queries.bodies()),
    ):
        if given.get(name) is not None and given[name] not in known:
            errors[name] = [N_("Unknown.")]
    if given.get("department") is None and given.get("body") is None:
        errors["department"] = [N_("Say which department or which body.")]
    if errors:
        raise Invalid(N_("The rule is not complete."), errors=errors)
    row = db.session.get(StreetRule, rule_id) if rule_id else StreetRule(place=_last_place() + 1)
    if row is None:
        raise NotFound(N_("There is no such rule."))
    row.category, row.commune, row.area_id = category, commune, given.get("area")
    row.words = "\n".join(given.get("words") or ())
    row.department_id, row.body_id = given.get("department"), given.get("body")
    db.session.add(row)
    db.session.flush()
    return row.id


class _NoStreet:
    family = ""


_NO_STREET: Any = _NoStreet()


def _last_place() -> int:
    return int(db.session.scalar(select(func.max(StreetRule.place))) or 0)


def move_rule(rule_id: int, by: int) -> None:
    """Move a rule up (-1) or down (1) by one place."""
    rows = list(db.session.scalars(select(StreetRule).order_by(StreetRule.place, StreetRule.id)))
    here = next((n for n, row in enumerate(rows) if row.id == rule_id), None)
    if here is None:
        raise NotFound(N_("There is no such rule."))
    there = min(max(here + by, 0), len(rows) - 1)
    rows.insert(there, rows.pop(here))
    for place, row in enumerate(rows, 1):
        row.place = place


def drop_rule(rule_id: int) -> None:
    """Take a rule away; what it has routed stays where it is."""
    row = db.session.get(StreetRule, rule_id)
    if row is None:
        raise NotFound(N_("There is no such rule."))
    db.session.delete(row)


def drop_area(area_id: int) -> None:
    """Take an area away that no rule names."""
    _drop(StreetArea, area_id, {"area_id": area_id})


def drop_body(body_id: int) -> None:
    """Take a body away that no rule and no report names."""
    _drop(CompetentBody, body_id, {"body_id": body_id})


def _drop(table: Any, key: int, names: Mapping[str, int]) -> None:
    row = db.session.get(table, key)
    if row is None:
        raise NotFound(N_("There is nothing of this number."))
    if queries.uses(names):
        raise Conflict(N_("Rules or reports name it: change those first."))
    db.session.delete(row)


def keep_target(category: str, target: Target) -> None:
    """Keep in how many working days a category is handled; reports that are there keep theirs."""
    if CATEGORIES.get(category, _NO_STREET).family != "street":
        raise Invalid(N_("There is no such category."), errors={"category": [N_("Unknown.")]})
    days = (target.working_days, target.remind_days)
    if not all(1 <= n <= LONGEST for n in days):
        raise Invalid(
            N_("A delay has between 1 and 250 working days."),
            errors={category: [N_("A delay has between 1 and 250 working days.")]},
        )
    row = db.session.get(StreetTarget, category) or StreetTarget(category=category)
    row.working_days, row.remind_days = days
    db.session.add(row)
    db.session.flush()


def take_file(read: Read, *, communes: tuple[str, ...]) -> int:
    """Put a file's rules in the place of those that are there; return how many rules it has.

    Departments, areas, bodies and delays that it names are kept beside the others.
    """
    ids: dict[str, Mapping[str, int]] = {}
    known = {name: key for key, (name, _) in case_queries.department_addresses().items()}
    for name, email in read.departments.items():
        known[name] = keep_department(known.get(name), name, email)
    ids["department"] = known
    ids["area"] = {n: keep_area(n, _corners(c), "\n".join(w)) for n, (c, w) in read.areas.items()}
    ids["body"] = {body.name: keep_body(body) for body in read.bodies}
    for category, target in read.delays.items():
        keep_target(category, target)
    db.session.execute(delete(StreetRule))
    for rule in read.rules:
        named: Callable[[str, str], int | None] = lambda what, name: ids[what].get(name)  # noqa: E731
        keep_rule(
            None,
            {
                "category": rule.category,
                "commune": rule.commune,
                "words": rule.words,
                "area": named("area", rule.area),
                "department": named("department", rule.department),
                "body": named("body", rule.body),
            },
            communes=communes,
        )
    return len(read.rules)


def _corners(corners: tuple[tuple[float, float], ...]) -> str:
    return "\n".join(f"{lat} {lon}" for lat, lon in corners)


# ---- an agent's own filters ----


def keep_filter(account_id: int, name: str, values: Mapping[str, str], *, now: datetime) -> None:
    """Keep a narrowing of the queue under a name; the same name is replaced."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise Invalid(N_("Give it a name."), errors={"name": [N_("Between 1 and 60 characters.")]})
    mine = queries.filters_of(account_id)
    row = db.session.scalar(
        select(SavedFilter).where(SavedFilter.account_id == account_id, SavedFilter.name == name)
    )
    if row is None:
        if len(mine) >= MOST_FILTERS:
            raise Conflict(N_("You have 20 filters already: take one away first."))
        row = SavedFilter(account_id=account_id, name=name, made_at=now)
    row.query = query_of(values)[:500]
    db.session.add(row)
    db.session.flush()


def drop_filter(account_id: int, filter_id: int) -> None:
    """Take one of an agent's own filters away."""
    row = db.session.get(SavedFilter, filter_id)
    if row is None or row.account_id != account_id:
        raise NotFound(N_("There is no such filter."))
    db.session.delete(row)


def forget_filters(account_id: int) -> None:
    """Take away everything that an account kept: it ends."""
    db.session.execute(delete(SavedFilter).where(SavedFilter.account_id == account_id))
