# SPDX-License-Identifier: AGPL-3.0-or-later
"""What campaigns do when something happens, in the same transaction."""

from flask import current_app

from beffroi.campaigns.events import CampaignNotePublished, CampaignPhaseBegan
from beffroi.campaigns.rules import ANNOUNCE, OVER
from beffroi.campaigns.service import gathering, survey
from beffroi.cases.events import CaseErased, RequestReceived
from beffroi.kernel import jobs


def on_request_received(event: RequestReceived) -> None:
    """Let a request belong to the campaign whose call runs."""
    gathering.join(event.case_id, event.came_by, now=event.at)


def on_case_erased(event: CaseErased) -> None:
    """Forget by whom an erased request came, why it was not eligible, and who chose it."""
    gathering.forget_way(event.case_id)
    survey.forget_choices(event.case_id)


def on_step(event: CampaignPhaseBegan | CampaignNotePublished) -> None:
    """Have the operator's webhook told of an announcement, where there is one."""
    if isinstance(event, CampaignPhaseBegan) and event.phase == OVER:
        return
    if current_app.extensions["beffroi"].settings.announce_url:
        jobs.enqueue(ANNOUNCE, {"step": event.step_id}, run_at=event.at)
