# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which roles can be given, and to whom. Plain Python."""

from collections.abc import Collection

from beffroi_web.errors import Invalid
from beffroi_web.words import N_

ROLES = frozenset(
    {"agent", "moderator", "access_officer", "cyber_officer", "administrator", "operator"}
)
"""The roles that can be granted; whoever is signed in is a citizen besides."""


def check_grant(
    provider: str,
    role: str,
    subject: str | None,
    email: str | None,
    *,
    known: Collection[str],
    staff: Collection[str],
) -> None:
    """Raise `Invalid` for a role that cannot be given, with every reason.

    `known` are the keys of all providers, `staff` of those that vouch for addresses.
    """
    errors: dict[str, list[str]] = {}
    if provider not in known:
        errors["provider"] = [N_("There is no sign-in provider of this name.")]
    if role not in ROLES:
        errors["role"] = [
            N_(
                "The roles are agent, moderator, access_officer, cyber_officer, "
                "administrator and operator."
            )
        ]
    if (subject is None) == (email is None):
        errors["subject"] = [N_("Name the person by subject or by e-mail address, one of both.")]
    elif email is not None and provider in known and provider not in staff:
        errors["email"] = [
            N_("Only a “staff” provider vouches for addresses; name the subject instead.")
        ]
    elif email is not None and ("@" not in email or len(email) > 254):
        errors["email"] = [N_("This is not an e-mail address.")]
    if errors:
        raise Invalid(N_("This role was not given."), errors=errors)
