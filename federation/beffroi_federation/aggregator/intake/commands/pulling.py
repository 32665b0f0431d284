# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pulling towns now: all, those that are due, or exactly these."""

from collections.abc import Collection, Iterator

from flask import Flask

from beffroi_federation.aggregator.intake import queries
from beffroi_federation.aggregator.intake.adapters.carriers import Carrier, Courier, OneByOne
from beffroi_federation.aggregator.intake.adapters.engine import Engine
from beffroi_federation.aggregator.intake.adapters.transfer import Manner
from beffroi_federation.aggregator.intake.commands.rounds import Pulled, Rhythm, run
from beffroi_federation.aggregator.intake.queries import Due
from beffroi_federation.aggregator.kernel.network import Connect, Connector
from beffroi_federation.aggregator.kernel.runtime import now as the_moment
from beffroi_federation.aggregator.national.commands import settle_waiting

Towns = Carrier | Connector | Connect
"""How towns are reached: this aggregator's connector, or for tests anything that opens a feed."""


def carrier_for(towns: Towns) -> Carrier:
    """Return who carries a round: an engine of many transfers, for whoever gives a connector."""
    if isinstance(towns, Connector):
        manner = Manner(towns.user_agent, towns.allowed_loopback, towns.timeouts)
        return Courier(lambda: Engine(manner))
    if isinstance(towns, Carrier):
        return towns
    return OneByOne(towns)


def pull(
    app: Flask,
    connect: Towns,
    rhythm: Rhythm,
    *,
    siren: str | None = None,
    due_only: bool = False,
) -> list[Pulled]:
    """Pull towns, many beside each other, until none of them is behind; return what happened.

    Approved towns only (a town in quarantine is asked for removals alone); with `siren` that one,
    with `due_only` those whose time has come. A town that was behind is told of once a turn.
    """
    with app.app_context():
        if siren is not None:
            pages = queries.due_towns([siren])
        else:
            pages = queries.due(the_moment() if due_only else None)
        done = _pulled(connect, rhythm, pages)
        settle_waiting(now=the_moment())  # what a process that died left waiting
        return done


def pull_these(app: Flask, connect: Towns, rhythm: Rhythm, sirens: Collection[str]) -> list[Pulled]:
    """Pull exactly these towns, due or not, as `pull` does; those not approved are left out."""
    with app.app_context():
        return _pulled(connect, rhythm, queries.due_towns(sirens))


def _pulled(connect: Towns, rhythm: Rhythm, pages: Iterator[list[Due]]) -> list[Pulled]:
    carrier = carrier_for(connect)
    try:
        return list(run(carrier, rhythm, pages))
    finally:
        if carrier is not connect:
            carrier.close()
