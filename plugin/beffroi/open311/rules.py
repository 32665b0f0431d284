# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds in an exchange by GeoReport v2: parameters, errors, statuses. Plain Python.

Source: the specification at http://wiki.open311.org/GeoReport_v2 (frozen), and for updates the
extension of mySociety that FixMyStreet speaks (`servicerequestupdates`).
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from beffroi.incidents.rules import places
from beffroi.kernel.errors import Refusal
from beffroi_web.maps import Outline
from beffroi_web.words import N_

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2027-01-01T00:00:00Z"
"""When what is offered here last changed its shape."""
MOST = 1000
"""Requests in one answer."""
WINDOW = timedelta(days=90)
LONGEST_DESCRIPTION = 4000
LONGEST_ADDRESS = 300
LONGEST_ID = 100
LONGEST_URL = 500
CHANNEL = "open311"
"""How a case came that another application sent."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of an error list: a code that may be finer than the answer's, and a sentence."""

    code: int
    description: str


class NotTaken(Refusal):
    """What another program asked for or sent cannot be done; `faults` is the list that it gets."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.description for fault in faults))
        self.faults = faults

    @property
    def status(self) -> int:
        """Return the HTTP status: 403 and 404 where a fault is one, otherwise 400."""
        codes = {fault.code for fault in self.faults}
        return next((code for code in (403, 404) if code in codes), 400)


NO_KEY = Fault(403, "api_key was not provided")
WRONG_KEY = Fault(403, "Invalid api_key")
NO_JURISDICTION = Fault(404, "jurisdiction_id provided was not found")
NO_SERVICE = Fault(404, "service_code or jurisdiction_id was not found")
NO_REQUEST = Fault(404, "service_request_id was not found")
NO_TOKEN = Fault(404, "token was not found")
NO_RESOURCE = Fault(404, "There is no such resource here")


def missing(name: str) -> Fault:
    """Return the fault of a parameter that is needed and is not there."""
    return Fault(400, f"{name} was not provided")


# ---- statuses -----------------------------------------------------------------------------------

EXTENDED: Mapping[str, str] = {
    "open": "OPEN",
    "acknowledged": "INVESTIGATING",
    "in_progress": "IN_PROGRESS",
    "resolved": "FIXED",
    "no_action": "NO_FURTHER_ACTION",
    "redirected": "NOT_COUNCILS_RESPONSIBILITY",
    "duplicate": "DUPLICATE",
}
"""Our statuses in the words of the extension; a test compares them with `cases.rules`."""

SAID: Mapping[str, str] = {
    "OPEN": "open",
    "REOPEN": "open",
    "FOR_TRIAGE": "open",
    "INVESTIGATING": "in_progress",
    "IN_PROGRESS": "in_progress",
    "ACTION_SCHEDULED": "in_progress",
    "INTERNAL_REFERRAL": "in_progress",
    "FIXED": "fixed",
    "CLOSED": "closed",
    "CANCELLED": "closed",
    "NO_FURTHER_ACTION": "closed",
    "DUPLICATE": "duplicate",
    "NOT_COUNCILS_RESPONSIBILITY": "not_ours",
}
"""What another application says (`cases.rules.ELSEWHERE_WORDS`), by its status.

