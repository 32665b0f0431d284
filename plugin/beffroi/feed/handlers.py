# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the log does when something happens, in the same transaction."""

from typing import Protocol

from beffroi.feed import service
from beffroi.feed.service import hints


class Withdrawn(Protocol):
    """What is told of a withdrawal: which case."""

    case_id: int


def on_case_withdrawn(event: Withdrawn) -> None:
    """Destroy the contents of a case and their salts at once; the entry comes with the batch."""
    service.forget(event.case_id)
    hints.forget_case(event.case_id)
