# SPDX-License-Identifier: AGPL-3.0-or-later
"""From waiting facts to a signed log: make a record or refuse, append, sign, serve.

The order of effects of one publication, and each crash between two of them:

1. `stage`: in ONE transaction, read waiting facts, make entries and contents, append them with
   their tiles, mark the facts as done. A crash before it commits leaves the facts waiting; a crash
   after it leaves staged entries that no checkpoint covers: the next `sign` covers them.
   `log_fact` is unique in (fact, version), so no version of a fact enters twice.
2. `sign`: the signer proves the extension, remembers it on its own disk, answers.
3. `commit`: the note becomes the served checkpoint, in a transaction of its own. A crash between 2
   and 3 is healed by asking again: the signer gives the same note for the same tree.

Content and salt of what is withdrawn are gone before any of this: `forget` deletes them in the
transaction of the act itself. The entry that says so comes with the next batch.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from sqlalchemy import delete

from beffroi.feed import queries
from beffroi.feed.models import LogBatch, LogContent, LogFact
from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.outbox import queries as outbox
from beffroi.outbox import service as outbox_service
from beffroi_federation import log
from beffroi_federation.anonymise import (
    CampaignFact,
    CyberFact,
    IncidentCell,
    RequestFact,
    campaign_record,
    cyber_incident_record,
    incident_summary_record,
    request_record,
)
from beffroi_federation.entries import (
    BatchEntry,
    Reason,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    encode_entry,
)
from beffroi_federation.errors import RecordRefused
from beffroi_federation.records import PublicRecord
from beffroi_federation.signing import Signer
from beffroi_privacy.commitments import SALT_BYTES, commit

MOST_FACTS = 2000
QUARTER_MONTH = {"Q1": 1, "Q2": 4, "Q3": 7, "Q4": 10}


@dataclass(slots=True)
class Planned:
    """One entry that is about to enter the log, and what belongs to it."""

    fact: str
    version: int
    outbox_id: int
    entry: RecordEntry | SupersedeEntry | WithdrawEntry | ReceivedEntry
    kind: str
    record_id: str | None = None
    salt: bytes | None = None
    content: bytes | None = None


@dataclass(slots=True)
class Batch:
    """What one publication did; `more` says that facts of its kind were left for lack of room."""

    entries: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    waiting: int = 0
    more: bool = False


def _quarter_start(text: str | None) -> date | None:
    if not text:
        return None
    year, quarter = text.split("-")
    return date(int(year), QUARTER_MONTH[quarter], 1)


def request_fact(released: outbox.ReleasedRequest) -> RequestFact:
    """Return what a record may be made of, from the released form of a request."""
    return RequestFact(
        lang=released.lang,
        object=released.object,
        theme=released.theme,
        title=released.title,
        summary=released.summary,
        received=released.received_on,
        status=released.status,
        clock=released.clock,
        supports=released.supports,
        commune=released.commune,
        outcome=released.outcome,
        ground=released.ground,
        answer=released.answer,
        answered=released.answered_on,
        planned=_quarter_start(released.planned),
        published_url=released.published_url,
        campaign=released.campaign,
    )


class _Stager:
    """Turns waiting facts into planned entries; one for each publication."""

    def __init__(self, *, today: date, chance: Chance) -> None:
        self.today = today
        self.chance = chance
        self.planned: list[Planned] = []
        self.withdrawals: list[Planned] = []
        self.refused: list[tuple[str, str]] = []
        self.finished: list[tuple[int, str]] = []
        self.gone: set[int] = set()

    def take(self, facts: Sequence[outbox.Fact]) -> None:
        """Plan an entry for each fact, or note why there is none.

        Withdrawals first, each place once: whatever else waits of a case is about what is left.
        """
        newest = {f.case_id: f.version for f in facts if f.fact == "request"}
        campaigns = {f.codes["campaign"]: f.id for f in facts if f.fact == "campaign"}
        for fact in sorted(facts, key=lambda f: f.fact != "withdraw"):
            if fact.fact == "received":
                self._received(fact)
            elif fact.fact == "request" and newest[fact.case_id] != fact.version:
                self.finished.append((fact.id, "superseded before it was published"))
            elif fact.fact == "request":
                self._request(fact)
            elif fact.fact == "withdraw":
                for kind in ("request", "cyber"):
                    self._withdraw(fact, f"{kind}:{fact.case_id}", Reason(fact.codes["reason"]))
                self.finished.append((fact.id, "withdrawn"))
            elif fact.fact == "cell":
                self._cell(fact)
            elif fact.fact == "cyber":
                self._cyber(fact)
            elif fact.fact == "campaign" and campaigns[fact.codes["campaign"]] != fact.id:
                self.finished.append((fact.id, "superseded before it was published"))
            elif fact.fact == "campaign":
                self._campaign(fact)
            else:
                self.finished.append((fact.id, "unknown fact"))

    def _salted(self, record: PublicRecord) -> tuple[bytes, bytes]:
        salt = self.chance(SALT_BYTES)
        return salt, commit(salt, record.content)

    def _received(self, fact: outbox.Fact) -> None:
        commitment = base64.urlsafe_b64decode(fact.codes["commitment"] + "=")
        self.planned.append(
            Planned(f"received:{fact.case_id}", 1, fact.id, ReceivedEntry(commitment), "rcv")
        )

    def _request(self, fact: outbox.Fact) -> None:
        assert fact.case_id is not None  # noqa: S101  the outbox's own rows
        key = f"request:{fact.case_id}"
        released = outbox.released_request(fact.case_id, today=self.today)
        if released is None:
            self._withdraw(fact, key, Reason.ERROR)
            self.finished.append((fact.id, "nothing is released"))
            return
        live = self._live(key)
        record_id = live[-1].record_id if live else None
        record_id = record_id or self.chance(16).hex()
        try:
            record = request_record(request_fact(released), record_id=record_id)
        except RecordRefused as refusal:
            self.refused.append((key, str(refusal)))
            self.finished.append((fact.id, f"refused: {refusal}"))
            return
        received = queries.places(f"received:{fact.case_id}")
        self._version(fact, key, fact.version, record, record_id, live,
                      received[0].position if received else None)  # fmt: skip

    def _version(
        self,
        fact: outbox.Fact,
        key: str,
        version: int,
        record: PublicRecord,
        record_id: str,
        live: Sequence[queries.Placed],
        received: int | None = None,
    ) -> None:
        """Plan a record's first version, or one in the place of the version before."""
        salt, commitment = self._salted(record)
        entry: RecordEntry | SupersedeEntry = RecordEntry(commitment, received)
        if live:
            entry = SupersedeEntry(commitment, live[-1].position)
        kind = "sup" if live else "rec"
        self.planned.append(
            Planned(key, version, fact.id, entry, kind, record_id, salt, record.content)
        )

    def _campaign(self, fact: outbox.Fact) -> None:
        told = outbox.told_of_campaign(int(fact.codes["campaign"]))
        if told is None:
            self.finished.append((fact.id, "nothing is told of it"))
            return
        key, town = f"campaign:{told.campaign_id}", str(fact.codes["town"])
        note = f"{town}/campaigns/{told.slug}/note" if told.has_note else None
        try:
            record = campaign_record(
                CampaignFact(
                    opened=told.opened,
                    phase=told.phase,
                    requests=told.requests,
                    published=told.published,
                    note_url=note if town.startswith("https://") else None,
                ),
                record_id=told.record_id,
            )
        except RecordRefused as refusal:
            self.refused.append((key, str(refusal)))
            self.finished.append((fact.id, f"refused: {refusal}"))
            return
        self._version(fact, key, told.version, record, told.record_id, self._live(key))

    def _cyber(self, fact: outbox.Fact) -> None:
        assert fact.case_id is not None  # noqa: S101  the outbox's own rows
        key, told = f"cyber:{fact.case_id}", outbox.released_cyber(fact.case_id)
        if told is None or queries.places(key):
            why = "nothing is released" if told is None else "published once already"
            self.finished.append((fact.id, why))
            return
        try:
            record = cyber_incident_record(
                CyberFact(told.incident_class, told.surface, told.impact, told.began, told.ended),
                record_id=told.record_id,
            )
        except RecordRefused as refusal:
            self.refused.append((key, str(refusal)))
            self.finished.append((fact.id, f"refused: {refusal}"))
            return
        self._version(fact, key, fact.version, record, told.record_id, ())

    def _live(self, key: str) -> list[queries.Placed]:
        return [p for p in queries.live_places(key) if p.position not in self.gone]

    def _withdraw(self, fact: outbox.Fact, key: str, reason: Reason) -> None:
        for place in self._live(key):
            self.gone.add(place.position)
            version = queries.withdrawal_version(place.position)
            entry = WithdrawEntry(place.position, reason)
            self.withdrawals.append(Planned(key, version, fact.id, entry, "wdr"))

    def _cell(self, fact: outbox.Fact) -> None:
        codes = fact.codes
        key = f"cell:{codes['family']}:{codes['category']}:{codes['area']}:{codes['period']}"
        if queries.places(key):
            self.finished.append((fact.id, "published once already"))
            return
        try:
            record = incident_summary_record(IncidentCell(**codes))
        except RecordRefused as refusal:
            self.refused.append((key, str(refusal)))
            self.finished.append((fact.id, f"refused: {refusal}"))
            return
        salt, commitment = self._salted(record)
        self.planned.append(
            Planned(key, 1, fact.id, RecordEntry(commitment), "rec", None, salt, record.content)
        )