It stands on the timeline; the state of the case is the institution's to change.
"""

# ---- parameters ---------------------------------------------------------------------------------

_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?\s*(Z|[+ -]\d{2}:?\d{2})?)?", re.ASCII
)
_TAG = re.compile(
    r"</?[a-zA-Z][^<>]*>|<!--|<!\[CDATA\[|&(?:#\d+|#x[0-9a-f]+|amp|lt|gt|quot|apos|nbsp);",
    re.I,
)
_ATTRIBUTE = re.compile(r"attribute\[([^\]\[]{1,40})\](?:\[\])?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def moment(said: str, zone: tzinfo) -> datetime:
    """Return a moment in the form of W3C (ISO 8601 with a zone); ValueError if it is none.

    Without a zone it is the town's time; a day alone is its first moment. A plus sign that an
    address has made a space is one.
    """
    found = _MOMENT.fullmatch(said.strip())
    if found is None:
        raise ValueError("not a moment")
    day, hour, seconds, offset = found.groups()
    text = f"{day}T{hour or '00:00'}{seconds or ':00'}"
    at = datetime.fromisoformat(text + (offset or "").replace(" ", "+"))
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    if not 1970 < at.year < 9000:
        raise ValueError("not a moment of ours")
    return at


def window(
    start: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """Return the span to look in: at most 90 days, the newest of those that were asked for.

    It ends now at the latest; a beginning that is later than that finds nothing.
    """
    until = min(end or (start + WINDOW if start else now), now)
    since = max(start, until - WINDOW) if start else until - WINDOW
    return since, until


def listed_values(said: str) -> tuple[str, ...]:
    """Return the values of a parameter that holds several parted by commas, each once."""
    return tuple(dict.fromkeys(part for one in said.split(",") if (part := one.strip())))


def statuses(said: str) -> bool | None:
    """Return whether open ones (True), closed ones (False) or all (None) are asked for.

    Raises NotTaken for any other word.
    """
    chosen = {one.lower() for one in listed_values(said)}
    if not chosen <= {"open", "closed"}:
        raise NotTaken(Fault(400, "status is open, closed, or both parted by a comma"))
    return None if len(chosen) != 1 else chosen == {"open"}


def number(name: str, said: str, default: int, most: int) -> int:
    """Return a parameter that is a whole number from 1 on; raise NotTaken if it is none."""
    if not said:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", said) or not 1 <= int(said) <= most:
        raise NotTaken(Fault(400, f"{name} is a whole number from 1 to {most}"))
    return int(said)


def attributes(names: Sequence[str]) -> dict[str, str]:
    """Return the fields of a form that are attributes: their codes by the fields' names."""
    found = ((name, _ATTRIBUTE.fullmatch(name)) for name in names)
    return {name: match[1] for name, match in found if match}


def word_faults(name: str, words: str, most: int) -> list[Fault]:
    """Return what is wrong with a plain text: too long, markup, characters nobody can print."""
    faults = []
    if len(words) > most:
        faults.append(Fault(400, f"{name} has at most {most} characters"))
    if _TAG.search(words):
        faults.append(Fault(400, f"{name} is plain text: HTML was found in it"))
    if _CONTROLS.search(words):
        faults.append(Fault(400, f"{name} holds characters that cannot be printed"))
    return faults


def position(
    latitude: str, longitude: str, communes: Sequence[str], outline: Outline | None = None
) -> tuple[tuple[float, float] | None, list[Fault]]:
    """Return (latitude, longitude) in degrees, or None, and what is wrong with them.

    Nothing is guessed: one without the other, a point in the sea off Africa (0, 0), or one that is
    not in the town is asked again (`incidents.rules.places`).
    """
    if not latitude and not longitude:
        return None, []
    faults = [missing(name) for name, v in (("lat", latitude), ("long", longitude)) if not v]
    if faults:
        return None, faults
    try:
        lat, long = float(latitude), float(longitude)
    except ValueError:
        return None, [Fault(400, "lat and long are decimal degrees (WGS 84)")]
    if not (math.isfinite(lat) and math.isfinite(long)) or abs(lat) > 90 or abs(long) > 180:
        return None, [Fault(400, "lat and long are decimal degrees (WGS 84)")]
    wrong = places.fault(lat, long, communes, outline)
    if wrong is not None:
        return None, [Fault(400, _WRONG_PLACE[wrong])]
    return (lat, long), []


_WRONG_PLACE: Mapping[str, str] = {
    places.NO_DEGREES: "lat and long are decimal degrees (WGS 84)",
    places.ZERO: "lat and long are both 0: that is no place of ours",
    places.SWAPPED: "lat and long seem to have changed places",
    places.ELSEWHERE: "lat and long are not in this part of the world",
    places.OUTSIDE: "lat and long are outside the territory",
}

NOTICE = N_(
    "It has its number at once. What was written appears when somebody of the town has read it."
)
"""What a sender is told of every report."""

SEND, POLL = "open311-send", "open311-poll"
"""The jobs that pass a report on, and that ask how it stands there."""
POLL_EVERY = timedelta(minutes=30)
POLL_CLOSED_FOR = timedelta(days=30)
"""How long a report that was closed there is asked for again: it may be opened anew."""


def foreign_status(status: str, notes: str) -> str:
    """Return what another tool says of a report, as `SAID` does: an extended status, or its plain
    `open` and `closed`.
    """
    for said in (notes.strip().upper().replace(" ", "_"), status.strip().upper()):
        if said in SAID:
            return SAID[said]
    return "open"
