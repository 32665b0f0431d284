# SPDX-License-Identifier: AGPL-3.0-or-later
"""Registering, approving and stopping towns. Nothing here commits.

A town is never trusted because it says so: what it serves about itself is checked and pinned, and a
person approves it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import delete, select

from beffroi_federation.aggregator.kernel import search
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.towns.models import Log, Town, TownCommune, TownEvent, TownWord
from beffroi_federation.aggregator.towns.queries import TownRow, awaits_answer, town_by_siren
from beffroi_federation.aggregator.towns.rules import (
    Checked,
    check_identity,
    dns_name,
    dns_text,
    is_key_of,
)
from beffroi_federation.identity import Identity
from beffroi_federation.notes import Verifier
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

    A town that is there already is refreshed (name, contact, address) if its origin is the pinned
    one and the pinned key is among its keys. A later epoch of the same town is noted and waits for
    a person (`begin_epoch`); anything else is a Conflict: a changed key is a matter for people.
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
        _set_words(town)
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
        town = known
        if checked.epoch > log.epoch:
            _await_epoch(town, checked, now)
            return identity.siren
        if log.origin != identity.origin or log.vkey not in identity.vkeys:
            raise Conflict(
                N_("This SIREN is registered with another log or key; people must settle it.")
            )
        town.dns = dns
        log.prefix = identity.prefix
        _describe(town, checked, url)
        _set_words(town)
    _set_communes(town.id, identity.communes)
    return identity.siren


def _await_epoch(town: Town, checked: Checked, now: datetime) -> None:
    """Note a later epoch that a town announces; the one that waits last is the one that counts."""
    identity, vkey = checked.identity, checked.verifier.vkey()
    waiting = db.session.scalar(select(Log).where(Log.origin == identity.origin))
    if waiting is None:
        waiting = Log(
            town_id=town.id,
            epoch=checked.epoch,
            origin=identity.origin,
            prefix=identity.prefix,
            vkey=vkey,
            active=False,
            state="waiting",
        )
        db.session.add(waiting)
    elif waiting.vkey == vkey:
        return
    if waiting.state != "waiting" or waiting.town_id != town.id:
        raise Conflict(
            N_("This SIREN is registered with another log or key; people must settle it.")
        )
    waiting.vkey, waiting.prefix = vkey, identity.prefix
    note(town.id, "epoch-announced", now=now, details=_log_details(identity.origin, vkey))


def _log_details(origin: str, vkey: str) -> dict[str, Any]:
    return {"origin": origin, "key": Verifier.from_text(vkey).key_id.hex()}


def begin_epoch(siren: str, epoch: int, *, by: str, words: str, now: datetime) -> tuple[int, int]:
    """Make a waiting epoch the current log of a town; return the ids of the old and the new log.

    `by` names the person who answers for it: they have called the town back on its official
    number. A quarantine ends with it. Conflict when no such epoch waits.
    """
    town = _town(siren)
    answers = by.strip()[:200]
    if not answers:
        sentence = N_("An approval names the person who gives it.")
        raise Invalid(sentence, errors={"by": [sentence]})
    logs = db.session.scalars(select(Log).where(Log.town_id == town.id)).all()
    old = next(log for log in logs if log.active)
    new = next((log for log in logs if log.state == "waiting" and log.epoch == epoch), None)
    if new is None:
        raise Conflict(N_("No such epoch of this town waits for approval."))
    old.active, old.state = False, "ended"
    new.active, new.state = True, "current"
    if town.state == "quarantined":
        town.state, town.reason = "approved", ""
    note(
        town.id,
        "epoch-approved",
        by=answers,
        words=words,
        now=now,
        details=_log_details(new.origin, new.vkey) | {"before": old.origin},
    )
    return old.id, new.id


def replace_key(siren: str, vkey: str, *, by: str, words: str, now: datetime) -> None:
    """Pin another key of a town's current log because a person says so, who has called the town.

    For a nation that was away while the town signed with both keys. Invalid for a key that is not
    an Ed25519 key by the log's name.
    """
    town = _town(siren)
    log = db.session.scalars(select(Log).where(Log.town_id == town.id, Log.active)).one()
    answers = by.strip()[:200]
    if not answers:
        sentence = N_("An approval names the person who gives it.")
        raise Invalid(sentence, errors={"by": [sentence]})
    if not is_key_of(vkey, log.origin):
        raise Invalid(N_("The current key is not an Ed25519 key that goes by the origin's name."))
    log.vkey = vkey
    details = _log_details(log.origin, vkey)
    note(town.id, "key-approved", by=answers, words=words, now=now, details=details)


def change_key(log_id: int, vkey: str, position: int, *, now: datetime) -> None:
    """Pin the key that a verified `key` entry announced, both keys having signed it."""
    log = db.session.get_one(Log, log_id)
    if log.vkey != vkey:
        details = _log_details(log.origin, vkey) | {"index": position, "before": log.vkey}
        log.vkey = vkey
        note(log.town_id, "key-changed", now=now, details=details)


def note_epoch_start(town_id: int, details: dict[str, Any], *, now: datetime) -> None:
    """Write down what the first entry of a new epoch says of the log before it."""
    note(town_id, "epoch-begun", now=now, details=details)


def _describe(town: Town, checked: Checked, url: str) -> None:
    identity = checked.identity
    town.name = identity.name
    town.url = url
    town.contact = identity.contact
    town.population_band = identity.population_band
    town.software = f"{identity.software} {identity.version}".strip()[:100]


def _set_words(town: Town) -> None:
    db.session.execute(delete(TownWord).where(TownWord.town_id == town.id))
    words = sorted({town.siren, *search.all_words(town.name)})
    db.session.add_all(TownWord(word=word, town_id=town.id) for word in words)


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


def appeal(
    siren: str, *, words: str, by: str = "", now: datetime, signed: dict[str, Any] | None = None
) -> None:
    """Write down what a town says against its quarantine or suspension; `by` wrote it down.

    Nobody did where the town `signed` it itself: what proves that is kept as evidence.

    Conflict for a town that is neither, or whose last appeal is not answered yet.
    """
    town = _town(siren)
    if town.state not in {"quarantined", "suspended"}:
        raise Conflict(N_("This town is neither in quarantine nor suspended."))
    if awaits_answer(town.id):
        raise Conflict(N_("The town's last appeal is to be answered first."))
    if signed is None:
        note(town.id, "appealed", by=by, words=words.strip(), now=now)
        return
    proof = json.dumps(signed, ensure_ascii=False, indent=1).encode()
    note(town.id, "appealed-signed", words=words.strip(), now=now, evidence=proof)


def answer_appeal(siren: str, *, granted: bool, answer: str, by: str, now: datetime) -> None:
    """Answer a town's appeal in public; if it is granted, the town is pulled again.

    Conflict if there is none, or the town's domain does not confirm its key (`approve`).
    """
    town = _town(siren)
    if not awaits_answer(town.id):
        raise Conflict(N_("There is no appeal of this town to answer."))
    step = "appeal-granted" if granted else "appeal-refused"
    note(town.id, step, by=by, words=answer.strip(), now=now)
    if granted:
        approve(siren, by=by, dns_checked=False, words="", now=now)


def quarantine(town_id: int, step: str) -> None:
    """Take nothing more from a town until a person has looked; `step` says why."""
    town = db.session.get_one(Town, town_id)
    if town.state == "approved":
        town.state = "quarantined"
        town.reason = step


def note_fork(
    town: TownRow, *, now: datetime, details: dict[str, Any], notes: Mapping[str, str]
) -> None:
    """Stop a town of which two signed notes show two histories, and keep both notes; once."""
    if db.session.get_one(Town, town.id).state != "approved":
        return
    members = {"origin": town.origin, "vkey": town.vkey, "fault": details, **notes}
    evidence = json.dumps(members, ensure_ascii=False, indent=1).encode()
    note(town.id, "fork", now=now, details=details, evidence=evidence)
    quarantine(town.id, "fork")


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
