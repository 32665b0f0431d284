# SPDX-License-Identifier: AGPL-3.0-or-later
"""Owing word of a step or of a day to whoever follows, as rows and jobs of the same transaction."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, delete, select, update

from beffroi.campaigns.queries import persons as campaigns
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.queries import offers
from beffroi.cases.queries import subscribing as subscribing_queries
from beffroi.cases.queries.subscribing import Reader
from beffroi.cases.service import subscribing
from beffroi.kernel import jobs
from beffroi.kernel.db import db
from beffroi.notifications.models import Announcement, Delivery, Digest
from beffroi.notifications.rules import MAIL_JOBS

JOBS = MAIL_JOBS
"""The jobs that send mail."""
SEND_STEP, SEND_DIGEST, SEND_ANNOUNCEMENT, SEND_CONFIRMATION, SEND_LETTER = JOBS
MESSAGE_LEAVES = timedelta(days=7)
"""How long word of an erasure is given to leave before the address goes all the same."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message about an account: its `name` in `rules.LETTERS`, and what its sentences need.

    `key` names it for good, so that a second attempt carries the same message id; `path` is the
    page it leads to; `more` are lines that are in the reader's language already.
    """

    name: str
    to: str
    lang: str
    key: str
    path: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    more: Sequence[str] = ()


def owe_step(case_id: int, timeline_id: int, step: str, *, public_url: str, now: datetime) -> int:
    """Write one delivery and one job for each follower of a case; return how many.

    The message id is made of the step and the recipient, so a second attempt carries the same one
    and a mailbox can drop the copy. It is a hash: counted numbers would tell who follows one case
    how much happens in those that nobody sees.
    """
    found = [(one.party_id, one.token) for one in cases.recipients(case_id)]
    return _owe(case_id, timeline_id, step, found, public_url=public_url, now=now)


def owe_questions(case_id: int, timeline_id: int, *, public_url: str, now: datetime) -> int:
    """Owe the question about the case that one repeats to each who stands behind it; say how many.

    One delivery a person, as for a step: the token that names it is the question's.
    """
    found = [(one.party_id, one.token) for one in offers.asked(case_id)]
    return _owe(case_id, timeline_id, "asked_to_join", found, public_url=public_url, now=now)


def _owe(
    case_id: int,
    timeline_id: int,
    step: str,
    recipients: Sequence[tuple[int, str]],
    *,
    public_url: str,
    now: datetime,
) -> int:
    host = urlsplit(public_url).hostname or "beffroi.invalid"
    job = SEND_STEP + (jobs.QUIET if cases.is_confidential(case_id) else "")
    for party_id, token in recipients:
        row = Delivery(
            case_id=case_id,
            timeline_id=timeline_id,
            party_id=party_id,
            step=step,
            token=token,
            message_id=f"<step-{_name(timeline_id, token)}@{host}>",
            made_at=now,
        )
        db.session.add(row)
        db.session.flush()
        jobs.enqueue(job, {"delivery": row.id}, run_at=now)
    return len(recipients)


def owe_announcement(
    step_id: int, series_id: int, theme: str | None, *, public_url: str, now: datetime
) -> int:
    """Write one announcement and one job for each person who is told; return how many.

    Those are the followers of a series, of its theme, and of all of the town, each address once.
    """
    host = urlsplit(public_url).hostname or "beffroi.invalid"
    subscribers = subscribing_queries.subscribers({theme} if theme else ())
    found = {one.email.lower(): (one.party_id, one.token) for one in subscribers}
    followers = campaigns.recipients(series_id)
    found |= {one.email.lower(): (one.party_id, one.token) for one in followers}
    for party_id, token in sorted(found.values()):
        name = _name(f"campaign {step_id}", token)
        row = Announcement(
            step_id=step_id,
            party_id=party_id,
            token=token,
            message_id=f"<campaign-{name}@{host}>",
            made_at=now,
        )
        db.session.add(row)
        db.session.flush()
        jobs.enqueue(SEND_ANNOUNCEMENT, {"announcement": row.id}, run_at=now)
    return len(found)


def _name(step: int | str, token: str) -> str:
    return hashlib.sha256(f"{step}|{token}".encode()).hexdigest()[:32]


def announced(announcement_id: int, *, now: datetime) -> None:
    """Note that an announcement was accepted by the mail server."""
    mine = Announcement.id == announcement_id
    db.session.execute(update(Announcement).where(mine).values(sent_at=now))


def announced_no_more(announcement_id: int) -> None:
    """Forget an announcement to somebody who stopped following before it left."""
    mine = (Announcement.id == announcement_id, Announcement.sent_at.is_(None))
    db.session.execute(delete(Announcement).where(*mine))


def sent(delivery_id: int, *, now: datetime) -> None:
    """Note that a delivery was accepted by the mail server."""
    db.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(sent_at=now))


def owed_no_more(delivery_id: int) -> None:
    """Forget a delivery to somebody who stopped following before it left; a sent one is kept."""
    db.session.execute(
        delete(Delivery).where(Delivery.id == delivery_id, Delivery.sent_at.is_(None))
    )


@dataclass(frozen=True, slots=True)
class Day:
    """A day in the town on which digests are owed, and up to which timeline row they tell."""

    today: date
    until: int
    public_url: str
    now: datetime


def owe_digest(reader: Reader, since: datetime, day: Day, *, has_news: bool) -> bool:
    """Take the day's digest of a reader; write its row and job if there is anything to tell.

    Say whether it is owed. Another worker that comes at the same moment takes nothing.
    """
    taken = subscribing.tell(reader.party_id, told_to=day.until, today=day.today, now=day.now)
    if not (taken and has_news):
        return False
    host = urlsplit(day.public_url).hostname or "beffroi.invalid"
    name = hashlib.sha256(f"{day.today.isoformat()}|{reader.token}".encode()).hexdigest()[:32]
    row = Digest(
        party_id=reader.party_id,
        day=day.today,
        after=reader.told_to,
        until=day.until,
        since=since,
        message_id=f"<digest-{name}@{host}>",
        made_at=day.now,
    )
    db.session.add(row)
    db.session.flush()
    jobs.enqueue(SEND_DIGEST, {"digest": row.id}, run_at=day.now)
    return True


def digest_sent(digest_id: int, *, now: datetime) -> None:
    """Note that a digest was accepted by the mail server."""
    db.session.execute(update(Digest).where(Digest.id == digest_id).values(sent_at=now))


def digest_owed_no_more(digest_id: int) -> None:
    """Forget a digest of somebody who follows nothing any more, or that has become empty."""
    db.session.execute(delete(Digest).where(Digest.id == digest_id, Digest.sent_at.is_(None)))


def forget_deliveries(parties: Collection[int]) -> int:
    """Delete every message that was or is owed to some parties; return how many."""
    return sum(
        _gone(table, table.party_id.in_(parties)) for table in (Delivery, Digest, Announcement)
    )


def forget_sent(before: datetime) -> int:
    """Delete what is kept of messages that left before a moment; return how many."""
    return sum(_gone(table, table.sent_at < before) for table in (Delivery, Digest, Announcement))


def _gone(
    table: type[Delivery] | type[Digest] | type[Announcement], condition: ColumnElement[bool]
) -> int:
    done = db.session.execute(
        delete(table).where(condition).execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def owe_letter(letter: Letter, *, now: datetime, quiet: bool = False) -> None:
    """Write the job of a message about somebody's account; emptied once it has left.

    `quiet`: it is about a confidential case, so that no page counts it.
    """
    jobs.enqueue(SEND_LETTER + (jobs.QUIET if quiet else ""), asdict(letter), run_at=now)


def forget_the_gone(now: datetime) -> None:
    """Forget who followed an erased case once everybody was told, and whom nothing leads to."""
    owed = select(Delivery.case_id).where(
        Delivery.sent_at.is_(None), Delivery.made_at >= now - MESSAGE_LEAVES
    )
    case_service.forget_followers(owed)
    db.session.execute(
        delete(Delivery)
        .where(Delivery.case_id.in_(cases.erased()), Delivery.case_id.not_in(owed))
        .execution_options(synchronize_session=False)
    )
    case_service.forget_parties(
        select(Delivery.party_id).union_all(
            select(Digest.party_id), select(Announcement.party_id), *campaigns.tied()
        )
    )
