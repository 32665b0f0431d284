# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses below `/open311`, for programs, and the desk's page of their keys.

Importing this package declares them all.
"""

from beffroi.open311.routes import keys, reading, updates, writing
from beffroi.open311.routes.shared import blueprint, desk

__all__ = ["blueprint", "desk", "keys", "reading", "updates", "writing"]
