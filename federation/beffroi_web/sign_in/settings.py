# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an installation says about each sign-in provider, checked before anything starts.

A mapping (a TOML table or the same as JSON in the environment) goes in, `ProviderSettings` come
out, or one error that lists every fault at once. Nothing is guessed: an unknown setting is a
fault, and there is no default secret.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from beffroi_web.sign_in.logos import read_logo
from beffroi_web.sign_in.presets import DECIDIM, DRIVERS, EIDAS, OIDC, TOLD_AT, completed, forbidden

AuthMethod = Literal["client_secret_post", "client_secret_basic"]
UserinfoFormat = Literal["auto", "json", "jwt"]

WELL_KNOWN = "/.well-known/openid-configuration"
SECRET_ALGORITHMS = frozenset({"HS256", "HS384", "HS512"})
KEY_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
)
CLAIM_ROLES = frozenset({"agent", "moderator", "access_officer"})
"""The only roles that a provider's claim may give; the others are given by name, on the server."""

_KEY = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+\Z")  # RFC 6749 appendix A.4, scope-token
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ProviderSettingsFault(ValueError):
    """The providers' settings cannot be used; `faults` says every reason, one sentence each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One provider, as the installation describes it.

    `key` is its short name in addresses (`/auth/<key>/login`), `label` the words on its button.
    `issuer` must be what the provider itself says; `discovery_url` is where its description lies.
    `expected_alg` are the only signature algorithms accepted. `leeway` is in seconds. `staff`
    marks a provider that only the institution's own people can use: only then may an e-mail
    address name a person in a grant, and only then are `roles` (claim, value, role) read.
    `acr_values` is sent as it stands, and an answer must carry one of `acr_accepted` if any, and
    be at least `min_assurance` (eIDAS). Nothing but `authorize_params_allowed` is sent where some
    are named. `claims_map` says under which name a provider gives a claim that we read. Who signs
    in at a staff provider for a body that is not in `allowed_siret` has a citizen's rights, under
    an account of its own. `logo` is the path of the mark on its button.
    """

    key: str
    label: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    discovery_url: str = ""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    pkce: bool = True
    auth_method: AuthMethod = "client_secret_post"
    expected_alg: tuple[str, ...] = ("RS256", "ES256")
    userinfo: UserinfoFormat = "auto"
    leeway: int = 120
    staff: bool = False
    roles: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    logout: bool = True
    acr_values: tuple[str, ...] = ()
    acr_accepted: tuple[str, ...] = ()
    preset: str = ""
    driver: str = OIDC
    min_assurance: str = ""
    authorize_params_allowed: tuple[str, ...] = ()
    claims_map: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    allowed_siret: tuple[str, ...] = ()
    logo: str = ""

    @property
    def told_at(self) -> str:
        """Where a State's service tells what it is, which its button must lead to; or nothing."""
        return TOLD_AT.get(self.preset, "")

    @property
    def described_at(self) -> str:
        """The address of the provider's description (OpenID Connect Discovery 1.0, section 4)."""
        return self.discovery_url or self.issuer.rstrip("/") + WELL_KNOWN


