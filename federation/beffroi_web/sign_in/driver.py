# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the drivers of all providers share: how the code becomes tokens, and the ways to fail.

The authorization code flow of OAuth 2 (RFC 6749, section 4.1) with PKCE (RFC 7636). `state` and
`nonce` are 64 hexadecimal characters: long enough and plain enough for every public provider known
to us, some of which take exactly that.
"""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, Protocol
from urllib.parse import parse_qs, quote_plus, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException, Response

from beffroi_web.sign_in.back_channel import BackChannel, BackChannelFault
from beffroi_web.sign_in.errors import ProviderFault, SignInFailed
from beffroi_web.sign_in.identities import Identity
from beffroi_web.sign_in.settings import ProviderSettings
from beffroi_web.words import N_

log = logging.getLogger(__name__)

RANDOM_BYTES = 32
"""Behind each of state, nonce and verifier."""

ACCESS_DENIED = N_(
    "You stopped at “%(provider)s” before the end, so nobody is signed in here. "
    "You can start again, or choose another way."
)
START_AGAIN = N_(
    "This sign-in took too long, or was started in another window or browser. Please start again."
)
CODE_REFUSED = N_(
    "“%(provider)s” no longer accepts this sign-in: it is valid for a short time and once only. "
    "Please start again."
)
NO_ANSWER = N_(
    "“%(provider)s” does not answer just now. "
    "Please try again in a few minutes, or choose another way."
)
BAD_ANSWER = N_(
    "“%(provider)s” sent an answer that this site cannot accept, so nobody is signed in. "
    "Please try again later; if it lasts, tell the people who run this site."
)
ANOTHER_ACCOUNT = N_(
    "To add a way to sign in, stay signed in here while you do so. Nothing was added."
)
TOO_WEAK = N_(
    "“%(provider)s” signed you in with a weaker proof of identity than this site asks for. "
    "Please start again and choose a stronger one there."
)


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in under way; the browser keeps it, sealed, until it comes back.

    `state` and `nonce` are 64 hexadecimal characters, `verifier` is PKCE's (RFC 7636, 4.1), and
    `next` is the local path to go to afterwards. `link` is the account of somebody signed in who
    wants to add this way in, 0 for a sign-in. With `again` the provider is to ask the person anew,
    whatever session there is.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    next: str
    link: int = 0
    again: bool = False

    @classmethod
    def start(
        cls, provider: str, next_path: str, random: Callable[[int], bytes], link: int = 0
    ) -> "Pending":
        """Return a new one; `random` gives that many unguessable bytes."""
        return cls(
            provider=provider,
            state=random(RANDOM_BYTES).hex(),
            nonce=random(RANDOM_BYTES).hex(),
            verifier=base64.urlsafe_b64encode(random(RANDOM_BYTES)).rstrip(b"=").decode(),
            next=next_path,
            link=link,
        )


def challenge(verifier: str) -> str:
    """Return what PKCE sends ahead of a verifier (RFC 7636, section 4.2, S256)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class SignInProvider(Protocol):
    """One provider, of whatever kind; safe to share between threads.

    Every failure is a `SignInFailed`, or its subclass `ProviderFault` when the provider or its
    settings are to blame.
    """

    settings: ProviderSettings

    def authorization_url(self, pending: Pending, redirect_uri: str, now: datetime) -> str:
        """Return where to send the browser."""

    def identify(
        self, answer: Mapping[str, str], pending: Pending, redirect_uri: str, now: datetime
    ) -> Identity:
        """Return who has signed in, from the parameters with which the browser came back."""

    def logout_url(self, id_token: str, state: str, back_to: str, now: datetime) -> str | None:
        """Return where the browser ends the provider's session too, or None if it offers none."""


