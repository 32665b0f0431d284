# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in at a Decidim site: OAuth 2 with PKCE, then `GET /oauth/me` (Decidim 0.29 to 0.32).

Decidim's Doorkeeper is no OpenID provider: there is no id_token and no description, so who it is
stands in `/oauth/me` alone, over the connection that we have opened. No scope is asked for (a site
does not come back from one that it does not know), and the token is forgotten with the answer. A
person is (site, id): nickname, name and address may change. The picture's address is not kept:
nothing on our pages is fetched from there.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from requests import RequestException

from beffroi_web.sign_in.claims import email_in, text_in
from beffroi_web.sign_in.driver import Driver, Pending, challenge
from beffroi_web.sign_in.identities import Identity
from beffroi_web.words import N_

MOST_BYTES = 65_536
"""Of an answer of `/oauth/me`, which has some hundred."""
_NO_PROFILE = N_(
    "“%(provider)s” does not let this site see who you are, so nobody is signed in. The people who "
    "run it must allow the scope “profile” for this application there."
)
_NOT_SIGNED_IN = N_(
    "“%(provider)s” says that you are not signed in there any more. Please start again."
)


class DecidimProvider(Driver):
    """The driver of one Decidim site."""

    def authorization_url(self, pending: Pending, redirect_uri: str, now: datetime) -> str:
        """Return where to send the browser; a site without PKCE passes over the challenge."""
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "state": pending.state,
        }
        if self.settings.pkce:
            asked |= {
                "code_challenge": challenge(pending.verifier),
                "code_challenge_method": "S256",
            }
        return self._allowed(f"{self._at('/oauth/authorize')}?{urlencode(asked)}")

    def identify(
        self, answer: Mapping[str, str], pending: Pending, redirect_uri: str, now: datetime
    ) -> Identity:
        """Return who has signed in, from the parameters with which the browser came back."""
        self._same_state(answer, pending)
        code = self._code_in(answer)
        with self._session() as session:
            tokens = self._exchange(
                session, self._at("/oauth/token"), code, pending, redirect_uri, ("access_token",)
            )
            try:
                response = session.request(
                    "GET",
                    self._at("/oauth/me"),
                    withhold_token=True,
                    headers={"Authorization": f"Bearer {tokens['access_token']}"},
                )
            except RequestException as error:
                self._unreachable("userinfo", error)
        if response.status_code == 403:
            self._blame("no-profile", _NO_PROFILE)
        if response.status_code == 401:
            self._fail("login-required", _NOT_SIGNED_IN)
        if response.status_code != 200:
            self._blame("userinfo-status")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            self._blame("userinfo-format")
        if len(response.content) > MOST_BYTES:
            self._blame("userinfo-too-large")
        return self._identity(self._json(response, "userinfo"))

    def logout_url(self, id_token: str, state: str, back_to: str, now: datetime) -> str | None:
        """Return None: a Decidim site offers no address that ends its session for another site."""
        return None

    def _identity(self, told: Mapping[str, object]) -> Identity:
        number = told.get("id")
        if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**63:
            self._blame("subject")
        name = text_in(told.get("name"), 200) or text_in(told.get("nickname"), 200) or ""
        return Identity(
            provider=self.settings.key,
            issuer=self.settings.issuer,
            subject=str(number),
            display_name=name,
            email=email_in(told.get("email")),
            # A site may let its people change it unconfirmed: it names nobody here.
            email_verified=False,
            claim_roles=frozenset(),
            id_token="",
        )

    def _at(self, path: str) -> str:
        return self.settings.issuer.rstrip("/") + path