def is_safe_address(url: str) -> bool:
    """Say whether an address may be called: https, or plain http on this very machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    if not host or parts.username or parts.password or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def parse_providers(value: object) -> tuple[ProviderSettings, ...]:
    """Return the providers of a mapping `key -> settings`, in its order.

    Raises `ProviderSettingsFault` with one sentence for each fault found in any of them.
    """
    if not isinstance(value, Mapping):
        raise ProviderSettingsFault(["sign-in: a table with one entry for each provider expected"])
    faults: list[str] = []
    providers = [_parse_one(str(key), table, faults) for key, table in value.items()]
    issuers = [p.issuer for p in providers if p is not None]
    faults += [
        f"sign-in: issuer {issuer} is used by two providers; an account would belong to both"
        for issuer in sorted({i for i in issuers if issuers.count(i) > 1})
    ]
    if faults:
        raise ProviderSettingsFault(faults)
    return tuple(p for p in providers if p is not None)


def _parse_one(key: str, table: object, faults: list[str]) -> ProviderSettings | None:
    where = f"sign-in provider {key!r}"
    before = len(faults)
    if not _KEY.match(key):
        faults.append(f"{where}: its name must be 1 to 32 of a-z, 0-9 and '-', a letter first")
    if not isinstance(table, Mapping):
        faults.append(f"{where}: a table of settings expected")
        return None
    given: dict[str, Any] = {str(name): content for name, content in table.items()}
    try:
        given = completed(given)
    except ValueError as fault:
        faults.append(f"{where}: preset: {fault}")
    faults += [f"{where}: unknown setting {name!r}" for name in sorted(given.keys() - _READERS)]
    values: dict[str, Any] = {}
    for name in sorted(given.keys() & _READERS.keys()):
        try:
            values[name] = _READERS[name](given[name])
        except ValueError as fault:
            faults.append(f"{where}: {name}: {fault}")
    _complete(values, given, where, faults)
    if len(faults) > before:
        return None
    return ProviderSettings(key=key, **values)


def _complete(
    values: dict[str, Any], given: Mapping[str, Any], where: str, faults: list[str]
) -> None:
    """Fill in the issuer from the discovery address, and check what only shows between settings."""
    if "issuer" not in given and "discovery_url" in values:
        values["issuer"] = values["discovery_url"].removesuffix(WELL_KNOWN)
        if values["issuer"] == values["discovery_url"]:
            faults.append(f"{where}: issuer is needed, discovery_url does not end in {WELL_KNOWN}")
    elif "issuer" not in given:
        faults.append(f"{where}: issuer or discovery_url is missing")
    faults += [
        f"{where}: {f.name} is missing"
        for f in fields(ProviderSettings)
        if f.default is MISSING
        and f.default_factory is MISSING
        and f.name not in ("key", "issuer")
        and f.name not in given
    ]
    if values.get("driver", OIDC) == OIDC and values.get("scopes") == ():
        faults.append(f"{where}: scopes: 'openid' must be among them")
    faults += [f"{where}: {fault}" for fault in forbidden(values)]
    if values.get("roles") and not values.get("staff"):
        faults.append(f"{where}: roles are read only from a provider with staff = true")
    if values.get("driver") == DECIDIM:
        values["scopes"] = ()


def _text(most: int) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            raise ValueError(f"a text of 1 to {most} characters expected")
        if not value.isprintable():
            raise ValueError("a text without control characters expected")
        return value.strip()

    return read


def _address(value: object) -> str:
    text = _text(500)(value)
    if not is_safe_address(text):
        raise ValueError("an https:// address expected (http:// on 127.0.0.1 only)")
    return text


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false expected")
    return value


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(word, str) and _TOKEN.match(word) for word in value
    ):
        raise ValueError("a list of words without spaces expected")
    return tuple(value)


def _scopes(value: object) -> tuple[str, ...]:
    words = _words(value)
    if words and "openid" not in words:
        raise ValueError("'openid' must be among them")
    return words


def _algorithms(value: object) -> tuple[str, ...]:
    words = _words(value)
    unknown = [w for w in words if w not in SECRET_ALGORITHMS | KEY_ALGORITHMS]
    if not words or unknown:
        raise ValueError(
            f"some of {', '.join(sorted(KEY_ALGORITHMS | SECRET_ALGORITHMS))} expected"
        )
    if any(w in SECRET_ALGORITHMS for w in words) and any(w in KEY_ALGORITHMS for w in words):
        # A token "signed" with the provider's public key as if it were a secret must never pass.
        raise ValueError("HS… cannot stand beside algorithms with public keys")
    return words


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(choices)} expected")
        return str(value)

    return read


def _seconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 300:
        raise ValueError("a whole number of seconds from 0 to 300 expected")
    return value


def _roles(value: object) -> Mapping[str, Mapping[str, str]]:
    shape = ValueError(
        "a table claim -> value -> role expected, the role agent, moderator or access_officer"
    )
    if not isinstance(value, Mapping):
        raise shape
    roles: dict[str, Mapping[str, str]] = {}
    for claim, by_value in value.items():
        if not isinstance(by_value, Mapping):
            raise shape
        for role in by_value.values():
            if role not in CLAIM_ROLES:
                raise shape
        roles[str(claim)] = MappingProxyType({str(k): str(v) for k, v in by_value.items()})
    return MappingProxyType(roles)


def _logo(value: object) -> str:
    path = _text(500)(value)
    read_logo(path)
    return path


_MAPPED = ("name", "given_name", "family_name", "email", "email_verified", "siret")


def _claims(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(
        ours in _MAPPED and isinstance(theirs, str) and _TOKEN.match(theirs)
        for ours, theirs in value.items()
    ):
        raise ValueError(f"a table with some of {', '.join(_MAPPED)} and their names expected")
    return MappingProxyType(dict(value))


def _sirets(value: object) -> tuple[str, ...]:
    words = _words(value)
    if not all(re.fullmatch(r"\d{14}", word) for word in words):
        raise ValueError("a list of SIRET numbers, 14 digits each, expected")
    return words


_READERS: Mapping[str, Callable[[object], Any]] = {
    "label": _text(60),
    "issuer": _address,
    "discovery_url": _address,
    "client_id": _text(300),
    "client_secret": _text(300),
    "scopes": _scopes,
    "pkce": _flag,
    "auth_method": _one_of("client_secret_post", "client_secret_basic"),
    "expected_alg": _algorithms,
    "userinfo": _one_of("auto", "json", "jwt"),
    "leeway": _seconds,
    "staff": _flag,
    "roles": _roles,
    "logout": _flag,
    "acr_values": _words,
    "acr_accepted": _words,
    "preset": _text(40),
    "driver": _one_of(*DRIVERS),
    "min_assurance": _one_of(*EIDAS),
    "authorize_params_allowed": _words,
    "claims_map": _claims,
    "allowed_siret": _sirets,
    "logo": _logo,
}
