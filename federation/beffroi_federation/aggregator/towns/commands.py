# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door of the registry for commands: read a town's identity, then write."""

from datetime import datetime

from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.kernel.network import Connect
from beffroi_federation.aggregator.towns import service
from beffroi_federation.aggregator.towns.queries import TownRow


def add(
    url: str, connect: Connect, resolver: service.TxtResolver | None, *, now: datetime
) -> TownRow:
    """Fetch the identity of the town at `url`, check it, and register it; return it.

    Raises Invalid or Conflict for what may not be registered, ProtocolError for what cannot be
    fetched.
    """
    address = url.rstrip("/")
    with connect(f"{address}/log") as client:
        identity = client.identity()
    loopback = address.startswith("http://")  # the client has refused any other plain http
    checked, dns = service.check(identity, address, resolver, loopback=loopback)
    with unit_of_work():
        siren = service.add(checked, address, dns, now=now)
    return service.town_for_desk(siren)


def approve(siren: str, *, by: str, dns_checked: bool, words: str, now: datetime) -> TownRow:
    """Approve a town in its own transaction; see `service.approve`."""
    with unit_of_work():
        service.approve(siren, by=by, dns_checked=dns_checked, words=words, now=now)
    return service.town_for_desk(siren)


def suspend(siren: str, *, by: str, reason: str, now: datetime) -> TownRow:
    """Suspend a town in its own transaction; see `service.suspend`."""
    with unit_of_work():
        service.suspend(siren, by=by, reason=reason, now=now)
    return service.town_for_desk(siren)


def replace_key(siren: str, vkey: str, *, by: str, words: str, now: datetime) -> TownRow:
    """Pin another key of a town in its own transaction; see `service.replace_key`."""
    with unit_of_work():
        service.replace_key(siren, vkey, by=by, words=words, now=now)
    return service.town_for_desk(siren)
