# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker and the operator do with the log: `publishing`, `keys`, `recovery` …"""

from beffroi.feed.commands.keys import publish_key
from beffroi.feed.commands.publishing import (
    Effect,
    calendar_of,
    next_batches,
    no_effect,
    publish_if_waiting,
    publish_on_schedule,
    publish_once,
    sign_staged,
)
from beffroi.feed.commands.recovery import (
    LogInside,
    is_signed,
    is_sound,
    log_inside,
    recover,
    shut,
    take_facts,
    told,
    told_of,
)
from beffroi.signer.queries import log_facts, origin_of, signer_for
from beffroi_federation.errors import Fork, ProtocolError, Rollback, SignerLocked

__all__ = [
    "Effect",
    "Fork",
    "LogInside",
    "ProtocolError",
    "Rollback",
    "SignerLocked",
    "calendar_of",
    "is_signed",
    "is_sound",
    "log_facts",
    "log_inside",
    "next_batches",
    "no_effect",
    "origin_of",
    "publish_if_waiting",
    "publish_key",
    "publish_on_schedule",
    "publish_once",
    "recover",
    "shut",
    "sign_staged",
    "signer_for",
    "take_facts",
    "told",
    "told_of",
]
