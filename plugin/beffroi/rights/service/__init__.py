# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person has done to what is kept of them: withdraw, erase, keep apart. None commits.

The order inside one transaction: what must be kept apart is copied first; then nobody follows any
more, so that no message about the erasure is owed to an address that goes; then everything that
was written is destroyed and what left the town is withdrawn; the party is emptied, the account
deleted. A crash leaves all of it or nothing.
"""

import base64
import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, update

from beffroi.accounts import queries as account_queries
from beffroi.accounts import service as accounts
from beffroi.campaigns.queries import persons as campaign_queries
from beffroi.campaigns.service import following as campaigns
from beffroi.campaigns.service import survey
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.queries import CaseHead, persons, subscribing
from beffroi.cases.rules import BY_ANYBODY, DATA_REQUEST
from beffroi.cases.service import offering
from beffroi.cases.service import persons as own
from beffroi.cases.service.subscribing import forget_pending
from beffroi.data_requests import queries as data_requests
from beffroi.data_requests import service as request_service
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.service import drafts
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, NotFound
from beffroi.notifications import service as notifications
from beffroi.rights import queries, rules
from beffroi.rights.models import ExportAccess, KeptApart, PersonalArchive
from beffroi.rights.queries import Person
from beffroi.street.service import configuring
from beffroi_web.sign_in.store import SignInStore
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long what must not be erased yet is kept apart; from the settings."""

    appeal_months: int
    archive_months: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of one case: withdrawn, and kept apart or not; `title` is its author's."""

    head: CaseHead
    title: str
    shown: bool
    keeping: rules.Keeping | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Exactly what an erasure of an account does."""

    cases: tuple[Planned, ...]
    comments: tuple[persons.OwnText, ...]
    supports: int
    follows: int
    ballots: int

    @property
    def kept(self) -> tuple[Planned, ...]:
        """Return the cases of which something is kept apart."""
        return tuple(one for one in self.cases if one.keeping is not None)


def keeping_of(head: CaseHead, terms: Terms, today: date) -> rules.Keeping | None:
    """Return why and until when a case is kept apart if it is erased today."""
    if head.visibility == "removed" and not persons.texts_of_case(head.id):
        return None
    by_law = head.due_on if head.kind == DATA_REQUEST else None  # a report's is a mere target
    standing = rules.Standing(head.status, head.open, by_law, head.closed_on, head.received_on)
    return rules.kept_apart(
        standing,
        today=today,
        appeal_months=terms.appeal_months,
        archive_months=terms.archive_months,
    )


def planned(head: CaseHead, terms: Terms, today: date) -> Planned:
    """Return what a withdrawal of a case does."""
    shown = head.visibility == "public" and bool(cases.public_words(head.id))
    words = {text.role: text.original for text in persons.texts_of_case(head.id)}
    title = words.get("title") or words.get("description") or ""
    return Planned(head, title, shown, keeping_of(head, terms, today))


def plan(whose: Person, terms: Terms, today: date) -> Plan:
    """Return what the erasure of an account does; a read."""
    heads = persons.cases_by(whose.party_ids)
    mine = {head.id for head in heads}
    return Plan(
        cases=tuple(planned(head, terms, today) for head in heads),
        comments=tuple(
            t
            for t in persons.texts_by(whose.party_ids)
            if t.role in BY_ANYBODY and t.case_id not in mine
        ),
        supports=len(persons.supports_of(whose.party_ids)),
        follows=sum(1 for f in _follows(whose) if f.ended_at is None),
        ballots=survey.ballots(whose.party_ids),
    )


def _follows(whose: Person) -> list[Any]:
    """Return all that a person follows or followed: cases, themes, the town, campaigns."""
    ids = whose.party_ids
    return [
        *persons.follows_of(ids),
        *subscribing.subscriptions_of(ids),
        *campaign_queries.follows_of(ids),
    ]


def keep_apart(
    head: CaseHead, keeping: rules.Keeping, account_id: int | None, *, now: datetime
) -> None:
    """Copy what a law requires of a case into the table that nobody reads."""
    db.session.add(
        KeptApart(
            ref=head.ref,
            reason=keeping.reason,
            ends_on=keeping.ends_on,
            account_id=account_id,
            content=_content(head),
            made_at=now,
        )
    )
    db.session.flush()


def _content(head: CaseHead) -> dict[str, Any]:
    party = persons.party(head.party_id) if head.party_id is not None else None
    texts = persons.texts_of_case(head.id)
    receipt = data_requests.receipt(head.id)
    return {
        "ref": head.ref,
        "kind": head.kind,
        "status": head.status,
        "received_on": head.received_on.isoformat(),
        "due_on": head.due_on.isoformat() if head.due_on else None,
        "closed_on": head.closed_on.isoformat() if head.closed_on else None,
        "party": _plain(party) if party else None,
        "texts": [
            {"role": t.role, "original": t.original, "public": t.public, "voice": t.voice}
            for t in texts
        ],
        "clock": [
            {
                "code": one.code,
                "on": one.on.isoformat(),
                "remedies": one.remedies,
                "number": one.number,
                "meaning": one.meaning,
            }
            for one in clocks.happened(head.id)
        ],
        "receipt": [base64.b64encode(part).decode() for part in receipt] if receipt else None,
    }


def _plain(party: persons.PartyCard) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(party).items()
        if name != "id"
    }


def withdraw(
    ref: str, account_id: int | None, terms: Terms, *, today: date, now: datetime
) -> rules.Keeping | None:
    """Withdraw a case for its author; return why and until when something is kept apart."""
    case = case_service.the_case(ref)  # locked from here on
    head = cases.head_by_id(case.id)
    assert head is not None  # noqa: S101  it was found a line before
    keeping = keeping_of(head, terms, today)
    if keeping is not None:
        keep_apart(head, keeping, account_id, now=now)
    own.withdraw_case(case, now=now)
    return keeping


def withdraw_comment(whose: Person, text_id: int, *, now: datetime) -> None:
    """Withdraw one comment of a person's."""
    mine = next((t for t in persons.texts_by(whose.party_ids) if t.id == text_id), None)
    if mine is None or mine.role not in BY_ANYBODY:
        raise NotFound(N_("You have written no such comment."))
    case = case_service.the_case(mine.ref)
    own.withdraw_comment(case, case_service.the_text(case, text_id), now=now)


