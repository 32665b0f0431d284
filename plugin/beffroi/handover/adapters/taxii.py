# SPDX-License-Identifier: AGPL-3.0-or-later
"""The CERT's TAXII server: objects are added, and their status is asked for.

Sources: TAXII 2.1 (OASIS Standard, 10 June 2021), 4.2 status, 5.5 add objects; OAuth 2.0 client
credentials (RFC 6749, 4.4) with a signed assertion (RFC 7523, 2.2 and 3), whose audience is the
issuer alone, so that no other server can use it (RFC 7523bis). Only the addresses of the settings
are asked, by `beffroi_web.fetching`: https, a public address, no redirect, a size and a time.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc7523 import private_key_jwt_sign
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from beffroi.servers import TaxiiServer
from beffroi_web.fetching import Answer, Fetching, Limits, NotFetched

LIMITS = Limits(size=1_048_576, seconds=30.0)
MEDIA_TYPE = "application/taxii+json;version=2.1"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_KINDS: dict[str, Any] = {"ES": ECKey, "Ed": OKPKey, "PS": RSAKey, "RS": RSAKey}
LASTS = 60
"""Seconds that an assertion is good for."""
EARLY = timedelta(seconds=30)
"""A token is asked for anew so long before it ends."""
SHORTEST, LONGEST = 0, 86_400
_TOKENS: dict[tuple[str, str, str], tuple[str, datetime]] = {}
"""The tokens of this process, by whose they are, with their ends; written nowhere."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the server says of objects it was given: `id` names the status."""

    id: str
    complete: bool
    failures: int


class Server:
    """The server of the settings."""

    def __init__(self, said: TaxiiServer, *, public_url: str) -> None:
        local = public_url.startswith("http://127.0.0.1:")
        places = (said.api_root, said.token_url)
        allowed = frozenset("/".join(place.split("/")[:3]) for place in places)
        self._said = said
        self._by = Fetching(
            user_agent=f"Beffroi ({public_url})",
            allowed_loopback=allowed if local else frozenset(),
            limits=LIMITS,
        )

    def add(self, envelope: bytes, *, now: datetime) -> Taken:
        """Give objects; return what becomes of them. Raises NotFetched."""
        collection = quote(self._said.collection, safe="")
        path = f"collections/{collection}/objects/"
        return _taken(self._ask(path, envelope, now=now), (202,))

    def status(self, status_id: str, *, now: datetime) -> Taken:
        """Return what became of objects; raises NotFetched."""
        return _taken(self._ask(f"status/{quote(status_id, safe='')}/", None, now=now), (200,))

    def _ask(self, path: str, body: bytes | None, *, now: datetime) -> Answer:
        address = f"{self._said.api_root.rstrip('/')}/{path}"
        answer = self._by.ask(address, self._headers(body, now), body)
        if answer.status == 401:  # a token that was taken back before its end is asked for once
            _TOKENS.pop(self._who, None)
            answer = self._by.ask(address, self._headers(body, now), body)
        return answer

    def _headers(self, body: bytes | None, now: datetime) -> dict[str, str]:
        kind = MEDIA_TYPE if body is not None else ""
        token = f"Bearer {self._token(now)}"
        return {"Accept": MEDIA_TYPE, "Content-Type": kind, "Authorization": token}

    @property
    def _who(self) -> tuple[str, str, str]:
        return self._said.token_url, self._said.client_id, self._said.scope

    def _token(self, now: datetime) -> str:
        kept = _TOKENS.get(self._who)
        if kept is not None and now < kept[1]:
            return kept[0]
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": self._assertion(now),
            "scope": self._said.scope,
        }
        body = urlencode({name: value for name, value in form.items() if value}).encode()
        headers = {
            "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        answer = self._by.ask(self._said.token_url, headers, body)
        if answer.status != 200:
            raise NotFetched(f"The CERT's token server answered {answer.status}")
        said = _object(answer.body)
        token, lasts = said.get("access_token"), said.get("expires_in", 0)
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise NotFetched("The CERT's token server gave no token")
        seconds = lasts if type(lasts) is int and SHORTEST <= lasts <= LONGEST else 0
        _TOKENS[self._who] = token, now + timedelta(seconds=seconds) - EARLY
        return token

    def _assertion(self, now: datetime) -> str:
        try:
            key = _KINDS[self._said.alg[:2]].import_key(Path(self._said.key).read_bytes())
            return str(
                private_key_jwt_sign(
                    key,
                    self._said.client_id,
                    self._said.issuer,
                    alg=self._said.alg,
                    issued_at=int(now.timestamp()),
                    expires_in=LASTS,
                    header={"kid": self._said.key_id} if self._said.key_id else None,
                )
            )
        except (OSError, ValueError, JoseError) as fault:
            raise NotFetched(f"The town's key for the CERT: {type(fault).__name__}") from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise NotFetched("The CERT's server answered something that cannot be read")
    return said


def _taken(answer: Answer, expected: tuple[int, ...]) -> Taken:
    if answer.status not in expected:
        raise NotFetched(f"The CERT's TAXII server answered {answer.status}")
    said = _object(answer.body)
    name, failures = str(said.get("id", "")), said.get("failure_count", 0)
    if not 0 < len(name) <= 100:
        raise NotFetched("The CERT's TAXII server names no status")
    return Taken(name, said.get("status") == "complete", failures if type(failures) is int else 0)
