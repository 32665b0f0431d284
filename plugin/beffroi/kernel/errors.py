# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree of refusals, drawn in `beffroi_web.errors`; a town adds none of its own."""

from beffroi_web.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Refusal,
    ScopeNeeded,
    SignInNeeded,
    TokenRefused,
    TooLarge,
    TooMany,
    Unavailable,
)

__all__ = [
    "Conflict",
    "Forbidden",
    "Gone",
    "Invalid",
    "NotFound",
    "Refusal",
    "ScopeNeeded",
    "SignInNeeded",
    "TokenRefused",
    "TooLarge",
    "TooMany",
    "Unavailable",
]
