# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report on a public site has a file from its first moment; what is erased loses it."""

from collections.abc import Set
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext

from beffroi.cases import queries as cases
from beffroi.cases.events import CaseErased
from beffroi.cyber import service
from beffroi.cyber.queries import desk
from beffroi.cyber.service import release
from beffroi.incidents.events import CyberReported


class Withdrawn(Protocol):
    """What is told of a withdrawal that a restored database knew nothing of."""

    @property
    def case_id(self) -> int:
        """The case."""

    @property
    def at(self) -> datetime:
        """When it was found out."""


class Nameless(Protocol):
    """What is told of withdrawals of which nothing tells whose they were."""

    @property
    def known(self) -> Set[int]:
        """The cases that it does not concern."""

    @property
    def at(self) -> datetime:
        """When it was found out."""


def on_cyber_reported(event: CyberReported) -> None:
    """Make the file of a new report, in the transaction that received it."""
    settings = current_app.extensions["beffroi"].settings
    texts = cases.originals(event.case_id)
    place = next((one.original for one in texts if one.role == "place"), "")
    service.open_file(
        event.case_id,
        event.category,
        place,
        service.terms_of(settings),
        desk.known(urlsplit(settings.public_url).hostname or "", settings.name),
        at=event.at,
        imported=event.imported,
    )


def on_case_erased(event: CaseErased) -> None:
    """Destroy what was written about an erased case; its delays end."""
    service.forget([event.case_id])
    service.stop_clocks(event.case_id, now=event.at)


def on_withdrawal_recovered(event: Withdrawn) -> None:
    """Know again that the record of a case was withdrawn, so that none is ever made of it."""
    why = gettext("Withdrawn after the backup that was restored.")
    release.withdrawn_before(event.case_id, why, now=event.at)


def on_nameless_withdrawal_recovered(event: Nameless) -> None:
    """Ask anew for each record that is allowed and not made: it may be the one withdrawn."""
    why = gettext("A backup was restored: allow it again if it may become public.")
    release.ask_anew(why, but=event.known, now=event.at)
