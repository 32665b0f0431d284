# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which files of the whole there are, and what each column of them says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from beffroi_web.words import N_

ENDINGS = ("csv", "parquet")
NAME = re.compile(r"(?P<data>[a-z]{3,20})(?:-(?P<year>[12][0-9]{3}))?\.(?P<ending>csv|parquet)")
"""The name of a file: `requests.csv` is all of them, `requests-2026.csv` those of a year."""

OVERDUE = timedelta(hours=2)
"""How long a file is served after something that it holds was withdrawn.

A town has a day for its batch of withdrawals, we have six hours to pull: within 36 hours, whatever
the worker does, nothing of it is served.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, `text`, `code`, `number` or `address`, and what it says."""

    name: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class DataSet:
    """One kind of rows; `kind` is that of its records, empty for tables of our own without years.

    Its words are its title and what one row is.
    """

    name: str
    kind: str
    title: str
    row: str
    columns: Sequence[Column]

    @property
    def yearly(self) -> bool:
        """Say whether there are files of each year beside that of all."""
        return bool(self.kind)


_HEAD = (
    Column("ref", "text", N_("name of the record, stable over its versions")),
    Column("siren", "code", N_("SIREN of the body that published it")),
    Column("town", "text", N_("name of that body")),
    Column("origin", "text", N_("name of its log")),
    Column("index", "number", N_("entry of the log that holds this version")),
    Column("department", "code", N_("département: of the commune named, else of the body")),
)

REQUESTS = DataSet(
    "requests", "request", N_("Requests to open data, documents and source code"),
    N_("one request, its newest version"),
    (
        *_HEAD,
        Column("url", "address", N_("its page here")),
        Column("id", "text", N_("random name that the body gave it")),
        Column("lang", "code", N_("language in which it was written (ISO 639)")),
        Column("object", "code", N_("what kind of thing is asked for")),
        Column("theme", "code", N_("theme, a code of the European list “data-theme”")),
        Column("title", "text", N_("title, as an agent released it")),
        Column("summary", "text", N_("what is wanted, as an agent released it")),
        Column("commune", "code", N_("INSEE code of the commune that it is about")),
        Column("period", "code", N_("week of reception (ISO 8601)")),
        Column("status", "code", N_("where it stands")),
        Column("outcome", "code", N_("what the official answer decided")),
        Column("ground", "code", N_("legal ground of a refusal")),
        Column("answer", "text", N_("words of the official answer")),
        Column("answered", "code", N_("week of that answer")),
        Column("planned", "code", N_("quarter for which publication is planned")),
        Column("published_url", "address", N_("where what was asked for is published")),
        Column("supports", "code", N_("how many people support it, as a band")),
        Column("campaign", "text", N_("name of the campaign that it belongs to")),
        Column("clock", "code", N_("where the legal delay stands")),
    ),
)  # fmt: skip

INCIDENTS = DataSet(
    "incidents", "incident_summary", N_("Counts of incident reports"),
    N_("one count: a category, a place, a period; without figures where it is protected"),
    (
        *_HEAD,
        Column("family", "code", N_("streets, or online")),
        Column("category", "code", N_("what was reported")),
        Column("area", "code", N_("INSEE code, SIREN for the whole body, or “other”")),
        Column("period", "code", N_("week, month, quarter or year")),
        Column("state", "code", N_("shown, or suppressed: then there are no figures")),
        Column("count", "number", N_("reports received in the period")),
        Column("closed", "number", N_("reports closed in the period")),
        Column("delay", "code", N_("how long they took, as a band of days")),
    ),
)  # fmt: skip

CYBER = DataSet(
    "cyber", "cyber_incident", N_("Cyber incidents of public bodies, in codes"),
    N_("one closed incident after its embargo"),
    (
        *_HEAD,
        Column("id", "text", N_("random name that the body gave it")),
        Column("class", "code", N_("class of the incident (RSIT)")),
        Column("surface", "code", N_("what was hit")),
        Column("impact", "code", N_("how bad it was, as a band")),
        Column("duration", "code", N_("how long it lasted, as a band")),
        Column("period", "code", N_("quarter")),
        Column("tlp", "code", N_("who may read it: everybody")),
    ),
)  # fmt: skip

CAMPAIGNS = DataSet(
    "campaigns", "campaign", N_("Campaigns of requests"), N_("one campaign, its newest version"),
    (
        *_HEAD,
        Column("id", "text", N_("random name that the body gave it")),
        Column("period", "code", N_("quarter")),
        Column("phase", "code", N_("which phase it is in")),
        Column("requests", "number", N_("requests that were made")),
        Column("published", "number", N_("requests that led to a publication")),
        Column("note_url", "address", N_("address of its note")),
    ),
)  # fmt: skip

TOWNS = DataSet(
    "towns", "", N_("Towns of the register"), N_("one public body"),
    (
        Column("siren", "code", N_("SIREN of the body")),
        Column("name", "text", N_("name of that body")),
        Column("kind", "code", N_("commune, epci or other")),
        Column("url", "address", N_("its site")),
        Column("communes", "code", N_("INSEE codes of the communes that it serves, by spaces")),
        Column("population_band", "code", N_("how many people live there, as a band")),
        Column("state", "code", N_("whether it is approved, waits, is in quarantine or suspended")),
        Column("origin", "text", N_("name of its log")),
        Column("prefix", "address", N_("address of its log")),
        Column("vkey", "text", N_("public key of its log")),
    ),
)  # fmt: skip

TOPICS = DataSet(
    "topics", "", N_("Topics: the same thing asked in several towns"), N_("one topic"),
    (
        Column("id", "text", N_("name of the topic")),
        Column("url", "address", N_("its page here")),
        Column("title_fr", "text", N_("its title in French, if somebody asked in French")),
        Column("title_en", "text", N_("its title in English, if somebody asked in English")),
        Column("theme", "code", N_("theme, a code of the European list “data-theme”")),
        Column("requests", "number", N_("requests that it holds")),
        Column("towns", "number", N_("towns that were asked")),
        Column("published", "number", N_("towns that published something of it")),
        Column("refused", "number", N_("towns that refused")),
        Column("waiting", "number", N_("towns in which somebody waits")),
    ),
)  # fmt: skip

DATA: Mapping[str, DataSet] = {
    one.name: one for one in (REQUESTS, INCIDENTS, CYBER, CAMPAIGNS, TOWNS, TOPICS)
}
"""Every data set by the name of its files."""
BY_KIND: Mapping[str, DataSet] = {one.kind: one for one in DATA.values() if one.kind}

KIND_WORDS: Mapping[str, str] = {
    "text": N_("text"),
    "code": N_("code"),
    "number": N_("number"),
    "address": N_("web address"),
}


def table_schema(data: DataSet) -> dict[str, object]:
    """Return the columns of a data set as a Table Schema (Frictionless, version 1)."""
    formats = {"number": {"type": "integer"}, "address": {"type": "string", "format": "uri"}}
    fields: list[dict[str, object]] = [
        {"name": one.name, **formats.get(one.kind, {"type": "string"}), "description": one.words}
        for one in data.columns
    ]
    return {"fields": fields, "missingValues": [""]}


def stem(data: str, year: str = "") -> str:
    """Return the name of a file without its ending."""
    return f"{data}-{year}" if year else data


def data_of(name: str) -> str:
    """Return the name of the data set that a file belongs to."""
    return name.partition(".")[0].partition("-")[0]
