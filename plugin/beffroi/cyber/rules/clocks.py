# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which circumstances of the hour packs hold in a case, from its codes. Plain Python."""

from beffroi.cyber.rules import PROPOSED, RESEARCH
from beffroi.cyber.rules.sites import PUBLIC

ATTACKS = frozenset(
    {
        "malicious-code:infected-system",
        "intrusions:privileged-account-compromise",
        "intrusions:unprivileged-account-compromise",
        "intrusions:application-compromise",
        "intrusions:system-compromise",
        "availability:dos",
        "availability:ddos",
        "availability:sabotage",
        "information-content-security:unauthorised-information-access",
        "information-content-security:unauthorised-information-modification",
    }
)
"""What is an attack on a system in the sense of the articles 323-1 to 323-3-1 of the code pénal,
which the code des assurances names: somebody comes in, hinders, or changes data, and means to."""


def circumstances(
    *, category: str, rsit: str | None, personal_data: bool, owner: str, nis2: bool
) -> frozenset[str]:
    """Return what holds in a case; `rsit` None: what is proposed for its category.

    On another body's site nothing but what was agreed with a researcher binds the town: the other
    delays are that body's.
    """
    found = {"research"} if category == RESEARCH else set[str]()
    if owner == PUBLIC:
        return frozenset(found)
    if personal_data:
        found.add("personal_data")
    if (rsit or PROPOSED.get(category)) in ATTACKS:
        found.add("attack")
    if nis2:
        found.add("nis2")
    return frozenset(found)
