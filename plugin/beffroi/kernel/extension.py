# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the running application carries: settings, clock, handlers, mailer, the log's keys."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from flask import current_app

from beffroi.config import Settings
from beffroi.kernel.bus import Handlers
from beffroi.kernel.chance import Chance, system_chance
from beffroi_web.clock import Clock
from beffroi_web.maps import Outline


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """The receipt of a request: the file, and the entry it proves (None before the batch)."""

    document: bytes
    index: int | None


@dataclass(frozen=True, slots=True)
class TopicElsewhere:
    """The same thing asked in several towns: its page at the nation, and what towns did."""

    url: str
    published: int
    refused: int

    @property
    def answered(self) -> int:
        """Return how many towns have published or refused."""
        return self.published + self.refused


@dataclass(frozen=True, slots=True)
class AskedElsewhere:
    """A request of another town: its title, its answer, its page at the nation, what is published.

    All of it is a stranger's words and addresses, checked for size and shape only. `outcome` is a
    code of records, `answered` the ISO week of the answer, `told_on` the day of the nation's file
    that told of it (None: the nation was asked just now).
    """

    town: str
    title: str
    answer: str | None
    url: str
    published_url: str | None = None
    topic: TopicElsewhere | None = None
    outcome: str | None = None
    answered: str | None = None
    told_on: date | None = None

    @property
    def ref(self) -> str:
        """Return its name at the nation: the last part of its page's address."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def week_of(self) -> date | None:
        """Return the Monday of the week in which it was answered, where that is known."""
        return date.fromisoformat(f"{self.answered}-1") if self.answered else None


@dataclass(frozen=True, slots=True)
class NextBatches:
    """When the log's next batches are due: of everything, and of withdrawals."""

    week: datetime
    day: datetime


LATE_BACKUP = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class BackupStanding:
    """When the newest backup was made here, and when one was last restored on trial.

    `verified_of` is when that one had been made. None where there never was one.
    """

    made_at: datetime | None
    verified_at: datetime | None
    verified_of: datetime | None

    def is_late(self, now: datetime) -> bool:
        """Say whether a night or two went by without one."""
        return self.made_at is None or now - self.made_at > LATE_BACKUP


@dataclass(frozen=True, slots=True)
class SeenLog:
    """What one witness has seen of the log: how many entries, and when; `current` if all of it."""

    name: str
    size: int
    at: datetime
    current: bool


class HintedAnswers(Protocol):
    """What the nation's nightly file told of answers of other towns, as the town keeps it."""

    def of(self, case_id: int) -> list[AskedElsewhere]:
        """Return what other towns answered to a request; empty where the file knows nothing."""

    def cases(self) -> set[int]:
        """Return the ids of the requests that other towns have answered, at most a hundred."""

    def told(self) -> "HintsStanding":
        """Return how the reading of the file stands."""


@dataclass(frozen=True, slots=True)
class HintsStanding:
    """The nation's file of hints in this town: `wanted` where a key is pinned.

    `day` is that of the file which is held (None: none is), `read_at` when it was last found to be
    current, `trouble` why it could not be read since, as an English sentence to be translated.
    """

    wanted: bool
    day: date | None
    read_at: datetime | None
    trouble: str


class Files(Protocol):
    """Keeps bytes under random names (32 hex characters), readable by the service only."""

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes durably under a new name."""

    def get(self, name: str) -> bytes:
        """Return the bytes of a name, or raise FileNotFoundError."""

    def drop(self, name: str) -> None:
        """Delete the bytes of a name; nothing happens if there are none."""


@dataclass(frozen=True, slots=True)
class NamedCampaign:
    """A campaign as the page of a request or its form names it, in the reader's language.

    `until` is the last day of its call; `helper` is through which association a request comes.
    """

    title: str
    url: str
    until: date
    helper: str = ""


@dataclass(frozen=True, slots=True)
class Bridged:
    """Where a request comes from, and how it stands there: votes there are never added to ours.

    `status` is one of the marked words of `bridges.rules`; `token` the site's own word for it.
    """

    origin: str
    url: str
    status: str
    token: str
    supports: int | None
    comments: int | None
    answer: str | None
    answered_at: datetime | None
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Extension:
    """Kept at `app.extensions["beffroi"]`; made by `create_app` only."""

    settings: Settings
    clock: Clock
    handlers: Handlers
    vkeys: Callable[[], tuple[str, ...]]
    version: str
    chance: Chance = system_chance
    mailer: Any = None
    sign_in: Any = None
    proof_place: Callable[[int], int | None] | None = None
    receipt: Callable[[int, bytes, bytes], KeptReceipt] | None = None
    next_batches: Callable[[datetime], NextBatches] | None = None
    witnesses: Callable[[], list[SeenLog]] | None = None
    backups: Callable[[], BackupStanding] | None = None
    elsewhere: Callable[[str, str], list[AskedElsewhere]] | None = None
    hints: HintedAnswers | None = None
    campaign_of: Callable[[int], NamedCampaign | None] | None = None
    campaign_for: Callable[[str, date], NamedCampaign | None] | None = None
    bridged: Callable[[int], Bridged | None] | None = None
    beside: Callable[[int], list[tuple[str, Bridged]]] | None = None
    linked: Callable[[], int] | None = None
    journal: Callable[[], None] = lambda: None
    files: Files | None = None
    archives: Files | None = None
    outline: Outline | None = None


def extension() -> Extension:
    """Return what the running application carries. For the edge only."""
    carried: Extension = current_app.extensions["beffroi"]
    return carried


def settings() -> Settings:
    """Return the settings of the running application. For the edge only."""
    return extension().settings
