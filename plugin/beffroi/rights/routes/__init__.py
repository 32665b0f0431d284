# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people see, correct and end of what is kept of them: below `/account`, and on own cases.

Each page stands in the module of what it is for; importing this package declares them all.
"""

from beffroi.rights.routes import api, correcting, erasing, linking, own_cases, seeing
from beffroi.rights.routes.shared import blueprint

__all__ = ["api", "blueprint", "correcting", "erasing", "linking", "own_cases", "seeing"]
