# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who and what the demonstration's provider knows: persons, clients, codes and tokens."""

import hmac
from dataclasses import dataclass
from threading import Lock
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin

from beffroi_web.clock import Clock

PASSWORD = "beffroi"  # noqa: S105  everybody's, and printed on the page itself
CODE_SECONDS = 120
TOKEN_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person; `login` is also the subject, `group` a claim for role maps."""

    login: str
    given_name: str
    family_name: str
    what: str
    group: str | None = None

    def claims(self) -> dict[str, Any]:
        """Return what the provider says about this person."""
        return {
            "sub": self.login,
            "name": f"{self.given_name} {self.family_name}",
            "given_name": self.given_name,
            "family_name": self.family_name,
            "email": f"{self.login}@demo.example",
            "email_verified": True,
            "groups": [self.group] if self.group else [],
        }


PEOPLE = {
    person.login: person
    for person in (
        Person("citizen", "Camille", "Verdoncourt", "une citoyenne"),
        Person("citizen2", "Dominique", "Lanterrier", "un autre citoyen"),
        Person("agent", "Morgan", "Bourmasson", "agent de la collectivité", "agents"),
        Person("moderator", "Alix", "Fontaillac", "modératrice", "moderators"),
        Person("administrator", "Sacha", "Mirvault", "administrateur"),
        Person("operator", "Maxime", "Ordanelle", "opératrice du service national"),
    )
}


@dataclass(frozen=True, slots=True)
class DemoClient(ClientMixin):  # type: ignore[misc,unused-ignore]
    """A site that may send people here: its secret, and the exact addresses they may return to."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()

    @property
    def client_metadata(self) -> dict[str, Any]:
        """What the logout endpoint asks of a client."""
        return {"post_logout_redirect_uris": list(self.post_logout_redirect_uris)}

    def get_client_id(self) -> str:
        """Return the identifier."""
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        """Return nothing: an address must be named."""
        return ""

    def get_allowed_scope(self, scope: Any) -> str:
        """Return those of the scopes that exist here."""
        return " ".join(s for s in (scope or "").split() if s in ("openid", "profile", "email"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Say whether an address is registered, to the letter."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare secrets without telling by time where they differ."""
        return hmac.compare_digest(self.client_secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Take the secret in the body or as Basic, and no client without one."""
        return method in ("client_secret_post", "client_secret_basic")

    def check_response_type(self, response_type: str) -> bool:
        """Know the code flow only."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Know the code flow only."""
        return grant_type == "authorization_code"


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that was handed out and not used yet."""

    value: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    person: Person
    at: int

    def get_redirect_uri(self) -> str:
        """Return the address that the token request must repeat."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the scopes that were granted."""
        return self.scope

    def get_nonce(self) -> str | None:
        """Return the nonce, for the id_token."""
        return self.nonce

    def get_auth_time(self) -> int:
        """Return when the person signed in, in seconds of Unix time."""
        return self.at

    def get_acr(self) -> None:
        """Return nothing: a known password proves nothing."""

    def get_amr(self) -> None:
        """Return nothing: likewise."""


class Memory:
    """Codes and access tokens; each is used up or forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, tuple[Person, int]] = {}

    def now(self) -> int:
        """Return the present moment, in seconds of Unix time."""
        return int(self._clock.now().timestamp())

    def keep_code(self, code: Code) -> None:
        """Keep a code until it is used."""
        with self._lock:
            self._codes[code.value] = code

    def take_code(self, value: str, client_id: str) -> Code | None:
        """Return a live code of this client and forget it; None for any other."""
        with self._lock:
            code = self._codes.pop(value, None)  # once, whoever asks
        fits = code is not None and code.client_id == client_id
        return code if fits and code is not None and self.now() - code.at < CODE_SECONDS else None

    def keep_token(self, value: str, person: Person) -> None:
        """Keep an access token, and forget the dead ones."""
        now = self.now()
        with self._lock:
            self._tokens = {v: t for v, t in self._tokens.items() if now - t[1] < TOKEN_SECONDS}
            self._tokens[value] = (person, now)

    def holder(self, value: str) -> Person | None:
        """Return whom an access token speaks for, while it lives."""
        with self._lock:
            held = self._tokens.get(value)
        return held[0] if held is not None and self.now() - held[1] < TOKEN_SECONDS else None
