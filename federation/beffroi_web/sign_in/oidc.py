# SPDX-License-Identifier: AGPL-3.0-or-later
"""One OpenID Connect provider: the authorization code flow, from the button to a checked identity.

OpenID Connect Core 1.0 section 3.1, Discovery 1.0, RP-Initiated Logout 1.0, RFC 7636 (PKCE),
RFC 9207 (`iss` in the answer). `state` and `nonce` are 64 hexadecimal characters: long enough and
plain enough for every public provider known to us, some of which take exactly that. Nothing is
sent beyond what the settings say, because some providers refuse a parameter they do not expect.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.integrations.requests_client import OAuth2Session
from joserfc.jwk import KeySet, OctKey
from requests import RequestException

from beffroi_web.guards import LATELY
from beffroi_web.sign_in.claims import identity_from
from beffroi_web.sign_in.description import Description, read_description
from beffroi_web.sign_in.driver import NO_ANSWER, START_AGAIN, TOO_WEAK, Driver, Pending
from beffroi_web.sign_in.errors import SignInFailed
from beffroi_web.sign_in.identities import Identity
from beffroi_web.sign_in.presets import is_assured
from beffroi_web.sign_in.settings import ProviderSettings
from beffroi_web.sign_in.tokens import (
    AnswerRefused,
    UnknownKey,
    key_set,
    secret_key,
    verify_id_token,
    verify_userinfo,
)

CACHED_FOR = timedelta(hours=1)


class OidcProvider(Driver):
    """The driver of one provider; safe to share between threads.

    What it does when is said by `SignInProvider`.
    """

    def __init__(self, settings: ProviderSettings) -> None:
        super().__init__(settings)
        self._lock = Lock()
        self._described: tuple[datetime, Description] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    def authorization_url(self, pending: Pending, redirect_uri: str, now: datetime) -> str:
        """Return where to send the browser. May ask the provider for its description."""
        description = self._describe(now)
        extra = {"nonce": pending.nonce}
        if self.settings.acr_values:
            extra["acr_values"] = " ".join(self.settings.acr_values)
        if pending.again:
            extra |= self._asking_anew()
        with self._session() as session:
            url, _ = session.create_authorization_url(
                description.authorization_endpoint,
                state=pending.state,
                code_verifier=pending.verifier if self.settings.pkce else None,
                redirect_uri=redirect_uri,
                scope=" ".join(self.settings.scopes),
                **extra,
            )
        return self._allowed(str(url))

    def _asking_anew(self) -> dict[str, str]:
        """Return what asks the provider for the person anew, as far as it may be sent."""
        asked = {"prompt": "login", "max_age": "0"}
        allowed = self.settings.authorize_params_allowed
        return {name: value for name, value in asked.items() if not allowed or name in allowed}

    def _lately(self, said: object, now: datetime) -> None:
        """Refuse a sign-in there of long ago; a provider that does not say when is believed.

        OpenID Connect Core 1.0, 3.1.2.1: with `max_age` it has to say `auth_time`. Then the moment
        of coming back counts, as for any sign-in.
        """
        if said is None:
            return
        longest = LATELY.total_seconds() + self.settings.leeway
        if isinstance(said, bool) or not isinstance(said, int | float):
            self._blame("id-token-auth_time")
        if now.timestamp() - said > longest:
            self._fail("login-required", START_AGAIN)

    def identify(
        self, answer: Mapping[str, str], pending: Pending, redirect_uri: str, now: datetime
    ) -> Identity:
        """Return who has signed in, from the parameters with which the browser came back.

        `redirect_uri` is the one that was given to `authorization_url`. Asks the provider for the
        tokens at once (a code may live thirty seconds only), then checks them.
        """
        self._same_state(answer, pending)
        description = self._describe(now)
        code = self._code(answer, description)
        with self._session() as session:
            tokens = self._exchange(
                session,
                description.token_endpoint,
                code,
                pending,
                redirect_uri,
                ("access_token", "id_token"),
            )
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
            self._assured(id_claims.get("acr"))
            if pending.again:
                self._lately(id_claims.get("auth_time"), now)
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

    def _assured(self, acr: object) -> None:
        accepted, least = self.settings.acr_accepted, self.settings.min_assurance
        if (accepted and acr not in accepted) or (least and not is_assured(acr, least)):
            self._fail("acr", TOO_WEAK)

    def _code(self, answer: Mapping[str, str], description: Description) -> str:
        # RFC 9207: an answer of another provider must not be taken for this one's.
        issuer = answer.get("iss")
        if issuer != self.settings.issuer and (issuer is not None or description.says_iss):
            self._blame("answer-iss")
        return self._code_in(answer)

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
            self._blame(f"{what}-status", NO_ANSWER)
        return self._json(response, what)
