# SPDX-License-Identifier: AGPL-3.0-or-later
"""One OpenID Connect provider: the authorization code flow, from the button to a checked identity.

OpenID Connect Core 1.0 section 3.1, Discovery 1.0, RP-Initiated Logout 1.0, RFC 7636 (PKCE),
RFC 9207 (`iss` in the answer). `state` and `nonce` are 64 hexadecimal characters: long enough and
plain enough for every public provider known to us, some of which take exactly that. Nothing is
sent beyond what the settings say, because some providers refuse a parameter they do not expect.
"""

import base64
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, NoReturn
from urllib.parse import quote_plus, urlencode, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.jwk import KeySet, OctKey
from requests import RequestException, Response

from beffroi_web.sign_in.back_channel import BackChannel, BackChannelFault
from beffroi_web.sign_in.claims import identity_from
from beffroi_web.sign_in.description import Description, read_description
from beffroi_web.sign_in.errors import ProviderFault, SignInFailed
from beffroi_web.sign_in.identities import Identity
from beffroi_web.sign_in.settings import ProviderSettings
from beffroi_web.sign_in.tokens import (
    AnswerRefused,
    UnknownKey,
    key_set,
    secret_key,
    verify_id_token,
    verify_userinfo,
)
from beffroi_web.words import N_

log = logging.getLogger(__name__)

CACHED_FOR = timedelta(hours=1)

RANDOM_BYTES = 32
"""Behind each of state, nonce and verifier."""

_ACCESS_DENIED = N_(
    "You stopped at “%(provider)s” before the end, so nobody is signed in here. "
    "You can start again, or choose another way."
)
START_AGAIN = N_(
    "This sign-in took too long, or was started in another window or browser. Please start again."
)
_CODE_REFUSED = N_(
    "“%(provider)s” no longer accepts this sign-in: it is valid for a short time and once only. "
    "Please start again."
)
_NO_ANSWER = N_(
    "“%(provider)s” does not answer just now. "
    "Please try again in a few minutes, or choose another way."
)
_BAD_ANSWER = N_(
    "“%(provider)s” sent an answer that this site cannot accept, so nobody is signed in. "
    "Please try again later; if it lasts, tell the people who run this site."
)
_TOO_WEAK = N_(
    "“%(provider)s” signed you in with a weaker proof of identity than this site asks for. "
    "Please start again and choose a stronger one there."
)


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in under way; the browser keeps it, sealed, until it comes back.

    `state` and `nonce` are 64 hexadecimal characters, `verifier` is PKCE's (RFC 7636, 4.1), and
    `next` is the local path to go to afterwards.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    next: str

    @classmethod
    def start(cls, provider: str, next_path: str, random: Callable[[int], bytes]) -> "Pending":
        """Return a new one; `random` gives that many unguessable bytes."""
        return cls(
            provider=provider,
            state=random(RANDOM_BYTES).hex(),
            nonce=random(RANDOM_BYTES).hex(),
            verifier=base64.urlsafe_b64encode(random(RANDOM_BYTES)).rstrip(b"=").decode(),
            next=next_path,
        )


