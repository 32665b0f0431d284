# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the outbox notes when something happens, in the same transaction. Codes only."""

from flask import current_app

from beffroi.campaigns.events import CampaignNotePublished, CampaignPhaseBegan
from beffroi.cases import queries as cases
from beffroi.cases.events import CaseWithdrawn, PublicVersionChanged, RequestReceived
from beffroi.cases.rules import DATA_REQUEST
from beffroi.cyber import queries as cyber
from beffroi.cyber.events import CyberReleased, CyberWithdrawn
from beffroi.outbox import service


def on_request_received(event: RequestReceived) -> None:
    """Note that a request was acknowledged, by its salted commitment."""
    service.put(
        "received", case_id=event.case_id, codes={"commitment": event.commitment}, now=event.at
    )


def on_public_version_changed(event: PublicVersionChanged) -> None:
    """Note that a data request has a new public version; incidents leave as counts only."""
    if event.kind == DATA_REQUEST:
        service.put("request", case_id=event.case_id, version=event.version, now=event.at)


def on_case_withdrawn(event: CaseWithdrawn) -> None:
    """Note that what was published of a case must be withdrawn, with the reason's code.

    Of a confidential case of which no record was made nothing is noted: nothing had left.
    """
    if cases.is_confidential(event.case_id) and not cyber.has_record(event.case_id):
        return
    service.put("withdraw", case_id=event.case_id, codes={"reason": event.reason}, now=event.at)


def on_cyber_released(event: CyberReleased) -> None:
    """Note that a record may be made of a closed cyber case; its embargo is over."""
    service.put("cyber", case_id=event.case_id, version=1, now=event.at)


def on_cyber_withdrawn(event: CyberWithdrawn) -> None:
    """Note that the record of a cyber case must be withdrawn."""
    service.put("withdraw", case_id=event.case_id, codes={"reason": event.reason}, now=event.at)


def on_campaign_step(event: CampaignPhaseBegan | CampaignNotePublished) -> None:
    """Note that an edition stands elsewhere: its record has a new version."""
    public_url = current_app.extensions["beffroi"].settings.public_url
    service.put("campaign", codes={"campaign": event.campaign_id, "town": public_url}, now=event.at)
