# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened to a campaign: told in the same transaction, with public words only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class CampaignPhaseBegan:
    """A phase of an edition began (`call`, `sorting`, `research`, `note`), or it is `over`.

    `step_id` names the step for good; a worker that was off tells several at once, in their order.
    `titles` are the edition's public title in each language of the town, `theme` a code of the
    European list or None; the last day is part of the phase. `path` leads to the edition's page.
    """

    campaign_id: int
    series_id: int
    step_id: int
    slug: str
    phase: str
    theme: str | None
    titles: Mapping[str, str]
    first_day: date
    last_day: date
    path: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CampaignNotePublished:
    """The note of an edition was published; as for a phase, with the path of the note."""

    campaign_id: int
    series_id: int
    step_id: int
    slug: str
    theme: str | None
    titles: Mapping[str, str]
    path: str
    at: datetime
