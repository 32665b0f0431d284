# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for roles and for what people say of themselves. Plain Python."""

import re
from datetime import timedelta

from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

ROLES = ("agent", "moderator", "access_officer", "cyber_officer", "administrator")
"""What `beffroi agents` can give; everybody who signs in is a citizen."""

CONFIRM_WITHIN = timedelta(hours=48)
"""How long the link that confirms a new address works."""

LONGEST_NAME = 200


def checked_name(typed: str) -> str:
    """Return a name as it is kept; raise Invalid for none, a long one, or one with controls."""
    name = " ".join(typed.split())
    if not name:
        raise Invalid(N_("The name is empty."), errors={"name": [N_("This is needed.")]})
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(
            N_("This is no name that we can write."),
            errors={"name": [N_("Use letters, at most 200 of them.")]},
        )
    return name


def checked_address(typed: str) -> str:
    """Return an e-mail address as it is kept; raise Invalid for what cannot be one."""
    address = typed.strip()
    if len(address) > 254 or not re.fullmatch(
        r"[^\s@<>\",;]+@[^\s@<>\",;]+\.[^\s@<>\",;.]+", address
    ):
        raise Invalid(
            N_("This is not an e-mail address."),
            errors={"email": [N_("Write an e-mail address such as camille@example.org.")]},
        )
    return address
