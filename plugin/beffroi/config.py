# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings of one town, read from the environment once and refused whole if anything is wrong.

Every setting is `BEFFROI_<NAME>`; `BEFFROI_CONFIG` may name one TOML file that holds the same names
in lower case, the environment winning. There is no default secret, an unknown name is refused, and
all faults are reported at once. `docs/reference/settings.md` lists them (a test compares).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from beffroi.servers import CERT_CHECKS, TaxiiServer, is_vkey, taxii_server
from beffroi_web.addresses import check_address, is_loopback, is_origin
from beffroi_web.configuration import SettingsRefused, flag, gather, providers, words
from beffroi_web.maps import are_tiles, has_outline
from beffroi_web.sign_in.settings import ProviderSettings, ProviderSettingsFault

BIND = "127.0.0.1:8000"
"""Where the web server answers if nothing else is said."""
PREFIX = "BEFFROI_"
OTHERS = (PREFIX + "AGGREGATOR_", PREFIX + "TEST_", PREFIX + "REAL_DATA")
"""What begins like a town's settings and is not one."""
OWN = (PREFIX + "AGGREGATOR_URL", PREFIX + "AGGREGATOR_HINTS_KEY")
"""What begins like others' settings and is a town's."""
KINDS = ("commune", "epci", "other")
DEPRECATED: Mapping[str, str] = {}
"""Settings that are read still and will not be, by lower-case name: what to write instead. One is
named here for a whole minor version before it goes; `beffroi upgrade-check` tells of it."""
DATA_LICENCES = ("etalab-2.0", "odbl-1.0")
BANDS = ("under-500", "500-1999", "2000-9999", "10000-49999", "50000-199999", "200000+")


@dataclass(frozen=True, slots=True)
class Tool:
    """Another tool of the institution, to which released street reports are passed on.

    `url` is its GeoReport v2 endpoint, `services` its codes by our categories. With `only_by_rule`
    it is sent the reports whose rules name a body that is reached through it, and no others.
    """

    name: str
    url: str
    services: Mapping[str, str]
    api_key: str = field(default="", repr=False)
    jurisdiction_id: str = ""
    only_by_rule: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """All that one installation is told; see the reference page for each name."""

    name: str
    siren: str
    kind: str
    communes: tuple[str, ...]
    public_url: str
    secret_key: str = field(repr=False)
    data_dir: Path
    database_url: str
    secret_key_old: str = field(default="", repr=False)
    providers: tuple[ProviderSettings, ...] = ()
    population_band: str = "2000-9999"
    full_time_agents: int | None = None
    languages: tuple[str, ...] = ("fr", "en")
    language_dirs: tuple[Path, ...] = ()
    colour: str = "#2f4b6e"
    logo_url: str = ""
    contact: str = ""
    time_zone: str = "Europe/Paris"
    mail_url: str = ""
    mail_from: str = ""
    mail_bounces: str = ""
    publish: str = "weekly"
    log_domain: str = ""
    incidents_need_account: bool = False
    submissions_per_hour: int = 60
    clean_texts_appear: bool = False
    answers_need_review: bool = False
    demonstration: bool = False
    behind_proxy: bool = False
    hsts_subdomains: bool = False
    dates_moved: int = 0
    source_url: str = ""
    data_licence: str = "etalab-2.0"
    aggregator_url: str = ""
    aggregator_hints_key: str = ""
    catalogues: tuple[tuple[str, str], ...] = ()
    bridge_loopback: tuple[str, ...] = ()
    announce_url: str = ""
    announce_secret: str = field(default="", repr=False)
    open311_forward: tuple[Tool, ...] = ()
    cyber_csirt_name: str = ""
    cyber_csirt_email: str = ""
    cyber_csirt_phone: str = ""
    cyber_help: str = ""
    cyber_nis2: bool = False
    cyber_silent_days: int = 7
    embed_hosts: tuple[str, ...] = ()
    webhook_neighbours: tuple[str, ...] = ()
    open311_per_hour: int = 600
    open311_decimals: int = 0
    outline_file: Path | None = None
    map_cell: int = 250
    tiles_url: str = ""
    tiles_credit: str = ""
    questions: Mapping[str, Any] = field(default_factory=dict)
    cert_name: str = ""
    cert_email: str = ""
    cert_key: Path | None = None
    cert_phone: str = ""
    cert_taxii: TaxiiServer | None = None
    signer_dir: Path | None = None
    witness_policy: Path | None = None
    signer_socket: Path | None = None
    session_hours: int = 12
    session_idle_hours: int = 2
    metrics_token: str = field(default="", repr=False)
    backup_dir: Path | None = None
    backup_recipients: tuple[str, ...] = ()
    backup_daily: int = 7
    backup_weekly: int = 4
    backup_monthly: int = 1
    backup_days: int = 35
    keep_originals_days: int = 730
    keep_held_texts_days: int = 365
    keep_accounts_days: int = 1095
    warn_accounts_days: int = 30
    keep_deliveries_days: int = 365
    keep_export_log_days: int = 365
    keep_personal_archives_days: int = 7
    keep_for_appeal_months: int = 12
    keep_for_archive_months: int = 0

    @property
    def signer_folder(self) -> Path:
        """Where the signer's files are."""
        return self.signer_dir or self.data_dir / "signer"

    @property
    def signer_address(self) -> Path:
        """The Unix socket on which the signer answers."""
        return self.signer_socket or self.signer_folder / "socket"

    @property
    def link_secrets(self) -> tuple[str, ...]:
        """The secrets by which private links that people hold still open, the present one first."""
        return tuple(one for one in (self.secret_key, self.secret_key_old) if one)

    @property
    def slug(self) -> str:
        """A short name for cookies and files: the SIREN and the port, distinct per instance."""
        return f"{self.siren}-{urlsplit(self.public_url).port or 443}"

    @property
    def origin(self) -> str:
        """The log's origin, first epoch: `<domain at creation>/beffroi/<siren>/1`."""
        domain = self.log_domain or urlsplit(self.public_url).netloc.replace(":", "-")
        return f"{domain}/beffroi/{self.siren}/1"


