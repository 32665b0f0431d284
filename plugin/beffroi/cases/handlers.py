# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of a case when something that others found out concerns it."""

from datetime import datetime
from typing import Protocol

from flask_babel import gettext

from beffroi.cases import queries, rules, service
from beffroi.cases.service import erasing
from beffroi.kernel.actors import SYSTEM


class Withdrawn(Protocol):
    """What is told of a withdrawal that a restored database knew nothing of."""

    @property
    def case_id(self) -> int:
        """The case."""

    @property
    def reason(self) -> str:
        """The protocol's code."""

    @property
    def at(self) -> datetime:
        """When it was found out."""


def on_withdrawal_recovered(event: Withdrawn) -> None:
    """Hold every public text of the case: an agent looks before anything is shown again.

    What a person had a right to is done again: the backup had brought back what was destroyed. Of
    a confidential case nothing else was public but its record.
    """
    if event.reason in rules.ERASING:
        case = service.case_by_id(event.case_id)
        why = gettext("Removed before, and again after a backup was restored.")
        if case is not None and not erasing.is_erased(case):
            service.remove_case(case, reason=why, code=event.reason, actor=SYSTEM, now=event.at)
        return
    if queries.is_confidential(event.case_id):
        return
    why = gettext("Withdrawn after the backup that was restored.")
    service.hold_case(event.case_id, reason=why, code=event.reason, actor=SYSTEM, now=event.at)
