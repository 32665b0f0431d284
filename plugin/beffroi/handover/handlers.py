# SPDX-License-Identifier: AGPL-3.0-or-later
"""What hand-overs do when something happens elsewhere."""

from beffroi.cases.events import CaseErased
from beffroi.handover import service


def on_case_erased(event: CaseErased) -> None:
    """Destroy what is kept of the hand-overs of an erased case."""
    service.forget(event.case_id)
