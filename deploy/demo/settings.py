# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of each part of the demonstration, as environments for its own commands."""

import hashlib
import json
from collections.abc import Mapping

from demo.ground import outline_file
from demo.places import Layout, Town
from demo.provider_state import DemoClient

QUESTIONS = {
    "lighting": [
        {
            "code": "pole",
            "kind": "text",
            "words": {"fr": "Numéro du mât, s’il se lit", "en": "Number of the pole, if legible"},
        },
        {
            "code": "lamps",
            "kind": "number",
            "public": True,
            "words": {
                "fr": "Combien de lampes sont éteintes\u00a0?",
                "en": "How many lamps are out?",
            },
        },
    ],
    "waste": [
        {
            "code": "size",
            "kind": "list",
            "public": True,
            "words": {"fr": "Quelle quantité\u00a0?", "en": "How much is it?"},
            "choices": {
                "bag": {"fr": "Un sac", "en": "A bag"},
                "car": {"fr": "Un coffre de voiture", "en": "The boot of a car"},
                "lorry": {"fr": "Un camion", "en": "A lorry"},
            },
        }
    ],
}
"""What the towns of the demonstration ask besides, by category."""


def _secret(layout: Layout, what: str) -> str:
    """Return a secret of this demonstration's own folder, made at its first start."""
    path = layout.folder / "secret"
    return hashlib.sha256(path.read_bytes() + what.encode()).hexdigest()


def _providers(layout: Layout, key: str) -> str:
    return json.dumps(
        {
            "demo": {
                "label": "Compte de démonstration",
                "issuer": layout.provider,
                "client_id": key,
                "client_secret": _secret(layout, f"client {key}"),
                "staff": True,
            }
        }
    )


def _hints_key(layout: Layout) -> Mapping[str, str]:
    """Return the setting by which a town reads the nation's hints, once the nation has its keys."""
    path = layout.hints_key
    return {"BEFFROI_AGGREGATOR_HINTS_KEY": path.read_text().strip()} if path.exists() else {}


def town_environment(layout: Layout, town: Town, *, weeks: int | None = None) -> Mapping[str, str]:
    """Return the environment of one town's commands; `weeks` is how far real dates were moved."""
    return {
        "BEFFROI_NAME": town.name,
        "BEFFROI_SIREN": town.siren,
        "BEFFROI_KIND": town.kind,
        "BEFFROI_COMMUNES": ",".join(town.communes),
        "BEFFROI_PUBLIC_URL": town.url,
        "BEFFROI_SECRET_KEY": _secret(layout, f"town {town.key}"),
        "BEFFROI_DATA_DIR": str(layout.town_folder(town)),
        "BEFFROI_PROVIDERS": _providers(layout, town.key),
        "BEFFROI_POPULATION_BAND": town.population_band,
        "BEFFROI_COLOUR": town.colour,
        "BEFFROI_EMBED_HOSTS": layout.provider,
        "BEFFROI_CONTACT": "contact@demo.example",
        "BEFFROI_MAIL_URL": f"file:{layout.mail}",
        "BEFFROI_MAIL_FROM": f"{town.key}@demo.example",
        "BEFFROI_PUBLISH": "at-once",
        "BEFFROI_WITNESS_POLICY": str(layout.policy),
        "BEFFROI_AGGREGATOR_URL": layout.aggregator,
        **_hints_key(layout),
        "BEFFROI_CERT_NAME": "CERT de démonstration",
        "BEFFROI_CERT_EMAIL": "cert@demo.example",
        "BEFFROI_CERT_KEY": str(layout.cert / "public.asc"),
        "BEFFROI_CERT_PHONE": "01 99 00 12 34",  # a number that fiction may use (ARCEP)
        "BEFFROI_SUBMISSIONS_PER_HOUR": "100000",
        "BEFFROI_DEMONSTRATION": "yes",
        "BEFFROI_OUTLINE_FILE": str(outline_file(layout, town)),
        "BEFFROI_QUESTIONS": json.dumps(QUESTIONS),
        **({"BEFFROI_DATES_MOVED": str(weeks)} if weeks else {}),
    }


def aggregator_environment(layout: Layout, folder: str = "aggregator") -> Mapping[str, str]:
    """Return the environment of the nation's commands; another folder is another nation."""
    peers = [town.url for town in layout.towns]
    if folder != "aggregator":
        peers = [f"http://127.0.0.1:{layout.copy_port}"]
    return {
        "BEFFROI_AGGREGATOR_NAME": "Beffroi national (démonstration)",
        "BEFFROI_AGGREGATOR_PUBLIC_URL": layout.aggregator,
        "BEFFROI_AGGREGATOR_SECRET_KEY": _secret(layout, folder),
        "BEFFROI_AGGREGATOR_DATA_DIR": str(layout.folder / folder),
        "BEFFROI_AGGREGATOR_PROVIDERS": _providers(layout, "nation"),
        "BEFFROI_AGGREGATOR_DEMO_PEERS": ",".join(peers),
        "BEFFROI_AGGREGATOR_CONTACT": "contact@demo.example",
        "BEFFROI_AGGREGATOR_DEMONSTRATION": "yes",
        "BEFFROI_AGGREGATOR_PULL_EVERY": "1",
    }


def clients(layout: Layout) -> list[DemoClient]:
    """Return what the sign-in provider knows of each site."""
    sites = [(town.key, town.url) for town in layout.towns] + [("nation", layout.aggregator)]
    return [
        DemoClient(
            client_id=key,
            client_secret=_secret(layout, f"client {key}"),
            redirect_uris=(f"{url}/auth/demo/callback",),
            post_logout_redirect_uris=(f"{url}/sign-out",),
        )
        for key, url in sites
    ]
