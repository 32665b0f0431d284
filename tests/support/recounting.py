# SPDX-License-Identifier: AGPL-3.0-or-later
"""The statistics counted the obvious way, from the cases themselves: what the kept sums must be."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from beffroi.kernel.db import db

LISTED = text(
    "SELECT c.received_on, c.due_on, c.closed_on, c.status, d.theme, c.department_id,"
    " (SELECT COUNT(*) FROM legal_event e"
    "  WHERE e.case_id = c.id AND e.code = 'implicit_refusal') AS silence"
    ' FROM "case" c JOIN data_request d ON d.case_id = c.id'
    " WHERE c.kind = 'data_request' AND c.visibility = 'public'"
)
CLOSING = ("published", "refused", "redirected", "duplicate")

Row = tuple[str, int, str]


def recounted() -> tuple[dict[Row, dict[str, int | None]], dict[Row, dict[int, int]]]:
    """Return sums and delays by (dimension, period, code), counted now from every listed case."""
    cases = [dict(row) for row in db.session.execute(LISTED).mappings()]
    groups: dict[Row, list[dict[str, Any]]] = {}
    for case in cases:
        for key in _keys(case):
            groups.setdefault(key, []).append(case)
    sums = {key: _sums(found) for key, found in groups.items()}
    delays: dict[Row, dict[int, int]] = {}
    for key, found in groups.items():
        for days in filter(lambda one: one is not None, map(_days, found)):
            delays.setdefault(key, {}).setdefault(days or 0, 0)
            delays[key][days or 0] += 1
    return sums, delays


def kept() -> tuple[dict[Row, dict[str, int | None]], dict[Row, dict[int, int]]]:
    """Return sums and delays as they are kept."""
    sums: dict[Row, dict[str, int | None]] = {}
    for row in db.session.execute(text("SELECT * FROM request_sum")).mappings():
        key = (row["dimension"], row["period"], row["code"])
        sums[key] = {k: v for k, v in row.items() if k not in {"dimension", "period", "code"}}
    delays: dict[Row, dict[int, int]] = {}
    for row in db.session.execute(text("SELECT * FROM request_delay")).mappings():
        delays.setdefault((row["dimension"], row["period"], row["code"]), {})[row["days"]] = row[
            "times"
        ]
    return sums, delays


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _keys(case: dict[str, Any]) -> list[Row]:
    day = _day(case["received_on"])
    assert day is not None
    quarter = int(f"{day.year}{(day.month - 1) // 3 + 1}")
    theme, department = case["theme"] or "", str(case["department_id"] or 0)
    periods = (0, day.year, quarter)
    return [
        *(("town", period, "") for period in periods),
        *(("theme", period, theme) for period in periods),
        ("department", day.year, department),
    ]


def _days(case: dict[str, Any]) -> int | None:
    received, closed = _day(case["received_on"]), _day(case["closed_on"])
    if case["status"] not in CLOSING or received is None or closed is None or closed < received:
        return None
    return (closed - received).days


def _sums(cases: Sequence[dict[str, Any]]) -> dict[str, int | None]:
    answered = [c for c in cases if c["status"] in CLOSING]
    still_open = [c for c in cases if c["status"] in {"open", "under_review", "planned"}]
    dated = [c for c in answered if _days(c) is not None and c["due_on"] is not None]
    in_time = [c for c in dated if str(c["closed_on"]) <= str(c["due_on"])]
    days = sorted(d for c in cases if (d := _days(c)) is not None)
    return {
        "received": len(cases),
        "open": len(still_open),
        "in_time": len(in_time),
        "late": len(dated) - len(in_time),
        "undated": len(answered) - len(dated),
        "given_up": sum(c["status"] == "abandoned" for c in cases),
        "by_silence": sum(bool(c["silence"]) for c in cases),
        "still_silent": sum(bool(c["silence"]) for c in still_open),
        **{status: sum(c["status"] == status for c in cases) for status in CLOSING},
        "median": days[(len(days) + 1) // 2 - 1] if days else None,
        "ninetieth": days[-(-len(days) * 9 // 10) - 1] if days else None,
    }
