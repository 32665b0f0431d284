# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a message needs: the case's reference and released title, the address, the language."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true

from beffroi.campaigns import queries as campaigns
from beffroi.campaigns.queries import Edition, Step
from beffroi.campaigns.queries import persons as followers
from beffroi.cases import queries as cases
from beffroi.cases.queries import CaseHead, offers, persons, subscribing
from beffroi.cases.rules import TOWN
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.queries import published
from beffroi.data_requests.queries.published import PublishedRequest
from beffroi.kernel import jobs
from beffroi.kernel.db import db
from beffroi.notifications.models import Announcement, Delivery, Digest
from beffroi.notifications.rules import MAIL_JOBS, REFUSED, told_of


@dataclass(frozen=True, slots=True)
class Message:
    """One message to be written: public words and codes only.

    `has_receipt` says that it goes to the author of a request, who may fetch its receipt;
    `may_withdraw` that it goes to an author without an account, who needs a link to withdraw it.
    """

    to: str
    lang: str
    ref: str
    kind: str
    status: str
    step: str
    title: str | None
    answer: str | None
    token: str
    message_id: str
    has_receipt: bool
    remedies: str | None
    may_withdraw: bool
    question: str | None = None
    """The token of a question: whether to stand behind the case that this one repeats."""
    other: str | None = None
    other_title: str | None = None


def message(delivery_id: int) -> Message | None:
    """Return what to write for a delivery that is not sent yet, or None when nothing is owed."""
    row = db.session.get(Delivery, delivery_id)
    if row is None or row.sent_at is not None:
        return None
    head = cases.head_by_id(row.case_id)
    if row.step == "asked_to_join":
        return _question(row, head)
    reader = next((r for r in cases.recipients(row.case_id) if r.party_id == row.party_id), None)
    if head is None or reader is None:
        return None
    first = row.step == "received" and head.party_id == row.party_id
    words = cases.public_words(row.case_id) if head.visibility == "public" else {}
    answers = cases.public_answers(row.case_id) if row.step == "answered" else []
    return Message(
        to=reader.email,
        lang=reader.lang,
        ref=head.ref,
        kind=head.kind,
        status=head.status,
        step=row.step,
        title=words.get("title"),
        answer=answers[0].words if answers and head.visibility == "public" else None,
        token=row.token,
        message_id=row.message_id,
        has_receipt=first and head.kind == "data_request",
        remedies=_remedies(row, head) if head.party_id == row.party_id else None,
        may_withdraw=first and persons.is_without_account(row.party_id),
    )


def _question(row: Delivery, head: CaseHead | None) -> Message | None:
    """Return the message that asks somebody about the case that theirs repeats."""
    asked = next(iter(offers.asked(row.case_id, row.party_id)), None)
    if head is None or asked is None or head.visibility != "public":
        return None
    return Message(
        to=asked.email,
        lang=asked.lang,
        ref=head.ref,
        kind=head.kind,
        status=head.status,
        step=row.step,
        title=cases.public_words(row.case_id).get("title"),
        answer=None,
        token=asked.stop or "",
        message_id=row.message_id,
        has_receipt=False,
        remedies=None,
        may_withdraw=False,
        question=asked.token,
        other=asked.other,
        other_title=cases.public_words(asked.other_id).get("title"),
    )


def _remedies(row: Delivery, head: CaseHead) -> str | None:
    """Return what an author is told of delay and remedies: by receipt, and with a refusal."""
    if head.kind != "data_request":
        return None
    if row.step == "received":
        return clocks.acknowledgement(head.id)
    return clocks.remedies_of_refusal(head.id) if row.step == "answered" else None


Happened = list[tuple[int, str, str | None, bool]]
"""What `rules.told_of` takes: case, step, theme, whether its title is public."""


@dataclass(frozen=True, slots=True)
class DigestMessage:
    """The news of one day for one party: public words and codes only.

    Beside what it is sent for it says how many listed reports were answered, to who follows all of
    the town, and which campaigns of theirs run: neither is worth a message of its own, the latter
    having had one at each phase.
    """

    to: str
    lang: str
    token: str
    message_id: str
    day: date
    themes: tuple[str, ...]
    answered: tuple[PublishedRequest, ...]
    listed: tuple[PublishedRequest, ...]
    reports: int = 0
    campaigns: tuple[Edition, ...] = ()


def digest(digest_id: int) -> DigestMessage | None:
    """Return what to write for a digest that is not sent yet, or None when nothing is owed.

    What was removed or held back since it was owed is not in it; what is no news any more leaves it
    empty, and then nothing is owed either.
    """
    row = db.session.get(Digest, digest_id)
    if row is None or row.sent_at is not None:
        return None
    reader = subscribing.reader(row.party_id)
    themes = subscribing.themes_of(row.party_id)
    if reader is None or not themes:
        return None
    found = subscribing.news(row.after, row.until, since=row.since)
    requests = published.by_ids({one.case_id for one in found})
    told = told_of(_happened(found, requests), themes)
    if not told:
        return None
    return DigestMessage(
        to=reader.email,
        lang=reader.lang,
        token=reader.token,
        message_id=row.message_id,
        day=row.day,
        themes=tuple(themes),
        answered=tuple(requests[one] for one in told.answered),
        listed=tuple(requests[one] for one in told.listed),
        reports=(
            subscribing.answered_reports(row.after, row.until, since=row.since)
            if TOWN in themes
            else 0
        ),
        campaigns=tuple(
            one for one in campaigns.running(row.day) if TOWN in themes or one.theme in themes
        ),
    )


