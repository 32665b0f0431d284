# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on series and editions: set up, make the next, write what a day brought. None commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select

from beffroi.campaigns import queries, rules
from beffroi.campaigns.events import CampaignNotePublished, CampaignPhaseBegan
from beffroi.campaigns.models import (
    Campaign,
    CampaignAssociation,
    CampaignMeeting,
    CampaignRequest,
    CampaignSeries,
    CampaignStep,
)
from beffroi.campaigns.service import survey
from beffroi.cases.service import gate
from beffroi.data_requests.rules import THEMES
from beffroi.kernel.bus import publish
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Settings:
    """What a series is told at the desk; titles and words by language, the first one needed."""

    titles: Mapping[str, str]
    words: Mapping[str, str]
    first_on: date
    theme: str | None = None
    owed: int = 5
    every_months: int = 3
    weeks: tuple[int, ...] = rules.WEEKS
    active: bool = True


def gated(kind: str, words: str, field: str, *, needed: bool = True) -> str:
    """Return words of the institution once they are checked and hold nothing personal."""
    cleaned = rules.checked(kind, words, field, needed=needed)
    gate(cleaned, field)
    return cleaned


def in_languages(
    kind: str, said: Mapping[str, str], languages: Sequence[str], name: str, *, needed: bool = True
) -> dict[str, str]:
    """Return a text in the town's languages; what is empty in a further one is left out."""
    found = {
        lang: gated(kind, said.get(lang, ""), f"{name}_{lang}", needed=needed and lang == first)
        for first in languages[:1]
        for lang in languages
    }
    return {lang: words for lang, words in found.items() if words}


def save_series(
    series_id: int | None,
    given: Settings,
    *,
    languages: Sequence[str],
    today: date,
    now: datetime,
    chance: Chance,
) -> int:
    """Make a series, or change one; editions that have not begun follow it. Return its id."""
    if given.theme is not None and given.theme not in THEMES:
        raise Invalid(N_("There is no such theme."), errors={"theme": [N_("Unknown.")]})
    if not 1 <= given.owed <= rules.MOST_OWED:
        raise Invalid(N_("Something is missing."), errors={"owed": [N_("Between 1 and 50.")]})
    rules.Rhythm(given.first_on, given.every_months, given.weeks).check()
    row = _series(series_id) if series_id else CampaignSeries(made_at=now)
    row.titles = in_languages("title", given.titles, languages, "title")
    row.words = in_languages("words", given.words, languages, "words", needed=False)
    row.theme, row.owed, row.first_on = given.theme, given.owed, given.first_on
    row.every_months, row.weeks, row.active = given.every_months, list(given.weeks), given.active
    db.session.add(row)
    db.session.flush()
    planned = select(Campaign).where(
        Campaign.series_id == row.id, Campaign.phase == rules.PLANNED, Campaign.call_on > today
    )
    for edition in db.session.scalars(planned).all():
        if row.active:
            _plan(edition, row, today=today, now=now)
        else:
            _drop(edition)
    make_next(row.id, today=today, now=now, chance=chance)
    return row.id


def _series(series_id: int) -> CampaignSeries:
    row = db.session.get(CampaignSeries, series_id, with_for_update=True)
    if row is None:
        raise NotFound(N_("There is no such campaign."))
    return row


def _drop(edition: Campaign) -> None:
    """Forget an edition that has not begun, because its series ended."""
    for table in (CampaignRequest, CampaignMeeting, CampaignAssociation):
        db.session.execute(delete(table).where(table.campaign_id == edition.id))
    db.session.delete(edition)
    db.session.flush()


def make_next(series_id: int, *, today: date, now: datetime, chance: Chance) -> int | None:
    """Make the next edition of a series, four weeks before it begins; return its id if it was made.

    One stands before the next: nothing is made while an edition has not begun.
    """
    row = _series(series_id)
    newest = queries.newest_of(series_id)
    if not row.active or (newest is not None and newest.call_on > today):
        return None
    if newest is not None and _next_plan(row, today).call - rules.LEAD > today:
        return None  # the first one is announced at once
    edition = Campaign(
        series_id=row.id,
        number=newest.number + 1 if newest else 1,
        record_id=chance(16).hex(),
        slug="",
        phase=rules.PLANNED,
        version=0,
        note={},
    )
    _plan(edition, row, today=today, now=now)
    db.session.add(edition)
    db.session.flush()
    return edition.id


