# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mark on a provider's button: a file that the people who run the site give.

The State's marks may be shown by who is entitled to, and are not ours to hand on: none is shipped.
"""

from dataclasses import dataclass
from pathlib import Path

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
