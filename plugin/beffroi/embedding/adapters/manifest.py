# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the web app manifest of a site that may show us: `theme_color` is its main colour.

Decidim serves it at `/manifest.webmanifest`, also where pages ask for a sign-in. Format: W3C, Web
Application Manifest. It is a stranger's document: of a size, in time, from the exact host that the
settings name, never from a private address, never after a redirect (`beffroi_web.fetching`).
"""

import json
from dataclasses import dataclass

from beffroi.config import Settings
from beffroi.embedding.rules.tints import Tint, pasted
from beffroi_web.addresses import is_loopback
from beffroi_web.fetching import Fetching, Limits, NotFetched
from beffroi_web.words import N_

PATH = "/manifest.webmanifest"
LIMITS = Limits(size=65_536, seconds=10.0)
_NAME = 80
NO_MANIFEST = N_("The document is no manifest.")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a site says of itself: its name, and its colour if it has one."""

    name: str
    tint: Tint | None


def fetching(settings: Settings) -> Fetching:
    """Return what fetches the manifests of the hosts that the settings name."""
    local = frozenset(one for one in settings.embed_hosts if is_loopback(one))
    agent = f"Beffroi ({settings.public_url})"
    return Fetching(user_agent=agent, allowed_loopback=local, limits=LIMITS)


def read(host: str, by: Fetching) -> Manifest:
    """Return what the manifest of a host says; raises NotFetched, in English, if there is none."""
    body = by.get(host + PATH).body or b""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise NotFetched(NO_MANIFEST) from None
    if not isinstance(said, dict):
        raise NotFetched(NO_MANIFEST)
    name, colour = said.get("name"), said.get("theme_color")
    tints = pasted(colour) if isinstance(colour, str) and len(colour) <= 9 else []
    shown = " ".join(name.split())[:_NAME] if isinstance(name, str) else ""
    return Manifest(shown, tints[0] if tints else None)
