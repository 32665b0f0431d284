# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in for a data request, from the form, the desk or the API; and what goes out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_babel import format_date, gettext, ngettext
from marshmallow import Schema, fields, validate
from marshmallow.exceptions import ValidationError

from beffroi.cases.rules import TEXT_LIMITS
from beffroi.cases.schemas import SUMMARY_LENGTH, HidingFields, card, shortened
from beffroi.config import luhn
from beffroi.data_requests.rules import (
    CHANNELS,
    GROUNDS,
    MEANINGS,
    OBJECTS,
    OUTCOMES,
    RECORDABLE,
    THEMES,
)
from beffroi.data_requests.rules.licences import LICENCES
from beffroi.legal.clock import Step, Timetable
from beffroi.legal.packs import Body
from beffroi.legal.sizes import Size, binds, enough_inhabitants
from beffroi_web.cards import CaseCard
from beffroi_web.filters import number
from beffroi_web.words import N_

FIELDS = (
    *("object", "title", "wanted", "software", "decision", "purpose", "area", "period", "format"),
    *("commune", "organisation", "email", "came_by"),
)
"""The fields of the form, in their order."""


def _organisation(value: str) -> None:
    """Accept a SIREN (nine digits, Luhn) or an RNA number (W and nine characters)."""
    text = value.replace(" ", "")
    siren = len(text) == 9 and text.isdigit() and luhn(text)
    rna = len(text) == 10 and text[0] == "W" and text[1:].isalnum()
    if not (siren or rna):
        raise ValidationError(N_("Give a SIREN (nine digits) or an RNA number (W…)."))


class RequestForm(HidingFields):
    """The public form: `object title wanted purpose area period format` and who asks."""

    object = fields.String(required=True, validate=validate.OneOf(list(OBJECTS)))
    title = fields.String(required=True, validate=validate.Length(5, TEXT_LIMITS["title"]))
    wanted = fields.String(required=True, validate=validate.Length(10, TEXT_LIMITS["wanted"]))
    software = fields.String(validate=validate.Length(max=TEXT_LIMITS["software"]))
    decision = fields.String(validate=validate.Length(max=TEXT_LIMITS["decision"]))
    purpose = fields.String(validate=validate.Length(max=TEXT_LIMITS["purpose"]))
    area = fields.String(validate=validate.Length(max=TEXT_LIMITS["area"]))
    period = fields.String(validate=validate.Length(max=TEXT_LIMITS["period"]))
    format = fields.String(validate=validate.Length(max=TEXT_LIMITS["format"]))
    commune = fields.String(validate=validate.Length(equal=5))
    organisation = fields.String(validate=_organisation)
    email = fields.Email(validate=validate.Length(max=254))
    came_by = fields.String()


class FollowForm(Schema):
    """Which theme to follow (none: the whole town), and where to tell who is not signed in."""

    theme = fields.String(validate=validate.OneOf(["", *THEMES]), load_default="")
    email = fields.Email(validate=validate.Length(max=254), load_default="")


class DeskRequestForm(RequestForm):
    """The same, entered by an agent for somebody who wrote, called or came."""

    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    received_on = fields.Date(required=True)
    name = fields.String(validate=validate.Length(max=200))
    postal = fields.String(validate=validate.Length(max=500))


class AnswerFormSchema(Schema):
    """An official answer as the desk sends it; `rules.check_answer` says what each outcome owes."""

    outcome = fields.String(required=True, validate=validate.OneOf(list(OUTCOMES)))
    words = fields.String(required=True, validate=validate.Length(1, TEXT_LIMITS["answer"]))
    ground = fields.String(validate=validate.OneOf(["", *GROUNDS]), load_default="")
    url = fields.String(validate=validate.Length(max=500), load_default="")
    planned = fields.String(validate=validate.Regexp(r"^(\d{4}-Q[1-4])?$"), load_default="")
    duplicate_of = fields.String(validate=validate.Length(max=16), load_default="")
    licence = fields.String(validate=validate.OneOf(["", *LICENCES]), load_default="")
    swhid = fields.String(validate=validate.Length(max=200), load_default="")
    redirected_to = fields.String(validate=validate.Length(max=200), load_default="")
    security_system = fields.String(validate=validate.Length(max=200), load_default="")
    security_article = fields.String(validate=validate.Length(max=100), load_default="")
    security_on = fields.String(validate=validate.Length(max=10), load_default="")
    security_reasons = fields.String(validate=validate.Length(max=2000), load_default="")


