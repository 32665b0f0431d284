# SPDX-License-Identifier: AGPL-3.0-or-later
"""What links an erased case to its origin goes with it, in the same transaction."""

from beffroi.bridges import service
from beffroi.cases.events import CaseErased


def on_case_erased(event: CaseErased) -> None:
    """Destroy the address and the words; the number stays, so that it does not come in again."""
    service.forget(event.case_id)