def _ordered(planned: list[Planned], shuffle: Random) -> list[Planned]:
    """Return the entries of a batch in an order that tells nothing of their arrival.

    Receptions come first, since a record names the index of its own.
    """
    received = [p for p in planned if p.kind == "rcv"]
    rest = [p for p in planned if p.kind != "rcv"]
    shuffle.shuffle(received)
    shuffle.shuffle(rest)
    return received + rest


def _link_receptions(ordered: list[Planned], first: int) -> None:
    """Give records of this very batch the index of the reception they answer."""
    at = {
        p.fact.removeprefix("received:"): first + n
        for n, p in enumerate(ordered)
        if p.kind == "rcv"
    }
    for planned in ordered:
        case = planned.fact.removeprefix("request:")
        if isinstance(planned.entry, RecordEntry) and planned.fact.startswith("request:"):
            if planned.entry.received is None and case in at:
                planned.entry = RecordEntry(planned.entry.commitment, at[case])


def stage(
    *,
    now: datetime,
    today: date,
    chance: Chance,
    period: str,
    slot: bool = False,
    goes_on: bool = False,
    only: str = "",
    most: int = MOST_FACTS,
) -> Batch:
    """Append what waits, in the caller's transaction; return what was done.

    `period` names the batch in its marker (an ISO week, or a day for a batch of withdrawals);
    `only` takes facts of one kind. An empty outbox still writes the marker: silence is a sign of
    life too. With `slot` the calendar asks for the batch: once a period, so that nothing is done
    where another worker was quicker. With `goes_on` the batch that began before gets what it had no
    room for, and no marker.
    """
    SqlLogStore().take_turn()
    if slot and queries.has_slot(period):
        return Batch()
    facts = outbox.waiting(most, only=only)
    stager = _Stager(today=today, chance=chance)
    stager.take(facts)
    store = SqlLogStore()
    first = store.head().size
    ordered = _ordered(stager.planned, Random(int.from_bytes(chance(32), "big")))  # noqa: S311  seeded by chance
    ordered += stager.withdrawals
    markers = [] if goes_on else [encode_entry(BatchEntry(period))]
    _link_receptions(ordered, first + len(markers))
    leaves = [*markers, *(encode_entry(p.entry) for p in ordered)]
    log.append(store, leaves)
    if markers:
        named = period if slot else None
        marker = LogBatch(log_id=store.log_id, position=first, period=period, slot=named)
        db.session.add(marker)
    results = dict(stager.finished)
    for place, planned in enumerate(ordered, first + len(markers)):
        keep(store.log_id, place, planned)
        results[planned.outbox_id] = f"{planned.kind} {place}"
    outbox_service.done(results, now=now)
    return Batch(len(leaves), stager.refused, outbox.waiting_count(), len(facts) >= most)


