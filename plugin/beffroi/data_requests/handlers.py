# SPDX-License-Identifier: AGPL-3.0-or-later
"""What data requests keep beyond a case goes with it, in the same transaction."""

from datetime import datetime
from typing import Protocol

from flask_babel import gettext

from beffroi.cases.events import CaseChanged, CaseErased
from beffroi.cases.rules import DATA_REQUEST
from beffroi.data_requests import service
from beffroi.data_requests.service import clock, drafts, statistics


def on_case_changed(event: CaseChanged) -> None:
    """Count a data request anew at the end of the change."""
    if event.kind == DATA_REQUEST:
        statistics.changed(event.case_id)


def on_case_erased(event: CaseErased) -> None:
    """Destroy what the receipt commits to, with its salt, and the confirmation's row."""
    service.forget(event.case_id, event.ref)


class Newer(Protocol):
    """What is told of a case of which a restored database has an old version."""

    @property
    def case_id(self) -> int:
        """The case."""

    @property
    def at(self) -> datetime:
        """When it was found out."""


def on_newer_version_recovered(event: Newer) -> None:
    """Let the clock of the case rest: it may have been answered since the backup was made.

    An answer that was to go out by itself waits for an agent: it may have gone out already.
    """
    clock.rest(event.case_id)
    why = gettext("A backup was restored, and this request has changed since it was made.")
    drafts.put_back(event.case_id, why, now=event.at)
