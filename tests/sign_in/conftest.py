# SPDX-License-Identifier: AGPL-3.0-or-later
from support.browser import browser

__all__ = ["browser"]
