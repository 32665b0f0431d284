# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words a record may use: codes, bands and periods of record version 1.

Everything here is public and closed: a value outside these lists never leaves a town, and is
never shown by a nation. The lists are described field by field in `docs/protocol/records.md`.

Sources: themes are the codes of the EU data-theme authority table (Publications Office, used by
DCAT-AP); classes of cyber incidents are the top classes of the RSIT taxonomy (ENISA, TF-CSIRT);
weeks are ISO 8601 week dates.
"""

import re
from datetime import date

KINDS = ("request", "incident_summary", "cyber_incident", "campaign")

OBJECTS = ("dataset", "source_code", "algorithm", "document", "api", "dataset_correction")
THEMES = (
    "AGRI", "ECON", "EDUC", "ENER", "ENVI", "GOVE", "HEAL",
    "INTR", "JUST", "OP_DATPRO", "REGI", "SOCI", "TECH", "TRAN",
)  # fmt: skip
STATUSES = (
    "open", "under_review", "planned", "published", "refused", "redirected", "duplicate",
    "abandoned",
)  # fmt: skip
OUTCOMES = (
    "published", "already_published", "planned", "partly", "refused", "not_held", "redirected",
    "duplicate",
)  # fmt: skip
CLOCKS = ("none", "in_time", "overdue", "implicit_refusal", "appeal", "confirmed_refusal")

FAMILIES = ("street", "cyber")
STATES = ("shown", "suppressed")
CLASSES = (
    "abusive-content", "malicious-code", "information-gathering", "intrusion-attempts",
    "intrusions", "availability", "information-content-security", "fraud", "vulnerable", "other",
)  # fmt: skip
SURFACES = (
    "website", "impersonation", "social_account", "email", "online_service", "internal_service",
    "network", "equipment", "third_party", "other",
)  # fmt: skip
TLP = ("CLEAR",)
PHASES = ("call", "sorting", "research", "note")

SUPPORT_BANDS = ("0", "1-9", "10-49", "50-199", "200+")
DELAY_BANDS = ("0-7", "8-30", "31-90", "91-365", "366+")
IMPACT_BANDS = ("none", "minor", "major", "severe")
DURATION_BANDS = ("under-1d", "1-7d", "8-30d", "over-30d")

LEAST_COUNT = 5  # k: a shown count below it names somebody; it may be raised, never lowered

COMMUNE = r"(?:[0-9]{5}|2[AB][0-9]{3})"
SIREN = r"[0-9]{9}"
WEEK = r"[12][0-9]{3}-W(?:0[1-9]|[1-4][0-9]|5[0-3])"
QUARTER = r"[12][0-9]{3}-Q[1-4]"
MONTH = r"[12][0-9]{3}-(?:0[1-9]|1[0-2])"
YEAR = r"[12][0-9]{3}"

_SUPPORT_FLOORS = (0, 1, 10, 50, 200)
_DELAY_FLOORS = (0, 8, 31, 91, 366)
_DURATION_FLOORS = (0, 1, 8, 31)


def _band(number: int, floors: tuple[int, ...], bands: tuple[str, ...], what: str) -> str:
    """Return the band whose floor is the highest one not above the number."""
    if number < 0:
        raise ValueError(f"{what} cannot be below zero, got {number}")
    return [band for floor, band in zip(floors, bands, strict=True) if floor <= number][-1]


def support_band(supports: int) -> str:
    """Return the band of a number of supports; a negative number is a ValueError."""
    return _band(supports, _SUPPORT_FLOORS, SUPPORT_BANDS, "a number of supports")


def delay_band(days: int) -> str:
    """Return the band of a delay in whole days; a negative one is a ValueError."""
    return _band(days, _DELAY_FLOORS, DELAY_BANDS, "a delay in days")


def duration_band(days: int) -> str:
    """Return the band of a cyber incident's length in whole days (0: under a day)."""
    return _band(days, _DURATION_FLOORS, DURATION_BANDS, "a duration in days")


def iso_week(day: date) -> str:
    """Return the ISO 8601 week a day lies in, such as `2027-W03`."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def quarter(day: date) -> str:
    """Return the quarter a day lies in, such as `2027-Q1`."""
    return f"{day.year:04d}-Q{(day.month + 2) // 3}"


def is_week(text: str) -> bool:
    """Tell whether a text is an ISO week that its year really has (53 is rare)."""
    if not re.fullmatch(WEEK, text):
        return False
    year, week = int(text[:4]), int(text[6:])
    return week <= date(year, 12, 28).isocalendar().week  # 28 December is in the last week
