# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on data requests: submit, confirm, enter at the desk, classify, answer. None commits."""

import base64
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from beffroi.cases import rules as case_rules
from beffroi.cases import service as cases
from beffroi.cases.events import PublicVersionChanged, RequestReceived
from beffroi.cases.models import Case
from beffroi.data_requests import rules
from beffroi.data_requests.events import ConfirmationAsked
from beffroi.data_requests.models import DataRequest, PendingRequest
from beffroi.data_requests.queries import importing
from beffroi.data_requests.service import clock as legal_clock
from beffroi.data_requests.service import drafts, statistics
from beffroi.data_requests.service.answering import answer as answer
from beffroi.data_requests.service.reusing import add_reuse as add_reuse
from beffroi.kernel.actors import Actor
from beffroi.kernel.bus import publish
from beffroi.kernel.chance import Chance, system_chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Gone, Invalid, NotFound
from beffroi.legal.deadlines import answer_due
from beffroi.legal.law import Law, law_of
from beffroi.texts.rules import chosen
from beffroi_privacy.commitments import SALT_BYTES, commit
from beffroi_web.words import N_

CONFIRM_WITHIN = timedelta(hours=48)
REUSE_OF = "reuse_of"
"""The name, in what waits to be confirmed, under which a reuse says of which request."""
TEXT_ROLES = (
    *("title", "wanted", "purpose", "area", "period", "format"),
    *("software", "decision"),
)


@dataclass(frozen=True, slots=True)
class Reception:
    """How and when a request reached the institution, and from whom."""

    party_id: int
    channel: str
    received_on: date
    lang: str


def _receipt(case: Case, form: Mapping[str, Any]) -> bytes:
    """Return the exact bytes that a receipt commits to: what was received, and when."""
    received = {role: form[role] for role in ("object", *TEXT_ROLES) if form.get(role)}
    document = {"received": received, "received_on": case.received_on.isoformat(), "ref": case.ref}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def receive(
    form: Mapping[str, Any],
    reception: Reception,
    *,
    actor: Actor,
    now: datetime,
    chance: Chance,
    communes: tuple[str, ...],
) -> Case:
    """Open a data request from a checked form; acknowledge it with a salted commitment."""
    commune, law = checked_commune(form.get("commune"), communes), law_of(communes)
    case = cases.open_case(
        cases.NewCase(
            kind=case_rules.DATA_REQUEST,
            channel=reception.channel,
            lang=reception.lang,
            texts={role: form[role] for role in TEXT_ROLES if form.get(role)},
            received_on=reception.received_on,
            party_id=reception.party_id,
            commune=commune,
            due_on=answer_due(form["object"], reception.received_on),
            hidden=chosen(form),
        ),
        actor=actor,
        now=now,
        chance=chance,
    )
    salt, content = chance(SALT_BYTES), _receipt(case, form)
    row = DataRequest(
        case_id=case.id,
        object=form["object"],
        theme=form.get("theme"),
        organisation=(form.get("organisation") or "").replace(" ", "") or None,
        receipt_salt=salt,
        receipt_content=content,
    )
    db.session.add(row)
    db.session.flush()
    legal_clock.begin(case, row, law, now=now)
    statistics.changed(case.id)
    commitment = base64.urlsafe_b64encode(commit(salt, content)).rstrip(b"=").decode()
    came_by = form.get("came_by") or ""
    publish(RequestReceived(case_id=case.id, commitment=commitment, at=now, came_by=came_by))
    return case


def checked_commune(code: str | None, communes: tuple[str, ...]) -> str | None:
    """Return a commune code of this town, or None; raise Invalid for another's."""
    if not code:
        return communes[0] if len(communes) == 1 else None
    if code not in communes:
        raise Invalid(
            N_("This commune is not served here."), errors={"commune": [N_("Choose one of ours.")]}
        )
    return code


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def ask_confirmation(
    form: Mapping[str, Any],
    *,
    email: str,
    lang: str,
    now: datetime,
    chance: Chance,
    what: str = "request",
) -> None:
    """Keep a request (or a reuse) until its e-mail address is confirmed; the link goes by mail."""
    token = chance(24).hex()
    db.session.add(
        PendingRequest(
            token_hash=_hash(token), email=email, lang=lang, form=dict(form), made_at=now
        )
    )
    publish(ConfirmationAsked(email=email, token=token, lang=lang, at=now, what=what))


