# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does for the street desk: reminders of reports on which nothing moves.

A department is told once a day at most, of the reports whose reminder has come; each report is then
silent for its period again. The letter and the new days are one transaction, so that a reminder is
owed exactly once a period however many workers there are.
"""

from collections import defaultdict
from datetime import date
from typing import Any

from flask_babel import force_locale, gettext, ngettext

from beffroi.cases import queries as cases
from beffroi.config import Settings
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel.db import unit_of_work
from beffroi.notifications import service as notifications
from beffroi.notifications.service import Letter
from beffroi.street import queries, service
from beffroi.street.rules.delays import NEVER
from beffroi.street.service import Moment

BLOCK = 500
MOST_NAMED = 40
"""Reports that one letter names; the queue has the rest."""


def remind(settings: Settings, at: Moment) -> int:
    """Owe the reminders of the day to the departments that have an address; return how many.

    Reports without a department, or whose department has no address, are reminded of at the desk
    alone; theirs stays until something moves.
    """
    owed = 0
    addresses = {k: (n, e) for k, (n, e) in cases.department_addresses().items() if e}
    while True:
        with unit_of_work():
            found = queries.silent(at.today, BLOCK, departments=list(addresses))
            by_department: dict[int, list[Any]] = defaultdict(list)
            for row in found:
                if service.take_reminder(row.case_id, row.category, row.remind_on, at):
                    by_department[row.department].append(row)
            for department, rows in by_department.items():
                name, email = addresses[department]
                letter = _letter(settings, at.today, department, name, email or "", rows)
                notifications.owe_letter(letter, now=at.now)
                owed += 1
        if len(found) < BLOCK:
            return owed


def _letter(
    settings: Settings, today: date, department: int, name: str, email: str, rows: list[Any]
) -> Letter:
    """Return the letter to a department: references, categories and dates; nobody's words."""
    lang = settings.languages[0]
    with force_locale(lang):
        lines = [_line(settings, row, today) for row in rows[:MOST_NAMED]]
        if len(rows) > MOST_NAMED:
            more = len(rows) - MOST_NAMED
            lines.append(ngettext("and one more", "and %(num)d more", more))
    first = min(row.case_id for row in rows)
    return Letter(
        "street-silent",
        email,
        lang,
        f"{department}-{today.isoformat()}-{first}",
        f"/desk/incidents?state=silent&department={department}",
        {"count": str(len(rows)), "department": name},
        lines,
    )


def _line(settings: Settings, row: Any, today: date) -> str:
    head = cases.head_by_id(row.case_id)
    ref = head.ref if head is not None else ""
    said = f"{ref} · {gettext(CATEGORIES[row.category].label)}"
    if row.due_on != NEVER and row.due_on < today:
        days = (today - row.due_on).days
        said += " · " + ngettext("one day past its date", "%(num)d days past its date", days)
    return f"{said}\n{settings.public_url}/desk/cases/{ref}"
