# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with a sign-in provider's settings, seen from here, in a sentence each.

Everything that can be asked without signing in is asked: the description and its addresses, keys,
what it says it can, how the clocks differ, and whether it takes this client and its way back. What
no question can tell (the client secret, what a person's claims are) is said to be so.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from requests import RequestException, Response
from requests.adapters import HTTPAdapter

from beffroi_web.findings import Finding, doubtful, good, wrong
from beffroi_web.sign_in.back_channel import BackChannelFault
from beffroi_web.sign_in.decidim import DecidimProvider
from beffroi_web.sign_in.description import read_description
from beffroi_web.sign_in.driver import Driver, Pending
from beffroi_web.sign_in.errors import SignInFailed
from beffroi_web.sign_in.oidc import OidcProvider
from beffroi_web.sign_in.presets import DECIDIM
from beffroi_web.sign_in.settings import WELL_KNOWN, ProviderSettings
from beffroi_web.sign_in.tokens import AnswerRefused, key_set

_RANDOM = b"\0" * 32
"""Nobody signs in with what is asked here: the state leads nowhere."""


def check(settings: ProviderSettings, redirect_uri: str, now: datetime) -> list[Finding]:
    """Return what was found of one provider; `redirect_uri` is the one to register there."""
    about = f"sign-in {settings.key}"
    found = [_way_back(about, settings, redirect_uri)]
    driver: Driver = _driver(settings)
    if settings.driver == DECIDIM:
        found += _decidim(about, driver, redirect_uri, now)
    else:
        found += _oidc(about, driver, redirect_uri, now)
    return found


def _driver(settings: ProviderSettings) -> OidcProvider | DecidimProvider:
    return DecidimProvider(settings) if settings.driver == DECIDIM else OidcProvider(settings)


def _way_back(about: str, settings: ProviderSettings, redirect_uri: str) -> Finding:
    parts = urlsplit(redirect_uri)
    said = f"the redirect address to register is {redirect_uri}"
    if settings.driver == DECIDIM and parts.hostname == "127.0.0.1":
        return wrong(
            about, f"{said}, and Decidim takes no http://127.0.0.1",
            "on a machine of your own, write localhost in BEFFROI_PUBLIC_URL",
        )  # fmt: skip
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        return wrong(
            about, f"{said}, and providers send nobody back to plain http",
            "give the site a certificate and write https:// in BEFFROI_PUBLIC_URL",
        )  # fmt: skip
    return good(about, said)


def _asked(driver: Driver, url: str) -> Response | str:
    """Return an answer, or in words why there is none."""
    with driver._session() as session:
        try:
            return session.request("GET", url, withhold_token=True)
        except BackChannelFault as fault:
            return f"its answer was not taken ({fault.reason})"
        except RequestException as error:
            return f"it does not answer ({type(error).__name__})"


# ---- OpenID Connect -----------------------------------------------------------------------------


def _oidc(about: str, driver: Driver, redirect_uri: str, now: datetime) -> Iterator[Finding]:
    settings = driver.settings
    answer = _asked(driver, settings.described_at)
    if isinstance(answer, str):
        yield wrong(
            about, f"{settings.described_at}: {answer}",
            "look at the address in `issuer` or `discovery_url`, at the network and at HTTPS_PROXY",
        )  # fmt: skip
        return
    document = _document(answer)
    if document is None:
        yield _no_description(about, driver, answer)
        return
    if (fault := _wrong_description(about, settings, document)) is not None:
        yield fault
        return
    yield good(about, f"the description at {settings.described_at} is that of {settings.issuer}")
    yield from _clock(about, answer, settings, now)
    yield from _offers(about, settings, document)
    yield from _keys(about, driver, str(document["jwks_uri"]))
    yield from _client(about, driver, redirect_uri, now)


def _document(answer: Response) -> Mapping[str, Any] | None:
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return found if answer.status_code == 200 and isinstance(found, dict) else None


def _no_description(about: str, driver: Driver, answer: Response) -> Finding:
    where = driver.settings.described_at
    if answer.status_code == 404 and _is_doorkeeper(driver):
        return wrong(
            about, f"{driver.settings.issuer} is a Decidim site, and no OpenID provider",
            f'write preset = "{DECIDIM}" for it',
        )  # fmt: skip
    said = f"answered {answer.status_code}" if answer.status_code != 200 else "is no JSON object"
    return wrong(
        about, f"{where} {said}: that is no description of a provider",
        f"ask the provider for its issuer; its description lies at the issuer + {WELL_KNOWN}",
    )  # fmt: skip


def _is_doorkeeper(driver: Driver) -> bool:
    """Say whether the site answers as Doorkeeper does where an OpenID provider has nothing."""
    answer = _asked(driver, driver.settings.issuer.rstrip("/") + "/oauth/token/info")
    return not isinstance(answer, str) and answer.status_code in (400, 401)


def _wrong_description(
    about: str, settings: ProviderSettings, document: Mapping[str, Any]
) -> Finding | None:
    issuer = document.get("issuer")
    if issuer != settings.issuer:
        return wrong(
            about, f"the description is that of {issuer!r}, the settings say {settings.issuer!r}",
            "write its issuer to the letter, if it is the right provider: a slash more or less is"
            " another one",
        )  # fmt: skip
    try:
        read_description(document, settings.issuer)
    except AnswerRefused as refused:
        name = refused.reason.removeprefix("discovery-")
        return wrong(
            about, f"{name} in the description is missing, or no https address",
            "the provider must mend its description",
        )  # fmt: skip
    return None


def _offers(
    about: str, settings: ProviderSettings, document: Mapping[str, Any]
) -> Iterator[Finding]:
    """Compare what is asked with what the provider says that it can (Discovery 1.0, section 3)."""

    def missing(name: str, wanted: tuple[str, ...], usual: tuple[str, ...] = ()) -> list[str]:
        offered = document.get(name, usual)
        known = isinstance(offered, list | tuple) and offered
        return [one for one in wanted if known and one not in offered]

    if lacking := missing("scopes_supported", settings.scopes):
        yield doubtful(
            about, f"it does not list the scopes {', '.join(lacking)}",
            "take them out of `scopes`, or have this client allowed to ask for them",
        )  # fmt: skip
    if missing("token_endpoint_auth_methods_supported", (settings.auth_method,)):
        yield wrong(
            about, f"it does not take {settings.auth_method}",
            f"write auth_method with one of {document['token_endpoint_auth_methods_supported']}",
        )  # fmt: skip
    name = "id_token_signing_alg_values_supported"
    if len(missing(name, settings.expected_alg)) == len(settings.expected_alg):
        yield wrong(
            about, f"it signs with {', '.join(map(str, document[name]))}, and"
            f" {' or '.join(settings.expected_alg)} is expected", "write expected_alg anew",
        )  # fmt: skip
    if settings.pkce and missing("code_challenge_methods_supported", ("S256",)):
        yield wrong(about, "it does not know PKCE with S256", "write pkce = false")
    if lacking := missing("acr_values_supported", settings.acr_values):
        yield doubtful(
            about, f"it does not list the proof of identity {', '.join(lacking)}",
            "look at `acr_values`",
        )  # fmt: skip


def _keys(about: str, driver: Driver, url: str) -> Iterator[Finding]:
    answer = _asked(driver, url)
    document = None if isinstance(answer, str) else _document(answer)
    try:
        key_set(document)
    except AnswerRefused:
        yield wrong(
            about, f"{url} has no key that we can check a signature with",
            "the provider must publish its keys there (RFC 7517)",
        )  # fmt: skip


def _clock(
    about: str, answer: Response, settings: ProviderSettings, now: datetime
) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return
    apart = abs((theirs - now).total_seconds())
    if apart > settings.leeway:
        yield wrong(
            about, f"its clock and ours are {apart:.0f} seconds apart",
            "set this machine's clock (NTP): tokens will be refused as too old or not valid yet",
        )  # fmt: skip
    elif apart > 20:
        yield doubtful(
            about, f"its clock and ours are {apart:.0f} seconds apart", "set the clock (NTP)"
        )


# ---- both ---------------------------------------------------------------------------------------


def _client(about: str, driver: Driver, redirect_uri: str, now: datetime) -> Iterator[Finding]:
    """Ask for a sign-in as a browser would: does the provider know this client and its way back?"""
    pending = Pending.start(driver.settings.key, "/", lambda size: _RANDOM[:size])
    try:
        url = _driver(driver.settings).authorization_url(pending, redirect_uri, now)
    except SignInFailed as failed:
        yield wrong(
            about, f"no sign-in can be asked for ({failed.reason})", "look at the settings above"
        )
        return
    with driver._session() as session:
        try:
            # Redirects are what is looked at here; the back channel takes none.
            session.mount("https://", HTTPAdapter())
            session.mount("http://", HTTPAdapter())
            answer = session.request(
                "GET", url, withhold_token=True, allow_redirects=False, timeout=5, stream=True
            )
            answer.close()
        except RequestException as error:
            yield wrong(
                about, f"its sign-in page does not answer ({type(error).__name__})",
                "look at the network, or ask the provider",
            )  # fmt: skip
            return
    back = answer.headers.get("Location", "")
    if answer.status_code >= 400 or "error=" in urlsplit(back).query:
        yield wrong(about, f"it refuses a sign-in for this client ({answer.status_code})", _TELL)
    elif driver.settings.driver == DECIDIM and answer.status_code == 200:
        # Doorkeeper shows a page of its own, and leads nobody back, for what it does not know.
        yield wrong(about, "it shows a page of error to this client and this way back", _TELL)
    else:
        yield good(
            about, "it takes this client and this way back; whether the secret is right shows when"
            " somebody signs in",
        )  # fmt: skip


_TELL = (
    "look at client_id, at the redirect address above, which must be registered to the letter, and"
    " at scopes"
)


# ---- Decidim ------------------------------------------------------------------------------------


def _decidim(about: str, driver: Driver, redirect_uri: str, now: datetime) -> Iterator[Finding]:
    site = driver.settings.issuer.rstrip("/")
    described = _asked(driver, site + WELL_KNOWN)
    if isinstance(described, str):
        yield wrong(about, f"{site}: {described}", "look at the address in `issuer`")
        return
    if _document(described) is not None:
        yield wrong(
            about, f"{site} describes itself as an OpenID provider, and Decidim does not",
            'write preset = "generic-oidc" for it',
        )  # fmt: skip
        return
    if not _is_doorkeeper(driver):
        yield wrong(
            about, f"{site} does not answer as a Decidim site does (/oauth/token/info)",
            "look at the address in `issuer`: that of the site itself, without a path",
        )  # fmt: skip
        return
    yield good(about, f"{site} answers as a Decidim site does")
    yield from _clock(about, described, driver.settings, now)
    yield from _client(about, driver, redirect_uri, now)
