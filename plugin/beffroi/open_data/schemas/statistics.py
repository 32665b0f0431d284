# SPDX-License-Identifier: AGPL-3.0-or-later
"""The statistics as they go out: rows of CSV and JSON, and what their page is made of."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_percent, gettext, ngettext
from marshmallow import Schema, fields, validate

from beffroi.data_requests.queries.statistics import NOTHING, Sums
from beffroi.data_requests.rules import THEMES
from beffroi.data_requests.rules.statistics import (
    ALL_TIME,
    DEPARTMENT,
    DIMENSIONS,
    MEASURES,
    NOWHERE,
    THEME,
    TOWN,
    period_name,
    year_of,
)
from beffroi.open_data.rules.statistics import (
    Department,
    ShownDepartment,
    departments_shown,
    per_cent,
)
from beffroi_web.cells import harmless
from beffroi_web.charts import Point
from beffroi_web.words import N_

QUARTERS_SHOWN = 12
"""How many quarters the page draws of all years; the data have all of them."""


class FigureQuery(Schema):
    """Filters of the statistics: one year of reception, one table."""

    year = fields.Integer(validate=validate.Range(1900, 2999), load_default=None)
    table = fields.String(validate=validate.OneOf(["", *DIMENSIONS]), load_default="")


class Figure(Schema):
    """One row of figures; null is nothing to say, or kept back (departments only)."""

    table = fields.String(validate=validate.OneOf(DIMENSIONS))
    period = fields.String(metadata={"description": "all, 2026 or 2026-Q4: when received"})
    code = fields.String(metadata={"description": "theme, department or others; else empty"})
    name = fields.String(allow_none=True)
    received = fields.Integer(allow_none=True)
    answered = fields.Integer(allow_none=True)
    open = fields.Integer(allow_none=True)
    in_time = fields.Integer(allow_none=True)
    late = fields.Integer(allow_none=True)
    undated = fields.Integer(allow_none=True)
    given_up = fields.Integer(allow_none=True)
    by_silence = fields.Integer(allow_none=True)
    still_silent = fields.Integer(allow_none=True)
    published = fields.Integer(allow_none=True)
    refused = fields.Integer(allow_none=True)
    redirected = fields.Integer(allow_none=True)
    duplicate = fields.Integer(allow_none=True)
    median_days = fields.Integer(allow_none=True)
    ninetieth_days = fields.Integer(allow_none=True)
    delay_band = fields.String(allow_none=True)


class FigurePage(Schema):
    """All rows that fit; there is no second page."""

    items = fields.List(fields.Nested(Figure), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


COLUMN_WORDS: Mapping[str, str] = {
    "table": N_("of the whole town, of a theme or of a department"),
    "period": N_("when the requests were received: all, a year or a quarter of it"),
    "code": N_("the theme or department; “others” are departments not shown, and none"),
    "name": N_("name of the department"),
    "received": N_("requests received, without those removed"),
    "answered": N_("closed by an official answer"),
    "open": N_("not answered yet"),
    "in_time": N_("answered by the day that the law gives"),
    "late": N_("answered after it"),
    "undated": N_("answered, but no such day exists or the day of the answer is not known"),
    "given_up": N_("given up by who asked"),
    "by_silence": N_("refused by silence: no answer came within the legal delay"),
    "still_silent": N_("of these, without an answer to this day"),
    "published": N_("answered: published"),
    "refused": N_("answered: refused, or not held"),
    "redirected": N_("answered: passed on to another body"),
    "duplicate": N_("answered: asked before"),
    "median_days": N_("days within which half of the answers came"),
    "ninetieth_days": N_("days within which nine answers in ten came"),
    "delay_band": N_("of departments, the band in which the median lies, in days"),
}
FIGURE_COLUMNS = tuple(COLUMN_WORDS)


# ---- CSV and JSON -------------------------------------------------------------------------------


def as_rows(
    rows: Sequence[Sums], names: Mapping[str, str], *, year: int | None, table: str
) -> list[dict[str, Any]]:
    """Return every figure that fits as rows of the data, departments as far as they are shown."""
    found = [
        _row(one)
        for one in rows
        if one.dimension != DEPARTMENT and year in {None, year_of(one.period)}
    ]
    years = sorted({one.period for one in rows if one.dimension == DEPARTMENT})
    for period in (one for one in years if year in {None, one}):
        found += [_department_row(one, period, names) for one in departments(rows, period)]
    return [row for row in found if table in {"", row["table"]}]


def _row(one: Sums) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(FIGURE_COLUMNS)
    values |= {name: getattr(one, name) for name in MEASURES}
    return values | {
        "table": one.dimension,
        "period": period_name(one.period),
        "code": one.code,
        "answered": one.answered,
        "median_days": one.median,
        "ninetieth_days": one.ninetieth,
    }


def _department_row(one: ShownDepartment, period: int, names: Mapping[str, str]) -> dict[str, Any]:
    return dict.fromkeys(FIGURE_COLUMNS) | {
        "table": DEPARTMENT,
        "period": period_name(period),
        "code": one.code,
        "name": names.get(one.code),
        "received": one.received,
        "in_time": one.in_time,
        "late": one.late,
        "delay_band": one.delay,
    }


def departments(rows: Sequence[Sums], year: int) -> tuple[ShownDepartment, ...]:
    """Return what may be shown of the departments of a year."""
    return departments_shown(
        [
            Department(
                code=one.code,
                named=one.code != NOWHERE,
                received=one.received,
                in_time=one.in_time,
                late=one.late,
                answered=one.answered,
                median=one.median,
            )
            for one in rows
            if one.dimension == DEPARTMENT and one.period == year
        ]
    )


def figures_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV: RFC 4180, UTF-8, an empty cell for none, no formula in a name."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(FIGURE_COLUMNS)
    for row in rows:
        cells = {name: "" if row[name] is None else str(row[name]) for name in FIGURE_COLUMNS}
        writer.writerow({**cells, "name": harmless(cells["name"])}.values())
    return buffer.getvalue()


# ---- the page -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """What the page shows: of which year (0: all), the town, its quarters, themes, departments."""

    year: int
    years: tuple[int, ...]
    town: Sums
    quarters: tuple[tuple[str, Sums], ...]
    older: bool
    themes: tuple[tuple[str, str, Sums], ...]
    departments: tuple[ShownDepartment, ...]
    departments_year: int

    @property
    def answer_rate(self) -> tuple[Point, ...]:
        """How many in a hundred were answered, by quarter."""
        return tuple((name, rate(one)) for name, one in self.quarters)

    @property
    def medians(self) -> tuple[Point, ...]:
        """The median delay in days, by quarter."""
        return tuple((name, one.median) for name, one in self.quarters)

    @property
    def outcomes(self) -> tuple[Point, ...]:
        """What became of the requests."""
        return tuple((gettext(words), getattr(self.town, name)) for name, words in OUTCOME_WORDS)


OUTCOME_WORDS = (
    ("published", N_("Published")),
    ("refused", N_("Refused, or not held")),
    ("redirected", N_("Passed on")),
    ("duplicate", N_("Asked before")),
    ("given_up", N_("Given up")),
    ("open", N_("Not answered yet")),
)


def _newest_departments(
    rows: Sequence[Sums], years: Sequence[int]
) -> tuple[int, tuple[ShownDepartment, ...]]:
    """Return the first of some years in which departments can be shown, and what is shown."""
    for year in years:
        if shown := departments(rows, year):
            return year, shown
    return (years[0] if years else 0), ()


def figures_page(rows: Sequence[Sums], year: int) -> FiguresPage:
    """Return what the page shows of a year, or of all (0)."""
    town = {one.period: one for one in rows if one.dimension == TOWN}
    quarters = [p for p in town if p > 9999 and year in {0, year_of(p)}]
    themes = [one for one in rows if one.dimension == THEME and one.period == year]
    themes.sort(key=lambda one: (not one.code, -one.received, one.code))
    years = tuple(sorted((p for p in town if ALL_TIME < p <= 9999), reverse=True))
    department_year, shown = _newest_departments(rows, (year,) if year else years)
    return FiguresPage(
        year=year,
        years=years,
        town=town.get(year, NOTHING),
        quarters=tuple((quarter_name(p), town[p]) for p in sorted(quarters)[-QUARTERS_SHOWN:]),
        older=len(quarters) > QUARTERS_SHOWN,
        themes=tuple((one.code, theme_name(one.code), one) for one in themes),
        departments=shown,
        departments_year=department_year,
    )


def quarter_name(period: int) -> str:
    """Return what people read for a quarter: `T4 2026`, `Q4 2026`."""
    return str(gettext("Q%(quarter)s %(year)s", quarter=period % 10, year=period // 10))


def theme_name(code: str) -> str:
    """Return what people read for a theme, also where an agent has chosen none yet."""
    return str(gettext(THEMES[code]) if code in THEMES else gettext("No theme yet"))


def rate(one: Sums) -> int | None:
    """Return how many in a hundred have an answer, of those not given up by who asked."""
    return per_cent(one.answered, one.received - one.given_up)


def punctuality(one: Sums) -> int | None:
    """Return how many in a hundred answers came in time, of those with a legal delay."""
    return per_cent(one.in_time, one.in_time + one.late)


def hundredths(value: int | None) -> str:
    """Return a whole number of hundredths as the language writes it; an en dash for none."""
    return "–" if value is None else str(format_percent(value / 100))


def days(value: int | None) -> str:
    """Return a number of days in words; an en dash for none."""
    return "–" if value is None else str(ngettext("%(num)s day", "%(num)s days", value))