def luhn(digits: str) -> bool:
    """Say whether a SIREN's (or any Luhn number's) check digit fits."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):  # not found; no name at all; the name of a folder
        return False


LONGEST = 36_500


def _between(least: int, value: int) -> bool:
    return least <= value <= LONGEST


def _within(least: int, most: int, value: int) -> bool:
    return least <= value <= most


LEAST: dict[str, int] = {
    "session_hours": 1,
    "session_idle_hours": 1,
    "keep_originals_days": 1,
    "keep_held_texts_days": 1,
    "keep_accounts_days": 60,
    "warn_accounts_days": 7,
    "keep_deliveries_days": 1,
    "keep_export_log_days": 1,
    "keep_personal_archives_days": 1,
    "keep_for_appeal_months": 2,
    "keep_for_archive_months": 0,
}
"""How long things are kept about persons: each setting, and the least that it may be."""

ROTATION: dict[str, tuple[int, int]] = {
    "backup_daily": (1, 35),
    "backup_weekly": (0, 6),
    "backup_monthly": (0, 3),
    "backup_days": (1, 35),
}
"""How many backups are kept: each setting, the least and the most. Nothing outlives 35 days."""


def _can_be_sealed_for(recipients: tuple[str, ...]) -> bool:
    """Say whether each is the public half of an age key (X25519), once."""
    if not recipients:
        return True
    import pyrage

    try:
        for one in recipients:
            pyrage.x25519.Recipient.from_str(one)
    except pyrage.RecipientError:
        return False
    return len(set(recipients)) == len(recipients) <= 10


CATALOGUE_KINDS = ("dcat", "ckan", "udata", "csv")


def _catalogues(value: Any) -> tuple[tuple[str, str], ...]:
    """Return (kind, address) of catalogues written `kind=address`, parted by spaces."""
    said = value.split() if isinstance(value, str) else [str(one) for one in value]
    parted = (one.partition("=") for one in said)
    return tuple((kind, address) for kind, _, address in parted)


def _can_be_read(catalogues: tuple[tuple[str, str], ...]) -> bool:
    loopback = frozenset("/".join(address.split("/")[:3]) for _, address in catalogues)
    try:
        for kind, address in catalogues:
            check_address(address, loopback)
            if kind not in CATALOGUE_KINDS:
                return False
    except ValueError:
        return False
    return len({address for _, address in catalogues}) == len(catalogues)


def _is_neighbour(said: str) -> bool:
    """Say whether a text is an origin that webhooks may be sent to inside the town's network."""
    try:
        return bool(check_address(said, frozenset({said}))) and said.count("/") == 2
    except ValueError:
        return False


