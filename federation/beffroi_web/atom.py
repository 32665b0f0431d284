# SPDX-License-Identifier: AGPL-3.0-or-later
"""What feeds of Atom (RFC 4287) need wherever they are written."""

import re
from datetime import datetime

ENDLESS = "1970-01-01T00:00:00Z"
"""When a feed without an entry was renewed: at no moment of anybody's."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def moment(at: datetime | None) -> str:
    """Return a moment in UTC as Atom writes it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ENDLESS


def fit_for_xml(text: str) -> str:
    """Return a text without what XML has no place for: an imported text may hold anything."""
    return _NOT_XML.sub("", text)