class Driver:
    """The parts of a driver that do not depend on the provider's kind.

    The log gets the provider's key and a short reason, nothing else.
    """

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings

    def _allowed(self, url: str) -> str:
        """Return the address, all of whose parameters the provider must be willing to take."""
        allowed = self.settings.authorize_params_allowed
        if allowed and not set(parse_qs(urlsplit(url).query)) <= set(allowed):
            self._blame("parameters")
        return url

    def _same_state(self, answer: Mapping[str, str], pending: Pending) -> None:
        if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            self._fail("state", START_AGAIN)

    def _code_in(self, answer: Mapping[str, str]) -> str:
        """Return the code with which the browser came back, or refuse."""
        error = answer.get("error")
        if error == "access_denied":
            self._fail("access-denied", ACCESS_DENIED)
        if error in ("login_required", "interaction_required", "consent_required"):
            self._fail("login-required", START_AGAIN)
        if error in ("temporarily_unavailable", "server_error"):
            self._blame("provider-unavailable", NO_ANSWER)
        if error is not None:
            self._blame("provider-error")
        code = answer.get("code", "")
        if not code or len(code) > 4096:
            self._blame("no-code")
        return code

    def _exchange(
        self,
        session: OAuth2Session,
        endpoint: str,
        code: str,
        pending: Pending,
        redirect_uri: str,
        wanted: Sequence[str],
    ) -> dict[str, str]:
        """Return the wanted tokens for a code, at once: it may live thirty seconds only."""
        pkce = {"code_verifier": pending.verifier} if self.settings.pkce else {}
        try:
            tokens = session.fetch_token(
                endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                **pkce,
            )
        except OAuthError as error:
            if error.error == "invalid_grant":
                self._fail("code-refused", CODE_REFUSED)
            self._blame("token-error")
        except RequestException as error:
            self._unreachable("token", error)
        except (ValueError, TypeError, KeyError, RecursionError):
            self._blame("token-nonsense")
        found = {name: tokens.get(name) for name in wanted}
        for name, value in found.items():
            if not isinstance(value, str) or not value.isascii() or not value.isprintable():
                self._blame(f"token-no-{name}")
        if str(tokens.get("token_type", "")).lower() != "bearer":
            self._blame("token-type")
        return {name: str(value) for name, value in found.items()}

    def _json(self, response: Response, what: str) -> dict[str, Any]:
        try:
            document = json.loads(response.content)
        except (ValueError, RecursionError):
            self._blame(f"{what}-nonsense")
        if not isinstance(document, dict):
            self._blame(f"{what}-nonsense")
        return document

    def _session(self) -> OAuth2Session:
        """Return a fresh session: no cookie or token of one person meets another's."""
        session = OAuth2Session(
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            token_endpoint_auth_method=self.settings.auth_method,
            code_challenge_method="S256",
        )
        session.register_client_auth_method(("client_secret_basic", _basic))
        # The machine's proxy and certificate settings hold, except towards the machine itself.
        session.trust_env = urlsplit(self.settings.issuer).scheme == "https"
        session.mount("https://", BackChannel())
        session.mount("http://", BackChannel())
        return session

    # --- the ways to fail -------------------------------------------------------------------

    def _fail(self, reason: str, sentence: str) -> NoReturn:
        log.warning("sign-in failed provider=%s reason=%s", self.settings.key, reason)
        raise SignInFailed(reason, sentence, provider=self.settings.label)

    def _blame(self, reason: str, sentence: str = BAD_ANSWER) -> NoReturn:
        log.warning("sign-in provider fault provider=%s reason=%s", self.settings.key, reason)
        raise ProviderFault(reason, sentence, provider=self.settings.label)

    def _unreachable(self, what: str, error: RequestException) -> NoReturn:
        if isinstance(error, BackChannelFault):
            slow = error.reason in ("too-slow", "broken-off")
            self._blame(f"{what}-{error.reason}", NO_ANSWER if slow else BAD_ANSWER)
        self._blame(f"{what}-unreachable", NO_ANSWER)


def _basic(
    client: Any, method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """Add `client_secret_basic` with each part form-encoded first, as RFC 6749, 2.3.1 asks."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return uri, headers, body