def happened(after: int, until: int, *, since: datetime) -> Happened:
    """Return what happened between two timeline rows to requests that are listed now."""
    found = subscribing.news(after, until, since=since)
    return _happened(found, published.by_ids({one.case_id for one in found}))


def _happened(
    found: Sequence[subscribing.News], requests: Mapping[int, PublishedRequest]
) -> Happened:
    return [
        (n.case_id, n.step, requests[n.case_id].theme, "title" in requests[n.case_id].words)
        for n in found
        if n.case_id in requests
    ]


@dataclass(frozen=True, slots=True)
class CampaignMessage:
    """One announcement of a campaign to be written: the institution's words, days, a link.

    `stop` is the path that stops such messages: of the campaign, or of the theme or the town.
    """

    to: str
    lang: str
    step: Step
    edition: Edition
    stop: str
    message_id: str


def campaign_message(announcement_id: int) -> CampaignMessage | None:
    """Return what to write for an announcement that is not sent yet, or None if none is owed."""
    row = db.session.get(Announcement, announcement_id)
    known = campaigns.step(row.step_id) if row and row.sent_at is None else None
    if row is None or known is None:
        return None
    step, edition = known
    reader = followers.recipient(edition.series_id, row.party_id)
    if reader is not None:
        stop = f"/follow/campaigns/{reader.token}"
        return CampaignMessage(reader.email, reader.lang, step, edition, stop, row.message_id)
    told = subscribing.reader(row.party_id)
    themes = {TOWN, edition.theme}
    if told is None or themes.isdisjoint(subscribing.themes_of(row.party_id)):
        return None
    stop = f"/follow/{told.token}"
    return CampaignMessage(told.email, told.lang, step, edition, stop, row.message_id)


def unsent() -> int:
    """Return how many messages wait to be sent, but those about confidential cases."""
    open_to_all = Delivery.case_id.not_in(cases.confidential())
    return _count(Delivery, Delivery.sent_at.is_(None) & open_to_all) + sum(
        _count(table, table.sent_at.is_(None)) for table in (Digest, Announcement)
    )


def _count(
    table: type[Delivery] | type[Digest] | type[Announcement], condition: ColumnElement[bool]
) -> int:
    statement = select(func.count()).select_from(table).where(condition)
    return int(db.session.scalar(statement) or 0)


@dataclass(frozen=True, slots=True)
class Refusals:
    """What servers refused for good and we keep: messages, their addresses at most, given up ones.

    "At most": whoever is written to once by address and once as a follower counts as two.
    """

    messages: int = 0
    addresses: int = 0
    given_up: int = 0


def refusals() -> Refusals:
    """Return how much mail servers refused for good (5yz), of the jobs that are kept; no address.

    Confidential cases are not counted. A message that a server took and another sent back is none
    of these: what comes back goes to the envelope's sender, and nobody here reads that.
    """
    found = jobs.failed_with(REFUSED, MAIL_JOBS)
    named = {_addressed(name, args) for name, args, _ in found}
    return Refusals(len(found), len(named), sum(dead for _, _, dead in found))


_OWED: Mapping[str, type[Delivery] | type[Digest] | type[Announcement]] = {
    "delivery": Delivery, "digest": Digest, "announcement": Announcement,
}  # fmt: skip


def _addressed(name: str, args: Mapping[str, Any]) -> str:
    """Return a word that is the same for two messages to one person, for counting alone."""
    for key, table in _OWED.items():
        if key in args:
            party = db.session.scalar(select(table.party_id).where(table.id == int(args[key])))
            return f"{key} {args[key]}" if party is None else f"party {party}"
    return str(args.get("to") or args.get("email") or name).lower()


def mail_to(parties: Collection[int]) -> Sequence[Any]:
    """Return (case_id, step, message_id, made_at, sent_at) of each message to some parties."""
    return db.session.execute(
        select(
            Delivery.case_id,
            Delivery.step,
            Delivery.message_id,
            Delivery.made_at,
            Delivery.sent_at,
        )
        .where(Delivery.party_id.in_(parties))
        .order_by(Delivery.id)
    ).all()


def sent_before(moment: datetime, hidden: Select[int] | None = None) -> int:
    """Return how many messages left before a moment; none about the cases that are `hidden`."""
    shown = true() if hidden is None else Delivery.case_id.not_in(hidden)
    return _count(Delivery, (Delivery.sent_at < moment) & shown) + sum(
        _count(table, table.sent_at < moment) for table in (Digest, Announcement)
    )


def digests_to(parties: Collection[int]) -> Sequence[Any]:
    """Return (day, message_id, made_at, sent_at) of each digest of some parties."""
    return db.session.execute(
        select(Digest.day, Digest.message_id, Digest.made_at, Digest.sent_at)
        .where(Digest.party_id.in_(parties))
        .order_by(Digest.id)
    ).all()


def announced_to(parties: Collection[int]) -> Sequence[Any]:
    """Return (step_id, message_id, made_at, sent_at) of each announcement to some parties."""
    return db.session.execute(
        select(
            Announcement.step_id,
            Announcement.message_id,
            Announcement.made_at,
            Announcement.sent_at,
        )
        .where(Announcement.party_id.in_(parties))
        .order_by(Announcement.id)
    ).all()
