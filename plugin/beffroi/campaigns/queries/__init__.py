# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of series and editions: the institution's own words, days, and who helps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from sqlalchemy import func, select

from beffroi.campaigns import rules
from beffroi.campaigns.models import (
    Campaign,
    CampaignAssociation,
    CampaignMeeting,
    CampaignSeries,
    CampaignStep,
)
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class Series:
    """A series with its settings."""

    id: int
    titles: Mapping[str, str]
    words: Mapping[str, str]
    theme: str | None
    owed: int
    first_on: date
    every_months: int
    weeks: Sequence[int]
    active: bool

    @property
    def rhythm(self) -> rules.Rhythm:
        """Return when its editions begin."""
        return rules.Rhythm(self.first_on, self.every_months, tuple(self.weeks))


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition as everyone may see it."""

    id: int
    series_id: int
    number: int
    slug: str
    record_id: str
    titles: Mapping[str, str]
    words: Mapping[str, str]
    theme: str | None
    owed: int
    call_on: date
    sorting_on: date
    research_on: date
    note_on: date
    over_on: date
    phase: str
    next_on: date | None
    version: int
    voters: int | None
    note_at: datetime | None
    changed_at: datetime

    @property
    def plan(self) -> rules.Plan:
        """Return the first day of each phase."""
        return rules.Plan(
            self.call_on, self.sorting_on, self.research_on, self.note_on, self.over_on
        )

    @property
    def counted(self) -> bool:
        """Say whether the survey has been counted."""
        return self.voters is not None


_SERIES = [getattr(CampaignSeries, name) for name in Series.__dataclass_fields__]
_EDITION = [getattr(Campaign, name) for name in Edition.__dataclass_fields__]


def all_series() -> list[Series]:
    """Return every series, the oldest first."""
    rows = db.session.execute(select(*_SERIES).order_by(CampaignSeries.id))
    return [Series(*row) for row in rows]


def series(series_id: int) -> Series | None:
    """Return one series."""
    row = db.session.execute(select(*_SERIES).where(CampaignSeries.id == series_id)).first()
    return Series(*row) if row else None


def edition(slug: str) -> Edition | None:
    """Return an edition by its name in addresses."""
    row = db.session.execute(select(*_EDITION).where(Campaign.slug == slug)).first()
    return Edition(*row) if row else None


def edition_by_id(campaign_id: int) -> Edition | None:
    """Return an edition by its id."""
    row = db.session.execute(select(*_EDITION).where(Campaign.id == campaign_id)).first()
    return Edition(*row) if row else None


def editions(most: int = 100) -> list[Edition]:
    """Return the editions, the one that began (or begins) last first."""
    rows = db.session.execute(
        select(*_EDITION).order_by(Campaign.call_on.desc(), Campaign.id.desc()).limit(most)
    )
    return [Edition(*row) for row in rows]


def running(day: date) -> list[Edition]:
    """Return the editions that are in one of their phases on a day, the newest first."""
    rows = db.session.execute(
        select(*_EDITION)
        .where(Campaign.call_on <= day, Campaign.over_on > day)
        .order_by(Campaign.call_on.desc(), Campaign.id)
    )
    return [Edition(*row) for row in rows]


def calling(day: date) -> list[Edition]:
    """Return the editions whose call is on a day, the oldest series first."""
    rows = db.session.execute(
        select(*_EDITION)
        .where(Campaign.call_on <= day, Campaign.sorting_on > day)
        .order_by(Campaign.series_id)
    )
    return [Edition(*row) for row in rows]


def due(today: date, most: int = 100) -> Sequence[int]:
    """Return the editions of which a change is to be written today or has been since."""
    return db.session.scalars(
        select(Campaign.id).where(Campaign.next_on <= today).order_by(Campaign.next_on).limit(most)
    ).all()


def newest_of(series_id: int) -> Edition | None:
    """Return the newest edition of a series."""
    row = db.session.execute(
        select(*_EDITION)
        .where(Campaign.series_id == series_id)
        .order_by(Campaign.number.desc())
        .limit(1)
    ).first()
    return Edition(*row) if row else None


def before(one: Edition) -> Edition | None:
    """Return the edition of the same series that came before an edition."""
    row = db.session.execute(
        select(*_EDITION)
        .where(Campaign.series_id == one.series_id, Campaign.number < one.number)
        .order_by(Campaign.number.desc())
        .limit(1)
    ).first()
    return Edition(*row) if row else None


def slugs(beginning: str) -> Sequence[str]:
    """Return the names of editions that begin so."""
    found = select(Campaign.slug).where(Campaign.slug.startswith(beginning, autoescape=True))
    return db.session.scalars(found).all()


def note_words(campaign_id: int, *, drafts: bool = False) -> Mapping[str, str]:
    """Return the words of a note by language; nothing before it is published, but for the desk."""
    row = db.session.execute(
        select(Campaign.note, Campaign.note_at).where(Campaign.id == campaign_id)
    ).first()
    return dict(row.note) if row and (drafts or row.note_at) else {}


@dataclass(frozen=True, slots=True)
class Step:
    """One step that was written of an edition."""

    id: int
    campaign_id: int
    step: str
    on_day: date
    at: datetime


_STEP = [getattr(CampaignStep, name) for name in Step.__dataclass_fields__]


def step(step_id: int) -> tuple[Step, Edition] | None:
    """Return a step with its edition."""
    row = db.session.execute(select(*_STEP).where(CampaignStep.id == step_id)).first()
    one = edition_by_id(row.campaign_id) if row else None
    return (Step(*row), one) if row and one else None


def steps(most: int = 50) -> list[tuple[Step, Edition]]:
    """Return the newest steps of all editions, the newest first."""
    rows = db.session.execute(select(*_STEP).order_by(CampaignStep.id.desc()).limit(most)).all()
    found = {one: edition_by_id(one) for one in {row.campaign_id for row in rows}}
    return [(Step(*r), e) for r in rows if (e := found[r.campaign_id]) is not None]


@dataclass(frozen=True, slots=True)
class Association:
    """Who helps to organise an edition."""

    id: int
    campaign_id: int
    code: str
    name: str
    number: str | None
    url: str | None


_ASSOCIATION = [getattr(CampaignAssociation, name) for name in Association.__dataclass_fields__]


def associations(campaign_id: int) -> list[Association]:
    """Return who helps to organise an edition, in alphabetical order."""
    rows = db.session.execute(
        select(*_ASSOCIATION)
        .where(CampaignAssociation.campaign_id == campaign_id)
        .order_by(func.lower(CampaignAssociation.name))
    )
    return [Association(*row) for row in rows]


def call_for(came_by: str, day: date) -> tuple[Edition, Association | None] | None:
    """Return the edition that a request of a day belongs to, and who brings it; None if none calls.

    `came_by` is what the address of its form said: the edition, and the association by which it
    came (`2027-q1-…/code`). What is not known, or not running, is passed over: a link that is too
    old loses no request. Without it the request belongs to the first call that has no theme.
    """
    slug, _, code = came_by.partition("/")
    calls = calling(day)
    named = next((one for one in calls if one.slug == slug), None)
    chosen = named or next((one for one in calls if one.theme is None), None)
    if chosen is None:
        return None
    helpers = associations(chosen.id) if named and code else []
    return chosen, next((one for one in helpers if one.code == code), None)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meet-up."""

    id: int
    campaign_id: int
    uid: str
    title: str
    place: str
    begins_at: datetime
    ends_at: datetime


