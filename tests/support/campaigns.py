# SPDX-License-Identifier: AGPL-3.0-or-later
"""A campaign for tests: set up at the desk's services, moved on by the town's clock and worker."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from beffroi.campaigns import queries, service
from beffroi.campaigns.queries import Edition, members
from beffroi.campaigns.service import following, gathering, survey
from support.town import Person, Town

TITLES = {"fr": "Que faut-il ouvrir ?", "en": "What should we open?"}
WORDS = {"fr": "Quatre semaines pour dire ce qui vous manque.", "en": "Say what you miss."}
NOTE = "Nous avons publié les menus.\n\nLes comptages demandent un étalonnage."


@dataclass(slots=True)
class Call:
    """A series and its first edition."""

    town: Town
    series_id: int
    slug: str

    @property
    def now(self) -> Edition:
        """The edition as it stands."""
        with self.town.look():
            found = queries.edition(self.slug)
        assert found is not None
        return found

    @property
    def newest(self) -> Edition:
        """The edition that was made last."""
        with self.town.look():
            found = queries.newest_of(self.series_id)
        assert found is not None
        return found

    def to(self, phase: str, *, plus: int = 0) -> None:
        """Move the clock to the first day of a phase of the edition, and let it work."""
        first = getattr(self.now, f"{phase}_on")
        days = (first - self.town.today).days + plus
        self.town.clock.move(timedelta(days=days))
        self.town.work()

    def sort(self, ref: str, *, eligible: bool = True, reason: str = "") -> None:
        """Sort a request as an agent does."""
        with self.town.change():
            gathering.sort(self.slug, ref, eligible=eligible, reason=reason)

    def vote(self, person: int, *refs: str) -> None:
        """Vote as a party."""
        one = self.now
        with self.town.change():
            survey.vote(one.id, refs, party_id=person, today=self.town.today, now=self.town.now)

    def follow(self, email: str) -> None:
        """Let an address follow the series."""
        party = self.town.party(email)
        with self.town.change():
            following.follow(self.series_id, party, now=self.town.now, chance=self.town.chance)

    def members(self) -> list[members.Member]:
        """Return the requests of the edition."""
        one = self.now
        with self.town.look():
            return members.members(one.id)

    def publish_note(self, words: str = NOTE) -> None:
        """Write and publish the note."""
        with self.town.change():
            service.save_note(self.slug, {"fr": words}, languages=("fr", "en"))
            service.publish_note(self.slug, today=self.town.today, now=self.town.now)


def open_call(town: Town, *, first: date | None = None, **changes: Any) -> Call:
    """Set a series up whose call opens today unless another day is given; let the worker see it."""
    given = {"titles": TITLES, "words": WORDS, "first_on": first or town.today, **changes}
    with town.change():
        series = service.save_series(
            None, service.Settings(**given), languages=("fr", "en"), today=town.today,
            now=town.now, chance=town.chance,
        )  # fmt: skip
    with town.look():
        made = queries.newest_of(series)
    assert made is not None
    town.work()
    return Call(town, series, made.slug)


def asked(call: Call, title: str, *, email: str = "alix@citizens.example") -> str:
    """Send and release a request while the call runs; return its reference."""
    ref = call.town.request(title=title, email=email)
    call.town.release(ref)
    return ref


def released(person: Person, town: Town, title: str) -> str:
    """Send a request through a person's browser and release it."""
    ref = person.sends_request(title=title)
    town.release(ref)
    return ref
