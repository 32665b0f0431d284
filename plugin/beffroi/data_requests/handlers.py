# SPDX-License-Identifier: AGPL-3.0-or-later
"""What data requests keep beyond a case goes with it, in the same transaction."""

from beffroi.cases.events import CaseErased
from beffroi.data_requests import service


def on_case_erased(event: CaseErased) -> None:
    """Destroy what the receipt commits to, with its salt, and the confirmation's row."""
    service.forget(event.case_id, event.ref)
