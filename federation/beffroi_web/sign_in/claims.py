# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a provider's checked claims to what we keep of a person: as little as will do."""

from collections.abc import Mapping
from typing import Any

from beffroi_web.sign_in.identities import Identity
from beffroi_web.sign_in.settings import ProviderSettings


def identity_from(settings: ProviderSettings, claims: Mapping[str, Any], id_token: str) -> Identity:
    """Return the identity in checked claims; raise `ValueError` for a subject we cannot keep.

    Birth data, addresses and whatever else a provider sends is dropped here. Who acts for a body
    that is not the institution's (`allowed_siret`) is another subject, with no verified address:
    nothing that was given to the person for the institution holds for it.
    """
    claims = {**claims, **{ours: claims.get(its) for ours, its in settings.claims_map.items()}}
    subject = claims.get("sub")
    # OpenID Connect Core 2: at most 255 ASCII characters.
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isascii():
        raise ValueError("subject")
    email = email_in(claims.get("email"))
    ours = not settings.allowed_siret or claims.get("siret") in settings.allowed_siret
    if not ours:
        subject = f"{text_in(claims.get('siret'), 14) or 'none'}:{subject}"[:255]
    return Identity(
        provider=settings.key,
        issuer=settings.issuer,
        subject=subject,
        display_name=_display_name(claims),
        email=email,
        email_verified=ours and email is not None and claims.get("email_verified") is True,
        claim_roles=_roles(settings, claims) if ours else frozenset(),
        id_token=id_token,
    )


def _display_name(claims: Mapping[str, Any]) -> str:
    """Return a name to greet somebody by: `name`, or first and family name, or nothing.

    FranceConnect gives all first names in `given_name` and no `name`; ProConnect calls the family
    name `usual_name`.
    """
    whole = text_in(claims.get("name"), 200)
    if whole is not None:
        return whole
    first = (text_in(claims.get("given_name"), 100) or "").partition(" ")[0]
    family = text_in(claims.get("usual_name"), 99) or text_in(claims.get("family_name"), 99) or ""
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


def email_in(value: object) -> str | None:
    """Return an e-mail address that a provider gives, or None for what is none."""
    email = text_in(value, 254)
    return email if email is not None and "@" in email else None


def text_in(value: object, most: int) -> str | None:
    """Return a text of one line that a provider gives, or None for what is none or too long."""
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())
    return text if 0 < len(text) <= most and text.isprintable() else None
