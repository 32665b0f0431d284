# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a provider says about itself (OpenID Connect Discovery 1.0, section 3), read strictly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beffroi_web.sign_in.settings import is_safe_address
from beffroi_web.sign_in.tokens import AnswerRefused


@dataclass(frozen=True, slots=True)
class Description:
    """What a provider says about itself, as far as we use it."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    says_iss: bool


def read_description(document: Mapping[str, Any], issuer: str) -> Description:
    """Return the description in a discovery document.

    Raises `AnswerRefused` when it is another issuer's, or when an address is missing or unsafe; an
    issuer on https cannot lead to an address that is not.
    """
    if document.get("issuer") != issuer:
        raise AnswerRefused("discovery-issuer")

    def address(name: str) -> str | None:
        value = document.get(name)
        if value is None:
            return None
        safe = isinstance(value, str) and is_safe_address(value)
        if not safe or (issuer.startswith("https:") and not value.startswith("https:")):
            raise AnswerRefused(f"discovery-{name}")
        return str(value)

    def needed(name: str) -> str:
        value = address(name)
        if value is None:
            raise AnswerRefused(f"discovery-{name}")
        return value

    return Description(
        authorization_endpoint=needed("authorization_endpoint"),
        token_endpoint=needed("token_endpoint"),
        jwks_uri=needed("jwks_uri"),
        userinfo_endpoint=address("userinfo_endpoint"),
        end_session_endpoint=address("end_session_endpoint"),
        says_iss=document.get("authorization_response_iss_parameter_supported") is True,
    )
