# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the public providers ask for, so that a town writes its client and little else.

A preset gives settings that the town's own come before; what a provider's rules do not allow is a
fault (`forbidden`). Sources: reference of FranceConnect v2 and ProConnect (partner documentation
and the published `core-fcp` and ProConnect sources), Decidim's Doorkeeper settings (0.29 to 0.32).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

OIDC, DECIDIM = "oidc", "oauth2-decidim"
DRIVERS = (OIDC, DECIDIM)
EIDAS = ("eidas1", "eidas2", "eidas3")
"""Levels of eIDAS, the weakest first (Regulation (EU) 910/2014, article 8)."""

# Anything else in the address of FranceConnect or ProConnect is answered by an error page.
_ALLOWED = (
    "client_id", "acr_values", "claims", "response_type", "nonce", "state", "redirect_uri", "scope",
    "prompt", "idp_hint",
)  # fmt: skip
TOLD_AT: Mapping[str, str] = MappingProxyType(
    {
        "franceconnect-v2": "https://franceconnect.gouv.fr/",
        "proconnect": "https://www.proconnect.gouv.fr/",
    }
)
"""The page that must stand beside the button of a service of the State, by preset."""
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "franceconnect-v2": {
            "label": "FranceConnect",
            # No more than needed: the account asks for an address itself.
            "scopes": ["openid"],
            "pkce": False,
            "acr_values": ["eidas1"],
            "min_assurance": "eidas1",
            "authorize_params_allowed": list(_ALLOWED),
            "expected_alg": ["ES256", "RS256"],
            "userinfo": "jwt",
        },
        "proconnect": {
            "label": "ProConnect",
            "scopes": ["openid", "given_name", "usual_name", "email", "siret"],
            "pkce": False,
            "acr_values": ["eidas1"],
            "authorize_params_allowed": [*_ALLOWED, "login_hint", "siret_hint"],
            "claims_map": {"family_name": "usual_name"},
            "expected_alg": ["ES256", "RS256"],
            "userinfo": "jwt",
            "staff": True,
        },
        "generic-oidc": {},
        DECIDIM: {"driver": DECIDIM},
    }
)


def completed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a provider's settings with those of its preset behind them.

    Raises ValueError for a preset that there is not.
    """
    name = given.get("preset")
    if name is None:
        return dict(given)
    if not isinstance(name, str) or name not in PRESETS:
        raise ValueError(f"one of {', '.join(PRESETS)} expected")
    return {**PRESETS[name], **given}


def forbidden(values: Mapping[str, Any]) -> list[str]:
    """Return what these settings may not be, one sentence for each."""
    faults = []
    preset, driver = values.get("preset", ""), values.get("driver", OIDC)
    citizens = preset == "franceconnect-v2" or driver == DECIDIM
    if citizens and (values.get("staff") or values.get("roles")):
        faults.append("staff and roles cannot be: this provider is for everybody, it gives no role")
    if driver == DECIDIM and values.get("scopes"):
        faults.append("scopes cannot be: signing in at a Decidim site asks for none")
    allowed = values.get("authorize_params_allowed") or ()
    if allowed and values.get("pkce", True) and "code_challenge" not in allowed:
        faults.append("pkce cannot be true: code_challenge is not in authorize_params_allowed")
    if values.get("allowed_siret") and not values.get("staff"):
        faults.append("allowed_siret is read only from a provider with staff = true")
    if preset == "proconnect" and values.get("staff") and not values.get("allowed_siret"):
        faults.append(
            "allowed_siret is missing: the SIRET numbers of the institution, since every agent in"
            " France can sign in there"
        )
    return faults


def is_assured(acr: object, least: str) -> bool:
    """Say whether a proof of identity is at least as strong as the weakest that is taken."""
    return acr in EIDAS and EIDAS.index(str(acr)) >= EIDAS.index(least)
