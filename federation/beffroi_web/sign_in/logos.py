# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mark on a provider's button: a file that the people who run the site give, served from here.

The State's marks may be shown by who is entitled to, and are not ours to hand on: none is shipped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from werkzeug.wrappers import Response

from beffroi_web.errors import NotFound
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.words import N_

MOST_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture as it is served."""

    content: bytes
    mimetype: str


def read_logo(path: str) -> Logo:
    """Return the picture in a file; raise ValueError, with the reason, if there is none."""
    place = Path(path)
    if not place.is_absolute():
        raise ValueError("an absolute path to a PNG or SVG file expected")
    try:
        if place.stat().st_size > MOST_BYTES:
            raise ValueError(f"a file of at most {MOST_BYTES} bytes expected")
        content = place.read_bytes()
    except OSError:
        raise ValueError("the file cannot be read") from None
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Logo(content, "image/png")
    if b"<svg" in content[:1000] and b"<script" not in content.lower():
        return Logo(content, "image/svg+xml")
    raise ValueError("a PNG file, or an SVG file without scripts, expected")


def logo_view(paths: Mapping[str, str]) -> Callable[[str], Response]:
    """Return the view that gives a provider's picture, by its key; the files are read now, once."""
    logos = {key: read_logo(path) for key, path in paths.items() if path}

    @guard(PUBLIC)
    def logo(provider: str) -> Response:
        found = logos.get(provider)
        if found is None:
            raise NotFound(N_("There is no sign-in provider of this name."))
        return Response(found.content, mimetype=found.mimetype)

    return logo
