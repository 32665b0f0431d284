# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the queue is narrowed and sorted, as the query of its address. Plain Python."""

from collections.abc import Mapping
from urllib.parse import urlencode

from beffroi_web.words import N_

SORTS: Mapping[str, str] = {
    "due": N_("Due first"),
    "department": N_("By department"),
    "category": N_("By category"),
    "newest": N_("Newest first"),
}
STATES: Mapping[str, str] = {
    "open": N_("Open"),
    "late": N_("Past their date"),
    "silent": N_("Nothing moves"),
    "unrouted": N_("Without a department"),
    "closed": N_("Closed"),
}
"""The shelves of the queue."""
FIELDS = ("state", "sort", "department", "category", "status", "commune", "mine", "q", "view")
"""What a saved filter keeps, in this order."""


def query_of(values: Mapping[str, str]) -> str:
    """Return the query of an address that narrows the queue alike; one for each narrowing."""
    usual = {"state": "open", "sort": "due", "view": ""}
    kept = {name: values.get(name, "") for name in FIELDS}
    return urlencode({n: v[:200] for n, v in kept.items() if v and v != usual.get(n)})
