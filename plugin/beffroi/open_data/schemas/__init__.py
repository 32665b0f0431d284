# SPDX-License-Identifier: AGPL-3.0-or-later
"""What goes out as open data: items, CSV, JSON, the words of the catalogue, entries of a feed."""

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import force_locale, gettext
from markupsafe import Markup
from marshmallow import Schema, fields, validate

from beffroi.cases.rules import INCIDENT_STATUSES, REQUEST_STATUSES, STATUS_WORDS
from beffroi.config import Settings
from beffroi.data_requests.queries.published import PublishedRequest
from beffroi.data_requests.rules import OBJECTS, OUTCOMES, THEMES
from beffroi.incidents.queries.published import PublishedIncident
from beffroi.incidents.rules import CATEGORIES
from beffroi.incidents.rules import OUTCOMES as DONE
from beffroi.kernel.clock import local_day
from beffroi.open_data.rules import (
    INCIDENT_COLUMNS,
    LICENCES,
    LISTED_CATEGORIES,
    REQUEST_COLUMNS,
    Column,
)
from beffroi.open_data.rules.catalogue import Facts
from beffroi_web.atom import fit_for_xml, moment
from beffroi_web.cells import harmless
from beffroi_web.filters import paragraphs
from beffroi_web.words import N_

ROLES = ("title", "wanted", "area", "period", "format", "software", "decision")
"""The released texts that are columns."""


class IncidentFeedQuery(Schema):
    """Filters of `/feeds/incidents.atom`."""

    category = fields.String(validate=validate.OneOf(["", *LISTED_CATEGORIES]), load_default="")
    status = fields.String(
        validate=validate.OneOf(["", "any_open", *INCIDENT_STATUSES]), load_default=""
    )


class FeedQuery(Schema):
    """Filters of `/feeds/requests.atom`."""

    theme = fields.String(validate=validate.OneOf(["", *THEMES]), load_default="")
    status = fields.String(
        validate=validate.OneOf(["", "any_open", *REQUEST_STATUSES]), load_default=""
    )


# ---- CSV and JSON -------------------------------------------------------------------------------


def request_item(row: PublishedRequest, settings: Settings) -> dict[str, Any]:
    """Return a request as the JSON has it, its members in the order of the columns."""
    answer, words = row.answer, row.words
    values = {
        "ref": row.ref,
        "url": page_of(row, settings),
        "object": row.object,
        "theme": row.theme,
        "status": row.status,
        "lang": row.lang,
        "commune": row.commune,
        "received_on": _day(row.received_on),
        "due_on": _day(row.due_on),
        "closed_on": _day(row.closed_on),
        "supports": row.supports,
        **{role: words.get(role) for role in ROLES},
        "outcome": answer.outcome if answer else None,
        "answered_on": _day(local_day(answer.at, settings.time_zone)) if answer else None,
        "answer": answer.words if answer else None,
        "ground": answer.ground if answer else None,
        "published_url": answer.url if answer else None,
        "planned": answer.planned if answer else None,
        "duplicate_of": answer.duplicate_of if answer else None,
        "licence": answer.licence if answer else None,
        "swhid": answer.swhid if answer else None,
        "redirected_to": answer.redirected_to if answer else None,
        "reuses": row.reuses,
    }
    return {column.name: values[column.name] for column in REQUEST_COLUMNS}


def incident_item(row: PublishedIncident, settings: Settings) -> dict[str, Any]:
    """Return a report as the JSON has it, its members in the order of the columns."""
    answer, words = row.answer, row.words
    values = {
        "ref": row.ref,
        "url": page_of(row, settings),
        "category": row.category,
        "status": row.status,
        "lang": row.lang,
        "commune": row.commune,
        "received_on": _day(row.received_on),
        "closed_on": _day(row.closed_on),
        "supports": row.supports,
        "description": words.get("description"),
        "place": words.get("place"),
        "outcome": answer.outcome if answer else None,
        "answered_on": _day(local_day(answer.at, settings.time_zone)) if answer else None,
        "answer": answer.words if answer else None,
        "duplicate_of": answer.duplicate_of if answer else None,
    }
    return {column.name: values[column.name] for column in INCIDENT_COLUMNS}


