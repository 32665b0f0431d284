# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is acting: the identity that services are given as an argument."""

from dataclasses import dataclass, field

INSTITUTION_ROLES = frozenset(
    {"agent", "moderator", "access_officer", "cyber_officer", "administrator"}
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or the system, with the roles held at this moment.

    `account_id` is None for visitors without an account and for the system.
    """

    account_id: int | None = None
    name: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)
    system: bool = False

    @property
    def voice(self) -> str:
        """Say who speaks on a timeline: `institution`, `citizen` or `system`."""
        if self.system:
            return "system"
        return "institution" if self.roles & INSTITUTION_ROLES else "citizen"


SYSTEM = Actor(system=True)
