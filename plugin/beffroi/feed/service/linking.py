# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which fact of the restored database an entry of the recovered log is about.

The log says nothing of cases, so this is put together from what both have:

- `rcv` by its commitment, which the waiting fact `received` holds;
- `rec` by the reception it names (`q`); without one, by what its content says: a cell of counts by
  its four codes, an imported request by its words, a campaign or a cyber case by its random id;
- `sup` by the version before it, `wdr` by the place it withdraws.

What cannot be linked is of a case that the restored database does not have; or it is a record
without a reception whose content went before it could be read again (`nameless`).
"""

import base64
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert

from beffroi.feed import queries
from beffroi.feed.models import LogBatch, LogFact
from beffroi.feed.service.staging import request_fact
from beffroi.kernel.db import db
from beffroi.outbox import queries as outbox
from beffroi_federation import canonical
from beffroi_federation.anonymise import request_record
from beffroi_federation.entries import (
    BatchEntry,
    Content,
    Entry,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
)
from beffroi_federation.errors import ProtocolError

RECOVERED = -(2**30)
"""Versions of recovered records count down from here: what number they had is not known, and none
that is given from now on may meet them."""
OF_A_CASE = ("request", "cyber")
"""The kinds of facts that are the record of one case."""
SAID = ("lang", "object", "title", "summary", "period")
"""What tells one imported request from another."""
LIKE = ("lang", "object", "period")
CURRENT = ("title", "summary", "theme", "status", "outcome", "ground", "answer", "published_url")
"""What shows that a record is of a newer state of its case than the database."""

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """Which fact a place of the log is about."""

    fact: str
    record_id: str | None = None


@dataclass(slots=True)
class Linked:
    """What linking found: how facts that waited ended, and what concerns whom.

    `named` are the cases of recovered records; `nameless` says that there are withdrawn ones of
    which nothing tells whose they were.
    """

    results: dict[int, str] = field(default_factory=dict)
    withdrawn: dict[int, str] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    newer: set[int] = field(default_factory=set)
    named: set[int] = field(default_factory=set)
    nameless: bool = False


class Linker:
    """Takes the recovered entries in their order, then says what was found (`finish`)."""

    def __init__(self, log_id: int, *, since: datetime, today: date) -> None:
        self.log_id = log_id
        self.since = since
        self.today = today
        self.found = Linked()
        self._links: dict[int, Link] = {}
        self._rows: list[dict[str, Any]] = []
        self._newest: dict[int, Members | None] = {}
        self._unclaimed: list[Members] = []
        self._withdrawn: set[int] = set()
        self._received = {
            str(fact.codes["commitment"]): fact
            for fact in outbox.waiting_since_before(since, "received")
        }
        self._cells = {
            cell_key(fact.codes): fact.id for fact in outbox.waiting_since_before(since, "cell")
        }
        self._requests: dict[int, list[int]] = defaultdict(list)
        for fact in outbox.waiting_since_before(since, "request"):
            if fact.case_id is not None:
                self._requests[fact.case_id].append(fact.id)
        self._imported: dict[tuple[Any, ...], list[int]] | None = None

    def take(self, index: int, entry: Entry, content: Content | None) -> None:
        """Link one entry, whose verified content is given if it still has one."""
        match entry:
            case BatchEntry(period):
                slot = None if queries.has_slot(period, self.log_id) else period
                row = {"log_id": self.log_id, "position": index, "period": period, "slot": slot}
                db.session.execute(insert(LogBatch), [row])
            case ReceivedEntry(commitment):
                self._reception(index, commitment)
            case RecordEntry(_, received):
                self._record(index, received, content)
            case SupersedeEntry(_, replaces):
                self._version(index, "sup", self.link_of(replaces), content)
            case WithdrawEntry(target, reason):
                self._withdrawal(index, target, reason.value)

    def link_of(self, index: int) -> Link | None:
        """Return which fact a place is about, recovered or known before."""
        if index not in self._links:
            known = queries.fact_at(index, self.log_id)
            if known is None:
                return None
            self._links[index] = Link(known.fact, known.record_id)
        return self._links[index]

    def withdraw(self, index: int, reason: str) -> None:
        """Note that the content of a place is gone, for this reason (a code of the protocol)."""
        link = self.link_of(index)
        case = case_of(link.fact) if link is not None else None
        if case is not None:
            self.found.withdrawn[case] = reason

    def finish(self) -> Linked:
        """Write the links down and return what was found."""
        if self._rows:
            db.session.execute(insert(LogFact), self._rows)
        for case, members in self._newest.items():
            waiting = self._requests.get(case, ())
            self.found.results |= dict.fromkeys(waiting, "published before the restore")
            if members is not None and case not in self.found.withdrawn:
                if self._differs(case, members):
                    self.found.newer.add(case)
        self._doubtful()
        self.found.named |= self._newest.keys()
        return self.found

    def _reception(self, index: int, commitment: bytes) -> None:
        text = base64.urlsafe_b64encode(commitment).rstrip(b"=").decode()
        fact = self._received.pop(text, None)
        if fact is None:
            self.found.unknown.append(index)
            return
        self._keep(index, "rcv", Link(f"received:{fact.case_id}"), version=1)
        self.found.results[fact.id] = f"rcv {index}"

    def _record(self, index: int, received: int | None, content: Content | None) -> None:
        members = read(content)
        if received is not None:
            reception = self.link_of(received)
            case = None if reception is None else reception.fact.removeprefix("received:")
            link = None if case is None else Link(f"request:{case}")
            self._version(index, "rec", link, content)
        elif members.get("kind") == "incident_summary":
            self._keep(index, "rec", Link(cell_key(members)), version=1)
            if (waiting := self._cells.pop(cell_key(members), None)) is not None:
                self.found.results[waiting] = f"rec {index}"
        elif members.get("kind") == "campaign":
            campaign = outbox.campaign_of_record(str(members.get("id")))
            known = None if campaign is None else Link(f"campaign:{campaign}")
            self._version(index, "rec", known, content)
        elif members.get("kind") == "cyber_incident":
            incident = outbox.cyber_of_record(str(members.get("id")))
            known = None if incident is None else Link(f"cyber:{incident}")
            self._version(index, "rec", known, content)
        else:
            self.found.nameless |= not members
            case_id = self._by_words(members)
            if case_id is None and members.get("kind") == "request":
                self._unclaimed.append(members)
            known = None if case_id is None else Link(f"request:{case_id}")
            self._version(index, "rec", known, content)

    def _version(self, index: int, kind: str, link: Link | None, content: Content | None) -> None:
        if link is None:
            self.found.unknown.append(index)
            return
        members = read(content)
        record_id = str(members["id"]) if "id" in members else link.record_id
        self._keep(index, kind, Link(link.fact, record_id), version=RECOVERED - index)
        case = case_of(link.fact)
        if case is not None:
            self._newest[case] = members or None

    def _withdrawal(self, index: int, target: int, reason: str) -> None:
        link = self.link_of(target)
        if link is None:
            self.found.unknown.append(index)
            return
        version = queries.withdrawal_version(target)
        if target not in self._withdrawn and not queries.is_withdrawn(target, self.log_id):
            self._keep(index, "wdr", Link(link.fact), version=version)
        self._withdrawn.add(target)
        self.withdraw(target, reason)

    def _keep(self, index: int, kind: str, link: Link, *, version: int) -> None:
        self._links[index] = link
        self._rows.append(
            {
                "log_id": self.log_id,
                "position": index,
                "fact": link.fact,
                "version": version,
                "record_id": link.record_id,
                "entry": kind,
            }
        )

    def _by_words(self, members: Members) -> int | None:
        """Return the one imported case whose waiting record would say the same."""
        if members.get("kind") != "request":
            return None
        if self._imported is None:
            self._imported = self._index_imported()
        cases = self._imported.get(tuple(members.get(name) for name in SAID), [])
        return cases.pop() if len(cases) == 1 else None

    def _index_imported(self) -> dict[tuple[Any, ...], list[int]]:
        """Return the cases without a reception that wait, by what their records would say."""
        index: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for case in self._requests:
            received, published = f"received:{case}", f"request:{case}"
            if not queries.places(received, self.log_id) and not queries.places(
                published, self.log_id
            ):
                index[tuple(self._would_say(case).get(name) for name in SAID)].append(case)
        return index

    def _would_say(self, case: int) -> Members:
        """Return the members of the record that the database would make of a case now."""
        released = outbox.released_request(case, today=self.today)
        if released is None:
            return {}
        try:
            record = request_record(request_fact(released), record_id="0" * 32)
        except ProtocolError:
            return {}
        return parse(record.content)

    def _differs(self, case: int, members: Members) -> bool:
        mine = self._would_say(case)
        return any(mine.get(name) != members.get(name) for name in CURRENT)

    def _doubtful(self) -> None:
        """Refuse waiting requests that may be one of the records that nobody could be linked to.

        An imported request whose words were changed after the backup looks like two; it is never
        published twice, so an agent who releases it again decides.
        """
        like = {tuple(members.get(name) for name in LIKE) for members in self._unclaimed}
        if not like or not self._imported:
            return
        for cases in self._imported.values():
            for case in cases:
                mine = self._would_say(case)
                if tuple(mine.get(name) for name in LIKE) in like:
                    why = "refused: it may be in the log already; release it again to publish it"
                    self.found.results |= dict.fromkeys(self._requests[case], why)


def case_of(fact: str) -> int | None:
    """Return the case that a fact of a record is about, or None."""
    kind, _, case = fact.partition(":")
    return int(case) if kind in OF_A_CASE else None


def cell_key(codes: Members) -> str:
    """Return the fact of a cell of counts."""
    return f"cell:{codes['family']}:{codes['category']}:{codes['area']}:{codes['period']}"


def read(content: Content | None) -> Members:
    """Return the members of a record; none where there is no content, or one that is no record."""
    return {} if content is None else parse(content.content)


def parse(data: bytes) -> Members:
    """Return the members of a record's bytes; none where they are no JSON object."""
    try:
        members = canonical.parse(data)
    except ProtocolError:
        return {}
    return members if isinstance(members, dict) else {}
