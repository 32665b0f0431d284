# SPDX-License-Identifier: AGPL-3.0-or-later
"""Campaigns for readers and calendars: `/campaigns/calendar.ics` and `/feeds/campaigns.atom`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Response, render_template, url_for
from flask_babel import gettext

from beffroi import __version__
from beffroi.campaigns import queries, rules
from beffroi.campaigns.routes.shared import blueprint, title_of
from beffroi.campaigns.rules.ical import Entry, calendar
from beffroi.campaigns.schemas import from_to, in_words
from beffroi.data_requests.rules import THEMES
from beffroi.kernel.extension import settings
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language, explicit_language

MOST_EDITIONS = 12
"""How many editions the calendar holds: three years of a quarterly one."""
ENDLESS = "1970-01-01T00:00:00Z"
"""When a feed without an entry was renewed: at no moment of the town's."""


def _page(one: queries.Edition) -> str:
    return settings().public_url + url_for("campaigns.show", slug=one.slug, lang=None)


@blueprint.get("/campaigns/calendar.ics")
@guard(PUBLIC)
def calendar_ics() -> Response:
    """Give the phases and the meet-ups of the newest campaigns as iCalendar."""
    found = queries.editions(MOST_EDITIONS)
    by_id = {one.id: one for one in found}
    host = settings().public_url.split("//", 1)[1].split(":")[0]
    entries = [entry for one in reversed(found) for entry in _phases(one, host)]
    entries += [
        Entry(
            uid=f"{meeting.uid}@{host}",
            stamp=by_id[meeting.campaign_id].changed_at,
            begin=meeting.begins_at,
            end=meeting.ends_at,
            summary=meeting.title,
            description=title_of(by_id[meeting.campaign_id]),
            location=meeting.place,
            url=_page(by_id[meeting.campaign_id]),
        )
        for meeting in queries.meetings(list(by_id))
    ]
    name = gettext("Campaigns of %(town)s", town=settings().name)
    product = f"-//Beffroi//Beffroi {__version__}//{current_language().upper()}"
    return _dressed(Response(calendar(entries, name=name, product=product)), "text/calendar")


def _phases(one: queries.Edition, host: str) -> list[Entry]:
    entries = []
    for phase, words in rules.PHASES.items():
        first, last = one.plan.span(phase)
        entries.append(
            Entry(
                uid=f"{one.record_id}-{phase}@{host}",
                stamp=one.changed_at,
                begin=first,
                end=last + timedelta(days=1),
                summary=f"{title_of(one)} · {gettext(words)}",
                description=gettext(rules.WHAT_HAPPENS[phase]),
                url=_page(one),
            )
        )
    return entries


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One announcement as the feed has it."""

    id: str
    title: str
    updated: str
    url: str
    theme: tuple[str, str] | None
    words: str


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(step: queries.Step, one: queries.Edition) -> FeedEntry:
    words = in_words(step.on_day)
    if step.step in rules.PHASES:
        words = f"{from_to(*one.plan.span(step.step))}. {gettext(rules.WHAT_HAPPENS[step.step])}"
    said = gettext(rules.STEPS[step.step])
    return FeedEntry(
        id=f"{_page(one)}#{step.step}",
        title=f"{title_of(one)} · {said}",
        updated=_moment(step.at),
        url=_page(one) + ("/note" if step.step == "published" else ""),
        theme=(one.theme, gettext(THEMES[one.theme])) if one.theme else None,
        words=words,
    )


@blueprint.get("/feeds/campaigns.atom")
@guard(PUBLIC)
def atom() -> Response:
    """Give the newest announcements: each phase that began, each note."""
    entries = [_entry(step, one) for step, one in queries.steps()]
    town = settings()
    body = render_template(
        "campaigns/feed.xml",
        id=town.public_url + url_for("campaigns.atom", lang=None),
        itself=town.public_url + url_for("campaigns.atom"),
        page=town.public_url + url_for("campaigns.listing"),
        title=gettext("Campaigns of %(town)s", town=town.name),
        author=town.name,
        lang=current_language(),
        updated=max((one.updated for one in entries), default=ENDLESS),
        entries=entries,
    )
    return _dressed(Response(body), "application/atom+xml")


def _dressed(response: Response, kind: str) -> Response:
    response.mimetype = kind
    if not explicit_language():
        response.vary.add("Accept-Language")
    return response
