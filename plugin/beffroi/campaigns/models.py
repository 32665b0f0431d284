# SPDX-License-Identifier: AGPL-3.0-or-later
"""Series, editions, what belongs to an edition, and who takes part.

Words of the institution stand in the town's languages as `{"fr": …, "en": …}`. Votes are kept until
they are counted and no longer: what is left is each request's points and place.
"""

from datetime import date, datetime

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class CampaignSeries(Model):
    """The template of campaigns: when its editions begin, how long phases last, what is owed."""

    __tablename__ = "campaign_series"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    words: Mapped[dict[str, str]] = mapped_column(JSON)
    theme: Mapped[str | None] = mapped_column(String(4))
    owed: Mapped[int] = mapped_column(Integer)
    first_on: Mapped[date] = mapped_column(Date)
    every_months: Mapped[int] = mapped_column(Integer)
    weeks: Mapped[list[int]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(Boolean)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Campaign(Model):
    """One edition. `phase` is what was written last, `next_on` the day of the next change.

    `record_id` is random and the same in every version of its record; `version` counts those.
    """

    __tablename__ = "campaign"
    __table_args__ = (UniqueConstraint("series_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    series_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaign_series.id"))
    number: Mapped[int] = mapped_column(Integer)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    record_id: Mapped[str] = mapped_column(String(32), unique=True)
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    words: Mapped[dict[str, str]] = mapped_column(JSON)
    theme: Mapped[str | None] = mapped_column(String(4))
    owed: Mapped[int] = mapped_column(Integer)
    call_on: Mapped[date] = mapped_column(Date, index=True)
    sorting_on: Mapped[date] = mapped_column(Date)
    research_on: Mapped[date] = mapped_column(Date)
    note_on: Mapped[date] = mapped_column(Date)
    over_on: Mapped[date] = mapped_column(Date)
    phase: Mapped[str] = mapped_column(String(10))
    next_on: Mapped[date | None] = mapped_column(Date, index=True)
    version: Mapped[int] = mapped_column(Integer, default=0)
    voters: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[dict[str, str]] = mapped_column(JSON)
    note_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CampaignStep(Model):
    """One change of an edition, written once; `on_day` is the day it is of, `at` when it was."""

    __tablename__ = "campaign_step"
    __table_args__ = (UniqueConstraint("campaign_id", "step"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaign.id"))
    step: Mapped[str] = mapped_column(String(10))
    on_day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CampaignAssociation(Model):
    """Who helps to organise an edition; `code` is its name in the address of its page."""

    __tablename__ = "campaign_association"
    __table_args__ = (UniqueConstraint("campaign_id", "code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaign.id"))
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    number: Mapped[str | None] = mapped_column(String(14))
    url: Mapped[str | None] = mapped_column(String(500))


class CampaignMeeting(Model):
    """A meet-up: what, where, from when to when; `uid` names it in calendars."""

    __tablename__ = "campaign_meeting"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaign.id"), index=True)
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(200))
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CampaignRequest(Model):
    """A request of an edition, and through which association it came.

    `eligible` is empty until an agent has sorted it; points and place until the survey is counted.
    """

    __tablename__ = "campaign_request"

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    campaign_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaign.id"), index=True)
    association_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("campaign_association.id"), index=True
    )
    eligible: Mapped[bool | None] = mapped_column(Boolean)
    reason: Mapped[str | None] = mapped_column(Text)
    points: Mapped[int | None] = mapped_column(Integer)
    place: Mapped[int | None] = mapped_column(Integer)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CampaignVote(Model):
    """One choice of one person in a survey that is not counted yet."""

    __tablename__ = "campaign_vote"
    __table_args__ = (UniqueConstraint("campaign_id", "party_id", "choice"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaign.id"))
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"), index=True)
    choice: Mapped[int] = mapped_column(Integer)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CampaignFollower(Model):
    """A party that is told of every phase of a series, until `ended_at`."""

    __tablename__ = "campaign_follower"
    __table_args__ = (UniqueConstraint("series_id", "party_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    series_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaign_series.id"))
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"), index=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