class DraftFormSchema(AnswerFormSchema):
    """The same while it is being written: nothing is owed yet, and it may have a moment."""

    outcome = fields.String(validate=validate.OneOf(["", *OUTCOMES]), load_default="")
    words = fields.String(validate=validate.Length(max=TEXT_LIMITS["answer"]), load_default="")
    publish_on = fields.Date(load_default=None, allow_none=True)
    publish_hour = fields.String(validate=validate.Length(max=8), load_default="")


class ReuseForm(HidingFields):
    """What somebody made of something published: a title, an https address, some words."""

    title = fields.String(required=True, validate=validate.Length(5, TEXT_LIMITS["title"]))
    url = fields.String(
        required=True,
        validate=validate.Length(max=500),
        metadata={"pattern": "^ *https://", "example": "https://arbres.example/carte"},
    )
    words = fields.String(validate=validate.Length(max=2000))
    email = fields.Email(validate=validate.Length(max=254))


class PublicReuse(Schema):
    """A reuse as everyone may see it: `url` is null where an agent has hidden it."""

    title = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)
    words = fields.String(required=True)


class ReusePage(Schema):
    """The reuses of a request, the oldest first; there is no second page."""

    items = fields.List(fields.Nested(PublicReuse), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class SentReuse(Schema):
    """What is said of a reuse that has just been sent: an agent reads it before it is shown."""

    state = fields.String(required=True, validate=validate.OneOf(["pending"]))
    url = fields.String(required=True, metadata={"description": "where it will be shown"})


class CadaForm(Schema):
    """Who asks the CADA, which requests go into the file, and whether it is a PDF or a text."""

    name = fields.String(required=True, validate=validate.Length(2, 200))
    postal = fields.String(required=True, validate=validate.Length(5, 500))
    email = fields.Email(validate=validate.Length(max=254), load_default="")
    also = fields.List(fields.String(validate=validate.Length(max=16)), load_default=[])
    format = fields.String(validate=validate.OneOf(["pdf", "text"]), load_default="pdf")


class LegalEventForm(Schema):
    """What an agent writes down on the clock: an event, its true day, an opinion's number."""

    code = fields.String(required=True, validate=validate.OneOf(list(RECORDABLE)))
    on = fields.Date(required=True)
    number = fields.String(validate=validate.Regexp(r"^[0-9A-Za-z-]{0,20}$"), load_default="")
    meaning = fields.String(validate=validate.OneOf(["", *MEANINGS]), load_default="")


@dataclass(frozen=True, slots=True)
class LegalLine:
    """A delay of the legal clock as pages show it, in the reader's language."""

    what: str
    when: str
    on: date | None
    latest: date | None
    article: str
    source: str
    next: str
    indicative: bool
    is_right: bool
    is_open: bool
    is_late: bool


def legal_lines(table: Timetable, today: date, lang: str) -> list[LegalLine]:
    """Return the delays that have begun: those that run, what is late, what silence has brought.

    A right that has expired, was used or is no more needed is not shown: it is no option.
    """
    shown = []
    for step in table.steps:
        is_right = step.delay.kind == "right"
        done = step.ended_on is not None and step.ended_on <= today
        if step.began_on > today or (done and (is_right or not step.is_missed())):
            continue
        if is_right and not step.is_open(today):
            continue
        shown.append(_line(step, today, lang, is_right=is_right, done=done))
    return shown


def _line(step: Step, today: date, lang: str, *, is_right: bool, done: bool) -> LegalLine:
    late = not is_right and step.day is not None and today >= step.day and not done
    when = N_("until %(day)s") if is_right else N_("on %(day)s")
    return LegalLine(
        what=step.delay.says[lang],
        when=gettext(when, day=format_date(step.day, "long")) if step.day else "",
        on=step.day,
        latest=step.latest if step.latest != step.day else None,
        article=step.delay.rule.article,
        source=step.delay.rule.source,
        next=step.delay.next[lang],
        indicative=step.indicative,
        is_right=is_right,
        is_open=not done and not late,
        is_late=late,
    )


@dataclass(frozen=True, slots=True)
class SizeLine:
    """What the law asks of bodies of some size, whether it binds this town, and why."""

    says: str
    article: str
    source: str
    official: bool
    binds: bool | None
    why: str


def size_line(body: Body, size: Size, lang: str) -> SizeLine:
    """Return a rule about sizes as pages show it; what is not known is said to be so."""
    rule = body.rule
    why = [_why_inhabitants(body, size)]
    if body.agents:
        why.append(_why_agents(size))
    return SizeLine(
        body.says[lang], rule.article, rule.source, rule.official, binds(body, size),
        gettext("%(one)s; %(other)s", one=why[0], other=why[1]) if len(why) > 1 else why[0],
    )  # fmt: skip


def _why_inhabitants(body: Body, size: Size) -> str:
    found = enough_inhabitants(body, size)
    if size.kind in body.whatever_inhabitants and size.fewest < body.inhabitants:
        return str(
            gettext(
                "the exemption below %(count)s inhabitants names territorial communities, which an "
                "intermunicipal body is not; no official source settles it",
                count=number(body.inhabitants),
            )
        )
    if found:
        return str(gettext("it has at least %(count)s inhabitants", count=number(size.fewest)))
    most = number(size.most or 0)
    if found is False:
        return str(gettext("it has at most %(count)s inhabitants", count=most))
    sentence = N_("it has between %(fewest)s and %(most)s inhabitants, as far as is said here")
    return str(gettext(sentence, fewest=number(size.fewest), most=most))


def _why_agents(size: Size) -> str:
    if size.agents is None:
        return str(gettext("how many full-time agents it has is not said here"))
    return str(gettext("it has %(count)s full-time agents", count=number(size.agents)))


class ListQuery(Schema):
    """Filters of the public list and of `GET /api/v1/requests`."""

    q = fields.String(validate=validate.Length(max=200), load_default="")
    status = fields.String(load_default="")
    object = fields.String(validate=validate.OneOf(["", *OBJECTS]), load_default="")
    theme = fields.String(validate=validate.OneOf(["", *THEMES]), load_default="")
    sort = fields.String(
        validate=validate.OneOf(["newest", "oldest", "supported", "relevance"]),
        load_default="newest",
    )
    cursor = fields.String(validate=validate.Length(max=500), load_default="")
    limit = fields.Integer(load_default=20, metadata={"minimum": 1, "maximum": 200})


class PublicRequest(Schema):
    """One data request as everyone may see it (`/api/v1/requests`)."""

    ref = fields.String()
    object = fields.String()
    theme = fields.String(allow_none=True)
    status = fields.String()
    title = fields.String(allow_none=True)
    wanted = fields.String(allow_none=True)
    commune = fields.String(allow_none=True)
    received_on = fields.Date()
    due_on = fields.Date(allow_none=True)
    closed_on = fields.Date(allow_none=True)
    supports = fields.Integer()
    outcome = fields.String(allow_none=True)
    answer = fields.String(allow_none=True)
    licence = fields.String(allow_none=True)
    swhid = fields.String(allow_none=True)
    redirected_to = fields.String(allow_none=True)
    software = fields.String(allow_none=True)
    decision = fields.String(allow_none=True)
    reuses = fields.Integer()
    url = fields.String()


class RequestPage(Schema):
    """One page of `/api/v1/requests`."""

    items = fields.List(fields.Nested(PublicRequest), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class NearQuery(Schema):
    """What is looked for in `GET /api/v1/similar`: the line in which somebody asks."""

    q = fields.String(required=True, validate=validate.Length(1, TEXT_LIMITS["title"]))


class NearRequest(Schema):
    """A request that was made in this town already."""

    ref = fields.String()
    title = fields.String()
    status = fields.String()
    received_on = fields.Date()
    supports = fields.Integer()
    outcome = fields.String(allow_none=True)
    answer = fields.String(allow_none=True)
    url = fields.String()


class NearDataset(Schema):
    """A dataset of a connected catalogue."""

    title = fields.String()
    url = fields.String()
    summary = fields.String()
    publisher = fields.String()
    licence = fields.String()
    themes = fields.List(fields.String())
    high_value = fields.String(allow_none=True)


class NearElsewhere(Schema):
    """A request that was answered in another town."""

    town = fields.String()
    title = fields.String()
    answer = fields.String(allow_none=True)
    url = fields.String()
    published_url = fields.String(allow_none=True)


class NearThings(Schema):
    """What resembles a request, the nearest first in each list."""

    requests = fields.List(fields.Nested(NearRequest), required=True)
    datasets = fields.List(fields.Nested(NearDataset), required=True)
    elsewhere = fields.List(fields.Nested(NearElsewhere), required=True)


@dataclass(frozen=True, slots=True)
class NearCard:
    """A similar request as a page shows it, and the reference by which one joins it."""

    ref: str
    card: CaseCard


def near_card(row: Any, answers: Sequence[Any], *, today: date) -> NearCard:
    """Return a similar request with how its answer begins and how many stand behind it."""
    supports = ngettext("%(num)s person in support", "%(num)s people in support", row.supports)
    shown = card(row, today=today, facts=(supports,) if row.supports else ())
    words = answers[0].words if answers else None
    if words:
        said = gettext("Answer: %(words)s", words=shortened(words, SUMMARY_LENGTH))
        shown = replace(shown, summary=said)
    return NearCard(row.ref, shown)
