# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened to a case, told to whoever subscribed, inside the same transaction."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StepTaken:
    """An official step was written on a case's timeline: its author and followers are owed word."""

    case_id: int
    timeline_id: int
    step: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseChanged:
    """Something was written on a case's timeline, public or not: who counts cases counts anew."""

    case_id: int
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TextReleased:
    """A text was released for the first time."""

    case_id: int
    text_id: int
    role: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A data request was acknowledged; `commitment` is a salted hash (43 characters base64url).

    `came_by` is what the address of its form said of the campaign it came by, unchecked.
    """

    case_id: int
    commitment: str
    at: datetime
    came_by: str = ""


@dataclass(frozen=True, slots=True)
class PublicVersionChanged:
    """The released public form of a data request changed; `version` counts up from 1."""

    case_id: int
    kind: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseWithdrawn:
    """What was published of a case must be withdrawn; `reason` is a code of the protocol."""

    case_id: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseErased:
    """Everything that was written in a case was destroyed; whoever keeps more of it does the same.

    `ref` is its reference, by which an unfinished confirmation knows it.
    """

    case_id: int
    ref: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SubscriptionAsked:
    """Somebody without an account wants to follow a theme (empty: all of the town).

    The address must be confirmed first; `token` goes into the mail.
    """

    email: str
    token: str
    lang: str
    theme: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AskedToJoin:
    """Who stands behind a case was asked about the one that it repeats: word of it is owed."""

    case_id: int
    timeline_id: int
    at: datetime
