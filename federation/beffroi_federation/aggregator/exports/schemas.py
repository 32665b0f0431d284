# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the API takes and answers, for its OpenAPI document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, ClassVar

from flask_babel import force_locale, gettext
from markupsafe import Markup
from marshmallow import Schema, fields, validate

from beffroi_federation.aggregator.config import AggregatorSettings
from beffroi_federation.aggregator.exports.queries import FileRow
from beffroi_federation.aggregator.exports.rules import DATA, data_of
from beffroi_federation.aggregator.exports.rules.catalogue import Facts, File
from beffroi_federation.aggregator.national.queries import RecordRow
from beffroi_federation.aggregator.national.rules import (
    OBJECT_WORDS,
    OUTCOME_WORDS,
    STATUS_WORDS,
    THEME_WORDS,
)
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.towns.rules import SENTENCES, STATES
from beffroi_federation.record_json_schema import json_schema
from beffroi_federation.vocabulary import KINDS, STATUSES, THEMES
from beffroi_web.atom import fit_for_xml, moment
from beffroi_web.filters import paragraphs
from beffroi_web.paging import CURSOR_MAX, LIMIT_MAX
from beffroi_web.words import N_

LICENCE_URL = "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
"""The Licence Ouverte 2.0, under which the nation gives everything."""
LICENCE_NAME = "Licence Ouverte / Open Licence 2.0"
DEPARTMENT = r"[0-8][0-9]|9[0-69]|2[AB]|9[78][0-9]"
"""A département or overseas territory, as INSEE codes begin."""


class ListQuerySchema(Schema):
    """What every list takes."""

    cursor = fields.String(validate=validate.Length(max=CURSOR_MAX))
    limit = fields.Integer(validate=validate.Range(1, LIMIT_MAX))


class TownsQuerySchema(ListQuerySchema):
    """Which towns: by words of the name or SIREN, by a commune's INSEE code."""

    q = fields.String(validate=validate.Length(max=200))
    commune = fields.String()


class RecordsQuerySchema(ListQuerySchema):
    """Which records; `kind` is `request` unless it is named."""

    kind = fields.String(validate=validate.OneOf(KINDS))
    status = fields.String(validate=validate.OneOf(STATUSES))
    theme = fields.String(validate=validate.OneOf(THEMES))
    town = fields.String()
    commune = fields.String()
    department = fields.String(validate=validate.Regexp(f"^(?:{DEPARTMENT})$"))
    since = fields.AwareDateTime(format="iso", default_timezone=UTC)
    q = fields.String(validate=validate.Length(max=200))


class SimilarQuerySchema(Schema):
    """What is looked for: the line in which somebody asks."""

    q = fields.String(required=True, validate=validate.Length(1, 200))
    limit = fields.Integer(validate=validate.Range(1, 50))


class TopicsQuerySchema(ListQuerySchema):
    """Which topics; with `q`, the nearest, on one page; `status` is that of some town in it."""

    status = fields.String(validate=validate.OneOf(["published", "refused", "waiting"]))
    theme = fields.String(validate=validate.OneOf(THEMES))
    town = fields.String()
    q = fields.String(validate=validate.Length(max=200))


class AuditQuerySchema(ListQuerySchema):
    """Which events: of one town (SIREN), of one kind."""

    town = fields.String()
    kind = fields.String(validate=validate.OneOf(sorted(SENTENCES)))


class TownSchema(Schema):
    """A town of the register; `size` is the number of verified entries of its log.

    `refused` says that what it served last time was refused; `unreleased` counts requests that it
    received over 30 days ago and about which it has published nothing.
    """

    siren = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    url = fields.String(required=True)
    communes = fields.List(fields.String(), required=True)
    population_band = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    origin = fields.String(required=True)
    prefix = fields.String(required=True)
    vkey = fields.String(required=True)
    size = fields.Integer(required=True)
    verified_at = fields.DateTime(required=True, allow_none=True)
    refused = fields.Boolean(required=True)
    unreleased = fields.Integer(required=True)


