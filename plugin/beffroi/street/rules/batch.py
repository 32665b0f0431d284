# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be done to many reports at once. Plain Python."""

from collections.abc import Mapping

from beffroi_web.words import N_

ACTIONS: Mapping[str, str] = {
    "route": N_("Give to a department"),
    "status": N_("Change the status"),
    "close": N_("Close with the same words"),
    "merge": N_("Close as reported before"),
    "hold": N_("Hold back from the public pages"),
}
MOST = 100
"""Reports of one batch."""
HOW: Mapping[str, str] = {
    "all": N_("All of them, or none"),
    "each": N_("Each for itself: those that are refused stay as they are"),
}
