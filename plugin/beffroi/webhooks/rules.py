# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is told, to which addresses, and what becomes of an attempt. Plain Python.

The names of events are `request.`, `incident.` or `campaign.` and what happened. After Standard
Webhooks: a 2xx answer is taken for received, 410 ends it, everything else is tried again.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from beffroi.kernel.errors import Invalid
from beffroi_web.addresses import check_address
from beffroi_web.words import N_

_STEPS: Mapping[str, str] = {
    "received": N_("received"),
    "moved": N_("its state has changed"),
    "answered": N_("answered"),
    "reopened": N_("reopened"),
    "removed": N_("removed"),
    "implicit_refusal": N_("silence has become a refusal"),
    "confirmed_refusal": N_("silence has confirmed the refusal"),
    "updated": N_("news of how it stands"),
    "sent_to_body": N_("passed on to another body"),
    "body_answered": N_("the other body has answered"),
    "text_released": N_("a text was published"),
    "changed": N_("what everyone reads has changed"),
    "withdrawn": N_("what was published is withdrawn"),
}
_STREET_ONLY = frozenset({"sent_to_body", "body_answered"})
_REQUEST_ONLY = frozenset({"implicit_refusal", "confirmed_refusal"})

GROUPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "request": (
        N_("Data requests"),
        {f"request.{n}": w for n, w in _STEPS.items() if n not in _STREET_ONLY},
    ),
    "incident": (
        N_("Street reports that are shown one by one"),
        {f"incident.{n}": w for n, w in _STEPS.items() if n not in _REQUEST_ONLY},
    ),
    "campaign": (
        N_("Campaigns"),
        {
            "campaign.phase_began": N_("a phase began"),
            "campaign.over": N_("it is over"),
            "campaign.note_published": N_("its note was published"),
        },
    ),
}
"""The events that can be asked for, by what they are about, each in words."""

EVENTS: Mapping[str, str] = {
    name: words for _, group in GROUPS.values() for name, words in group.items()
}
TEST = "webhook.test"
"""The event that an administrator sends by a button; it says nothing."""
ABOUT_REMOVED = frozenset({"removed", "withdrawn"})
"""What is still told of a case that was removed: that it was."""

MOST_WEBHOOKS = 10
MOST_ATTEMPTS = 12
PAUSED_AFTER = timedelta(days=5)
"""An address that has taken nothing for so long is asked no more until somebody says so."""
KEPT = timedelta(days=30)
"""How long the log of deliveries is kept."""

STATES: Mapping[str, tuple[str, str]] = {
    "waiting": (N_("waiting"), "active"),
    "sent": (N_("sent"), "good"),
    "failed": (N_("given up"), "late"),
    "dropped": (N_("no longer public"), "neutral"),
}
PAUSES: Mapping[str, str] = {
    "failing": N_("It took nothing for five days."),
    "gone": N_("It answered that it is gone for good (410)."),
    "desk": N_("Paused at the desk."),
}

_BROKEN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one attempt: the status that was answered, or why there was none."""

    status: int | None
    fault: str = ""

    @property
    def taken(self) -> bool:
        """Say whether the message was received."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Say whether the address wants nothing any more."""
        return self.status == 410

    @property
    def all_wait(self) -> bool:
        """Say whether it is the address that fails, not this message: the others wait too."""
        status = self.status
        return status is None or status >= 500 or status in _BROKEN or 300 <= status < 400


def message_id(town: str, event: str, key: str) -> str:
    """Return the name of a message for good: of the town, the event and what it is about."""
    said = hashlib.sha256(f"{town}|{event}|{key}".encode()).hexdigest()
    return f"msg_{said[:32]}"


def as_secret(random: bytes) -> str:
    """Return 32 random bytes as the secret that both sides know."""
    return "whsec_" + base64.urlsafe_b64encode(random).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which addresses may be asked although nobody outside can reach them, from the settings."""

    loopback: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, origins: Sequence[str]) -> "Neighbours":
        """Return the neighbours that some origins name: `http://127.0.0.1:8080`, `https://host`."""
        local = frozenset(one for one in origins if one.startswith("http://"))
        return cls(local, frozenset(one.partition("://")[2] for one in origins if one not in local))


def checked(url: str, events: Collection[str], neighbours: Neighbours) -> tuple[str, Sequence[str]]:
    """Return an address and the events for it as they are kept; raise Invalid, by field.

    Whether the name leads to a public address is asked at each sending, not here.
    """
    errors: dict[str, list[str]] = {}
    address = url.strip()
    try:
        check_address(address, neighbours.loopback)
    except ValueError:
        errors["url"] = [
            N_("Write an address that begins with https:// and names a domain, without a port.")
        ]
    wanted = [name for name in EVENTS if name in events]
    if not wanted or len(wanted) != len(set(events)):
        errors["events"] = [N_("Choose at least one event.")]
    if errors:
        raise Invalid(N_("No webhook was made."), errors=errors)
    return address, wanted
