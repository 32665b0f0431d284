# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a provider's checked claims to what we keep of a person: as little as will do."""

from collections.abc import Mapping
from typing import Any

from beffroi_web.sign_in.identities import Identity
from beffroi_web.sign_in.settings import ProviderSettings


def identity_from(settings: ProviderSettings, claims: Mapping[str, Any], id_token: str) -> Identity:
    """Return the identity in checked claims; raise `ValueError` for a subject we cannot keep.

    Birth data, addresses and whatever else a provider sends is dropped here.
    """
    subject = claims.get("sub")
    # OpenID Connect Core 2: at most 255 ASCII characters.
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isascii():
        raise ValueError("subject")
    email = _text(claims.get("email"), 254)
    if email is not None and "@" not in email:
        email = None
    return Identity(
        provider=settings.key,
        issuer=settings.issuer,
        subject=subject,
        display_name=_display_name(claims),
        email=email,
        email_verified=email is not None and claims.get("email_verified") is True,
        claim_roles=_roles(settings, claims),
        id_token=id_token,
    )


def _display_name(claims: Mapping[str, Any]) -> str:
    """Return a name to greet somebody by: `name`, or first and family name, or nothing.

    FranceConnect gives all first names in `given_name` and no `name`; ProConnect calls the family
    name `usual_name`.
    """
    whole = _text(claims.get("name"), 200)
    if whole is not None:
        return whole
    first = (_text(claims.get("given_name"), 100) or "").partition(" ")[0]
    family = _text(claims.get("usual_name"), 99) or _text(claims.get("family_name"), 99) or ""
    return f"{first} {family}".strip()


def _roles(settings: ProviderSettings, claims: Mapping[str, Any]) -> frozenset[str]:
    if not settings.staff:
        return frozenset()
    found: set[str] = set()
    for claim, role_of in settings.roles.items():
        value = _look_up(claims, claim)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, (str, int)) and not isinstance(one, bool):
                found |= {role_of[str(one)]} if str(one) in role_of else set()
    return frozenset(found)


def _look_up(claims: Mapping[str, Any], name: str) -> object:
    """Return a claim by its name, or by a path such as Keycloak's `realm_access.roles`."""
    if name in claims:
        return claims[name]
    value: object = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _text(value: object, most: int) -> str | None:
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())
    return text if 0 < len(text) <= most and text.isprintable() else None
