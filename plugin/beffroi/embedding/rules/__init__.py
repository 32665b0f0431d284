# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for embedding: which frames there are, how high, what an oEmbed address names.

Plain Python. oEmbed: https://oembed.com, version 1.0. The names of the height messages are those
of Decidim's own widgets (`widget.js`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from beffroi_web.words import N_

FRAMES: Mapping[str, str] = {
    "board": N_("The latest requests"),
    "request": N_("One request"),
    "report": N_("Report a problem"),
    "counter": N_("Three figures"),
}
"""Every frame and what it is called."""
HEIGHTS: Mapping[str, int] = {"board": 480, "request": 500, "report": 460, "counter": 150}
"""Pixels that a frame of the usual content needs at 320 pixels' width; a test measures it."""
COUNTER_FITS = (300, 150)
"""The size that a browser gives a frame of which no size is said (CSS 2.1, 10.3.2 and 10.6.2)."""

ROWS, MOST_ROWS = 3, 10
"""Requests on a board: as many if nothing is said, and at most."""
EXCERPT = 280
"""Characters of an official answer in a frame."""
SUMMARY = 200
"""Characters of a text in what other sites show of a link."""

WIDTH, LEAST_WIDTH, LEAST_HEIGHT = 600, 200, 100
CACHE_AGE = 3600
"""Seconds for which who asks by oEmbed may keep the answer: what is withdrawn is gone then."""
_PAGES = (
    ("request", re.compile(r"/requests/([0-9A-Za-z-]{1,40})")),
    ("incident", re.compile(r"/incidents/([0-9A-Za-z-]{1,40})")),
    ("campaign", re.compile(r"/campaigns/([0-9a-z-]{1,80})")),
)


def rows(said: str) -> int:
    """Return how many requests a board shows for what its address says."""
    return min(max(int(said), 1), MOST_ROWS) if said.isascii() and said.isdecimal() else ROWS


@dataclass(frozen=True, slots=True)
class Target:
    """The page that an oEmbed address names: its kind, its name there, its language if it says."""

    kind: str
    name: str
    tag: str


def target_of(address: str, public_url: str) -> Target | None:
    """Return which page of ours an address names; None for another site's or another page."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if f"{parts.scheme}://{parts.netloc}" != public_url:
        return None
    asked = parse_qs(parts.query, max_num_fields=50) if parts.query.count("&") < 50 else {}
    tag = (asked.get("lang") or asked.get("locale") or [""])[0]
    for kind, shape in _PAGES:
        if found := shape.fullmatch(parts.path):
            return Target(kind, found[1], tag)
    return None


def size(most_width: str, most_height: str, height: int) -> tuple[int, int]:
    """Return width and height of a frame for what an oEmbed address allows, in pixels."""
    return (
        min(WIDTH, max(_pixels(most_width, WIDTH), LEAST_WIDTH)),
        min(height, max(_pixels(most_height, height), LEAST_HEIGHT)),
    )


def _pixels(said: str, otherwise: int) -> int:
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else otherwise