def _can_be_told(address: str) -> bool:
    """Say whether announcements may be posted there: https, or loopback of a test."""
    loopback = frozenset({"/".join(address.split("/")[:3])})
    try:
        return address == "" or bool(check_address(address, loopback))
    except ValueError:
        return False


def _table(value: Any) -> Mapping[str, Any]:
    """Return a table, or the one that is written as JSON."""
    table = json.loads(value) if isinstance(value, str) else value
    if not isinstance(table, Mapping):
        raise TypeError("it is no table")
    return table


def _tools(value: Any) -> tuple[Tool, ...]:
    """Return the tools of a table (or of the same as JSON text): one table each, by its name."""
    table = _table(value)
    try:
        return tuple(Tool(name=str(name), **said) for name, said in table.items())
    except (AttributeError, TypeError) as fault:
        raise ValueError(
            "each tool has url and services, and may have api_key, jurisdiction_id and only_by_rule"
        ) from fault


def _can_be_sent_to(tools: tuple[Tool, ...]) -> bool:
    always = [tool for tool in tools if tool.only_by_rule is False]
    taken = [category for tool in always for category in tool.services]
    try:
        for tool in tools:
            loopback = frozenset({"/".join(tool.url.split("/")[:3])})
            check_address(tool.url, loopback)
            texts = (tool.api_key, tool.jurisdiction_id, *tool.services.values())
            if not all(isinstance(one, str) for one in texts) or not tool.services:
                return False
    except (ValueError, AttributeError):
        return False
    named = all(re.fullmatch("[a-z][a-z0-9-]{0,31}", tool.name) for tool in tools)
    return named and len(set(taken)) == len(taken)


READERS: dict[str, Callable[[Any], Any]] = {
    "communes": words,
    "embed_hosts": words,
    "webhook_neighbours": words,
    "catalogues": _catalogues,
    "bridge_loopback": words,
    "open311_forward": _tools,
    "cert_key": Path,
    "cert_taxii": taxii_server,
    "cyber_nis2": flag,
    "cyber_silent_days": int,
    "open311_per_hour": int,
    "open311_decimals": int,
    "outline_file": Path,
    "map_cell": int,
    "questions": _table,
    "languages": words,
    "language_dirs": lambda v: tuple(Path(w) for w in words(v)),
    "data_dir": Path,
    "signer_dir": Path,
    "witness_policy": Path,
    "signer_socket": Path,
    "providers": providers,
    "incidents_need_account": flag,
    "clean_texts_appear": flag,
    "answers_need_review": flag,
    "full_time_agents": int,
    "demonstration": flag,
    "behind_proxy": flag,
    "hsts_subdomains": flag,
    "submissions_per_hour": int,
    "dates_moved": int,
    "backup_dir": Path,
    "backup_recipients": words,
    **dict.fromkeys(ROTATION, int),
    **dict.fromkeys(LEAST, int),
}

CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("name", lambda v: 0 < len(v) <= 120, "is the body's name, at most 120 characters"),
    ("siren", lambda v: bool(re.fullmatch(r"\d{9}", v)) and luhn(v), "is a SIREN of nine digits"),
    ("kind", lambda v: v in KINDS, f"is one of {', '.join(KINDS)}"),
    (
        "communes",
        lambda v: bool(v) and all(re.fullmatch(r"(\d{2}|2[AB])\d{3}", c) for c in v),
        "is a list of INSEE commune codes such as 35238",
    ),
    (
        "public_url",
        lambda v: bool(re.fullmatch(r"https?://[^/?#@\s]+", v)),
        "is the public address without a path, such as https://demandes.ville.example",
    ),
    (
        "languages",
        lambda v: bool(v) and all(re.fullmatch(r"[a-z]{2,3}", lang) for lang in v),
        "is a list of languages such as fr en, the default one first",
    ),
    (
        "time_zone",
        _is_zone,
        "is the IANA name of a time zone, such as Europe/Paris",
    ),
    (
        "full_time_agents",
        lambda v: 0 <= v < 1_000_000,
        "is the number of agents in full-time equivalents",
    ),
    ("submissions_per_hour", lambda v: v > 0, "is a number above zero"),
    ("open311_per_hour", lambda v: v > 0, "is a number above zero"),
    ("cyber_silent_days", lambda v: 1 <= v <= 365, "is a number from 1 to 365"),
    (
        "cyber_csirt_email",
        lambda v: v == "" or bool(re.fullmatch(r"[^\s@<>\",;]+@[^\s@<>\",;]+\.[^\s@<>\",;.]+", v)),
        "is an e-mail address",
    ),
    (
        "mail_bounces",
        lambda v: v == "" or bool(re.fullmatch(r"[^\s@<>\",;]+@[^\s@<>\",;]+", v)),
        "is an e-mail address",
    ),
    ("cyber_help", lambda v: len(v) <= 300, "has at most 300 characters"),
    (
        "embed_hosts",
        lambda v: all(is_origin(one) for one in v) and len(set(v)) == len(v) <= 20,
        "is a list of at most 20 exact origins such as https://participer.ville.example, in small"
        " letters, without path and without *",
    ),
    (
        "webhook_neighbours",
        lambda v: all(_is_neighbour(one) for one in v) and len(v) <= 20,
        "is a list of at most 20 origins: https://HOST without a port, or http://127.0.0.1:PORT",
    ),
    ("open311_decimals", lambda v: 0 <= v <= 4, "is a number from 0 (none) to 4"),
    ("map_cell", lambda v: v in {0, 250, 500, 1000, 2000}, "is 0 (no map), 250, 500, 1000 or 2000"),
    ("outline_file", has_outline, "is a file of GeoJSON with the polygons of the territory"),
    ("tiles_url", are_tiles, "is https://… with {z}, {x} and {y}"),
    *CERT_CHECKS,
    (
        "open311_forward",
        _can_be_sent_to,
        "names tools in small letters, each with url (https://…) and services, and no category in"
        " two of them",
    ),
    *(
        (name, partial(_between, least), f"is a number from {least} to {LONGEST}")
        for name, least in LEAST.items()
    ),
    (
        "backup_recipients",
        _can_be_sealed_for,
        "is a list of at most 10 age public keys, each once: age1…, as `beffroi backup --new-key`"
        " shows",
    ),
    *(
        (name, partial(_within, least, most), f"is a number from {least} to {most}")
        for name, (least, most) in ROTATION.items()
    ),
    ("secret_key", lambda v: len(v) >= 32, "is a secret of at least 32 characters"),
    ("secret_key_old", lambda v: v == "" or len(v) >= 32, "is the secret of before, or nothing"),
    ("population_band", lambda v: v in BANDS, f"is one of {', '.join(BANDS)}"),
    ("colour", lambda v: bool(re.fullmatch(r"#[0-9a-fA-F]{6}", v)), "is a colour like #2f4b6e"),
    (
        "data_licence",
        lambda v: v in DATA_LICENCES,
        f"is one of {', '.join(DATA_LICENCES)}",
    ),
    ("publish", lambda v: v in {"weekly", "at-once"}, "is weekly or at-once"),
    (
        "mail_url",
        lambda v: v == "" or v.startswith(("smtp://", "smtps://", "file:")),
        "is smtp://host:port, smtps://user:password@host:port or file:DIRECTORY",
    ),
    (
        "aggregator_url",
        lambda v: bool(re.fullmatch(r"|https://[^/?#@\s]+|http://127\.0\.0\.1:[1-9][0-9]{0,4}", v)),
        "is the nation's address without a path, such as https://national.example",
    ),
    (
        "aggregator_hints_key",
        lambda v: v == "" or is_vkey(v),
        "is what `beffroi-aggregator init` prints after `hints:`, whole",
    ),
    (
        "catalogues",
        _can_be_read,
        "is a list of kind=address, each once: kind dcat, ckan, udata or csv, address https://…",
    ),
    (
        "bridge_loopback",
        lambda v: all(re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]{0,4}", one) for one in v),
        "is a list of addresses of this machine such as http://127.0.0.1:8400",
    ),
    (
        "announce_url",
        _can_be_told,
        "is the address that announcements are posted to, beginning with https://",
    ),
    (
        "metrics_token",
        lambda v: v == "" or bool(re.fullmatch(r"[!-~]{32,200}", v)),
        "is a secret of 32 to 200 characters without spaces",
    ),
    (
        "announce_secret",
        lambda v: v == "" or len(v) >= 32,
        "is a secret of at least 32 characters",
    ),
    (
        "database_url",
        lambda v: v.startswith(("sqlite:///", "postgresql+psycopg://")),
        "is sqlite:///FILE or postgresql+psycopg://…",
    ),
)


