# SPDX-License-Identifier: AGPL-3.0-or-later
"""An aggregator on a migrated database that knows one generated town; for the benches."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from tempfile import gettempdir

from flask import Flask
from generated import COMMUNE, ORIGIN, SIREN, VKEY

from beffroi_federation.aggregator.config import from_mapping
from beffroi_federation.aggregator.intake import queries
from beffroi_federation.aggregator.intake.commands import Pulled, Rhythm, carrier_for
from beffroi_federation.aggregator.intake.commands.rounds import run
from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.kernel.network import connector
from beffroi_federation.aggregator.kernel.runtime import without_pages
from beffroi_federation.aggregator.towns.models import Log, Town, TownCommune

MOMENT = datetime(2026, 10, 5, 8, tzinfo=UTC)


def aggregator(url: str, site: str) -> tuple[Flask, Callable[[], list[Pulled]]]:
    """Return an aggregator that has approved the generated town at `site`, and how it pulls.

    The pull is that of `beffroi-aggregator pull`, without the second stage (deriving).
    """
    settings = from_mapping(
        {
            "name": "Bench",
            "public_url": "http://127.0.0.1:8300",
            "secret_key": "a secret of the benches, long enough to be one",
            "data_dir": gettempdir(),
            "database_url": url,
            "providers": {
                "test": {
                    "label": "Test",
                    "issuer": "http://127.0.0.1:9/",
                    "client_id": "nation",
                    "client_secret": "a secret of the provider",
                }
            },
        }
    )
    settings = replace(settings, demo_peers=frozenset({site}))
    app = without_pages(settings)
    with app.app_context(), unit_of_work():
        know(site)
    rhythm = Rhythm(settings.pull_every, settings.recheck_every)

    def pull() -> list[Pulled]:
        with app.app_context(), closing(carrier_for(connector(settings))) as carrier:
            return list(run(carrier, rhythm, queries.due_towns([SIREN]), derive=False))

    return app, pull


def know(site: str) -> None:
    """Put the generated town into the register, approved; its address is that of now."""
    if db.session.query(Town).count():
        db.session.query(Log).update({"prefix": f"{site}/log"})
        return
    town = Town(
        siren=SIREN, name="Beffroi-sur-Exemple", kind="commune", url=site, state="approved",
        dns="loopback", population_band="200000+", added_at=MOMENT,
    )  # fmt: skip
    db.session.add(town)
    db.session.flush()
    db.session.add(TownCommune(town_id=town.id, insee=COMMUNE))
    db.session.add(
        Log(
            id=1, town_id=town.id, epoch=1, origin=ORIGIN, prefix=f"{site}/log", vkey=VKEY,
            active=True, state="current",
        )
    )  # fmt: skip
