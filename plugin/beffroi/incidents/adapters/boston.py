# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the open data of Boston's 311 (CSV, plain or gzip), years up to 2015.

The file holds no citizen's words: a type, an address, two moments, and what the staff wrote when
they closed it, which is imported as the answer and held if the gate finds a telephone number or an
address in it. Moments are Boston's own, with AM and PM; `(0, 0)` is no position.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from beffroi.incidents.adapters.tables import (
    first_of,
    moment,
    newest_of,
    position,
    reports,
    street,
)
from beffroi.incidents.service import ImportedReport

LANG = "en"
ZONE, FORM = "America/New_York", "%m/%d/%Y %I:%M:%S %p"
NEEDED = (
    "CASE_ENQUIRY_ID", "OPEN_DT", "CLOSED_DT", "CASE_STATUS", "CLOSURE_REASON", "TYPE", "Location",
    "LATITUDE", "LONGITUDE",
)  # fmt: skip
_CATEGORY = (
    ("light outages", "lighting"),
    ("lighting", "lighting"),
    ("signal", "signs"),
    ("sign", "signs"),
    ("graffiti", "graffiti"),
    ("pothole", "road"),
    ("sidewalk", "road"),
    ("tree", "greenery"),
    ("ground maintenance", "greenery"),
    ("litter", "waste"),
    ("trash", "waste"),
    ("dumping", "waste"),
    ("dead animal", "waste"),
    ("abandoned vehicle", "vehicles"),
    ("rodent", "hygiene"),
    ("building inspection", "hygiene"),
)
_CITY = re.compile(r"\s{2,}Boston\b.*$", re.IGNORECASE)
_CLOSED = re.compile(r"^Case Closed\s*(?:Case\s+\w+|\w+ of existing case)?\.?\s*", re.IGNORECASE)


def category_of(kind: str) -> str:
    """Return our category for a type of theirs."""
    return first_of(_CATEGORY, kind, otherwise="other_street")


def _said(reason: str) -> str:
    """Return what the staff wrote behind the formula, or nothing."""
    said = " ".join(_CLOSED.sub("", reason.strip()).split())
    return said if len(said) > 3 and said.upper() not in {"PRINTED", "NOTED"} else ""


def read(path: Path, *, commune: str, shift: timedelta) -> Iterator[ImportedReport | str]:
    """Yield a report for each row, or a sentence for a row that cannot be read."""

    def made(row: Mapping[str, str]) -> ImportedReport:
        at = moment(row["OPEN_DT"], FORM, ZONE, shift)
        closed = None
        if row["CASE_STATUS"].strip().casefold() == "closed":
            ended = row["CLOSED_DT"].strip()
            closed = max(moment(ended, FORM, ZONE, shift), at).date() if ended else at.date()
        if not row["CASE_ENQUIRY_ID"].strip().isdecimal():
            raise ValueError("it has no CASE_ENQUIRY_ID")
        return ImportedReport(
            source=f"boston:{row['CASE_ENQUIRY_ID'].strip()}",
            category=category_of(row["TYPE"]),
            received_at=at,
            commune=commune,
            description=row["TYPE"].strip()[:200] or "311",
            place=street(_CITY.sub("", row["Location"]))[:300],
            closed_on=closed,
            position=position(row["LATITUDE"], row["LONGITUDE"]),
            answer=_said(row["CLOSURE_REASON"])[:8000],
        )

    return reports(path, NEEDED, made)


def newest(path: Path, *, until: datetime) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    return newest_of(read(path, commune="", shift=timedelta()), until)