def from_mapping(given: Mapping[str, Any]) -> Settings:
    """Return the settings in a mapping of lower-case names; SettingsRefused has all faults."""
    faults: list[str] = []
    known = {f.name for f in fields(Settings)}
    values: dict[str, Any] = {}
    for name, raw in given.items():
        if name not in known:
            faults.append(f"{PREFIX}{name.upper()} is not a setting")
            continue
        try:
            values[name] = READERS.get(name, str)(raw)
        except ProviderSettingsFault as error:
            faults += error.faults
        except (ValueError, TypeError) as error:
            faults.append(f"{PREFIX}{name.upper()} cannot be read: {error}")
    if "database_url" not in values and "data_dir" in values:
        values["database_url"] = f"sqlite:///{Path(values['data_dir']) / 'town.sqlite3'}"
    required = ("name", "siren", "kind", "communes", "public_url", "secret_key", "data_dir")
    faults += [f"{PREFIX}{name.upper()} is missing" for name in required if not values.get(name)]
    faults += [
        f"{PREFIX}{name.upper()} {rule}"
        for name, holds, rule in CHECKS
        if name in values and not holds(values[name])
    ]
    made = None if faults else Settings(**values)
    if made is not None and made.warn_accounts_days >= made.keep_accounts_days:
        faults.append(f"{PREFIX}WARN_ACCOUNTS_DAYS is less than {PREFIX}KEEP_ACCOUNTS_DAYS")
    if made is not None and made.secret_key_old == made.secret_key:
        faults.append(f"{PREFIX}SECRET_KEY_OLD is another secret than {PREFIX}SECRET_KEY")
    if made is not None and made.aggregator_hints_key and not made.aggregator_url:
        faults.append(f"{PREFIX}AGGREGATOR_HINTS_KEY goes with {PREFIX}AGGREGATOR_URL")
    if made is not None and bool(made.announce_url) != bool(made.announce_secret):
        faults.append(f"{PREFIX}ANNOUNCE_URL and {PREFIX}ANNOUNCE_SECRET go together")
    if made is not None and not is_loopback(made.public_url):
        if any(is_loopback(one) for one in made.embed_hosts):
            faults.append(f"{PREFIX}EMBED_HOSTS names this machine; only a town on it can")
    if made is None or faults:
        raise SettingsRefused(faults)
    return made


def from_environ(environ: Mapping[str, str]) -> Settings:
    """Return the settings in an environment, and in the TOML file it names if it names one."""
    return from_mapping(gather(environ, PREFIX, others=OTHERS, own=OWN))