def keep(log_id: int, place: int, planned: Planned) -> None:
    """Write down which fact stands at a place of a log, and its content."""
    db.session.add(
        LogFact(
            log_id=log_id,
            position=place,
            fact=planned.fact,
            version=planned.version,
            record_id=planned.record_id,
            entry=planned.kind,
        )
    )
    if isinstance(planned.entry, WithdrawEntry):
        db.session.execute(
            delete(LogContent).where(
                LogContent.log_id == log_id, LogContent.position == planned.entry.index
            )
        )
    elif planned.salt is not None and planned.content is not None:
        db.session.add(
            LogContent(log_id=log_id, position=place, salt=planned.salt, content=planned.content)
        )


def forget(case_id: int) -> int:
    """Delete every content of a case with its salt, of every epoch; return how many.

    In the caller's transaction. Waits for a publication that is running, which might else bring one
    in after this.
    """
    SqlLogStore().take_turn()
    gone = 0
    places = [*queries.everywhere(f"request:{case_id}"), *queries.everywhere(f"cyber:{case_id}")]
    for log_id, position in places:
        done = db.session.execute(
            delete(LogContent).where(LogContent.log_id == log_id, LogContent.position == position)
        )
        gone += int(getattr(done, "rowcount", 0))
    return gone


def sign(signer: Signer) -> str:
    """Have what is staged signed and make it the served checkpoint, in the caller's transaction."""
    SqlLogStore().take_turn()
    return log.publish(SqlLogStore(), signer)
