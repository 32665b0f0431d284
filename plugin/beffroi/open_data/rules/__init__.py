# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the open data holds: its columns, its licences."""

from collections.abc import Mapping
from dataclasses import dataclass

from beffroi.cases.rules import INCIDENT_STATUSES, REQUEST_STATUSES
from beffroi.data_requests.rules import GROUNDS, OBJECTS, OUTCOMES, THEMES
from beffroi.incidents.rules import CATEGORIES
from beffroi.incidents.rules import OUTCOMES as DONE
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file: its name, its kind, what it says, the codes it may hold."""

    name: str
    kind: str
    words: str
    codes: tuple[str, ...] = ()


REQUEST_COLUMNS = (
    Column("ref", "text", N_("reference of the request in this town")),
    Column("url", "address", N_("its page")),
    Column("object", "code", N_("what kind of thing is asked for"), tuple(OBJECTS)),
    Column("theme", "code", N_("theme, a code of the European list “data-theme”"), tuple(THEMES)),
    Column("status", "code", N_("where it stands"), REQUEST_STATUSES),
    Column("lang", "code", N_("language in which it was written (ISO 639)")),
    Column("commune", "code", N_("INSEE code of the commune that it is about")),
    Column("received_on", "date", N_("day of reception")),
    Column("due_on", "date", N_("day by which an answer is due")),
    Column("closed_on", "date", N_("day on which it was closed")),
    Column("supports", "number", N_("how many people support it")),
    Column("title", "text", N_("title, once an agent has released it")),
    Column("wanted", "text", N_("what is wanted, once released")),
    Column("area", "text", N_("area, once released")),
    Column("period", "text", N_("period, once released")),
    Column("format", "text", N_("format wished for, once released")),
    Column("software", "text", N_("which software, of a request for source code, once released")),
    Column("decision", "text", N_("the decision that an algorithm takes part in, once released")),
    Column("outcome", "code", N_("what the newest official answer decided"), tuple(OUTCOMES)),
    Column("answered_on", "date", N_("day of that answer")),
    Column("answer", "text", N_("its words, unless they are held back")),
    Column("ground", "code", N_("legal ground of a refusal"), (*GROUNDS, "not_stated")),
    Column("published_url", "address", N_("where what was asked for is published")),
    Column("planned", "text", N_("quarter for which publication is planned, such as 2027-Q1")),
    Column("duplicate_of", "text", N_("reference of the request that it repeats")),
    Column("licence", "code", N_("licence of what is published (SPDX)")),
    Column("swhid", "text", N_("Software Heritage identifier of published source code")),
    Column("redirected_to", "text", N_("the body to which it was passed on")),
    Column("reuses", "number", N_("how many reuses people have told us of, once released")),
)
"""The columns of `/data/requests.csv` and the members of each item of the JSON, in this order."""

LISTED_CATEGORIES = tuple(c.code for c in CATEGORIES.values() if c.listed and c.family == "street")

INCIDENT_COLUMNS = (
    Column("ref", "text", N_("reference of the report in this town")),
    Column("url", "address", N_("its page")),
    Column("category", "code", N_("what it is about"), LISTED_CATEGORIES),
    Column("status", "code", N_("where it stands"), INCIDENT_STATUSES),
    Column("lang", "code", N_("language in which it was written (ISO 639)")),
    Column("commune", "code", N_("INSEE code of the commune")),
    Column("received_on", "date", N_("day of reception")),
    Column("closed_on", "date", N_("day on which it was closed")),
    Column("supports", "number", N_("how many people support it")),
    Column("description", "text", N_("what happened, once an agent has released it")),
    Column("place", "text", N_("where, once released")),
    Column("outcome", "code", N_("what the newest official answer says"), tuple(DONE)),
    Column("answered_on", "date", N_("day of that answer")),
    Column("answer", "text", N_("its words, unless they are held back")),
    Column("duplicate_of", "text", N_("reference of the report that it repeats")),
)
"""The columns of `/data/incidents.csv` and the members of each item of the JSON, in this order."""

KIND_WORDS: Mapping[str, str] = {
    "text": N_("text"),
    "code": N_("code"),
    "date": N_("date"),
    "number": N_("number"),
    "address": N_("web address"),
}


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence under which a town may give its data away; `kind` is of ADMS's list."""

    name: str
    url: str
    kind: str


LICENCES: Mapping[str, Licence] = {
    "etalab-2.0": Licence(
        "Licence Ouverte / Open Licence 2.0",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
        "Attribution",
    ),
    "odbl-1.0": Licence(
        "Open Database License (ODbL) 1.0",
        "https://opendatacommons.org/licenses/odbl/1-0/",
        "ViralEffect-ShareAlike",
    ),
}
"""The codes are those of the setting `BEFFROI_DATA_LICENCE`."""
