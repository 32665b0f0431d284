# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened to a report, told to whoever subscribed, inside the same transaction."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CyberReported:
    """A report about a public site was received, or brought in (`imported`)."""

    case_id: int
    category: str
    at: datetime
    imported: bool = False
