# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for reports on public sites: the file of a case, its codes. Plain Python."""

from dataclasses import dataclass
from datetime import date, datetime

TLPS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
"""The labels of TLP 2.0 (https://www.first.org/tlp/), widest first."""

FIRST_TLP = "AMBER+STRICT"
"""What a new case has: for those in the institution who need to know it."""

OFFICER = "cyber_officer"
"""The role whose holders see a new report until somebody has taken it up."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A clean, re-encoded picture in the store; `size` in bytes."""

    name: str
    media_type: str
    sha256: str
    size: int
    stored_name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the institution's timeline, never with an agent's name."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A body that was told: `host`, `csirt` or `body`; silent while told and not answered."""

    role: str
    name: str
    address: str
    told_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class CyberFile:
    """Everything of a case that goes to a CERT. `tlp` is one of `TLPS`, moments are UTC.

    `addresses` stand as they were typed: whoever shows them defangs them. `embargo_zone` is the
    IANA name of the zone in which the embargo was set.
    """

    ref: str
    case_id: int
    town: str
    siren: str
    category: str
    rsit: str | None
    severity: str
    tlp: str
    embargo_until: datetime | None
    embargo_zone: str
    opened_at: datetime
    happened_on: date | None
    closed_on: date | None
    site: str
    addresses: tuple[str, ...]
    words: str
    personal_data: bool
    evidence: tuple[Evidence, ...]
    steps: tuple[Step, ...]
    contacts: tuple[Contact, ...]
