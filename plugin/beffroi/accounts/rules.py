# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for roles and for what people say of themselves. Plain Python."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

ROLES = ("agent", "moderator", "access_officer", "cyber_officer", "administrator")
"""What `beffroi agents` can give; everybody who signs in is a citizen."""

CONFIRM_WITHIN = timedelta(hours=48)
"""How long the link that confirms a new address works."""

LONGEST_NAME = 200

REQUESTS_WRITE, REPORTS_WRITE = "requests:write", "reports:write"
OWN_READ, DESK_READ, DESK_WRITE = "own:read", "desk:read", "desk:write"
SCOPES: Mapping[str, str] = {
    OWN_READ: N_("read my own cases, also what nobody else sees yet"),
    REQUESTS_WRITE: N_("send requests, and add reuses, in my name"),
    REPORTS_WRITE: N_("send reports in my name"),
    DESK_READ: N_("read the list of the desk: references, states, deadlines, no texts"),
    DESK_WRITE: N_("say how cases stand: take up, plan; no answers"),
}
"""What a token may be for, in words; what is public is read without any."""
SCOPE_ROLES: Mapping[str, tuple[str, ...]] = {
    DESK_READ: ("agent", "moderator"),
    DESK_WRITE: ("agent",),
}
"""Of which roles a token's holder must have one, at each use, for a scope to count."""
LIVES = (30, 90, 365)
"""Days that a token may live."""
MOST_TOKENS = 20


@dataclass(frozen=True, slots=True)
class TokenWanted:
    """A token that somebody asks for."""

    name: str
    scopes: tuple[str, ...]
    days: int


def offered(may: Callable[..., bool]) -> tuple[str, ...]:
    """Return the scopes that count for somebody; `may` says whether one of some roles is held."""
    return tuple(one for one in SCOPES if one not in SCOPE_ROLES or may(*SCOPE_ROLES[one]))


def checked_token(
    name: str, scopes: Collection[str], days: str, may: Callable[..., bool]
) -> TokenWanted:
    """Return a token as it may be made; raise Invalid with what is wrong, field by field."""
    errors: dict[str, list[str]] = {}
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        errors["name"] = [N_("Say in at most 80 letters which program it is for.")]
    chosen = tuple(scope for scope in offered(may) if scope in scopes)
    if not chosen or len(chosen) < len(set(scopes)):
        errors["scopes"] = [N_("Choose what the program may do.")]
    if days not in map(str, LIVES):
        errors["days"] = [N_("Choose how long it may do so.")]
    if errors:
        raise Invalid(N_("No token was made."), errors=errors)
    return TokenWanted(name, chosen, int(days))


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
