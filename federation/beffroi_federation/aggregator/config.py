# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings of the aggregator, read once from the environment and refused whole if one is wrong.

Every setting is `BEFFROI_AGGREGATOR_<NAME>`; `BEFFROI_AGGREGATOR_CONFIG` may name one TOML file
that holds the same names in lower case, the environment winning. There is no default secret, an
unknown name is refused, and all faults are reported at once.
`docs/reference/aggregator-settings.md` lists them (a test compares).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from beffroi_web.configuration import SettingsRefused, flag, gather, providers, words
from beffroi_web.sign_in.settings import ProviderSettings, ProviderSettingsFault

BIND = "127.0.0.1:8300"
"""Where the web server answers if nothing else is said."""
PREFIX = "BEFFROI_AGGREGATOR_"
OTHERS = (PREFIX + "URL", PREFIX + "HINTS_KEY")
"""What begins like our settings and is a town's: where its aggregator is, whose hints it reads."""
DEPRECATED: Mapping[str, str] = {}
"""Settings that are read still and will not be, by lower-case name: what to write instead. One is
named here for a whole minor version before it goes; `upgrade-check` tells of it."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class AggregatorSettings:
    """All that one aggregator is told; see the reference page for each name.

    `pull_every` and `recheck_every` are durations; `demo_peers` are exact `http://127.0.0.1:PORT`.
    """

    name: str
    public_url: str
    secret_key: str = field(repr=False)
    data_dir: Path
    database_url: str = field(repr=False)
    providers: tuple[ProviderSettings, ...] = ()
    languages: tuple[str, ...] = ("fr", "en")
    colour: str = "#2f4b6e"
    contact: str = ""
    time_zone: str = "Europe/Paris"
    pull_every: timedelta = timedelta(hours=6)
    recheck_every: timedelta = timedelta(hours=24)
    demo_peers: frozenset[str] = frozenset()
    demonstration: bool = False
    behind_proxy: bool = False
    hsts_subdomains: bool = False
    metrics_token: str = field(default="", repr=False)

    @property
    def slug(self) -> str:
        """A short name for cookies, distinct per instance on one host: `nation-<port>`."""
        return f"nation-{urlsplit(self.public_url).port or 443}"

    @property
    def loopback(self) -> bool:
        """Say whether this aggregator is only for this very machine."""
        return urlsplit(self.public_url).hostname in LOOPBACK


def _minutes(value: Any) -> timedelta:
    minutes = int(value)
    if not 1 <= minutes <= 7 * 24 * 60:
        raise ValueError("it is a number of minutes from 1 to 10080")
    return timedelta(minutes=minutes)


READERS: Mapping[str, Callable[[Any], Any]] = {
    "languages": words,
    "data_dir": Path,
    "providers": providers,
    "pull_every": _minutes,
    "recheck_every": _minutes,
    "demo_peers": lambda value: frozenset(words(value)),
    "demonstration": flag,
    "behind_proxy": flag,
    "hsts_subdomains": flag,
}

CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("name", lambda v: 0 < len(v) <= 120, "is the service's name, at most 120 characters"),
    (
        "public_url",
        lambda v: bool(re.fullmatch(r"https?://[^/?#@\s]+", v)),
        "is the public address without a path, such as https://national.example",
    ),
    ("secret_key", lambda v: len(v) >= 32, "is a secret of at least 32 characters"),
    (
        "metrics_token",
        lambda v: v == "" or bool(re.fullmatch(r"[!-~]{32,200}", v)),
        "is a secret of 32 to 200 characters without spaces",
    ),
    ("colour", lambda v: bool(re.fullmatch(r"#[0-9a-fA-F]{6}", v)), "is a colour like #2f4b6e"),
    (
        "languages",
        lambda v: bool(v) and all(re.fullmatch(r"[a-z]{2,3}", one) for one in v),
        "is a list of language codes such as fr en",
    ),
    (
        "database_url",
        lambda v: v.startswith(("sqlite:///", "postgresql+psycopg://")),
        "is sqlite:///FILE or postgresql+psycopg://…",
    ),
    (
        "demo_peers",
        lambda v: all(re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]{0,4}", one) for one in v),
        "is a list of exact addresses http://127.0.0.1:PORT",
    ),
)

REQUIRED = tuple(
    f.name
    for f in fields(AggregatorSettings)
    if f.default is MISSING and f.default_factory is MISSING and f.name != "database_url"
)


def from_mapping(given: Mapping[str, Any]) -> AggregatorSettings:
    """Return the settings in a mapping of lower-case names; SettingsRefused names every fault."""
    faults: list[str] = []
    values: dict[str, Any] = {}
    known = {f.name for f in fields(AggregatorSettings)}
    for name, raw in given.items():
        if name not in known:
            faults.append(f"{PREFIX}{name.upper()} is not a setting")
            continue
        try:
            values[name] = READERS.get(name, str)(raw)
        except ProviderSettingsFault as error:
            faults += [f"{PREFIX}PROVIDERS: {fault}" for fault in error.faults]
        except (ValueError, TypeError) as error:
            faults.append(f"{PREFIX}{name.upper()} cannot be read: {error}")
    if "database_url" not in values and values.get("data_dir"):
        values["database_url"] = f"sqlite:///{values['data_dir'] / 'nation.sqlite3'}"
    faults += [f"{PREFIX}{name.upper()} is missing" for name in REQUIRED if not given.get(name)]
    faults += [
        f"{PREFIX}{name.upper()} {rule}"
        for name, holds, rule in CHECKS
        if name in values and values[name] != "" and not holds(values[name])
    ]
    faults += _between(values)
    if faults:
        raise SettingsRefused(faults)
    return AggregatorSettings(**values)


def _between(values: Mapping[str, Any]) -> list[str]:
    """Return the faults that only show between two settings."""
    parts = urlsplit(str(values.get("public_url", "")))
    ours = parts.hostname in LOOPBACK
    faults = []
    if values.get("demo_peers") and not ours:
        faults.append(f"{PREFIX}DEMO_PEERS is only for an aggregator whose own address is loopback")
    if parts.scheme == "http" and not ours:
        faults.append(f"{PREFIX}PUBLIC_URL begins with https:// except on this very machine")
    return faults


def our_version() -> str:
    """Return the version of the distribution that is installed."""
    return version("beffroi-federation")


def from_environ(environ: Mapping[str, str]) -> AggregatorSettings:
    """Return the settings in an environment, and in the TOML file it names if it names one."""
    return from_mapping(gather(environ, PREFIX, others=OTHERS))
