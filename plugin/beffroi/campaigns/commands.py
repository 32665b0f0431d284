# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does for campaigns: makes editions, writes phases, tells the webhook."""

import hashlib
import hmac
import json
from datetime import date, datetime
from typing import Any

from flask import current_app

from beffroi.campaigns import queries, rules, service
from beffroi.config import Settings
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db, unit_of_work
from beffroi_web.fetching import Fetching, Limits
from beffroi_web.webhooks import signed_headers

SIGNATURE = "X-Beffroi-Signature"


def make_editions(*, now: datetime, today: date, chance: Chance) -> None:
    """Make the next edition of every series whose time has come; once a day is enough."""
    for series in queries.all_series():
        if series.active:
            with unit_of_work():
                service.make_next(series.id, today=today, now=now, chance=chance)


def advance(*, now: datetime, today: date) -> int:
    """Write every phase of every edition that has begun until today; return how many.

    Each edition is a unit of work of its own. Only editions whose day has come are read.
    """
    written = 0
    while campaign_ids := queries.due(today):
        for campaign_id in campaign_ids:
            with unit_of_work():
                written += service.advance(campaign_id, today=today, now=now)
    return written


def announcement(step_id: int, settings: Settings) -> bytes | None:
    """Return the body of an announcement: JSON with public words, the same in every attempt."""
    known = queries.step(step_id)
    if known is None:
        return None
    step, one = known
    first, last = one.plan.span(step.step) if step.step in rules.PHASES else (step.on_day,) * 2
    page = f"{settings.public_url}/campaigns/{one.slug}"
    said = {
        "id": f"{one.record_id}/{step.step}",
        "town": {"name": settings.name, "siren": settings.siren},
        "campaign": one.slug,
        "number": one.number,
        "theme": one.theme,
        "titles": dict(one.titles),
        "step": step.step,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "url": page + ("/note" if step.step == "published" else ""),
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signature(secret: str, body: bytes) -> str:
    """Return the value of the signature header: HMAC-SHA256 of the body, in hexadecimal."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def send_webhook(args: dict[str, Any], now: datetime) -> None:
    """Post one announcement to the operator's address; what fails is tried again as jobs are."""
    settings: Settings = current_app.extensions["beffroi"].settings
    body = announcement(int(args["step"]), settings)
    db.session.rollback()  # the other side may be slow; no transaction stays open meanwhile
    if body is None or not settings.announce_url:
        return
    local = settings.public_url.startswith("http://127.0.0.1:")
    prefix = "/".join(settings.announce_url.split("/")[:3])
    Fetching(
        user_agent=f"Beffroi ({settings.public_url})",
        allowed_loopback=frozenset({prefix}) if local else frozenset(),
        limits=Limits(seconds=20.0),
    ).post(
        settings.announce_url,
        body,
        {
            **signed_headers(json.loads(body)["id"], settings.announce_secret, body, now=now),
            SIGNATURE: signature(settings.announce_secret, body),
        },
    )


HANDLERS = {rules.ANNOUNCE: send_webhook}