class TownPageSchema(Schema):
    """A page of towns."""

    items = fields.List(fields.Nested(TownSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Members(fields.Dict):
    """The members of a record of any kind, as `docs/protocol/schemas/` has them."""

    openapi: ClassVar[dict[str, Any]] = {
        "oneOf": [
            {name: value for name, value in json_schema(kind).items() if name != "$schema"}
            for kind in KINDS
        ]
    }


class RecordSchema(Schema):
    """A current, open record with its place: entry `index` of the log `origin`.

    `record` holds the members of record version 1; `ref` is stable over its versions. `seen_at` is
    when this version was first seen here; `department` that of the commune named, or of the body.
    """

    ref = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)
    siren = fields.String(required=True)
    town = fields.String(required=True)
    origin = fields.String(required=True)
    index = fields.Integer(required=True)
    department = fields.String(required=True, allow_none=True)
    seen_at = fields.DateTime(required=True)
    record = Members(required=True)


class TopicSchema(Schema):
    """The same thing asked in several towns.

    A title is null in a language in which nobody asked. `published`, `refused` and `waiting` count
    towns, each once, by the best that came of its requests.
    """

    id = fields.String(required=True)
    url = fields.String(required=True)
    title_fr = fields.String(required=True, allow_none=True)
    title_en = fields.String(required=True, allow_none=True)
    theme = fields.String(required=True)
    requests = fields.Integer(required=True)
    towns = fields.Integer(required=True)
    published = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    waiting = fields.Integer(required=True)


class TopicPageSchema(Schema):
    """A page of topics."""

    items = fields.List(fields.Nested(TopicSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class TopicRequestsSchema(Schema):
    """A topic, and a page of its requests, answered ones first."""

    topic = fields.Nested(TopicSchema, required=True)
    items = fields.List(fields.Nested(RecordSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class SimilarSchema(RecordSchema):
    """A request that resembles a line, with its topic."""

    topic = fields.Nested(TopicSchema, required=True)


class SimilarPageSchema(Schema):
    """What resembles a line; there is one page."""

    items = fields.List(fields.Nested(SimilarSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RecordPageSchema(Schema):
    """A page of records."""

    items = fields.List(fields.Nested(RecordSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class EventSchema(Schema):
    """Something that happened to a town; `fault` says whether something was wrong."""

    id = fields.Integer(required=True)
    at = fields.DateTime(required=True)
    siren = fields.String(required=True)
    town = fields.String(required=True)
    kind = fields.String(required=True)
    fault = fields.Boolean(required=True)
    sentence = fields.String(required=True)
    words = fields.String(required=True)
    details = fields.Dict(keys=fields.String(), required=True)
    evidence = fields.String(required=True, allow_none=True)


class EventPageSchema(Schema):
    """A page of events."""

    items = fields.List(fields.Nested(EventSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class FeedQuerySchema(Schema):
    """Which feed: of a theme, of a département, of a topic by its public name; which page of it."""

    theme = fields.String(validate=validate.OneOf(["", *THEMES]), load_default="")
    department = fields.String(validate=validate.Regexp(f"^(?:{DEPARTMENT}|)$"), load_default="")
    topic = fields.String(validate=validate.Length(max=20), load_default="")
    cursor = fields.String(validate=validate.Length(max=CURSOR_MAX), load_default="")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, ready to be written; `id` is the address of the request's page."""

    id: str
    title: str
    lang: str
    town: str
    updated: str
    published_url: str
    content: str
    categories: Sequence[tuple[str, str]]


def entry(town: TownRow, row: RecordRow, address: str) -> Entry:
    """Return a request as an entry: where it stands, what is wanted, what was answered."""
    known = row.known
    stands, thing = STATUS_WORDS[known["status"]], OBJECT_WORDS[known["object"]]
    theme = THEME_WORDS.get(known["theme"], known["theme"])
    status = gettext(stands)
    facts = [town.name, gettext(thing), status]
    parts = [Markup("<p>{}</p>").format(" · ".join(facts)), paragraphs(str(known["summary"]))]
    if known.get("answer"):
        outcome = OUTCOME_WORDS.get(str(known.get("outcome")), "")
        parts.append(Markup("<h3>{}</h3>").format(gettext(outcome) if outcome else status))
        parts.append(paragraphs(str(known["answer"])))
    return Entry(
        id=address,
        title=fit_for_xml(str(known["title"])),
        lang=str(known["lang"]),
        town=fit_for_xml(town.name),
        updated=moment(row.seen_at),
        published_url=str(known.get("published_url") or ""),
        content=fit_for_xml(str(Markup("\n").join(parts))),
        categories=[(known["status"], status), (known["theme"], gettext(theme))],
    )


CATALOGUE_WORDS: Mapping[str, str] = {
    "catalogue": N_("Open data of %(name)s"),
    "catalogue_purpose": N_(
        "What towns have published about the requests and reports that people make to them, "
        "checked against their signed logs."
    ),
    "keyword": N_("access to public documents"),
    "theme": N_("Government and public sector"),
    "themes": N_("Data themes of the European Union"),
    "national": N_("National authority"),
    "kinds": N_("Kinds of publishers"),
}
"""The words of the catalogue that are not those of a data set."""


def facts(settings: AggregatorSettings, files: Sequence[FileRow]) -> Facts:
    """Return what the catalogue follows from, its words in every language of the site."""
    words: dict[str, dict[str, str]] = {}
    sentences = dict(CATALOGUE_WORDS)
    for data in DATA.values():
        sentences |= {data.name: data.title, f"{data.name}_row": data.row}
    for lang in settings.languages:
        with force_locale(lang):
            for name, sentence in sentences.items():
                said = str(gettext(sentence, name=settings.name))
                if name.endswith("_row"):
                    said = str(gettext("One row is %(what)s.", what=said))
                words.setdefault(name, {})[lang] = said
    named: dict[str, list[File]] = {}
    for one in files:
        made = File(one.name, one.bytes, one.sha256, one.made_at.date())
        named.setdefault(data_of(one.name), []).append(made)
    return Facts(
        name=settings.name,
        site=settings.public_url,
        contact=settings.contact,
        languages=settings.languages,
        licence=LICENCE_URL,
        files=named,
        words=words,
    )