def confirm(
    token: str,
    *,
    actor: Actor,
    now: datetime,
    today: date,
    chance: Chance,
    communes: tuple[str, ...],
) -> str:
    """Make the case of a confirmed address, return its reference; a second click finds it."""
    pending = _pending(token, now, reuse=False)
    if pending.case_ref:
        return pending.case_ref
    party = cases.party_for_email(pending.email, lang=pending.lang, now=now)
    reception = Reception(party, "email", today, pending.lang)
    case = receive(pending.form, reception, actor=actor, now=now, chance=chance, communes=communes)
    pending.case_ref, pending.form = case.ref, {}
    return case.ref


def _pending(token: str, now: datetime, *, reuse: bool) -> PendingRequest:
    """Return what a link confirms, locked: two clicks at once make one.

    The link of a reuse confirms no request: what follows a request is for its author alone.
    """
    pending = db.session.scalar(
        select(PendingRequest).where(PendingRequest.token_hash == _hash(token)).with_for_update()
    )
    if pending is None or (REUSE_OF in pending.form) != reuse:
        raise NotFound(N_("This link is not known, or its request was forgotten after two days."))
    if not pending.case_ref and now - pending.made_at > CONFIRM_WITHIN:
        raise Gone(N_("This link is more than two days old. Please send the request again."))
    return pending


def confirm_reuse(token: str, *, actor: Actor, now: datetime) -> str:
    """Add the reuse of a confirmed address, return the request's reference; once, however often."""
    pending = _pending(token, now, reuse=True)
    ref = str(pending.form[REUSE_OF])
    if pending.case_ref:
        return ref
    party = cases.party_for_email(pending.email, lang=pending.lang, now=now)
    add_reuse(cases.the_case(ref), pending.form, party_id=party, actor=actor, now=now)
    pending.case_ref, pending.form = ref, {REUSE_OF: ref}
    return ref


def forget_unconfirmed(now: datetime) -> int:
    """Delete requests whose address was not confirmed in time; return how many."""
    result = db.session.execute(
        delete(PendingRequest).where(PendingRequest.made_at < now - CONFIRM_WITHIN)
    )
    return int(getattr(result, "rowcount", 0))


def forget_pending(email: str) -> int:
    """Delete what waits for an address to be confirmed, and what was confirmed; return how many."""
    address = func.lower(PendingRequest.email) == email.strip().lower()
    gone = db.session.execute(delete(PendingRequest).where(address))
    return int(getattr(gone, "rowcount", 0))


def forget_receipts(case_ids: Collection[int]) -> int:
    """Destroy what receipts of some cases were made of, with their salts; return how many."""
    gone = db.session.execute(
        update(DataRequest)
        .where(DataRequest.case_id.in_(case_ids), DataRequest.receipt_salt.is_not(None))
        .values(receipt_salt=None, receipt_content=None)
        .execution_options(synchronize_session="fetch")
    )
    return int(getattr(gone, "rowcount", 0))


def forget(case_id: int, ref: str) -> None:
    """Destroy what was received of a request, with the salt, and who asked to confirm it.

    The commitment in the log stays; whoever kept the receipt can still show it.
    """
    db.session.execute(
        update(DataRequest)
        .where(DataRequest.case_id == case_id)
        .values(receipt_salt=None, receipt_content=None, organisation=None)
        .execution_options(synchronize_session="fetch")
    )
    db.session.execute(delete(PendingRequest).where(PendingRequest.case_ref == ref))
    legal_clock.forget(case_id)
    drafts.forget(case_id)


def classify(
    case: Case,
    *,
    theme: str | None,
    wanted_object: str | None,
    actor: Actor,
    now: datetime,
    today: date,
    law: Law,
) -> None:
    """Set the theme and the kind of thing asked for; the clock follows the kind."""
    row = db.session.get(DataRequest, case.id)
    if row is None:
        raise NotFound(N_("There is no case with this reference."))
    if theme and theme not in rules.THEMES:
        raise Invalid(N_("There is no such theme."), errors={"theme": [N_("Unknown.")]})
    if wanted_object and wanted_object not in rules.OBJECTS:
        raise Invalid(N_("There is no such kind."), errors={"object": [N_("Unknown.")]})
    row.theme = theme or row.theme
    row.object = wanted_object or row.object
    if case.channel != case_rules.BRIDGE:
        case.due_on = answer_due(row.object, case.received_on)
        legal_clock.wind(case, row, law, today=today)
    cases.step(
        case,
        "classified",
        actor=actor,
        now=now,
        public=False,
        codes={"theme": row.theme, "object": row.object},
    )
    cases.public_changed(case, now=now)


