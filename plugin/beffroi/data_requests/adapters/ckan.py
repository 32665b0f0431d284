# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads what the CKAN extension `datarequests` answers (`list_datarequests`), saved as JSON.

A title and a description are citizens' words and wait. What came of a closed request is the dataset
that was accepted, or the circumstance that some portals ask for; where a file has neither it is not
known, and the row is refused: "closed" alone may be a publication or a refusal.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from beffroi.data_requests.adapters.checking import authors_of, checked, moment, words_of
from beffroi.data_requests.adapters.sources import How, Record, newest_of, records
from beffroi.data_requests.service import ImportedRequest

_WITHIN = ("result", "results")
_AT_WORK = frozenset({"assigned", "processing", "in progress"})
_CIRCUMSTANCES: Mapping[str, str | None] = {
    "released as open data": "published",
    "open dataset already exists": "already_published",
    "partially released": "partly",
    "to be released as open data at a later date": "planned",
    "data openly available elsewhere": "already_published",
    "not suitable for release as open data": "refused",
    "requested data not available/cannot be compiled": "not_held",
    "requestor initiated closure": None,
}
"""The outcome of each circumstance that the extension has by default; none: it was given up."""
_DATASET = {"fr": "Jeu de données : %s", "en": "Dataset: %s"}


def read(
    path: Path, *, shift: timedelta, how: How | None = None
) -> Iterator[ImportedRequest | str]:
    """Yield a request for each data request, or a sentence for one that cannot be taken."""
    lang = (how or How()).language
    for number, row in records(path, within=_WITHIN):
        if isinstance(row, str):
            yield f"request {number}: {row}"
            continue
        try:
            yield _request(row, lang, shift)
        except ValueError as error:
            yield f"request {number}: {error}"


def _request(row: Record, lang: str, shift: timedelta) -> ImportedRequest:
    at = moment(words_of(row.get("open_time"), "open_time", 40), field="open_time") + shift
    status, outcome, words = _decided(row, lang)
    closed = words_of(row.get("close_time"), "close_time", 40)
    return checked(
        source=f"ckan:{words_of(row.get('id'), 'id', 70)}",
        title=row.get("title") or "",
        wanted=row.get("description") or "",
        received_at=at,
        lang=lang,
        official=False,
        status=status,
        outcome=outcome,
        decision=words,
        answered_on=(moment(closed, field="close_time") + shift).date() if closed else None,
        planned=_quarter(row, shift) if outcome == "planned" else "",
        authors=authors_of(row),
    )


def _decided(row: Record, lang: str) -> tuple[str, str | None, str]:
    """Return status, outcome and the words of the answer."""
    closed = str(row.get("closed", "")).lower()
    if closed not in {"true", "false"}:
        raise ValueError("closed: true or false was expected")
    if closed == "false":
        taken_up = words_of(row.get("status"), "status").lower() in _AT_WORK
        return "under_review" if taken_up else "open", None, ""
    circumstance = words_of(row.get("close_circumstance"), "close_circumstance")
    dataset = row.get("accepted_dataset")
    name = dataset.get("title") or dataset.get("name") if isinstance(dataset, dict) else None
    name = name or row.get("accepted_dataset_id")
    words = _DATASET.get(lang, _DATASET["en"]) % words_of(name, "accepted_dataset") if name else ""
    folded = circumstance.split("|")[0].strip().lower()
    if folded in _CIRCUMSTANCES:
        outcome = _CIRCUMSTANCES[folded]
        words = "\n".join(filter(None, (circumstance.split("|")[0].strip(), words)))
        return ("open", outcome, words) if outcome else ("abandoned", None, "")
    if folded:
        raise ValueError("close_circumstance: not one of the extension's own; use requests-csv")
    if not name:
        raise ValueError("closed: without a dataset nobody knows what came of it; use requests-csv")
    return "open", "published", words


def _quarter(row: Record, shift: timedelta) -> str:
    day: date = (
        moment(
            words_of(row.get("approx_publishing_date"), "approx_publishing_date", 40),
            field="approx_publishing_date",
        )
        + shift
    ).date()
    return f"{day.year}-Q{(day.month + 2) // 3}"


def newest(path: Path, *, until: datetime, how: How | None = None) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    return newest_of(read(path, shift=timedelta(), how=how), until)