class OidcProvider:
    """The driver of one provider; safe to share between threads.

    Every failure is a `SignInFailed`, or its subclass `ProviderFault` when the provider or its
    settings are to blame. The log gets the provider's key and a short reason, nothing else.
    """

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self._lock = Lock()
        self._described: tuple[datetime, Description] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    def authorization_url(self, pending: Pending, redirect_uri: str, now: datetime) -> str:
        """Return where to send the browser. May ask the provider for its description."""
        description = self._describe(now)
        extra = {"nonce": pending.nonce}
        if self.settings.acr_values:
            extra["acr_values"] = " ".join(self.settings.acr_values)
        with self._session() as session:
            url, _ = session.create_authorization_url(
                description.authorization_endpoint,
                state=pending.state,
                code_verifier=pending.verifier if self.settings.pkce else None,
                redirect_uri=redirect_uri,
                scope=" ".join(self.settings.scopes),
                **extra,
            )
        return str(url)

    def identify(
        self, answer: Mapping[str, str], pending: Pending, redirect_uri: str, now: datetime
    ) -> Identity:
        """Return who has signed in, from the parameters with which the browser came back.

        `redirect_uri` is the one that was given to `authorization_url`. Asks the provider for the
        tokens at once (a code may live thirty seconds only), then checks them.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            self._fail("state", START_AGAIN)
        description = self._describe(now)
        code = self._code(answer, description)
        with self._session() as session:
            tokens = self._exchange(session, description, code, pending, redirect_uri)
            id_claims = self._with_keys(
                session,
                description,
                now,
                lambda keys: verify_id_token(
                    tokens["id_token"],
                    keys=keys,
                    settings=self.settings,
                    nonce=pending.nonce,
                    access_token=tokens["access_token"],
                    now=now,
                ),
            )
            accepted = self.settings.acr_accepted
            if accepted and id_claims.get("acr") not in accepted:
                self._fail("acr", _TOO_WEAK)
            userinfo = self._userinfo(session, description, tokens["access_token"], now)
        if userinfo is not None and userinfo.get("sub") != id_claims["sub"]:
            self._blame("userinfo-sub-differs")
        try:
            return identity_from(
                self.settings, {**id_claims, **(userinfo or {})}, tokens["id_token"]
            )
        except ValueError:
            self._blame("subject")

    def logout_url(self, id_token: str, state: str, back_to: str, now: datetime) -> str | None:
        """Return where the browser ends the provider's session too, or None if it offers none.

        A provider that does not answer is no reason not to sign out here: None as well.
        """
        if not self.settings.logout:
            return None
        try:
            endpoint = self._describe(now).end_session_endpoint
        except SignInFailed:
            return None
        if endpoint is None:
            return None
        query = urlencode(
            {"id_token_hint": id_token, "post_logout_redirect_uri": back_to, "state": state}
        )
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    # --- the steps --------------------------------------------------------------------------

    def _code(self, answer: Mapping[str, str], description: Description) -> str:
        # RFC 9207: an answer of another provider must not be taken for this one's.
        issuer = answer.get("iss")
        if issuer != self.settings.issuer and (issuer is not None or description.says_iss):
            self._blame("answer-iss")
        error = answer.get("error")
        if error == "access_denied":
            self._fail("access-denied", _ACCESS_DENIED)
        if error in ("login_required", "interaction_required", "consent_required"):
            self._fail("login-required", START_AGAIN)
        if error in ("temporarily_unavailable", "server_error"):
            self._blame("provider-unavailable", _NO_ANSWER)
        if error is not None:
            self._blame("provider-error")
        code = answer.get("code", "")
        if not code or len(code) > 4096:
            self._blame("no-code")
        return code

    def _exchange(
        self,
        session: OAuth2Session,
        description: Description,
        code: str,
        pending: Pending,
        redirect_uri: str,
    ) -> dict[str, str]:
        pkce = {"code_verifier": pending.verifier} if self.settings.pkce else {}
        try:
            tokens = session.fetch_token(
                description.token_endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                **pkce,
            )
        except OAuthError as error:
            if error.error == "invalid_grant":
                self._fail("code-refused", _CODE_REFUSED)
            self._blame("token-error")
        except RequestException as error:
            self._unreachable("token", error)
        except (ValueError, TypeError, KeyError, RecursionError):
            self._blame("token-nonsense")
        wanted = {name: tokens.get(name) for name in ("access_token", "id_token")}
        for name, value in wanted.items():
            if not isinstance(value, str) or not value.isascii() or not value.isprintable():
                self._blame(f"token-no-{name}")
        if str(tokens.get("token_type", "")).lower() != "bearer":
            self._blame("token-type")
        return {name: str(value) for name, value in wanted.items()}

    def _userinfo(
        self, session: OAuth2Session, description: Description, access_token: str, now: datetime
    ) -> dict[str, Any] | None:
        """Return the userinfo claims, as JSON or signed, by the answer's Content-Type."""
        wanted = self.settings.userinfo
        if description.userinfo_endpoint is None:
            if wanted == "auto":
                return None
            self._blame("userinfo-none")
        try:
            response = session.request(
                "GET",
                description.userinfo_endpoint,
                withhold_token=True,
                headers={"Authorization": f"Bearer {access_token}"},
            )
        except RequestException as error:
            self._unreachable("userinfo", error)
        if response.status_code != 200:
            self._blame("userinfo-status")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "application/jwt" and wanted in ("auto", "jwt"):
            body = response.content.decode("ascii", "replace").strip()
            return self._with_keys(
                session,
                description,
                now,
                lambda keys: verify_userinfo(body, keys=keys, settings=self.settings, now=now),
            )
        if kind == "application/json" and wanted in ("auto", "json"):
            return self._json(response, "userinfo")
        self._blame("userinfo-format")

    def _with_keys(
        self,
        session: OAuth2Session,
        description: Description,
        now: datetime,
        check: Callable[[KeySet | OctKey], dict[str, Any]],
    ) -> dict[str, Any]:
        """Run a check with the provider's keys; if it names an unknown one, fetch them once more.

        Providers change their keys without a word; asking again when a new one shows up is the
        way that OpenID Connect Core 10.1.1 describes.
        """
        try:
            secret = secret_key(self.settings)
            if secret is not None:
                return check(secret)
            try:
                return check(self._key_set(session, description, now, anew=False))
            except UnknownKey:
                return check(self._key_set(session, description, now, anew=True))
        except AnswerRefused as refused:
            self._blame(refused.reason)

    # --- what the provider publishes --------------------------------------------------------

    def _describe(self, now: datetime) -> Description:
        with self._lock:
            cached = self._described
        if cached is not None and timedelta() <= now - cached[0] < CACHED_FOR:
            return cached[1]
        with self._session() as session:
            document = self._fetch(session, self.settings.described_at, "discovery")
        try:
            description = read_description(document, self.settings.issuer)
        except AnswerRefused as refused:
            self._blame(refused.reason)
        with self._lock:
            self._described = (now, description)
        return description

    def _key_set(
        self, session: OAuth2Session, description: Description, now: datetime, *, anew: bool
    ) -> KeySet:
        with self._lock:
            cached = self._keys
        if not anew and cached is not None and timedelta() <= now - cached[0] < CACHED_FOR:
            return cached[1]
        keys = key_set(self._fetch(session, description.jwks_uri, "keys"))
        with self._lock:
            self._keys = (now, keys)
        return keys

    def _fetch(self, session: OAuth2Session, url: str, what: str) -> dict[str, Any]:
        try:
            response = session.request("GET", url, withhold_token=True)
        except RequestException as error:
            self._unreachable(what, error)
        if response.status_code != 200:
            self._blame(f"{what}-status", _NO_ANSWER)
        return self._json(response, what)

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
        log.info("sign-in failed provider=%s reason=%s", self.settings.key, reason)
        raise SignInFailed(reason, sentence, provider=self.settings.label)

    def _blame(self, reason: str, sentence: str = _BAD_ANSWER) -> NoReturn:
        log.warning("sign-in provider fault provider=%s reason=%s", self.settings.key, reason)
        raise ProviderFault(reason, sentence, provider=self.settings.label)

    def _unreachable(self, what: str, error: RequestException) -> NoReturn:
        if isinstance(error, BackChannelFault):
            slow = error.reason in ("too-slow", "broken-off")
            self._blame(f"{what}-{error.reason}", _NO_ANSWER if slow else _BAD_ANSWER)
        self._blame(f"{what}-unreachable", _NO_ANSWER)


def _basic(
    client: Any, method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """Add `client_secret_basic` with each part form-encoded first, as RFC 6749, 2.3.1 asks."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return uri, headers, body