def _next_plan(row: CampaignSeries, today: date) -> rules.Plan:
    """Return the plan of what comes after the editions of a series that have begun."""
    over = db.session.scalar(
        select(func.max(Campaign.over_on)).where(
            Campaign.series_id == row.id, Campaign.call_on <= today
        )
    )
    rhythm = rules.Rhythm(row.first_on, row.every_months, tuple(row.weeks))
    return rhythm.next_plan(not_before=over, today=today)


def _plan(edition: Campaign, row: CampaignSeries, *, today: date, now: datetime) -> None:
    """Give an edition that has not begun the days and the words of its series."""
    plan = _next_plan(row, today)
    for name, day in plan.begins():
        setattr(edition, f"{name}_on", day)
    edition.next_on = plan.call
    edition.titles, edition.words = dict(row.titles), dict(row.words)
    edition.theme, edition.owed, edition.changed_at = row.theme, row.owed, now
    title = next(iter(row.titles.values()))
    taken = queries.slugs(rules.slug(plan.call, title))
    edition.slug = rules.slug(plan.call, title, [one for one in taken if one != edition.slug])


def the_edition(slug: str) -> Campaign:
    """Return an edition for a change, locked until the transaction ends, or raise NotFound."""
    return _locked(Campaign.slug == slug)


def _locked(condition: object) -> Campaign:
    found = select(Campaign).where(condition).with_for_update()  # type: ignore[arg-type]
    row = db.session.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(N_("There is no such campaign."))
    return row


def advance(campaign_id: int, *, today: date, now: datetime) -> int:
    """Write every phase of an edition that has begun until today, each once; return how many.

    When the survey is over it is counted, and the votes are destroyed.
    """
    row = _locked(Campaign.id == campaign_id)
    written = 0
    plan = rules.Plan(row.call_on, row.sorting_on, row.research_on, row.note_on, row.over_on)
    while row.next_on is not None and row.next_on <= today:
        step = next(name for name, day in plan.begins() if day == row.next_on)
        row.phase, row.next_on, row.changed_at = step, plan.after(step), now
        row.version += 1
        if step == "research":
            survey.count(row)
        first, last = plan.span(step)
        written += 1
        publish(
            CampaignPhaseBegan(
                campaign_id=row.id, series_id=row.series_id,
                step_id=_write(row, step, first, now), slug=row.slug, phase=step, theme=row.theme,
                titles=dict(row.titles), first_day=first, last_day=last,
                path=f"/campaigns/{row.slug}", at=now,
            )
        )  # fmt: skip
    return written


def _write(row: Campaign, step: str, day: date, now: datetime) -> int:
    made = CampaignStep(campaign_id=row.id, step=step, on_day=day, at=now)
    db.session.add(made)
    db.session.flush()
    return made.id


def save_note(slug: str, words: Mapping[str, str], *, languages: Sequence[str]) -> None:
    """Keep the words of a note, in the town's languages; once it is published they stay."""
    row = the_edition(slug)
    if row.note_at is not None:
        raise Conflict(N_("This note is published: it stays as it is."))
    row.note = in_languages("note", words, languages, "note", needed=False)


def publish_note(slug: str, *, today: date, now: datetime) -> None:
    """Publish the note of an edition whose survey is over; followers are told."""
    row = the_edition(slug)
    if row.note_at is not None:
        raise Conflict(N_("This note is published: it stays as it is."))
    if row.phase not in {"research", "note", rules.OVER}:
        raise Conflict(N_("The note comes after the survey."))
    if not row.note:
        raise Invalid(N_("Write some words first."), errors={"": [N_("Write some words first.")]})
    row.note_at, row.changed_at = now, now
    row.version += 1
    publish(
        CampaignNotePublished(
            campaign_id=row.id, series_id=row.series_id,
            step_id=_write(row, "published", today, now), slug=row.slug, theme=row.theme,
            titles=dict(row.titles), path=f"/campaigns/{row.slug}/note", at=now,
        )
    )  # fmt: skip
