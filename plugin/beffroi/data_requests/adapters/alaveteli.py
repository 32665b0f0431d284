# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads requests of an Alaveteli site (MaDada, WhatDoTheyKnow) as its JSON addresses give them.

Three shapes: the page of a request (`/request/….json`), an authority's interface
(`/api/v2/request/N.json`) and its feed of messages. The first holds no message, so that a title is
all there is. Words are citizens' and wait; what the site does not show to everyone is refused.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from beffroi.data_requests.adapters.checking import authors_of, checked, cut, moment, words_of
from beffroi.data_requests.adapters.sources import How, Record, newest_of, records
from beffroi.data_requests.service import ImportedRequest

_WITHIN = ("requests", "results")
_STATES: Mapping[str, tuple[str, str | None]] = {
    "waiting_response": ("open", None),
    "waiting_response_overdue": ("open", None),
    "waiting_response_very_overdue": ("open", None),
    "waiting_classification": ("open", None),
    "waiting_clarification": ("under_review", None),
    "internal_review": ("under_review", None),
    "gone_postal": ("under_review", None),
    "deadline_extended": ("under_review", None),
    "not_held": ("refused", "not_held"),
    "rejected": ("refused", "refused"),
    "successful": ("published", "published"),
    "partially_successful": ("published", "partly"),
    "user_withdrawn": ("abandoned", None),
}
"""What each state of theirs is here; the others are troubles of the site, and are refused."""
_FIRST = "sent"


def read(
    path: Path, *, shift: timedelta, how: How | None = None
) -> Iterator[ImportedRequest | str]:
    """Yield a request for each of theirs, or a sentence for one that cannot be taken.

    In a feed of messages the first one of each request is it; the others are passed over.
    """
    lang = (how or How()).language
    for number, row in records(path, within=_WITHIN):
        if isinstance(row, str):
            yield f"request {number}: {row}"
            continue
        if "request_id" in row and row.get("event_type") != _FIRST:
            continue
        try:
            yield _message(row, lang, shift) if "request_id" in row else _request(row, lang, shift)
        except ValueError as error:
            yield f"request {number}: {error}"


def _created(row: Record, shift: timedelta) -> datetime:
    return moment(words_of(row.get("created_at"), "created_at", 40), field="created_at") + shift


def _message(row: Record, lang: str, shift: timedelta) -> ImportedRequest:
    return checked(
        source=f"alaveteli:{words_of(row['request_id'], 'request_id', 70)}",
        object="document",
        title=cut(words_of(row.get("title"), "title", 300), 200),
        wanted=row.get("body") or "",
        received_at=_created(row, shift),
        lang=lang,
        official=False,
        authors=authors_of(row),
    )


def _request(row: Record, lang: str, shift: timedelta) -> ImportedRequest:
    if row.get("prominence", "normal") != "normal":
        raise ValueError("prominence: the site does not show it to everyone, so it stays there")
    state = words_of(row.get("described_state") or row.get("status"), "described_state")
    if state not in _STATES:
        raise ValueError("described_state: not one that says what came of it")
    status, outcome = _STATES[state]
    return checked(
        source=f"alaveteli:{words_of(row.get('id'), 'id', 70)}",
        object="document",
        title=cut(words_of(row.get("title"), "title", 300), 200),
        wanted=row.get("request_text") or "",
        received_at=_created(row, shift),
        lang=lang,
        official=False,
        status=status,
        outcome=outcome,
        answered_on=_answered(row, shift),
        authors=authors_of(row),
    )


def _answered(row: Record, shift: timedelta) -> date | None:
    """Return the day of the authority's last message, or else of the last change of the request."""
    events = row.get("info_request_events")
    days = [
        words_of(event.get("created_at"), "created_at", 40)
        for event in (events if isinstance(events, list) else [])
        if isinstance(event, dict) and event.get("event_type") == "response"
    ]
    last = max(days, default="") or words_of(row.get("updated_at"), "updated_at", 40)
    return (moment(last, field="updated_at") + shift).date() if last else None


def newest(path: Path, *, until: datetime, how: How | None = None) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    return newest_of(read(path, shift=timedelta(), how=how), until)
