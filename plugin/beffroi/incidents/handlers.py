# SPDX-License-Identifier: AGPL-3.0-or-later
"""What incidents keep beyond a case goes with it, in the same transaction."""

from beffroi.cases.events import CaseChanged, CaseErased
from beffroi.cases.rules import STREET
from beffroi.incidents import service
from beffroi.incidents.service import mapping


def on_case_erased(event: CaseErased) -> None:
    """Destroy the position of an erased report, and what was answered to its questions."""
    service.forget_positions([event.case_id], erased=True)


def on_case_changed(event: CaseChanged) -> None:
    """Put a street report where it belongs on the map, at the end of the change."""
    if event.kind == STREET:
        mapping.changed(event.case_id)