def erase_account(
    whose: Person, store: SignInStore, terms: Terms, *, today: date, now: datetime
) -> tuple[queries.Kept, ...]:
    """Erase a person: what they brought, who they are, and the account; return what is kept apart.

    Conflict for whoever holds a role: first an administrator takes it away.
    """
    if account_queries.has_role(whose.account_id):
        raise Conflict(N_("Your account acts for the institution. Have the role taken away first."))
    ids = whose.party_ids
    own.stop_following(ids)
    campaigns.forget(ids)
    offering.forget_offers(ids)
    notifications.forget_deliveries(ids)
    kept = []
    for head in persons.cases_by(ids):
        keeping = withdraw(head.ref, None, terms, today=today, now=now)
        if keeping:
            kept.append(queries.Kept(head.ref, keeping.reason, keeping.ends_on, now))
    for text in persons.texts_by(ids):
        if text.role in BY_ANYBODY:
            case = case_service.the_case(text.ref)
            own.withdraw_comment(case, case_service.the_text(case, text.id), now=now)
    own.take_back_supports(ids)
    kept += queries.kept_for(whose.account_id)
    _forget_person(whose, store)
    return tuple(kept)


def expire_account(whose: Person, store: SignInStore, *, now: datetime) -> None:
    """Let an account end that nobody used: who it was is erased; what was published stays."""
    own.stop_following(whose.party_ids)
    campaigns.forget(whose.party_ids)
    offering.forget_offers(whose.party_ids)
    notifications.forget_deliveries(whose.party_ids)
    _forget_person(whose, store)


def _forget_person(whose: Person, store: SignInStore) -> None:
    """Empty the parties and delete the account; rows that led to it lead to nobody."""
    if whose.email:
        request_service.forget_pending(whose.email)
        forget_pending(whose.email)
    own.forget_parties_of(whose.party_ids)
    own.forget_acts(whose.account_id)
    drafts.forget_acts(whose.account_id)
    configuring.forget_filters(whose.account_id)
    for table in (KeptApart, ExportAccess):
        db.session.execute(
            update(table)
            .where(table.account_id == whose.account_id)
            .values(account_id=None)
            .execution_options(synchronize_session=False)
        )
    db.session.execute(
        delete(PersonalArchive).where(PersonalArchive.account_id == whose.account_id)
    )
    accounts.forget(whose.account_id, store)


def token_hash(token: str) -> str:
    """Return what is kept of the token in a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def ask_archive(
    account_id: int, lang: str, *, days: int, now: datetime, chance: Chance
) -> tuple[int, str]:
    """Keep that somebody wants the file with everything; return its id and the link's token."""
    token = chance(24).hex()
    row = PersonalArchive(
        account_id=account_id,
        token_hash=token_hash(token),
        lang=lang,
        asked_at=now,
        ends_at=now + timedelta(days=days),
    )
    db.session.add(row)
    db.session.flush()
    return row.id, token


def archive_is_there(archive_id: int, stored_name: str, size: int) -> None:
    """Note under which name the file lies; it was written before."""
    db.session.execute(
        update(PersonalArchive)
        .where(PersonalArchive.id == archive_id)
        .values(stored_name=stored_name, size=size)
    )


def drop_archive(archive_id: int) -> None:
    """Forget a file; its bytes go next."""
    db.session.execute(delete(PersonalArchive).where(PersonalArchive.id == archive_id))


def log_access(account_id: int, size: int, *, now: datetime) -> None:
    """Note that somebody took everything about themselves out."""
    db.session.add(ExportAccess(account_id=account_id, kind="personal_archive", size=size, at=now))
    db.session.flush()
