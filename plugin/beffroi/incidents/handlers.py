# SPDX-License-Identifier: AGPL-3.0-or-later
"""What incidents keep beyond a case goes with it, in the same transaction."""

from beffroi.cases.events import CaseErased
from beffroi.incidents import service


def on_case_erased(event: CaseErased) -> None:
    """Destroy the position of an erased report."""
    service.forget_positions([event.case_id])
