# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is owed when something happens, in the same transaction."""

from flask import current_app
from flask_babel import force_locale, gettext

from beffroi.campaigns.events import CampaignNotePublished, CampaignPhaseBegan
from beffroi.campaigns.rules import OVER
from beffroi.cases.events import AskedToJoin, StepTaken, SubscriptionAsked
from beffroi.cyber.events import CyberForwarded, CyberNews
from beffroi.data_requests.events import ConfirmationAsked
from beffroi.data_requests.rules import THEMES
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


def on_subscription_asked(event: SubscriptionAsked) -> None:
    """Send the link that confirms the address of who wants to follow a theme or the town."""
    town = current_app.extensions["beffroi"].settings.name
    with force_locale(event.lang):
        what = gettext(THEMES[event.theme]) if event.theme else town
    letter = service.Letter(
        "confirm-follow",
        event.email,
        event.lang,
        event.token[:16],
        f"/requests/follow/confirm/{event.token}",
        {"what": what},
    )
    service.owe_letter(letter, now=event.at)


def on_cyber_news(event: CyberNews) -> None:
    """Write to one of those who need to know of a confidential case; the reference, and a link."""
    letter = service.Letter(
        event.letter, event.to, event.lang, event.key, event.path, {"ref": event.ref}
    )
    service.owe_letter(letter, now=event.at, quiet=True)


def on_cyber_forwarded(event: CyberForwarded) -> None:
    """Tell another body, or the CSIRT, that there is a report; nothing of what it says."""
    settings = current_app.extensions["beffroi"].settings
    values = {"site": event.site, "ref": event.ref}
    more = [settings.contact] if settings.contact else []
    lang = settings.languages[0]
    letter = service.Letter("cyber-forward", event.to, lang, event.key, "", values, more)
    service.owe_letter(letter, now=event.at, quiet=True)


def on_campaign_step(event: CampaignPhaseBegan | CampaignNotePublished) -> None:
    """Owe word of a phase, or of the note, to every follower of the series, its theme, the town.

    None is owed that a campaign is over.
    """
    if isinstance(event, CampaignPhaseBegan) and event.phase == OVER:
        return
    settings = current_app.extensions["beffroi"].settings
    service.owe_announcement(
        event.step_id, event.series_id, event.theme, public_url=settings.public_url, now=event.at
    )
