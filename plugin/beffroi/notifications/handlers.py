# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is owed when something happens, in the same transaction."""

from flask import current_app

from beffroi.cases.events import AskedToJoin, StepTaken
from beffroi.data_requests.events import ConfirmationAsked
from beffroi.kernel import jobs
from beffroi.notifications import service


def on_step_taken(event: StepTaken) -> None:
    """Owe word of an official step to the author and every follower."""
    settings = current_app.extensions["beffroi"].settings
    service.owe_step(
        event.case_id, event.timeline_id, event.step, public_url=settings.public_url, now=event.at
    )


def on_asked_to_join(event: AskedToJoin) -> None:
    """Owe the question to everybody who was asked and has an address."""
    settings = current_app.extensions["beffroi"].settings
    service.owe_questions(
        event.case_id, event.timeline_id, public_url=settings.public_url, now=event.at
    )


def on_confirmation_asked(event: ConfirmationAsked) -> None:
    """Send the link that confirms an address."""
    jobs.enqueue(
        service.SEND_CONFIRMATION,
        {"email": event.email, "token": event.token, "lang": event.lang, "what": event.what},
        run_at=event.at,
    )
