# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posting a message once: to the checked address, without a redirect, in a few seconds."""

from collections.abc import Mapping

from beffroi.config import Settings
from beffroi.webhooks.rules import Attempt, Neighbours
from beffroi_web.fetching import Fetching, Limits, NotFetched

SECONDS = 5.0
"""From the look-up of the name to the status line; of the answer nothing else is read."""


def post(settings: Settings, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
    """Post a body; return what became of it, whatever that was."""
    near = Neighbours.of(settings.webhook_neighbours)
    by = Fetching(
        user_agent=f"Beffroi ({settings.public_url})",
        allowed_loopback=near.loopback,
        neighbours=near.hosts,
        limits=Limits(size=0, seconds=SECONDS, connecting=3.0),
    )
    try:
        return Attempt(by.post(url, body, headers))
    except NotFetched as fault:
        return Attempt(fault.status, str(fault))
