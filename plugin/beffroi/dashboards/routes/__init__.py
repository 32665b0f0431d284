# SPDX-License-Identifier: AGPL-3.0-or-later
"""The front page, the account, the desk and the pages that say how it all works."""

from beffroi.dashboards.routes import (
    answering,
    api,
    case,
    desk,
    front,
    operation,
    passing,
    street,
    templates,
)
from beffroi.dashboards.routes.shared import blueprint

__all__ = [
    "answering",
    "api",
    "blueprint",
    "case",
    "desk",
    "front",
    "operation",
    "passing",
    "street",
    "templates",
]
