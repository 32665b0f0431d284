# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report on a public site has a file from its first moment; what is erased loses it."""

from urllib.parse import urlsplit

from flask import current_app

from beffroi.cases import queries as cases
from beffroi.cases.events import CaseErased
from beffroi.cyber import service
from beffroi.cyber.queries import desk
from beffroi.incidents.events import CyberReported


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
