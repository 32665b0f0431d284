# SPDX-License-Identifier: AGPL-3.0-or-later
"""In which words the pages say how a town is doing."""

import re
from dataclasses import dataclass
from datetime import datetime

from beffroi_federation.aggregator.intake.rules import MUTE_AFTER, SILENT_AFTER
from beffroi_web.cards import Tone
from beffroi_web.words import N_

PERIOD = re.compile(
    r"(?P<year>[12][0-9]{3})(?:-W(?P<week>[0-9]{2})|-Q(?P<quarter>[1-4])|-(?P<month>[0-9]{2}))?"
)
COMMUNE = re.compile(r"(?:[0-9]{5}|2[AB][0-9]{3})")
SIREN = re.compile(r"[0-9]{9}")


@dataclass(frozen=True, slots=True)
class Health:
    """How a town is doing, in a word with its tone, and a sentence that says what it means."""

    word: str
    tone: Tone
    sentence: str


VERIFIED = Health(
    N_("Verified"),
    "good",
    N_("Everything that the town published was compared with its signed log, and fits."),
)
CATCHING_UP = Health(
    N_("Being read"),
    "active",
    N_("The town has published much; its log is being read in several turns."),
)
NEVER = Health(N_("Not read yet"), "waiting", N_("The town is approved; its log is read soon."))
UNREACHABLE = Health(
    N_("Does not answer"),
    "waiting",
    N_("The town could not be reached last time. What was verified before is still shown."),
)
REFUSED = Health(
    N_("Refused last time"),
    "late",
    N_("What the town served last time was refused; the audit page says why."),
)
SILENT = Health(
    N_("Silent"),
    "waiting",
    N_("The town answers, but has published nothing for more than 9 days."),
)
MUTE = Health(
    N_("Mute"),
    "late",
    N_("The town answers, but has published nothing for more than 30 days."),
)
WAITING = Health(
    N_("Waiting for approval"), "waiting", N_("A person has yet to approve this town.")
)
QUARANTINED = Health(
    N_("In quarantine"),
    "late",
    N_(
        "The town broke a promise of the log. Nothing new is taken from it until a person has "
        "looked; the audit page says what happened. What was verified before stays."
    ),
)
SUSPENDED = Health(
    N_("Suspended"), "closed", N_("A person suspended this town; the audit page says why.")
)
HEALTHS = (
    VERIFIED, CATCHING_UP, NEVER, UNREACHABLE, REFUSED, SILENT, MUTE, WAITING, QUARANTINED,
    SUSPENDED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of the last pulls of a town."""

    state: str
    verified_at: datetime | None = None
    changed_at: datetime | None = None
    behind: int = 0
    refusals: int = 0
    misses: int = 0


def health(signs: Signs, now: datetime) -> Health:
    """Return how a town is doing; what asks for attention is said first."""
    by_state = {"waiting": WAITING, "quarantined": QUARANTINED, "suspended": SUSPENDED}
    if signs.state in by_state:
        return by_state[signs.state]
    if signs.refusals:
        return REFUSED
    if signs.misses:
        return UNREACHABLE
    if signs.verified_at is None:
        return NEVER
    if signs.behind:
        return CATCHING_UP
    since = now - (signs.changed_at or signs.verified_at)
    if since >= MUTE_AFTER:
        return MUTE
    return SILENT if since >= SILENT_AFTER else VERIFIED
