# SPDX-License-Identifier: AGPL-3.0-or-later
"""Confidential cases: the citizen's form and thread, the desk of those who need to know."""

from beffroi.cyber.routes import desk, handling, policy, reporting, sites
from beffroi.cyber.routes.shared import blueprint

__all__ = ["blueprint", "desk", "handling", "policy", "reporting", "sites"]
