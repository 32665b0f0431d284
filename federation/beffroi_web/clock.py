# SPDX-License-Identifier: AGPL-3.0-or-later
"""The time, as an argument: what asks for it is given a clock.

Nothing below the edge (routes, commands, workers) asks the system what time it is. A test moves
its clock; a service is told the moment.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present moment, timezone-aware, in UTC."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)  # noqa: TID251  the one place that asks the machine


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until it is moved; for tests and the demonstration."""

    moment: datetime

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self.moment

    def move(self, by: timedelta) -> None:
        """Move the clock by a duration, forwards or backwards."""
        self.moment += by


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """The machine's clock, moved by a fixed duration; lets a process live on another day."""

    by: timedelta

    def now(self) -> datetime:
        """Return the machine's present moment, shifted, in UTC."""
        return datetime.now(UTC) + self.by  # noqa: TID251  the machine's clock, shifted
