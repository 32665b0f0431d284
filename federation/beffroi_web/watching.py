# SPDX-License-Identifier: AGPL-3.0-or-later
"""Refusals that may be somebody who tries: written down, without a name, a text or a path."""

import logging
from typing import Final
from urllib.parse import urlsplit

from flask import g, request

from beffroi_web.csrf import StaleForm
from beffroi_web.errors import Forbidden, TokenRefused, TooMany

log = logging.getLogger(__name__)

WATCHED: Final = (StaleForm, Forbidden, TokenRefused, TooMany)
"""What is written down when it is refused."""


def write_down(status: int) -> None:
    """Write down that somebody asked for what is not theirs: the view, and an account's number."""
    visitor = g.get("beffroi_visitor")
    who = f"account {visitor.account_id}" if visitor else "nobody signed in"
    said = "refused status=%d method=%s view=%s by=%s"
    log.warning(said, status, request.method, request.endpoint, who)


def came_from() -> str:
    """Return the page of ours on which a form stood, as far as the browser says; else `/`."""
    page = urlsplit(request.referrer or "")
    if page.netloc != request.host:
        return "/"
    return page.path + (f"?{page.query}" if page.query else "")
