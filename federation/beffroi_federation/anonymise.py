# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one way out of a town: a fact becomes a record, or is refused.

A fact holds what the town knows and may tell: released texts, codes, exact dates, numbers. What
comes out is coarser: a date becomes its ISO week or quarter, a number its band. Nothing is cut
off to make it fit, and nothing is guessed: a text that is too long, a code that is not listed, an
e-mail address in a released text, and the record is refused with all its reasons at once. Reasons
name the member and what was found there, never the text.

Texts are brought to Unicode normal form NFC and to line feeds before they are checked; this
changes bytes, not what is read. The strong detectors run although an agent has released the text
and the town's own gate has run: this is the last door, and a second look costs a millisecond.
Which counts may be shown at all (k, dominance, differences) is decided before, from the single
reports, by `beffroi_privacy`; here a shown count below 5 is refused whoever asks.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from marshmallow import ValidationError

from beffroi_federation import canonical, records, vocabulary
from beffroi_federation.errors import RecordRefused
from beffroi_federation.record_schemas import SCHEMAS, reasons
from beffroi_federation.records import CONTENT_BYTES, VERSION, PublicRecord
from beffroi_privacy.strong import find_strong

# Every member whose value somebody typed, or that comes from a list the town keeps itself.
_LOOKED_AT = (
    "title", "summary", "answer", "published_url", "note_url", "ground", "category",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RequestFact:
    """A data request as the town may tell it: released texts only, exact dates and numbers.

    `received` and `answered` become ISO weeks, `planned` a quarter, `supports` a band. `campaign`
    is the record id of the campaign, if any.
    """

    lang: str
    object: str
    theme: str
    title: str
    summary: str
    received: date
    status: str
    clock: str
    supports: int
    commune: str | None = None
    outcome: str | None = None
    ground: str | None = None
    answer: str | None = None
    answered: date | None = None
    planned: date | None = None
    published_url: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentCell:
    """A cell of counts that the rules of disclosure have passed: shown, or suppressed.

    `period` is the fixed period of the cell (`2027-W03`, `2027-01`, `2027-Q1`, `2027`). A cell
    without `count` is suppressed. `closed` is None where it may not be shown; `delay_days` is the
    median number of days to closure, and becomes a band.
    """

    family: str
    category: str
    area: str
    period: str
    count: int | None = None
    closed: int | None = None
    delay_days: int | None = None


@dataclass(frozen=True, slots=True)
class CyberFact:
    """A closed cyber incident after its embargo and its release, in codes and exact dates."""

    incident_class: str
    surface: str
    impact: str
    began: date
    ended: date


@dataclass(frozen=True, slots=True)
class CampaignFact:
    """A campaign: the day it opened, its phase, and how much came of it."""

    opened: date
    phase: str
    requests: int
    published: int
    note_url: str | None = None


def request_record(fact: RequestFact, *, record_id: str) -> PublicRecord:
    """Return the record of a data request, or raise RecordRefused with every reason.

    `record_id` is random, made once a request, and the same in all its versions.
    """
    return _record(
        "request",
        {
            "id": record_id,
            "lang": fact.lang,
            "object": fact.object,
            "theme": fact.theme,
            "title": _spelt(fact.title),
            "summary": _spelt(fact.summary),
            "commune": fact.commune,
            "period": vocabulary.iso_week(fact.received),
            "status": fact.status,
            "outcome": fact.outcome,
            "ground": fact.ground,
            "answer": None if fact.answer is None else _spelt(fact.answer),
            "answered": None if fact.answered is None else vocabulary.iso_week(fact.answered),
            "planned": None if fact.planned is None else vocabulary.quarter(fact.planned),
            "published_url": fact.published_url,
            "supports": _band("supports", vocabulary.support_band, fact.supports),
            "campaign": fact.campaign,
            "clock": fact.clock,
        },
    )


def incident_summary_record(cell: IncidentCell) -> PublicRecord:
    """Return the record of a cell of counts, or raise RecordRefused with every reason."""
    delay = cell.delay_days
    return _record(
        "incident_summary",
        {
            "family": cell.family,
            "category": cell.category,
            "area": cell.area,
            "period": cell.period,
            "state": "suppressed" if cell.count is None else "shown",
            "count": cell.count,
            "closed": cell.closed,
            "delay": None if delay is None else _band("delay", vocabulary.delay_band, delay),
        },
    )


def cyber_incident_record(fact: CyberFact, *, record_id: str) -> PublicRecord:
    """Return the record of a cyber incident, or raise RecordRefused with every reason."""
    days = (fact.ended - fact.began).days
    return _record(
        "cyber_incident",
        {
            "id": record_id,
            "class": fact.incident_class,
            "surface": fact.surface,
            "impact": fact.impact,
            "duration": _band("duration", vocabulary.duration_band, days),
            "period": vocabulary.quarter(fact.began),
            "tlp": "CLEAR",
        },
    )


def campaign_record(fact: CampaignFact, *, record_id: str) -> PublicRecord:
    """Return the record of a campaign, or raise RecordRefused with every reason."""
    return _record(
        "campaign",
        {
            "id": record_id,
            "period": vocabulary.quarter(fact.opened),
            "phase": fact.phase,
            "requests": fact.requests,
            "published": fact.published,
            "note_url": fact.note_url,
        },
    )


def _record(kind: str, members: Mapping[str, object]) -> PublicRecord:
    """Check the members of a record and seal it; a member that is None is left out."""
    present = {name: value for name, value in members.items() if value is not None}
    present.update(v=VERSION, kind=kind)
    refusals: list[str] = []
    try:
        SCHEMAS[kind]().load(present)
    except ValidationError as error:
        refusals.extend(reasons(error))
    refusals.extend(_identifiers(present))
    if refusals:
        raise RecordRefused(refusals)
    content = canonical.encode(present)
    if len(content) > CONTENT_BYTES:
        raise RecordRefused((f"content: {len(content)} bytes, at most {CONTENT_BYTES}",))
    return PublicRecord(kind, content, token=records._TOKEN)


def _identifiers(members: Mapping[str, object]) -> list[str]:
    """Return one reason for each member and label that the strong detectors find."""
    found: list[str] = []
    for name in _LOOKED_AT:
        value = members.get(name)
        if isinstance(value, str):
            found.extend(f"{name}: holds what looks like {label}" for label in _labels(value))
    return found


def _labels(text: str) -> list[str]:
    """Return the labels that the strong detectors find; a detector that fails is a label too."""
    try:
        return sorted({span.label for span in find_strong(text)})
    except Exception:  # whatever a detector died of, the text is not clean
        return ["something that a detector failed on"]


def _band(name: str, band: Callable[[int], str], number: int) -> str:
    """Return the band of a number; a negative one is refused under the member's name."""
    try:
        return band(number)
    except ValueError:
        raise RecordRefused((f"{name}: cannot be below zero",)) from None


def _spelt(text: str) -> str:
    """Return a text in NFC with line feeds and without white space around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", lines).strip()
