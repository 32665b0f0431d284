# SPDX-License-Identifier: AGPL-3.0-or-later
"""Registering, approving and stopping towns. Nothing here commits.

A town is never trusted because it says so: what it serves about itself is checked and pinned, and a
person approves it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select

from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.towns.models import Log, Town, TownCommune, TownEvent
from beffroi_federation.aggregator.towns.queries import TownRow, town_by_siren
from beffroi_federation.aggregator.towns.rules import (
    Checked,
    check_identity,
    dns_name,
    dns_text,
)
from beffroi_federation.identity import Identity
from beffroi_web.errors import Conflict, Invalid, NotFound
from beffroi_web.words import N_

MOST_EVIDENCE = 262_144
"""Bytes of evidence kept with one event."""


class TxtResolver(Protocol):
    """Somebody who can ask the domain name system."""

    def txt(self, name: str) -> Sequence[str]:
        """Return the TXT entries of a name; empty if it has none or does not answer."""


def check(
    identity: Identity, url: str, resolver: TxtResolver | None, *, loopback: bool
) -> tuple[Checked, str]:
    """Check what a town at `url` says of itself; return it and what its domain says of it.

    The second value is a key of `rules.DNS_WORDS`. Raises Invalid with every fault.
    """
    checked, faults = check_identity(identity, url)
    if checked is None:
        raise Invalid(
            N_("This town cannot be registered as it describes itself."), errors={"url": faults}
        )
    if loopback:
        return checked, "loopback"
    if resolver is None:
        return checked, "not-checked"
    confirmed = dns_text(identity, checked.verifier) in resolver.txt(dns_name(url))
    return checked, "checked" if confirmed else "differs"


def add(checked: Checked, url: str, dns: str, *, now: datetime) -> str:
    """Put a town into the register, waiting for approval; return its SIREN.

    A town that is there already is refreshed (name, contact, address) if its origin and key are the
    pinned ones; anything else is a Conflict: a changed key is a matter for people.
    """
    identity = checked.identity
    known = db.session.scalar(select(Town).where(Town.siren == identity.siren))
    if known is None:
        town = Town(
            siren=identity.siren, kind=identity.kind, state="waiting", added_at=now, dns=dns
        )
        _describe(town, checked, url)
        db.session.add(town)
        db.session.flush()
        db.session.add(
            Log(
                town_id=town.id,
                epoch=checked.epoch,
                origin=identity.origin,
                prefix=identity.prefix,
                vkey=checked.verifier.vkey(),
                active=True,
            )
        )
        note(town.id, "added", now=now, details={"origin": identity.origin, "dns": dns})
    else:
        log = db.session.scalars(select(Log).where(Log.town_id == known.id, Log.active)).one()
        if (log.origin, log.vkey) != (identity.origin, checked.verifier.vkey()):
            raise Conflict(
                N_("This SIREN is registered with another log or key; people must settle it.")
            )
        town = known
        town.dns = dns
        log.prefix = identity.prefix
        _describe(town, checked, url)
    _set_communes(town.id, identity.communes)
    return identity.siren


def _describe(town: Town, checked: Checked, url: str) -> None:
    identity = checked.identity
    town.name = identity.name
    town.url = url
    town.contact = identity.contact
    town.population_band = identity.population_band
    town.software = f"{identity.software} {identity.version}".strip()[:100]


def _set_communes(town_id: int, communes: Sequence[str]) -> None:
    db.session.flush()
    known = set(db.session.scalars(select(TownCommune.insee).where(TownCommune.town_id == town_id)))
    db.session.add_all(
        TownCommune(town_id=town_id, insee=one) for one in sorted(set(communes) - known)
    )
    for gone in sorted(known - set(communes)):
        db.session.delete(db.session.get_one(TownCommune, (town_id, gone)))


def approve(siren: str, *, by: str, dns_checked: bool, words: str = "", now: datetime) -> None:
    """Let a town be pulled from now on; ends a suspension or a quarantine.

    `by` names the person who answers for it. A town whose domain was not asked, or does not
    confirm its key, is approved only with `dns_checked`: the person says to have checked it.
    """
    town = _town(siren)
    if not by.strip():
        raise Invalid(
            N_("An approval names the person who gives it."),
            errors={"by": [N_("An approval names the person who gives it.")]},
        )
    if town.state == "approved":
        raise Conflict(N_("This town is approved already."))
    if town.dns in {"not-checked", "differs"}:
        if not dns_checked:
            raise Conflict(
                N_(
                    "The domain has not confirmed this town's key. Check its DNS entry yourself, "
                    "then approve and say so."
                )
            )
        town.dns = "person"
    step = "released" if town.state == "quarantined" else "approved"
    town.state = "approved"
    town.reason = ""
    town.approved_at, town.approved_by = now, by.strip()[:200]
    note(town.id, step, by=town.approved_by, words=words, now=now)


def suspend(siren: str, *, by: str, reason: str, now: datetime) -> None:
    """Take nothing more from a town; the reason is public."""
    town = _town(siren)
    if not reason.strip():
        sentence = N_("A suspension has a reason, which is shown to everybody.")
        raise Invalid(sentence, errors={"reason": [sentence]})
    if town.state == "suspended":
        raise Conflict(N_("This town is suspended already."))
    town.state = "suspended"
    town.reason = reason.strip()[:1000]
    note(town.id, "suspended", by=by[:200], words=town.reason, now=now)


def quarantine(town_id: int, step: str) -> None:
    """Take nothing more from a town until a person has looked; `step` says why."""
    town = db.session.get_one(Town, town_id)
    if town.state == "approved":
        town.state = "quarantined"
        town.reason = step


def note(
    town_id: int,
    step: str,
    *,
    now: datetime,
    by: str = "",
    words: str = "",
    details: dict[str, Any] | None = None,
    evidence: bytes | None = None,
) -> None:
    """Append what happened to a town; evidence is cut at `MOST_EVIDENCE` bytes."""
    kept = None if evidence is None else evidence[:MOST_EVIDENCE]
    db.session.add(
        TownEvent(
            town_id=town_id,
            at=now,
            step=step,
            by=by,
            words=words,
            details=details or {},
            evidence=kept,
        )
    )


def town_for_desk(siren: str) -> TownRow:
    """Return a town by its SIREN; NotFound if there is none."""
    row = town_by_siren(siren)
    if row is None:
        raise NotFound(N_("There is no town with this SIREN in the register."))
    return row


def _town(siren: str) -> Town:
    town = db.session.scalar(select(Town).where(Town.siren == siren))
    if town is None:
        raise NotFound(N_("There is no town with this SIREN in the register."))
    return town
