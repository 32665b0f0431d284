# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fixtures of the shared web layer's tests."""

from support.browser import browser

__all__ = ["browser"]
