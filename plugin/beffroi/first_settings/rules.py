# SPDX-License-Identifier: AGPL-3.0-or-later
"""What has to be known before a town can start, what is proposed, and the file that comes of it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from beffroi.legal.sizes import BANDS
from beffroi.legal.territory import Body, plain
from beffroi_web.words import N_

HIDDEN = "client_secret"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked: the setting, the words, what is proposed from what is known."""

    name: str
    words: str
    propose: Callable[[Mapping[str, Any]], str]
    needed: bool = True


def _address(known: Mapping[str, Any]) -> str:
    bare = re.sub(r"^(commune de|ville de|commune d|ville d) ?", "", plain(str(known["name"])))
    return f"https://demandes.{bare.replace(' ', '-')}.fr"


def _domain(known: Mapping[str, Any]) -> str:
    host = str(known["public_url"]).removeprefix("https://").removeprefix("http://")
    return host.partition(":")[0].partition(".")[2] or host


def _nothing(known: Mapping[str, Any]) -> str:
    return ""


QUESTIONS = (
    Question("name", N_("Name of the body, as citizens read it"), lambda k: str(k["name"])),
    Question("public_url", N_("Public address of the service"), _address),
    Question("contact", N_("Address to which citizens write"), lambda k: f"contact@{_domain(k)}"),
    Question("data_dir", N_("Folder for the data"), lambda k: "/var/lib/beffroi"),
    Question(
        "signer_dir",
        N_("Folder for the key of the log, which the signer alone reads"),
        lambda k: "/var/lib/beffroi-signer",
    ),
    Question(
        "database_url",
        N_("Database (empty: SQLite in the data folder; or postgresql+psycopg://…)"),
        _nothing,
        needed=False,
    ),
    Question("backup_dir", N_("Folder for the nightly backups"), lambda k: "/var/backups/beffroi"),
    Question("mail_url", N_("Mail server"), lambda k: "smtp://localhost:25"),
    Question("mail_from", N_("Sender of messages"), lambda k: f"demandes@{_domain(k)}"),
    Question("aggregator_url", N_("National aggregator (empty: none)"), _nothing, needed=False),
)
"""Asked in this order; each proposal may use the answers before it."""

PRESETS: Mapping[str, str] = {
    "": N_("none for now: nobody can sign in until one is set"),
    "proconnect": N_("ProConnect, for the agents"),
    "oauth2-decidim": N_("the town's own Decidim, for citizens"),
    "franceconnect-v2": N_("FranceConnect, for citizens"),
    "generic-oidc": N_("another OpenID Connect provider, such as a Keycloak"),
}
"""The sign-in providers that can be chosen at the start; more can be added to the file."""

_LABELS: Mapping[str, str] = {"proconnect": "ProConnect", "franceconnect-v2": "FranceConnect",
           "oauth2-decidim": "Decidim", "generic-oidc": ""}  # fmt: skip
_KEYS: Mapping[str, str] = {"proconnect": "proconnect", "franceconnect-v2": "franceconnect",
         "oauth2-decidim": "decidim", "generic-oidc": "mairie"}  # fmt: skip

PROVIDER = (
    Question("label", N_("Words on the button"), lambda k: _LABELS.get(str(k["preset"]), "")),
    Question("issuer", N_("Its issuer (for a Decidim: its address)"), _nothing),
    Question("client_id", N_("Client id that it gave"), _nothing),
    Question(HIDDEN, N_("Client secret that it gave"), _nothing),
)
SIRET = Question(
    "allowed_siret",
    N_("SIRET numbers of the body (14 digits each): its agents alone enter"),
    _nothing,
)
STAFF = Question(
    "staff",
    N_("Do only the body's own agents have an account there? yes or no"),
    lambda k: "no",
)
YES = frozenset({"yes", "y", "oui", "o"})


def addresses(preset: str, public_url: str) -> tuple[str, str]:
    """Return what a provider asks for: where sign-in returns to, and where signing out does."""
    return f"{public_url}/auth/{_KEYS[preset]}/callback", f"{public_url}/sign-out"


def of_body(body: Body) -> dict[str, Any]:
    """Return the settings that follow from which body it is."""
    said: dict[str, Any] = {
        "name": _name(body), "siren": body.siren, "kind": body.kind,
        "communes": list(body.communes),
    }  # fmt: skip
    if body.inhabitants is not None:
        said["population_band"] = band_of(body.inhabitants)
    return said


def band_of(inhabitants: int) -> str:
    """Return the band of some inhabitants."""
    for band, (_, most) in BANDS.items():
        if most is None or inhabitants <= most:
            return band
    raise AssertionError("the last band has no end")


def _name(body: Body) -> str:
    if body.kind != "commune":
        return body.name
    what = "Ville" if (body.inhabitants or 0) >= 2_000 else "Commune"
    article, _, rest = body.name.partition(" ")
    if article == "Le" and rest:
        return f"{what} du {rest}"
    if article == "Les" and rest:
        return f"{what} des {rest}"
    if article == "La" and rest:
        return f"{what} de la {rest}"
    if body.name.startswith("L'"):
        return f"{what} de l’{body.name[2:]}"
    if plain(body.name)[:1] in set("aeiouy"):
        return f"{what} d’{body.name}"
    return f"{what} de {body.name}"


def as_toml(settings: Mapping[str, Any], secret_key: str) -> str:
    """Return the file of settings; what is empty is left out.

    Behind nginx, as the how-to installs it: `behind_proxy` is on for an address in https.
    """
    lines = [
        "# Settings of this town; each is described in docs/reference/settings.md.",
        "# This file holds secrets: it is for the service's own user alone.",
        "",
    ]
    providers = settings.get("providers", {})
    for name, value in settings.items():
        if name != "providers" and value not in ("", None, []):
            lines.append(f"{name} = {_value(value)}")
        if name == "backup_dir" and "backup_recipients" not in settings:
            lines.append(
                '# backup_recipients = ["age1…"]   # beffroi backup --new-key makes a pair'
            )
    if str(settings.get("public_url", "")).startswith("https://"):
        lines.append("behind_proxy = true")
    lines.append(f"secret_key = {_value(secret_key)}")
    for key, table in providers.items():
        lines += ["", f"[providers.{key}]", *(f"{n} = {_value(v)}" for n, v in table.items() if v)]
    return "\n".join(lines) + "\n"


def asked_of(preset: str) -> tuple[Question, ...]:
    """Return what has to be known of a provider."""
    further = {"proconnect": (SIRET,), "generic-oidc": (STAFF,)}
    return (*PROVIDER, *further.get(preset, ()))


def provider_of(preset: str, said: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the table of a provider under its key."""
    if not preset:
        return {}
    table: dict[str, Any] = {"preset": preset, **said}
    if "allowed_siret" in table:
        table["allowed_siret"] = re.findall(r"[0-9]+", str(table["allowed_siret"]))
    if "staff" in table:
        table["staff"] = str(table["staff"]).strip().lower() in YES
    return {_KEYS[preset]: table}


def _value(value: Any) -> str:
    """Return a value of TOML; a basic string of TOML is spelt as one of JSON is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)