_MEETING = [getattr(CampaignMeeting, name) for name in Meeting.__dataclass_fields__]


def meetings(campaign_ids: Sequence[int]) -> list[Meeting]:
    """Return the meet-ups of some editions, the earliest first."""
    rows = db.session.execute(
        select(*_MEETING)
        .where(CampaignMeeting.campaign_id.in_(campaign_ids))
        .order_by(CampaignMeeting.begins_at, CampaignMeeting.id)
    )
    return [Meeting(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Proposals:
    """What the edition before had and this one has not (yet): who helped, meet-ups at their new
    times. Nothing of it holds before an agent takes it over."""

    associations: Sequence[Association] = ()
    meetings: Sequence[Meeting] = ()

    def __bool__(self) -> bool:
        """Say whether anything is proposed."""
        return bool(self.associations or self.meetings)


def proposals(one: Edition, zone: tzinfo) -> Proposals:
    """Return what an edition may take over from the one before; `zone` is the town's."""
    old = before(one)
    if old is None or one.phase == rules.OVER:
        return Proposals()
    here = {each.name.casefold() for each in associations(one.id)}
    titles = {each.title.casefold() for each in meetings([one.id])}
    weeks = rules.weeks_between(old.call_on, one.call_on)
    again = [
        (each, rules.moved(each.begins_at, each.ends_at, weeks, zone))
        for each in meetings([old.id])
        if each.title.casefold() not in titles
    ]
    return Proposals(
        [each for each in associations(old.id) if each.name.casefold() not in here],
        [replace(each, begins_at=at.begins_at, ends_at=at.ends_at) for each, at in again],
    )
