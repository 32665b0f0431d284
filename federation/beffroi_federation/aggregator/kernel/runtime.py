# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the running application was made with: its settings and its clock. For the edge only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app

from beffroi_federation.aggregator.config import AggregatorSettings
from beffroi_web.clock import Clock

EXTENSION = "beffroi_aggregator"


@dataclass(frozen=True, slots=True)
class Runtime:
    """One running aggregator.

    `submitted` is told, inside its transaction, that a log submitted a larger checkpoint: there is
    something to pull.
    """

    settings: AggregatorSettings
    clock: Clock
    submitted: Callable[[int, datetime], None] = lambda _log_id, _now: None


def runtime() -> Runtime:
    """Return what the application that answers now was made with."""
    return cast(Runtime, current_app.extensions[EXTENSION])


def now() -> datetime:
    """Return the present moment in UTC; services are told the moment instead of asking."""
    return runtime().clock.now()
