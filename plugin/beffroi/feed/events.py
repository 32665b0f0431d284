# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the log learns that others must act on, told inside the same transaction."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WithdrawalRecovered:
    """After a restore it turned out that records of a case were withdrawn; `reason` is a code."""

    case_id: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewerVersionRecovered:
    """After a restore it turned out that the log has a newer version of a case than the backup."""

    case_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class NamelessWithdrawalRecovered:
    """After a restore it turned out that records were withdrawn, and nothing tells of which cases.

    `known` are the cases whose records were recovered: it is of none of these.
    """

    known: frozenset[int]
    at: datetime
