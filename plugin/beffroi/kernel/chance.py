# SPDX-License-Identifier: AGPL-3.0-or-later
"""Chance, as an argument: services are given random bytes, the edge asks for them here."""

import secrets
from collections.abc import Callable

Chance = Callable[[int], bytes]
"""Gives that many unpredictable bytes."""


def system_chance(size: int) -> bytes:
    """Return unpredictable bytes from the operating system."""
    return secrets.token_bytes(size)
