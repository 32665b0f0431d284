# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checking what a provider has signed; bytes, keys and a time in, claims or a refusal out.

OpenID Connect Core 1.0, section 3.1.3.7 (id_token) and 5.3.2 (signed userinfo). The algorithms
are the ones the settings name, never the one that the token names: `none`, or a public key used
as if it were a shared secret, is refused before any key is looked at.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet, OctKey

from beffroi_web.sign_in.settings import SECRET_ALGORITHMS, ProviderSettings


class AnswerRefused(Exception):
    """What a provider sent is not what it must be; `reason` names the first check that failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownKey(AnswerRefused):
    """The token names a key that is not in the set; the set may have changed since."""


def key_set(document: object) -> KeySet:
    """Return the signing keys of a JWK set (RFC 7517); keys we cannot use are left out.

    Raises `AnswerRefused` when that leaves none.
    """
    entries = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(entries, list):
        raise AnswerRefused("keys-nonsense")
    keys: list[Key] = []
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("kty") == "oct" or entry.get("use") == "enc":
            continue
        try:
            keys.append(JWKRegistry.import_key(entry))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise AnswerRefused("keys-none")
    return KeySet(keys)


def secret_key(settings: ProviderSettings) -> OctKey | None:
    """Return the client secret as a key when the settings expect HS…, else None."""
    if settings.expected_alg[0] in SECRET_ALGORITHMS:
        return OctKey.import_key(settings.client_secret)
    return None


def verify_id_token(
    token: str,
    *,
    keys: KeySet | OctKey,
    settings: ProviderSettings,
    nonce: str,
    access_token: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims of an id_token after every check; raise `AnswerRefused` otherwise."""
    alg, claims = _signed(token, keys, settings, "id-token")
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=settings.leeway,
        iss={"essential": True, "value": settings.issuer},
        aud={"essential": True, "value": settings.client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )
    _validate(registry, claims, "id-token")
    given_nonce = claims.get("nonce")
    if not isinstance(given_nonce, str) or not hmac.compare_digest(
        given_nonce.encode(), nonce.encode()
    ):
        raise AnswerRefused("id-token-nonce")
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    azp = claims.get("azp", settings.client_id if len(audiences) == 1 else None)
    if azp != settings.client_id:
        raise AnswerRefused("id-token-azp")
    if "at_hash" in claims and claims["at_hash"] != _half_hash(access_token, alg):
        raise AnswerRefused("id-token-at_hash")
    return claims


def verify_userinfo(
    token: str, *, keys: KeySet | OctKey, settings: ProviderSettings, now: datetime
) -> dict[str, Any]:
    """Return the claims of a signed userinfo answer; raise `AnswerRefused` otherwise."""
    _, claims = _signed(token, keys, settings, "userinfo")
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=settings.leeway,
        iss={"essential": True, "value": settings.issuer},
        aud={"essential": True, "value": settings.client_id},
        sub={"essential": True},
    )
    _validate(registry, claims, "userinfo")
    return claims


def _signed(
    token: str, keys: KeySet | OctKey, settings: ProviderSettings, what: str
) -> tuple[str, dict[str, Any]]:
    try:
        decoded = jwt.decode(token, keys, algorithms=list(settings.expected_alg))
    except InvalidKeyIdError as error:
        raise UnknownKey(f"{what}-key") from error
    except JoseError as error:
        raise AnswerRefused(f"{what}-signature") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise AnswerRefused(f"{what}-nonsense") from error
    return str(decoded.header["alg"]), decoded.claims


def _validate(registry: jwt.JWTClaimsRegistry, claims: dict[str, Any], what: str) -> None:
    try:
        registry.validate(claims)
    except ClaimError as error:
        raise AnswerRefused(f"{what}-{error.claim}") from error


def _half_hash(access_token: str, alg: str) -> str:
    """Return at_hash: the left half of the hash that the signature uses, base64url unpadded."""
    digest = hashlib.new(f"sha{alg[2:]}", access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
