# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people do to what they brought: correct it, withdraw it, leave altogether. None commits.

`withdraw_*` destroys what was written; what had left the town is withdrawn, as for every removal.
`forget_parties_of` empties the rows that say who somebody is; cases of theirs stay countable.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import delete, func, select, update

from beffroi.cases import rules, service
from beffroi.cases.models import (
    ERASED,
    Case,
    CaseText,
    Follower,
    InternalNote,
    Party,
    Support,
    TimelineRow,
)
from beffroi.cases.service import erasing, reading, subscribing
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid
from beffroi_web.words import N_

AUTHOR = Actor()
"""Who wrote it, without a name: the link to the account goes with what was written."""


def withdraw_case(case: Case, *, now: datetime) -> None:
    """Take a whole case off for its author, and destroy what was written in it."""
    if erasing.is_erased(case):
        raise Conflict(N_("This case is removed already."))
    codes = {"code": "erasure", "by": "author"}
    service.take_off(case, codes, erases=True, actor=AUTHOR, now=now)


def withdraw_comment(case: Case, row: CaseText, *, now: datetime) -> None:
    """Destroy a comment or a reuse for its author; the page says that a comment was withdrawn."""
    if row.role not in rules.BY_ANYBODY:
        raise Conflict(N_("This text goes with its case: withdraw the case."))
    shown = row.state == "released"
    role = row.role
    row.original, row.public, row.state, row.party_id = "", None, "held", None
    own = (TimelineRow.case_id == case.id, TimelineRow.text_id == row.id)
    db.session.execute(
        update(TimelineRow)
        .where(*own, TimelineRow.voice == "citizen")
        .values(account_id=None)
        .execution_options(synchronize_session="fetch")
    )
    service.step(case, "withdrawn", actor=AUTHOR, now=now, codes={"role": role})
    if shown:
        service.public_changed(case, now=now)


def reopen(
    case: Case, words: str, *, party_id: int, actor: Actor, now: datetime, today: date
) -> None:
    """Have a closed request looked at again, for its author; why is a comment that is read first.

    It is open then until the next answer, so each answer can be questioned once.
    """
    if case.visibility == "removed":
        raise Conflict(N_("This case is removed already."))
    if not words.strip():
        raise Invalid(N_("This step needs a reason."), errors={"reason": [N_("Missing.")]})
    before = case.status
    service.move(case, "under_review", by="author", actor=actor, now=now, today=today, reason=words)
    codes = {"from": before, "to": case.status, "by": "author"}
    service.step(case, "reopened", actor=actor, now=now, codes=codes)
    aids = reading.aids_for(party_id)
    text = service.add_text(
        case, "comment", words, party_id=party_id, voice=actor.voice, now=now, aids=aids
    )
    service.step(case, "commented", actor=actor, now=now, text_id=text.id)
    service.public_changed(case, now=now)


def may_correct(state: str, version: int) -> bool:
    """Say whether its author may still correct a text: nobody has released or held it yet."""
    return state == "pending" and version == 0


def correct_texts(
    case: Case, words: Mapping[int, str], *, parties: Collection[int], actor: Actor, now: datetime
) -> list[str]:
    """Put other words in the place of texts that were not released yet; return the roles changed.

    `words` go by the ids of the texts. What the receipt commits to stays what was received.
    """
    changed: list[str] = []
    for text_id, said in words.items():
        row = service.the_text(case, text_id)
        if row.party_id not in parties or not may_correct(row.state, row.version):
            raise Conflict(N_("This text has been read by an agent: it can no longer be changed."))
        cleaned = rules.checked_text(row.role, said)
        if not cleaned:
            raise Invalid(
                N_("A text cannot be emptied: withdraw the case instead."),
                errors={f"text-{text_id}": [N_("This is needed.")]},
            )
        if cleaned != row.original:
            row.original = cleaned
            changed.append(row.role)
    if changed:
        service.step(
            case, "corrected", actor=actor, now=now, codes={"roles": changed}, public=False
        )
    return changed


def correct_party(account_id: int, *, name: str | None = None, email: str | None = None) -> None:
    """Write a corrected name or address of an account into its party."""
    values = {key: said for key, said in (("name", name), ("email", email)) if said}
    if values:
        db.session.execute(update(Party).where(Party.account_id == account_id).values(**values))


def take_back_supports(parties: Collection[int]) -> int:
    """Delete the supports of some parties, and count them no more; return how many."""
    given = select(Support.case_id, func.count().label("times")).where(
        Support.party_id.in_(parties)
    )
    counts = db.session.execute(given.group_by(Support.case_id)).all()
    for row in counts:
        db.session.execute(
            update(Case)
            .where(Case.id == row.case_id)
            .values(supports=Case.supports - row.times)
            .execution_options(synchronize_session="fetch")
        )
    db.session.execute(delete(Support).where(Support.party_id.in_(parties)))
    return sum(row.times for row in counts)


def stop_following(parties: Collection[int]) -> int:
    """Delete every following of some parties, of cases, themes and the town; return how many."""
    gone = db.session.execute(delete(Follower).where(Follower.party_id.in_(parties)))
    subscriptions = subscribing.forget_subscriptions(parties)
    return int(getattr(gone, "rowcount", 0)) + subscriptions


def forget_parties_of(parties: Collection[int]) -> None:
    """Empty the rows of some parties: what points to them points to nobody any more."""
    db.session.execute(
        update(Party)
        .where(Party.id.in_(parties))
        .values(kind=ERASED, account_id=None, email=None, name=None, postal=None, organisation=None)
        .execution_options(synchronize_session="fetch")
    )


def forget_acts(account_id: int) -> None:
    """Take an account's name from everything that it did; what was done stays."""
    for table, column in (
        (TimelineRow, "account_id"),
        (InternalNote, "account_id"),
        (Case, "assigned_to"),
        (CaseText, "released_by"),
    ):
        db.session.execute(
            update(table)
            .where(getattr(table, column) == account_id)
            .values({column: None})
            .execution_options(synchronize_session="fetch")
        )
