# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened in confidential cases, told inside the same transaction; codes and addresses."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CyberNews:
    """Something that one of those who need to know is told by mail: `letter` names the words.

    `path` is the page it leads to; the mail says nothing of the case beyond its reference.
    """

    letter: str
    to: str
    lang: str
    key: str
    path: str
    ref: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CyberForwarded:
    """A report about another body's site is told to that body, or to the CSIRT of the region."""

    to: str
    key: str
    site: str
    ref: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CyberReleased:
    """A closed case is over its embargo and its record was allowed: it may leave the town."""

    case_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CyberWithdrawn:
    """The record of a case must be withdrawn; `reason` is a code of the protocol."""

    case_id: int
    reason: str
    at: datetime
