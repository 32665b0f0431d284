# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for hand-overs: who sends, names of parts, states, markings. Plain Python."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from beffroi.config import Settings
from beffroi.cyber.rules import CyberFile
from beffroi_web.words import N_

SEND = "hand-over-quiet"
POLL = "hand-over-status-quiet"
"""Names of the jobs; no page counts them for everybody (`kernel.jobs.QUIET`)."""
MAIL, TAXII = "mail", "taxii"
CHANNELS: Mapping[str, str] = {
    MAIL: N_("Encrypted e-mail"),
    TAXII: N_("TAXII server of the CERT"),
}
STATES: Mapping[str, tuple[str, str]] = {
    "waiting": (N_("Waits to be sent"), "waiting"),
    "failed": (N_("Could not be sent yet, and will be tried again"), "late"),
    "sent": (N_("Sent"), "active"),
    "refused": (N_("Refused by the CERT's server"), "late"),
    "received": (N_("Received by the CERT"), "good"),
    "answered": (N_("Answered by the CERT"), "good"),
}
"""How a hand-over stands, in words, and the tone of its badge."""
MOST_PICTURES = 12 * 1024 * 1024
"""Bytes of pictures that one file carries; the others are named with their SHA-256."""
MOST_ANSWER = 4000
GIVE_UP_AFTER = timedelta(days=7)
"""How long the status of what was sent to a TAXII server is asked for."""
POLL_EVERY = timedelta(minutes=5)

TLP: Mapping[str, str] = {
    "CLEAR": "94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
"""Identifiers of the marking definitions of TLP 2.0 (OASIS, cti-stix-common-objects)."""
TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
"""The extension definition of TLP 2.0 for STIX 2.1 (the same source)."""
_LABEL = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Cert:
    """Whom a town hands over to: its CERT, or else its regional CSIRT, as the settings say."""

    name: str
    email: str
    phone: str


def cert_of(settings: Settings) -> Cert:
    """Return whom a town hands over to; empty where the settings do not say."""
    return Cert(
        settings.cert_name or settings.cyber_csirt_name,
        settings.cert_email or settings.cyber_csirt_email,
        settings.cert_phone or settings.cyber_csirt_phone,
    )


@dataclass(frozen=True, slots=True)
class Sender:
    """The institution that hands over: its log's origin names it for good."""

    origin: str
    name: str
    siren: str
    url: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Dossier:
    """One hand-over: the case, who hands it over and when; `pictures` by their stored name."""

    file: CyberFile
    sender: Sender
    made_at: datetime
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def uuid(self, *what: str) -> UUID:
        """Return the identifier of a thing of this case: the same in every hand-over of it."""
        return uuid5(NAMESPACE_URL, "|".join((self.sender.origin, self.file.ref, *what)))

    def uuid_of_sender(self) -> UUID:
        """Return the identifier of the institution: the same in every hand-over of it."""
        return uuid5(NAMESPACE_URL, self.sender.origin)

    @property
    def stem(self) -> str:
        """Return how its parts are named: the town's SIREN and the case."""
        return f"{self.sender.siren}-{self.file.ref}"


def rsit_tag(code: str | None) -> str | None:
    """Return the machine tag of a class of RSIT, `rsit:fraud="phishing"`, or None.

    A code is `class`, or `class:type` (`/`, `.` and `=` part them too).
    """
    words = [w for w in re.split(r"[:/.=\"]+", (code or "").removeprefix("rsit:")) if w]
    if not words or not all(_LABEL.fullmatch(w) for w in words):
        return None
    return f'rsit:{words[0]}="{words[1]}"' if len(words) > 1 else f"rsit:{words[0]}"


def picked(file: CyberFile) -> list[str]:
    """Return the stored names of the pictures that fit into one file, in their order."""
    names: list[str] = []
    left = MOST_PICTURES
    for one in file.evidence:
        if one.size <= left:
            left -= one.size
            names.append(one.stored_name)
    return names
