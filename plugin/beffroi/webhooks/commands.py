# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does for webhooks: sends what is due to one address, in its order."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from beffroi.config import Settings
from beffroi.kernel.db import db, unit_of_work
from beffroi.webhooks import queries, service
from beffroi.webhooks.adapters import sender
from beffroi.webhooks.rules import Attempt
from beffroi_web.webhooks import signed_headers

TURN_SECONDS = 5.0
"""After so long the rest waits a moment, so that mail is not kept waiting by a slow address."""
REST = timedelta(seconds=5)


def send_due(args: dict[str, Any], now: datetime) -> None:
    """Send one address what it is owed, until something fails or the time is over.

    Each message is its own unit of work, opened after the answer: whoever dies between the two
    sends that one again, under the same id.
    """
    webhook_id = int(args["webhook"])
    settings: Settings = current_app.extensions["beffroi"].settings
    with unit_of_work():
        if not service.take(webhook_id, now=now):
            return
    until = time.monotonic() + TURN_SECONDS
    more_at = None
    try:
        while (due := queries.next_due(webhook_id, now)) is not None:
            if time.monotonic() > until:
                more_at = now + REST
                break
            if not _sent(due, settings, now):
                break
    finally:
        db.session.rollback()
        with unit_of_work():
            service.free(webhook_id, more_at=more_at)


def _sent(due: queries.Due, settings: Settings, now: datetime) -> bool:
    """Send one message and write down what became of it; say whether to go on."""
    said = queries.message(due.delivery, settings)
    db.session.rollback()  # the other side may be slow; no transaction stays open meanwhile
    if said is None:
        with unit_of_work():
            service.drop(due.delivery.id, now=now)
        return True
    secret = service.opened(due.secret, key=settings.secret_key, now=now)
    if secret is None:
        attempt = Attempt(None, "the town's secret key has changed: make the webhook anew")
    else:
        body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed_headers(due.delivery.message_id, secret, body, now=now)
        attempt = sender.post(settings, due.url, body, headers)
    with unit_of_work():
        return service.tried(due.delivery.id, attempt, now=now)


HANDLERS = {service.SEND: send_due}