@dataclass(frozen=True, slots=True)
class ImportedRequest:
    """One request from elsewhere. Words are the institution's (`official`) or a citizen's.

    Official words are released where the gate finds nothing in them; a citizen's wait for an agent.
    `source` names the row for good, so that a second run skips it.
    """

    source: str
    object: str
    title: str
    wanted: str
    received_at: datetime
    lang: str
    official: bool
    status: str = "open"
    outcome: str | None = None
    decision: str = ""
    closed_on: date | None = None
    theme: str | None = None
    url: str = ""
    planned: str = ""
    channel: str = "import"


@dataclass(frozen=True, slots=True)
class Looked:
    """What importing some rows would do: those that are new, and what others now say otherwise."""

    fresh: tuple[ImportedRequest, ...]
    known: int
    changed: tuple[str, ...]

    def waiting(self) -> int:
        """Return how many of the new rows have words that will wait for an agent."""
        return cases.waiting([_brought(row) for row in self.fresh])


def look_up(rows: Sequence[ImportedRequest], *, days: bool = True) -> Looked:
    """Tell new rows from known ones, and say where a known one differs from what was brought in.

    Nothing of it is taken over: what agents did since would be lost. Without `days` the day of
    reception is not compared.
    """
    known = importing.brought([row.source for row in rows])
    fresh = {row.source: row for row in rows if row.source not in known}
    changed = [
        f"{row.source}: known already, and the file now says otherwise: {', '.join(fields)}"
        for row in rows
        if row.source in known and (fields := _differing(row, known[row.source], days=days))
    ]
    return Looked(tuple(fresh.values()), len(rows) - len(fresh), tuple(changed))


def _differing(row: ImportedRequest, before: importing.Brought, *, days: bool) -> list[str]:
    if before.removed or before.forgotten:
        return []  # what was removed here stays removed, and what has ended is not compared
    answered = bool(row.outcome)
    given_up = row.status == "abandoned"
    return [
        field
        for field, differs in (
            ("received", days and row.received_at.date() != before.received_on),
            ("title", {row.title} != before.texts.get("title", {row.title})),
            ("wanted", {row.wanted} != before.texts.get("wanted", {row.wanted})),
            ("outcome", answered and row.outcome not in before.outcomes),
            ("answer", answered and row.decision not in before.texts.get("answer", ())),
            ("status", given_up and before.status != "abandoned"),
        )
        if differs
    ]


def import_requests(
    rows: Sequence[ImportedRequest],
    *,
    now: datetime,
    chance: Chance = system_chance,
    days: bool = True,
) -> Looked:
    """Bring many requests in at once, those that are new; return what was found.

    They were acknowledged elsewhere, so they get no receipt here, and their legal clock was there:
    none is wound. Released ones go to the outbox.
    """
    found = look_up(rows, days=days)
    fresh = found.fresh
    brought = [_brought(row) for row in fresh]
    bridged = [one for one in brought if one.channel == case_rules.BRIDGE]
    lang = bridged[0].lang if bridged else ""
    parties = cases.new_parties(case_rules.BRIDGED, len(bridged), lang=lang, now=now)
    for one, party_id in zip(bridged, parties, strict=True):
        one.party_id = party_id
    cases.import_cases(brought, now=now, chance=chance)
    if brought:
        db.session.execute(
            insert(DataRequest),
            [
                {
                    "case_id": case.case_id,
                    "object": row.object,
                    "theme": row.theme,
                    "source": row.source,
                }
                for case, row in zip(brought, fresh, strict=True)
            ],
        )
    for case, row in zip(brought, fresh, strict=True):
        statistics.changed(case.case_id)
        if row.outcome and row.decision:
            answer = cases.BroughtAnswer(
                row.outcome, row.decision, row.closed_on, row.url or None, row.planned or None
            )
            cases.import_answer(case, answer, now=now)
        if row.official:
            publish(PublicVersionChanged(case_id=case.case_id, kind=case.kind, version=1, at=now))
    return found


def _brought(row: ImportedRequest) -> cases.BroughtCase:
    return cases.BroughtCase(
        kind=case_rules.DATA_REQUEST,
        status=row.status,
        visibility="public",
        commune=None,
        received_at=row.received_at,
        closed_on=row.closed_on if row.status in case_rules.REQUEST_CLOSED else None,
        sensitive=False,
        lang=row.lang,
        texts=[
            cases.BroughtText("title", row.title, row.official),
            cases.BroughtText("wanted", row.wanted, row.official),
        ],
        # A proposal on another site is no application to the administration: no delay runs.
        due_on=(
            None
            if row.channel == case_rules.BRIDGE
            else answer_due(row.object, row.received_at.date())
        ),
        channel=row.channel,
    )
