# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is owed to other sites when something happens, in the same transaction."""

from flask import current_app

from beffroi.campaigns.events import CampaignNotePublished, CampaignPhaseBegan
from beffroi.campaigns.rules import OVER
from beffroi.cases import queries as cases
from beffroi.cases.events import CaseWithdrawn, PublicVersionChanged, StepTaken, TextReleased
from beffroi.webhooks import queries, service
from beffroi.webhooks.rules import ABOUT_REMOVED, EVENTS


def on_step_taken(event: StepTaken) -> None:
    """Owe word of an official step."""
    _owe(event, event.step, str(event.timeline_id))


def on_text_released(event: TextReleased) -> None:
    """Owe word of a text that is public now; `detail` is its role."""
    _owe(event, "text_released", str(event.text_id), event.role)


def on_public_version_changed(event: PublicVersionChanged) -> None:
    """Owe word that what everyone reads has changed; `detail` is the number of the version."""
    _owe(event, "changed", f"{event.case_id}/{event.version}", str(event.version))


def on_case_withdrawn(event: CaseWithdrawn) -> None:
    """Owe word that what was published is withdrawn."""
    _owe(event, "withdrawn", f"{event.case_id}/{event.at.isoformat()}")


def _owe(
    event: StepTaken | TextReleased | PublicVersionChanged | CaseWithdrawn,
    what: str,
    key: str,
    detail: str = "",
) -> None:
    if not queries.any_webhook():
        return
    head = cases.head_by_id(event.case_id)
    kind = queries.kind_of(head)
    name = f"{kind}.{what}"
    if head is None or kind is None or name not in EVENTS:
        return
    if head.visibility == "removed" and what not in ABOUT_REMOVED:
        return
    town = current_app.extensions["beffroi"].settings.public_url
    service.owe(name, key, town=town, now=event.at, case_id=event.case_id, detail=detail)


def on_campaign_step(event: CampaignPhaseBegan | CampaignNotePublished) -> None:
    """Owe word of a step of a campaign."""
    name = "campaign.note_published"
    if isinstance(event, CampaignPhaseBegan):
        name = "campaign.over" if event.phase == OVER else "campaign.phase_began"
    town = current_app.extensions["beffroi"].settings.public_url
    service.owe(name, str(event.step_id), town=town, now=event.at, step_id=event.step_id)
