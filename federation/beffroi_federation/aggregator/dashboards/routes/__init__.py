# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages that everybody reads, and the two addresses that machines watch."""

from beffroi_federation.aggregator.dashboards.routes import (
    home,
    incidents,
    map,
    pages,
    search,
    towns,
)
from beffroi_federation.aggregator.dashboards.routes.lists import blueprint

__all__ = ["blueprint", "home", "incidents", "map", "pages", "search", "towns"]
