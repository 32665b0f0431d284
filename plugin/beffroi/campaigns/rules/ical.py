# SPDX-License-Identifier: AGPL-3.0-or-later
"""A calendar as RFC 5545 has it: phases as whole days, meetings with place and time. Plain Python.

Content lines end with CRLF and are folded at 75 octets (3.1), texts are escaped (3.3.11), the last
day of whole days is exclusive (3.6.1), moments are in UTC (3.3.5, form 2).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

FOLD = 75


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: whole days (`end` is the first day after it) or two moments."""

    uid: str
    stamp: datetime
    begin: date | datetime
    end: date | datetime
    summary: str
    description: str = ""
    location: str = ""
    url: str = ""


def escaped(words: str) -> str:
    """Return a text value: backslash, comma, semicolon and line ends escaped, no control sign."""
    kept = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", "", words.replace("\r\n", "\n"))
    for sign in ("\\", ";", ","):
        kept = kept.replace(sign, "\\" + sign)
    return kept.replace("\n", "\\n")


def folded(line: str) -> str:
    """Return a content line in pieces of at most 75 octets, no letter cut in two."""
    pieces, piece, room = [], "", FOLD
    for letter in line:
        size = len(letter.encode())
        if size > room:
            pieces.append(piece)
            piece, room = "", FOLD - 1  # the space that begins a continuation counts
        piece += letter
        room -= size
    return "\r\n ".join([*pieces, piece])


def _moment(name: str, when: date | datetime) -> str:
    if isinstance(when, datetime):
        return f"{name}:{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{name};VALUE=DATE:{when:%Y%m%d}"


def _lines(entries: Iterable[Entry], name: str, product: str) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{escaped(product)}")
    yield from ("CALSCALE:GREGORIAN", f"NAME:{escaped(name)}", f"X-WR-CALNAME:{escaped(name)}")
    yield "REFRESH-INTERVAL;VALUE=DURATION:P1D"
    for one in entries:
        yield from ("BEGIN:VEVENT", f"UID:{one.uid}", _moment("DTSTAMP", one.stamp))
        yield from (_moment("DTSTART", one.begin), _moment("DTEND", one.end))
        yield f"SUMMARY:{escaped(one.summary)}"
        for label, words in (("DESCRIPTION", one.description), ("LOCATION", one.location)):
            if words:
                yield f"{label}:{escaped(words)}"
        if one.url:
            yield f"URL:{one.url}"
        if not isinstance(one.begin, datetime):
            yield "TRANSP:TRANSPARENT"  # a phase of weeks makes nobody busy
        yield "END:VEVENT"
    yield "END:VCALENDAR"


def calendar(entries: Iterable[Entry], *, name: str, product: str) -> str:
    """Return a calendar with these events; `product` is who made it (PRODID)."""
    return "".join(folded(line) + "\r\n" for line in _lines(entries, name, product))
