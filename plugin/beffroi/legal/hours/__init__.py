# SPDX-License-Identifier: AGPL-3.0-or-later
"""Delays that are counted in hours: packs as TOML files, read whole and refused whole.

A delay begins when the institution learns of something (`after = "aware"`), or when what another
delay asks was done (`after = "<its code>"`). It lasts some `hours` (hours that pass, whatever the
clocks on the wall do), `days` of 24 hours, or `months` (the same hour of the same day so many
months later in the town, or the last day of that month); or it is `open_ended`. `when` are
circumstances, all of which must hold. Each carries its article, its source, whether that is
official, and the day it was read.
"""

import calendar
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from beffroi.legal.packs import PackFault, Rule

AWARE = "aware"
CIRCUMSTANCES = frozenset({"personal_data", "attack", "nis2", "research"})
_LENGTHS = ("hours", "days", "months", "open_ended")
_KNOWN = {"code", "after", "when", "says", "next", "article", "source", "official", "checked_on",
          *_LENGTHS}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HourDelay:
    """One delay; see the package. Words by language."""

    code: str
    after: str
    when: frozenset[str]
    rule: Rule
    says: Mapping[str, str]
    next: Mapping[str, str]
    hours: int = 0
    months: int = 0

    def ends(self, began: datetime, zone: str) -> datetime | None:
        """Return when it is over (UTC) if it began at a moment, None if it has no end."""
        if self.hours:
            return began.astimezone(UTC) + timedelta(hours=self.hours)
        return _months_later(began, self.months, zone) if self.months else None


@dataclass(frozen=True, slots=True)
class HourPack:
    """The delays of one country for incidents of security."""

    code: str
    name: Mapping[str, str]
    notice: Mapping[str, str]
    delays: tuple[HourDelay, ...]

    def delay(self, code: str) -> HourDelay:
        """Return one delay; KeyError if there is none."""
        return {one.code: one for one in self.delays}[code]

    def begun(self, event: str, holds: Collection[str]) -> tuple[HourDelay, ...]:
        """Return the delays that begin with an event where some circumstances hold."""
        return tuple(d for d in self.delays if d.after == event and d.when <= set(holds))


def _months_later(began: datetime, months: int, zone: str) -> datetime:
    local = began.astimezone(ZoneInfo(zone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)


@cache
def load(code: str) -> HourPack:
    """Return a pack that ships with the program; PackFault if there is none or it is wrong."""
    try:
        text = (files("beffroi.legal.hours") / f"{code}.toml").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PackFault(f"{code}: there is no such pack") from None
    return parse(text)


def parse(text: str) -> HourPack:
    """Return the pack in a TOML text; PackFault names the first thing that is wrong."""
    try:
        given = tomllib.loads(text)
        pack = HourPack(
            code=given["code"],
            name=_words(given, "name"),
            notice=_words(given, "notice"),
            delays=tuple(_delay(one) for one in given["delay"]),
        )
    except tomllib.TOMLDecodeError as error:
        raise PackFault(str(error)) from None
    except KeyError as error:
        raise PackFault(f"{error.args[0]}: missing") from None
    seen = {AWARE}
    for delay in pack.delays:
        if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", delay.code) or delay.code in seen:
            raise PackFault(f"{delay.code}: is no name, or stands twice")
        if delay.after not in seen or not delay.when <= CIRCUMSTANCES:
            raise PackFault(f"{delay.code}: begins or holds with something that is not known")
        seen.add(delay.code)
    return pack


def _words(given: Mapping[str, Any], name: str) -> Mapping[str, str]:
    words = given[name]
    if set(words) != {"fr", "en"} or not all(isinstance(w, str) and w for w in words.values()):
        raise PackFault(f"{name}: is said in fr and in en")
    return dict(words)


def _delay(given: Mapping[str, Any]) -> HourDelay:
    code = given["code"]
    if strange := set(given) - _KNOWN:
        raise PackFault(f"{code}: {sorted(strange)[0]} means nothing")
    if len([name for name in _LENGTHS if given.get(name)]) != 1:
        raise PackFault(f"{code}: has one of {', '.join(_LENGTHS)}")
    rule = Rule(given["article"], given["source"], given["official"], given["checked_on"])
    if not rule.source.startswith("https://") or type(rule.checked_on) is not date:
        raise PackFault(f"{code}: its source is an address, and checked_on a day")
    return HourDelay(
        code=code,
        after=given["after"],
        when=frozenset(given.get("when", ())),
        rule=rule,
        says=_words(given, "says"),
        next=_words(given, "next"),
        hours=given.get("hours", 0) + 24 * given.get("days", 0),
        months=given.get("months", 0),
    )