def page_of(row: PublishedRequest | PublishedIncident, settings: Settings) -> str:
    """Return the address of the page of a case, which is its name in feeds too."""
    section = "requests" if isinstance(row, PublishedRequest) else "incidents"
    return f"{settings.public_url}/{section}/{row.ref}"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


Items = Iterable[Sequence[Mapping[str, Any]]]
"""Blocks of items, each with all the members of its columns."""


def as_csv(columns: Sequence[Column], blocks: Items) -> Iterator[str]:
    """Give the CSV of a data set, a block at a time: RFC 4180, UTF-8, an empty cell for none."""
    written = {one.name for one in columns if one.kind in WRITTEN}
    yield _csv_lines([[one.name for one in columns]])
    for block in blocks:
        yield _csv_lines([_cells(values, written) for values in block])


WRITTEN = frozenset({"text", "address"})
"""Kinds that people may have written; codes, days and numbers are ours and open no formula."""


def _cells(values: Mapping[str, Any], written: Collection[str]) -> list[str]:
    return [
        "" if value is None else harmless(str(value)) if name in written else str(value)
        for name, value in values.items()
    ]


def _csv_lines(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def as_json(settings: Settings, blocks: Items) -> Iterator[str]:
    """Give the JSON of a data set, a block at a time, with whose it is and how to use it."""
    about = {"publisher": settings.name, "licence": LICENCES[settings.data_licence].url}
    yield json.dumps(about, ensure_ascii=False)[:-1] + ', "items": ['
    first = True
    for block in blocks:
        lines = [json.dumps(values, ensure_ascii=False) for values in block]
        yield ("\n" if first else ",\n") + ",\n".join(lines)
        first = False
    yield "\n]}\n"


# ---- the catalogue ------------------------------------------------------------------------------

_WORDS: Mapping[str, str] = {
    "catalogue": N_("Open data of the requests desk of %(town)s"),
    "catalogue_purpose": N_(
        "What %(town)s publishes about the requests and reports that people make to it."
    ),
    "requests": N_("Requests to open data, documents and source code made to %(town)s"),
    "requests_purpose": N_(
        "Each public request: what was asked, when, where it stands and what the institution "
        "answered. Only texts that an agent has released; nothing about who asked."
    ),
    "requests_keyword": N_("access to public documents"),
    "requests_csv": N_("Requests, as CSV"),
    "requests_json": N_("Requests, as JSON"),
    "requests_columns": N_(
        "One line a request, the oldest first; the page of the data names the columns."
    ),
    "requests_api": N_("API of the requests"),
    "requests_api_purpose": N_("The same requests by page, with search and filters."),
    "incidents": N_("Reports of damage and disorder in the streets of %(town)s"),
    "incidents_purpose": N_(
        "Each listed report: what it is about, when, where it stands and what was done. Only texts "
        "that an agent has released; no sensitive category, nothing about who reported."
    ),
    "incidents_keyword": N_("public space"),
    "incidents_csv": N_("Reports, as CSV"),
    "incidents_json": N_("Reports, as JSON"),
    "incidents_columns": N_(
        "One line a report, the oldest first; the page of the data names the columns."
    ),
    "incidents_api": N_("API of the reports"),
    "incidents_api_purpose": N_("The same reports by page, with search and filters."),
    "statistics": N_("Figures on the data requests to %(town)s"),
    "statistics_purpose": N_(
        "How many data requests were received, answered, in time or late, by quarter, theme and "
        "department; small figures of departments are kept back."
    ),
    "statistics_keyword": N_("access to public documents"),
    "statistics_csv": N_("All figures on requests, CSV"),
    "statistics_columns": N_("One row for each table, period and code; the page has the columns."),
    "statistics_api": N_("API of the figures on requests"),
    "statistics_api_purpose": N_("The same figures as JSON, of one year or one table if asked."),
    "incident-statistics": N_("Figures on the reports to %(town)s"),
    "incident-statistics_purpose": N_(
        "How many listed reports were received, how they stand and how long they took, by quarter "
        "and category."
    ),
    "incident-statistics_keyword": N_("public space"),
    "incident-statistics_csv": N_("All figures on reports, CSV"),
    "incident-statistics_columns": N_(
        "One row for each period and category; the page has the columns."
    ),
    "incident-statistics_api": N_("API of the figures on reports"),
    "incident-statistics_api_purpose": N_("The same figures as JSON, of one year if asked."),
    "theme": N_("Government and public sector"),
    "themes": N_("Data themes of the European Union"),
    "local": N_("Local authority"),
    "kinds": N_("Kinds of publishers"),
}


def facts(settings: Settings, modified: Mapping[str, date | None]) -> Facts:
    """Return what the town's catalogue follows from, its words in every language of the town."""
    words: dict[str, dict[str, str]] = {name: {} for name in _WORDS}
    for lang in settings.languages:
        with force_locale(lang):
            for name, sentence in _WORDS.items():
                words[name][lang] = str(gettext(sentence, town=settings.name))
    return Facts(
        name=settings.name,
        siren=settings.siren,
        communes=settings.communes,
        site=settings.public_url,
        contact=settings.contact,
        languages=settings.languages,
        licence=settings.data_licence,
        modified=modified,
        words=words,
    )


# ---- feeds --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, ready to be written; `id` is the address of the request's page."""

    id: str
    title: str
    lang: str
    updated: str
    published: str
    content: str
    categories: Sequence[tuple[str, str]]


def _morning(day: date, zone: str) -> str:
    """Return the beginning of a day in the town: nobody needs the hour of a reception."""
    return datetime.combine(day, time(), ZoneInfo(zone)).isoformat()


def incident_entry(row: PublishedIncident, updated: datetime, settings: Settings) -> Entry:
    """Return a report as an entry: its category, where it stands, what happened, what was done."""
    label = gettext(CATEGORIES[row.category].label)
    status = gettext(STATUS_WORDS[row.status])
    parts = [Markup("<p>{}</p>").format(status)]
    if row.words.get("place"):
        parts.append(paragraphs(row.words["place"]))
    parts.append(paragraphs(row.words.get("description") or gettext("The text is under review.")))
    if row.answer:
        outcome = gettext(DONE.get(row.answer.outcome, row.answer.outcome))
        parts.append(Markup("<h3>{}</h3>").format(outcome))
        parts.append(paragraphs(row.answer.words or gettext("This text is held back.")))
    return Entry(
        id=page_of(row, settings),
        title=fit_for_xml(gettext("%(name)s: %(words)s", name=row.ref, words=label)),
        lang=row.lang,
        updated=moment(updated),
        published=_morning(row.received_on, settings.time_zone),
        content=fit_for_xml("\n".join(parts)),
        categories=[(row.status, status), (row.category, label)],
    )


def entry(row: PublishedRequest, updated: datetime, settings: Settings) -> Entry:
    """Return a request as an entry: its status, what is wanted, and the newest answer."""
    title = row.words.get("title") or gettext("Request %(ref)s (text under review)", ref=row.ref)
    facts = [gettext(OBJECTS[row.object]), gettext(STATUS_WORDS[row.status])]
    parts = [Markup("<p>{}</p>").format(" · ".join(facts))]
    wanted = row.words.get("wanted")
    parts.append(paragraphs(wanted or gettext("The text is under review.")))
    if row.answer:
        outcome = gettext(OUTCOMES[row.answer.outcome])
        parts.append(Markup("<h3>{}</h3>").format(outcome))
        parts.append(paragraphs(row.answer.words or gettext("This text is held back.")))
    themes = [(row.theme, gettext(THEMES[row.theme]))] if row.theme else []
    return Entry(
        id=page_of(row, settings),
        title=fit_for_xml(title),
        lang=row.lang,
        updated=moment(updated),
        published=_morning(row.received_on, settings.time_zone),
        content=fit_for_xml("\n".join(parts)),
        categories=[(row.status, gettext(STATUS_WORDS[row.status])), *themes],
    )
