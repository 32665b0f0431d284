# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs of the exchange: make and revoke keys, take reports and updates. None commits.

Who wrote to another application is that one's to know: of its report nothing is kept here that
says who it was.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from beffroi.cases import service as cases
from beffroi.cases.rules import API_CLIENT
from beffroi.incidents import service as incidents
from beffroi.incidents.rules import CATEGORIES, StoredPhoto
from beffroi.incidents.rules.questions import Question
from beffroi.kernel.actors import SYSTEM, Actor
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid, NotFound
from beffroi.open311.models import ApiKey, PassedOn, UpdateTaken
from beffroi.open311.queries import Client, digest
from beffroi.open311.rules import CHANNEL
from beffroi.places.rules import Place
from beffroi_web.words import N_

KEY_BYTES = 24
FROM_OUTSIDE = Actor()


def make_key(name: str, *, lang: str, now: datetime, chance: Chance) -> tuple[int, str]:
    """Make a key for an application; return its id, and the key, which is nowhere afterwards."""
    name = " ".join(name.split())
    if not 2 <= len(name) <= 120 or not name.isprintable():
        raise Invalid(
            N_("Say which application it is for."),
            errors={"name": [N_("Between 2 and 120 characters.")]},
        )
    key = chance(KEY_BYTES).hex()
    party = cases.new_party(API_CLIENT, lang=lang, now=now)
    row = ApiKey(name=name, digest=digest(key), party_id=party, made_at=now)
    db.session.add(row)
    db.session.flush()
    return row.id, key


def revoke_key(key_id: int, *, now: datetime) -> None:
    """Take a key out of use for good; what came by it stays."""
    row = db.session.get(ApiKey, key_id)
    if row is None:
        raise NotFound(N_("There is no such key."))
    row.revoked_at = row.revoked_at or now


def _used(client: Client, today: date) -> None:
    db.session.execute(
        update(ApiKey)
        .where(ApiKey.id == client.id, ApiKey.used_on.is_distinct_from(today))
        .values(used_on=today)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """A report from another application, checked; `form` has the fields of our own form.

    `position` is (latitude, longitude). `said` are lines for the agents alone. `found` is the one
    of our addresses that its words must mean, where it gave no position.
    """

    form: dict[str, Any]
    position: tuple[float, float] | None = None
    photos: Sequence[StoredPhoto] = ()
    said: list[str] = field(default_factory=list)
    found: Place | None = None


def take_report(
    sent: Sent,
    client: Client,
    *,
    communes: tuple[str, ...],
    lang: str,
    now: datetime,
    today: date,
    chance: Chance,
    asked: Sequence[Question] = (),
) -> str:
    """Open a case from another application's report; return its reference."""
    case = incidents.report(
        {**sent.form, "family": CATEGORIES[sent.form["category"]].family},
        incidents.Reception(client.party_id, CHANNEL, today, lang),
        actor=FROM_OUTSIDE,
        now=now,
        chance=chance,
        communes=communes,
        asked=asked,
    )
    if sent.position is not None:
        incidents.put_position(case, *sent.position)
    elif sent.found is not None:
        incidents.put_position(case, *sent.found.point, found=sent.found)
    incidents.add_photos(case, sent.photos, now=now)
    _note(case, client, sent.said, now)
    _used(client, today)
    return case.ref


def _note(case: Any, client: Client, said: Sequence[str], now: datetime) -> None:
    """Leave for the agents, and for nobody else, what has no other place."""
    cases.note(case, "\n".join([f"Open311 · {client.name}", *said]), actor=SYSTEM, now=now)


@dataclass(frozen=True, slots=True)
class SentUpdate:
    """An update from another application, checked; `status` is a code of `ELSEWHERE_WORDS`."""

    update_id: str
    ref: str
    words: str
    status: str
    hidden: tuple[str, ...] = ()
    photos: Sequence[StoredPhoto] = ()
    said: list[str] = field(default_factory=list)


def our_name(secret: str, kind: str, number: int | str) -> str:
    """Return how an update is called outside: a keyed hash, since numbers would tell by gaps."""
    said = f"open311 {kind}|{number}".encode()
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()[:24]


def take_update(
    sent: SentUpdate, client: Client, *, secret: str, now: datetime, today: date
) -> str | None:
    """Keep an update on its case and return our name for it; None if it came just now, too.

    Its words wait for an agent like anybody's. Its status stands on the timeline and moves nothing:
    what becomes of a case is the institution's to say. Raises NotFound for a case that is not
    shown one by one.
    """
    case = cases.the_case(sent.ref)
    if case.kind != "street" or case.visibility != "public":
        raise NotFound(N_("There is no case with this reference."))
    ours = our_name(secret, "update", f"{client.id}|{sent.update_id}")
    if not _first_time(sent.update_id, client, case.id, ours, now):
        return None
    if sent.words:
        cases.comment(
            case,
            sent.words,
            party_id=client.party_id,
            actor=FROM_OUTSIDE,
            now=now,
            hidden=sent.hidden,
        )
    if sent.status:
        codes = {"said": sent.status}
        cases.step(case, "elsewhere", actor=SYSTEM, now=now, codes=codes)
    incidents.add_photos(case, sent.photos, now=now)
    if sent.said:
        _note(case, client, sent.said, now)
    _used(client, today)
    return ours


def _first_time(update_id: str, client: Client, case_id: int, ours: str, now: datetime) -> bool:
    """Remember an update by its name; False if it is remembered already."""
    row = UpdateTaken(
        key_id=client.id, update_id=update_id, case_id=case_id, ours=ours, taken_at=now
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return False
    return True


# ---- passing on ---------------------------------------------------------------------------------


def pass_on(case_id: int, tool: str, *, now: datetime) -> bool:
    """Remember that a report is to be passed on; False if it was before."""
    if db.session.get(PassedOn, case_id) is not None:
        return False
    db.session.add(PassedOn(case_id=case_id, tool=tool, asked_at=now))
    db.session.flush()
    return True


def passed(case_id: int, *, foreign_id: str, token: str, now: datetime) -> None:
    """Keep the name that the other tool gave a report; the timeline says that it went there."""
    row = db.session.get(PassedOn, case_id)
    case = cases.case_by_id(case_id)
    if row is None or case is None:
        return
    fresh = row.sent_at is None
    row.foreign_id, row.token = foreign_id or None, token or None
    row.sent_at, row.fault = row.sent_at or now, None
    if fresh:
        cases.step(case, "forwarded", actor=SYSTEM, now=now, codes={"tool": row.tool})


def heard(case_id: int, *, status: str, words: str, now: datetime) -> bool:
    """Write a new status at the other tool on the timeline, its words for the agents; say if new.

    `status` is a code of `ELSEWHERE_WORDS`.
    """
    row = db.session.get(PassedOn, case_id)
    case = cases.case_by_id(case_id)
    if row is None or case is None:
        return False
    row.polled_at, row.fault = now, None
    if status == row.status:
        return False
    row.status = status
    cases.step(case, "elsewhere", actor=SYSTEM, now=now, codes={"said": status})
    if words:
        cases.note(case, f"Open311 · {row.tool}\n{words}", actor=SYSTEM, now=now)
    return True


def went_wrong(case_id: int, fault: str) -> None:
    """Keep why the other tool could not be reached, for the desk."""
    row = db.session.get(PassedOn, case_id)
    if row is not None:
        row.fault = fault[:300]


def forget(case_id: int) -> None:
    """Destroy what links an erased case to other applications."""
    for table in (UpdateTaken, PassedOn):
        db.session.execute(delete(table).where(table.case_id == case_id))
