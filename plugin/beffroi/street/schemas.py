# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in for the street desk: filters of the queue, batches, rules; and how it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from beffroi.cases.rules import INCIDENT_STATUSES, STATUS_WORDS, TEXT_LIMITS
from beffroi.incidents.rules import CATEGORIES
from beffroi.legal.calendars import Calendar
from beffroi.street.rules import BODY_KINDS
from beffroi.street.rules.batch import ACTIONS, HOW
from beffroi.street.rules.delays import STANDING_WORDS, standing
from beffroi.street.rules.filters import SORTS, STATES
from beffroi_web.cards import Badge

STREET = tuple(code for code, one in CATEGORIES.items() if one.family == "street")


class QueueQuery(Schema):
    """Filters of `/desk/incidents`."""

    state = fields.String(validate=validate.OneOf(["", *STATES]), load_default="open")
    sort = fields.String(validate=validate.OneOf(["", *SORTS]), load_default="due")
    department = fields.String(validate=validate.Regexp(r"\d{0,12}\Z"), load_default="")
    category = fields.String(validate=validate.OneOf(["", *STREET]), load_default="")
    status = fields.String(validate=validate.OneOf(["", *INCIDENT_STATUSES]), load_default="")
    commune = fields.String(validate=validate.Length(max=5), load_default="")
    mine = fields.String(validate=validate.OneOf(["", "1"]), load_default="")
    q = fields.String(validate=validate.Length(max=200), load_default="")
    view = fields.String(validate=validate.OneOf(["", "map"]), load_default="")
    window = fields.String(validate=validate.Length(max=100), load_default="")
    cursor = fields.String(validate=validate.Length(max=500), load_default="")


class BatchForm(Schema):
    """A batch as its form sends it; `step` is `confirm` or `do`."""

    step = fields.String(validate=validate.OneOf(["confirm", "do"]), load_default="confirm")
    how = fields.String(validate=validate.OneOf(list(HOW)), load_default="each")
    action = fields.String(validate=validate.OneOf(["", *ACTIONS]), load_default="")
    ref = fields.List(fields.String(validate=validate.Length(max=16)), load_default=list)
    department = fields.Integer(load_default=None)
    status = fields.String(validate=validate.OneOf(["", *INCIDENT_STATUSES]), load_default="")
    outcome = fields.String(validate=validate.Length(max=24), load_default="")
    words = fields.String(validate=validate.Length(max=TEXT_LIMITS["answer"]), load_default="")
    duplicate_of = fields.String(validate=validate.Length(max=16), load_default="")


class RuleForm(Schema):
    """One rule of who handles what; `words` one a line."""

    category = fields.String(validate=validate.OneOf(["", *STREET]), load_default="")
    commune = fields.String(validate=validate.Length(max=5), load_default="")
    area = fields.Integer(load_default=None)
    words = fields.String(validate=validate.Length(max=5000), load_default="")
    department = fields.Integer(load_default=None)
    body = fields.Integer(load_default=None)


class BodyForm(Schema):
    """Another body, as an administrator writes it down."""

    name = fields.String(required=True, validate=validate.Length(2, 120))
    kind = fields.String(required=True, validate=validate.OneOf(list(BODY_KINDS)))
    email = fields.String(validate=validate.Length(max=254), load_default="")
    tool = fields.String(validate=validate.Length(max=32), load_default="")
    contact = fields.String(validate=validate.Length(max=300), load_default="")


class BodyAnswerForm(Schema):
    """What a body answers by the link of its mail."""

    said = fields.String(required=True, validate=validate.Length(max=12))
    words = fields.String(required=True, validate=validate.Length(2, TEXT_LIMITS["update"]))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a report stands against its date: a badge, and the date itself."""

    code: str
    badge: Badge
    on: date | None


def standing_of(line: Any, today: date, calendar: Calendar) -> Standing | None:
    """Return the standing of an open report of the queue; None for a closed one."""
    if not line.head.open:
        return None
    code = standing(line.due_on, today, calendar)
    words, tone = STANDING_WORDS[code]
    due = None if code == "none" else line.due_on
    return Standing(code, Badge(gettext(words), tone), due)  # type: ignore[arg-type]


def chips(filters: Mapping[str, Any], departments: Mapping[int, Any]) -> list[tuple[str, str]]:
    """Return (field, words) of the filters that narrow the queue now, but its shelf."""
    found = []
    if filters.get("department"):
        known = departments.get(int(filters["department"]))
        found.append(("department", known[0] if known else filters["department"]))
    if filters.get("category"):
        label = CATEGORIES[filters["category"]].label
        found.append(("category", gettext(label)))
    if filters.get("status"):
        said = STATUS_WORDS[filters["status"]]
        found.append(("status", gettext(said)))
    if filters.get("commune"):
        found.append(("commune", filters["commune"]))
    if filters.get("mine"):
        found.append(("mine", gettext("Mine")))
    if filters.get("q"):
        found.append(("q", gettext("“%(words)s”", words=filters["q"])))
    return found
