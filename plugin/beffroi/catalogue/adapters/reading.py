# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads a catalogue of any kind over the network, within a time and a number of pages."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from beffroi.catalogue.adapters import ckan, dcat, tables, udata
from beffroi.catalogue.rules import MOST_PAGES, BadRow, Described, Raw, described
from beffroi.config import Settings
from beffroi_web.fetching import Fetching, Kept, Limits, NotFetched

READERS = {"dcat": dcat, "ckan": ckan, "udata": udata, "csv": tables}
"""What reads a catalogue, by its kind."""
MOST_REASONS = 20


@dataclass(slots=True)
class Refused:
    """Rows that were not taken: how many, and the first reasons with the numbers of their rows."""

    count: int = 0
    reasons: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, reason: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.reasons) < MOST_REASONS:
            self.reasons.append((number, reason))


def loopback(settings: Settings) -> frozenset[str]:
    """Return the addresses of this machine that may be fetched: those that the settings name.

    Only where the town itself is on loopback; nobody at the desk can add to them.
    """
    local = settings.public_url.startswith("http://127.0.0.1:")
    named = {a.partition("/")[0] + "//" + a.split("/")[2] for _, a in settings.catalogues}
    return frozenset(named) if local else frozenset()


def fetching(settings: Settings, limits: Limits | None = None) -> Fetching:
    """Return what fetches this town's catalogues."""
    agent = f"Beffroi ({settings.public_url})"
    return Fetching(user_agent=agent, allowed_loopback=loopback(settings), limits=limits)


class Opened:
    """A catalogue of which the first document has come; `unchanged` if it is what it was."""

    def __init__(self, kind: str, address: str, by: Fetching, kept: Kept, *, seconds: float):
        self._reader = READERS[kind]
        self._address = address
        self._by = by
        self._until = time.monotonic() + seconds
        self._pages = 0
        self._first = by.get(self._reader.first(address), kept)
        self.unchanged = self._first.body is None

    @property
    def kept(self) -> Kept:
        """By what to ask whether it has changed: one page of several says nothing of the others."""
        return Kept() if self._pages else self._first.kept

    def rows(
        self, refused: Refused, more: Callable[[str], bytes] | None = None
    ) -> Iterator[Described]:
        """Yield what can be kept, and count the rest; raises NotFetched or BadRow.

        `more` fetches a further page; without it every page is read, within the limits.
        """
        raw: Iterator[Raw | str] = self._reader.read(
            self._address, self._first.body or b"", more or self._more
        )
        for number, row in enumerate(raw, 1):
            try:
                if isinstance(row, str):
                    raise BadRow(row)
                yield described(row)
            except BadRow as fault:
                refused.add(number, str(fault))

    def _more(self, address: str) -> bytes:
        self._pages += 1
        if self._pages >= MOST_PAGES or time.monotonic() > self._until:
            raise NotFetched(f"It goes on after {self._pages} pages; the rest was left")
        return self._by.get(address).body or b""


@dataclass(slots=True)
class Tried:
    """What an import would bring: how many datasets, the first of them, what would be refused.

    `more` says that only the first page was looked at; `fault` why it cannot be read.
    """

    datasets: int = 0
    first: list[Described] = field(default_factory=list)
    refused: Refused = field(default_factory=Refused)
    more: bool = False
    fault: str = ""


TRIAL = Limits(size=16 * 1024 * 1024, seconds=15.0)
"""Somebody waits for what a trial finds."""
MOST_SHOWN = 10


class _Enough(Exception):
    """The first page was read."""


def try_out(kind: str, address: str, by: Fetching) -> Tried:
    """Read the first document of a catalogue and keep nothing of it; say what would come in."""
    tried = Tried()

    def enough(_: str) -> bytes:
        raise _Enough

    try:
        opened = Opened(kind, address, by, Kept(), seconds=TRIAL.seconds)
        for row in opened.rows(tried.refused, enough):
            tried.datasets += 1
            if len(tried.first) < MOST_SHOWN:
                tried.first.append(row)
    except _Enough:
        tried.more = True
    except (NotFetched, BadRow) as fault:
        tried.fault = str(fault)
    return tried
