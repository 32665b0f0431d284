# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a participation site holds as a town reads it, and what becomes of it here. Plain Python.

`ContentSource` is the one interface of all adapters; `reference/bridges.md` describes it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from beffroi_web.words import N_

KIND_WORDS: Mapping[str, str] = {
    "decidim-graphql": N_("Decidim: a component of proposals, by its API"),
    "decidim-csv": N_("Decidim: the open data file (zip)"),
    "consul-graphql": N_("Consul Democracy: its proposals, by its API"),
    "atom": N_("A feed (Atom)"),
    "csv": N_("A table (CSV)"),
}
"""The kinds of sources, each with an adapter of its own."""

MODE_WORDS: Mapping[str, str] = {
    "linked": N_("Stay there: a list with links, nothing is opened here"),
    "requests": N_("Become data requests here, once an agent has read them"),
}
"""What becomes of what a source holds."""

STATUS_WORDS: Mapping[str, str] = {
    "open": N_("Open there"),
    "under_review": N_("Being examined there"),
    "answered": N_("Answered there"),
    "withdrawn": N_("Withdrawn there by its author"),
}
"""How an item stands at its origin, whatever the origin calls it."""

TOKEN_WORDS: Mapping[str, str] = {
    "accepted": N_("accepted"),
    "rejected": N_("rejected"),
    "evaluating": N_("being evaluated"),
}
"""The words of Decidim's own states; any other token is shown as it is."""

ANSWER_STATES = ("accepted", "rejected", "evaluating")
"""The states that an answer given there can have (Decidim's documentation of `answer`)."""

READ_EVERY = timedelta(minutes=15)
"""How often a source is asked for what is new."""
SWEEP_EVERY = timedelta(hours=24)
"""How often everything that was brought in is looked at again."""
MOST_ITEMS = 20_000
MOST_ANSWER = 8000
MOST_LABELS, MOST_LABEL = 5, 60
"""How many of the names under which an item is filed are kept, and how long each may be."""
READING = timedelta(minutes=5)
"""A reading that has taken longer than this has died."""
READ = "bridges.read"
"""The job that reads all of a source."""
HINT = "bridges.hint"
"""The job that reads one item again."""
ITEM_BY_ITEM = 50
"""Up to how many changed items are read one by one; beyond, whole pages cost less."""
VANISHING = 10
"""More than so many items, and more than half of a source, do not vanish without a person."""


class BadSource(Exception):
    """A source cannot be read; the sentence says why and what to do."""


class NeedsAuthentication(BadSource):
    """The site shows its API to nobody who is not signed in."""


class NoSuchField(BadSource):
    """The site's schema has not a field that was asked for."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a first look at a source finds; `version` is mostly not told."""

    name: str
    version: str | None = None
    optional: tuple[str, ...] | None = None
    space: str = ""


@dataclass(frozen=True, slots=True)
class ExternalItem:
    """One proposal (or what comes near to it) at its origin. Texts are plain already.

    `author_names` mask themselves out of the texts and are not kept. No place is kept.
    """

    external_id: str
    title: Mapping[str, str]
    body: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    author_names: tuple[str, ...] = ()
    published_at: datetime | None = None
    status_raw: str = ""
    status_mapped: str = "open"
    answer: Mapping[str, str] = field(default_factory=dict)
    answered_at: datetime | None = None
    supports: int | None = None
    comments: int | None = None
    light: str = ""
    labels: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LightItem:
    """What tells whether an item has to be read again."""

    external_id: str
    light: str


@dataclass(frozen=True, slots=True)
class Gone:
    """An item that its origin shows no more."""

    external_id: str


@dataclass(frozen=True, slots=True)
class ExternalComment:
    """A comment at its origin; its author's names are for masking alone."""

    external_id: str
    body: str
    written_at: str
    alignment: int = 0
    author_names: tuple[str, ...] = ()
    answers: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, the cursor of the next ones (None: there are none), and what was left out."""

    items: tuple[ExternalItem, ...] = ()
    light: tuple[LightItem, ...] = ()
    next_cursor: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An official answer to be given there: its state, its words in one language."""

    state: str
    words: str
    lang: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the origin shows after an answer was sent; `confirmed` if it is what was sent."""

    confirmed: bool
    state: str = ""


class ContentSource(Protocol):
    """Reads one source. Every method may raise `BadSource` or `NotFetched`."""

    @property
    def capabilities(self) -> frozenset[str]:
        """What it can do: names of section "Capabilities" of the reference page."""

    @property
    def requests(self) -> int:
        """How often the site was asked so far."""

    def probe(self) -> SourceInfo:
        """Say whether the source can be read, and what its site can do."""

    def list_items(
        self, *, published_since: date | None = None, cursor: str | None = None, light: bool = False
    ) -> Page:
        """Return a page of items, or of what tells whether they have changed (`light`)."""

    def get_item(self, external_id: str) -> ExternalItem | Gone:
        """Return one item as it stands now, or that it is gone."""

    def comments(self, external_id: str) -> Iterable[ExternalComment]:
        """Return the comments of an item, their own answers after each."""

    def publish_answer(self, external_id: str, answer: GivenAnswer, key: str) -> Receipt:
        """Give an official answer there and read it again; `key` names this one act."""

    def permalink(self, external_id: str) -> str:
        """Return the address of an item for people."""


def digest(*values: object) -> str:
    """Return a short mark of some values: the same mark, the same values."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:32]


def in_language(texts: Mapping[str, str], wanted: str) -> tuple[str, str]:
    """Return a text and its language: the wanted one, else the first that is not empty."""
    for lang in (wanted, *texts):
        if texts.get(lang, "").strip():
            return texts[lang], lang
    return "", wanted


def mapped(state: str | None, *, withdrawn: bool, answered: bool) -> str:
    """Return how an item stands from Decidim's token; none is as good as not answered.

    A state is public only once it is published: an answer without one is not shown as one.
    """
    if withdrawn or state == "withdrawn":
        return "withdrawn"
    if state in {None, "", "not_answered"}:
        return "open"
    if state == "evaluating":
        return "under_review"
    return "answered" if answered or state in {"accepted", "rejected"} else "under_review"


def too_many_vanish(known: int, gone: int) -> bool:
    """Say whether so many items are gone at once that a person has to look first."""
    return gone > VANISHING and gone * 2 > known
