# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table: which event goes to which handlers, inside the same transaction, in this order."""

from beffroi.bridges import handlers as bridges
from beffroi.campaigns import handlers as campaigns
from beffroi.campaigns.events import CampaignNotePublished, CampaignPhaseBegan
from beffroi.cases import handlers as cases
from beffroi.cases.events import (
    AskedToJoin,
    CaseChanged,
    CaseErased,
    CaseWithdrawn,
    PublicVersionChanged,
    RequestReceived,
    StepTaken,
    SubscriptionAsked,
    TextReleased,
)
from beffroi.cyber import handlers as cyber
from beffroi.cyber.events import CyberForwarded, CyberNews, CyberReleased, CyberWithdrawn
from beffroi.data_requests import handlers as data_requests
from beffroi.data_requests.events import ConfirmationAsked
from beffroi.feed import handlers as feed
from beffroi.feed.events import (
    NamelessWithdrawalRecovered,
    NewerVersionRecovered,
    WithdrawalRecovered,
)
from beffroi.handover import handlers as handover
from beffroi.incidents import handlers as incidents
from beffroi.incidents.events import CyberReported, ReportsImported
from beffroi.kernel.bus import Handlers
from beffroi.notifications import handlers as notifications
from beffroi.open311 import handlers as open311
from beffroi.outbox import handlers as outbox
from beffroi.street import handlers as street
from beffroi.webhooks import handlers as webhooks

HANDLERS: Handlers = {
    CaseChanged: (data_requests.on_case_changed, incidents.on_case_changed, street.on_case_changed),
    ReportsImported: (street.on_reports_imported,),
    TextReleased: (street.on_text_released, webhooks.on_text_released),
    RequestReceived: (outbox.on_request_received, campaigns.on_request_received),
    PublicVersionChanged: (
        outbox.on_public_version_changed,
        open311.on_public_version_changed,
        street.on_public_version_changed,
        webhooks.on_public_version_changed,
    ),
    CaseWithdrawn: (outbox.on_case_withdrawn, feed.on_case_withdrawn, webhooks.on_case_withdrawn),
    CaseErased: (
        data_requests.on_case_erased,
        campaigns.on_case_erased,
        cyber.on_case_erased,
        incidents.on_case_erased,
        open311.on_case_erased,
        street.on_case_erased,
        handover.on_case_erased,
        bridges.on_case_erased,
    ),
    WithdrawalRecovered: (cases.on_withdrawal_recovered, cyber.on_withdrawal_recovered),
    NamelessWithdrawalRecovered: (cyber.on_nameless_withdrawal_recovered,),
    NewerVersionRecovered: (data_requests.on_newer_version_recovered,),
    CyberReported: (cyber.on_cyber_reported,),
    CyberNews: (notifications.on_cyber_news,),
    CyberForwarded: (notifications.on_cyber_forwarded,),
    CyberReleased: (outbox.on_cyber_released,),
    CyberWithdrawn: (outbox.on_cyber_withdrawn, feed.on_case_withdrawn),
    StepTaken: (notifications.on_step_taken, webhooks.on_step_taken),
    AskedToJoin: (notifications.on_asked_to_join,),
    ConfirmationAsked: (notifications.on_confirmation_asked,),
    SubscriptionAsked: (notifications.on_subscription_asked,),
    CampaignPhaseBegan: (
        outbox.on_campaign_step,
        notifications.on_campaign_step,
        campaigns.on_step,
        webhooks.on_campaign_step,
    ),
    CampaignNotePublished: (
        outbox.on_campaign_step,
        notifications.on_campaign_step,
        campaigns.on_step,
        webhooks.on_campaign_step,
    ),
}
