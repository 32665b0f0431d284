# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that is kept of one person, as one document; nothing of anybody else. Reads only.

Left out, because they are others' or would tell of others: comments of other people, internal
notes, who acted for the institution, hashes of tokens, and the content of what is kept apart.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from beffroi.accounts import queries as accounts
from beffroi.campaigns import queries as campaigns
from beffroi.campaigns.queries import persons as campaigners
from beffroi.cases import queries as cases
from beffroi.cases.queries import CaseHead, offers, persons, subscribing
from beffroi.cases.rules import DATA_REQUEST
from beffroi.cyber.queries import desk as cyber
from beffroi.data_requests import queries as data_requests
from beffroi.data_requests.queries import clock as clocks
from beffroi.incidents import queries as incidents
from beffroi.incidents.queries import asked, maps
from beffroi.journal import queries as journal
from beffroi.notifications import queries as notifications
from beffroi.rights import queries
from beffroi.rights.queries import Person
from beffroi.street import queries as street

VERSION = 1

MakeReceipt = Callable[[int, bytes, bytes], Any]
"""Gives the receipt of a case from its salt and what was received; see the extension's port."""


@dataclass(frozen=True, slots=True)
class Everything:
    """The document, and the files that stand beside it: names in the archive, and bytes or where
    they are stored."""

    document: dict[str, Any]
    receipts: dict[str, bytes] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)


def everything(
    whose: Person, *, town: str, siren: str, receipt: MakeReceipt | None, now: datetime
) -> Everything:
    """Return everything about a person, and the receipts and files of their cases."""
    heads = persons.cases_by(whose.party_ids)
    texts = persons.texts_by(whose.party_ids)
    ids = [head.id for head in heads]
    refs = {head.id: head.ref for head in heads}
    receipts = _receipts(heads, receipt)
    stored = {
        f"files/{row.ref}-{n}": row.stored_name
        for n, row in enumerate(persons.files_of(ids), start=1)
    }
    document = {
        "version": VERSION,
        "town": {"name": town, "siren": siren},
        "made_at": now,
        "account": _row(accounts.whole(whose.account_id)),
        "sessions": _rows(accounts.sessions_of(whose.account_id)),
        "programs": [_without(row, "id") for row in _rows(accounts.tokens_of(whose.account_id))],
        "sign_ins": _rows(accounts.sign_ins_of(whose.account_id)),
        "roles": _rows(accounts.roles_of(whose.account_id)),
        "parties": [_without(_row(party), "id") for party in whose.parties],
        "cases": [_case(head, texts) for head in heads],
        "comments": [_comment(text) for text in texts if text.case_id not in refs],
        "supports": _rows(persons.supports_of(whose.party_ids)),
        "questions": _rows(offers.offers_to(whose.party_ids)),
        "follows": _rows(persons.follows_of(whose.party_ids)),
        "subscriptions": _rows(subscribing.subscriptions_of(whose.party_ids)),
        "campaigns": _campaigns(whose, refs),
        "timeline": [_row(step) for step in persons.steps_of(whose.account_id, ids)],
        "mail": [_message(row) for row in notifications.mail_to(whose.party_ids)],
        "digests": _rows(notifications.digests_to(whose.party_ids)),
        "receipts": sorted(receipts),
        "files": [_file(row, n) for n, row in enumerate(persons.files_of(ids), start=1)],
        "waiting": _rows(data_requests.pending_of(whose.email)) if whose.email else [],
        "to_confirm": _rows(subscribing.pending_of(whose.email)) if whose.email else [],
        "kept_apart": [_row(kept) for kept in queries.kept_for(whose.account_id)],
        "archives": [_archive(one) for one in queries.archives_of(whose.account_id)],
        "confidential_cases": _rows(cyber.read_by(whose.account_id)),
        "acts": _rows(journal.acts_of(whose.account_id)),
        "exports": _rows(queries.accesses_of(whose.account_id)),
        "filters": [_without(row, "id") for row in _rows(street.filters_of(whose.account_id))],
        "passed_on": [
            {"ref": refs[row["case_id"]], **_without(row, "case_id")}
            for row in _rows(street.passed_of(ids))
        ],
    }
    return Everything(_plain(document), receipts, stored)


def _receipts(heads: list[CaseHead], make: MakeReceipt | None) -> dict[str, bytes]:
    found = {}
    for head in heads:
        kept = data_requests.receipt(head.id) if head.kind == DATA_REQUEST else None
        if kept is not None and make is not None:
            found[f"receipts/receipt-{head.ref}.json"] = make(head.id, *kept).document
    return found


def _case(head: CaseHead, texts: list[persons.OwnText]) -> dict[str, Any]:
    codes: Any = (
        data_requests.codes(head.id) if head.kind == DATA_REQUEST else incidents.codes(head.id)
    )
    shown = _without(_row(head), "id", "party_id", "department_id", "assigned_to", "version")
    return {
        **shown,
        "codes": _row(codes) if codes else {},
        "texts": [_text(t) for t in texts if t.case_id == head.id],
        "decisions": [_row(answer) for answer in cases.public_answers(head.id)],
        "clock": [_row(one) for one in clocks.happened(head.id)],
        "position": maps.desk_position(head.id),
        "address": (found := maps.desk_address(head.id)) and found.address,
        "answers": asked.answers_of(head.id),
    }


def _campaigns(whose: Person, refs: dict[int, str]) -> dict[str, Any]:
    """Return what a person did in campaigns: whom they follow, a ballot not counted yet, requests
    that belong to one, and which announcements were sent."""
    votes, parties = campaigners.votes_of(whose.party_ids), whose.party_ids
    chosen = {row.case_id: cases.head_by_id(row.case_id) for row in votes}
    heads = {case_id: head.ref for case_id, head in chosen.items() if head is not None}
    return {
        "follows": _rows(campaigners.follows_of(parties)),
        "votes": [
            {"ref": heads.get(v.case_id), **_without(dict(v._mapping), "case_id")} for v in votes
        ],
        "requests": [
            {"ref": refs[row.case_id], **_without(dict(row._mapping), "case_id")}
            for row in campaigners.joined_by(refs)
        ],
        "mail": [_announcement(row) for row in notifications.announced_to(parties)],
    }


def _announcement(row: Any) -> dict[str, Any]:
    known = campaigns.step(row.step_id)
    named = {"campaign": known[1].slug, "step": known[0].step} if known else {}
    return {"campaign": None, "step": None, **named, **_without(dict(row._mapping), "step_id")}


def _text(text: persons.OwnText) -> dict[str, Any]:
    return _without(_row(text), "id", "case_id", "ref", "kind")


def _comment(text: persons.OwnText) -> dict[str, Any]:
    return _without(_row(text), "id", "case_id")


def _message(row: Any) -> dict[str, Any]:
    head = cases.head_by_id(row.case_id)
    return {"ref": head.ref if head else None, **_without(dict(row._mapping), "case_id")}


def _file(row: Any, number: int) -> dict[str, Any]:
    known = _without(dict(row._mapping), "stored_name")
    return {"name": f"files/{row.ref}-{number}", **known}


def _archive(one: queries.Waiting) -> dict[str, Any]:
    return {"asked_at": one.asked_at, "ends_at": one.ends_at, "size": one.size, "lang": one.lang}


def _rows(rows: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in rows]


def _row(row: Any) -> dict[str, Any]:
    return asdict(row) if row is not None else {}


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _plain(value: Any) -> Any:
    """Return a document in the words of JSON: moments and days in ISO 8601."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
