# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rule packs: the law of a country as a TOML file, read whole and refused whole.

A pack is a list of delays. A delay begins `after` the first of its events that happened, lasts some
`months`, `years` or `working_days` (or is `open_ended`), and ends early with one of its `stops`. A
`duty` binds the institution, and what happens at its end is the event that it `gives`; a `right`
is a person's, and the event of its use is `used_by`. `when` and `unless` are circumstances,
`pauses` those in which it rests. Each delay carries its article, its source, whether that is
official, and the day it was read.

`count = "prudent"`: months that run for a person are given a day less and are not moved past
weekends, and the date is called *indicative*; an event comes at the beginning of the day on which a
duty ends. "stated": delays are counted as written, and an event comes on the day after the last.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

KINDS = ("duty", "right")
STATES = ("none", "in_time", "overdue", "implicit_refusal", "appeal", "confirmed_refusal")
"""The codes of a record's `clock`."""
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
_LENGTHS = ("months", "years", "working_days", "open_ended")
_KNOWN = {
    "code", "kind", "after", "says", "next", "when", "unless", "stops", "pauses", "gives", "joins",
    "used_by", "state", "article", "source", "official", "checked_on", *_LENGTHS,
}  # fmt: skip


class PackFault(Exception):
    """A pack that cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a delay comes from: the article, the page that says it, and who wrote that page."""

    article: str
    source: str
    official: bool
    checked_on: date


@dataclass(frozen=True, slots=True)
class Delay:
    """One delay of a pack; see the module. Words by language."""

    code: str
    kind: str
    after: tuple[str, ...]
    rule: Rule
    says: Mapping[str, str]
    next: Mapping[str, str]
    months: int = 0
    working_days: int = 0
    open_ended: bool = False
    when: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    stops: frozenset[str] = frozenset()
    pauses: frozenset[str] = frozenset()
    gives: str = ""
    joins: str = ""
    used_by: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """What a body of some size owes; `inhabitants` and `agents` are at least.

    For the kinds of `whatever_inhabitants` the number of inhabitants is no condition.
    """

    code: str
    inhabitants: int
    agents: int
    rule: Rule
    says: Mapping[str, str]
    whatever_inhabitants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pack:
    """The law of access of one country, as far as this service acts by it."""

    code: str
    country: str
    name: Mapping[str, str]
    notice: Mapping[str, str]
    no_clock: Mapping[str, str]
    objects: frozenset[str]
    prudent: bool
    delays: tuple[Delay, ...]
    bodies: tuple[Body, ...]

    def owes(self, *, inhabitants: int, agents: int, kind: str = "commune") -> tuple[Body, ...]:
        """Return what a body of this size and kind owes."""
        return tuple(
            one
            for one in self.bodies
            if agents >= one.agents
            and (inhabitants >= one.inhabitants or kind in one.whatever_inhabitants)
        )


@cache
def load(code: str) -> Pack:
    """Return a pack that ships with the program; PackFault if there is none or it is wrong."""
    if not re.fullmatch(r"[a-z][a-z-]{1,19}", code):
        raise PackFault(f"{code}: a pack's code is made of small letters")
    try:
        data = (files("beffroi.legal") / "packs" / f"{code}.toml").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PackFault(f"{code}: there is no such pack") from None
    return parse(data)


def parse(text: str) -> Pack:
    """Return the pack in a TOML text; PackFault names the first thing that is wrong."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PackFault(str(error)) from None
    try:
        pack = Pack(
            code=given["code"],
            country=given["country"],
            name=_words(given, "name"),
            notice=_words(given, "notice"),
            no_clock=_words(given, "no_clock"),
            objects=frozenset(given["objects"]),
            prudent={"prudent": True, "stated": False}[given["count"]],
            delays=tuple(_delay(one) for one in given["delay"]),
            bodies=tuple(_body(one) for one in given.get("body", ())),
        )
    except KeyError as error:
        raise PackFault(f"{error.args[0]}: missing, or not one of the values it may have") from None
    _check(pack)
    return pack


def _words(given: Mapping[str, Any], name: str) -> Mapping[str, str]:
    words = given[name]
    if set(words) != {"fr", "en"} or not all(isinstance(w, str) and w for w in words.values()):
        raise PackFault(f"{name}: is said in fr and in en")
    return dict(words)


def _rule(given: Mapping[str, Any]) -> Rule:
    rule = Rule(given["article"], given["source"], given["official"], given["checked_on"])
    if not rule.source.startswith(("https://", "http://")):
        raise PackFault(f"{given['code']}: its source is an address")
    if type(rule.official) is not bool or type(rule.checked_on) is not date or not rule.article:
        raise PackFault(f"{given['code']}: article, official or checked_on is not of its type")
    return rule


def _delay(given: Mapping[str, Any]) -> Delay:
    code = given["code"]
    if strange := set(given) - _KNOWN:
        raise PackFault(f"{code}: {sorted(strange)[0]} means nothing")
    lengths = [name for name in _LENGTHS if given.get(name)]
    if len(lengths) != 1:
        raise PackFault(f"{code}: has one of {', '.join(_LENGTHS)}")
    return Delay(
        code=code,
        kind=given["kind"],
        after=tuple(given["after"]),
        rule=_rule(given),
        says=_words(given, "says"),
        next=_words(given, "next"),
        months=given.get("months", 0) + 12 * given.get("years", 0),
        working_days=given.get("working_days", 0),
        open_ended=given.get("open_ended", False),
        when=frozenset(given.get("when", ())),
        unless=frozenset(given.get("unless", ())),
        stops=frozenset(given.get("stops", ())),
        pauses=frozenset(given.get("pauses", ())),
        gives=given.get("gives", ""),
        joins=given.get("joins", ""),
        used_by=given.get("used_by", ""),
        state=given.get("state", ""),
    )


def _body(given: Mapping[str, Any]) -> Body:
    return Body(
        code=given["code"],
        inhabitants=given.get("inhabitants", 0),
        agents=given.get("agents", 0),
        rule=_rule(given),
        says=_words(given, "says"),
        whatever_inhabitants=tuple(given.get("whatever_inhabitants", ())),
    )


def _check(pack: Pack) -> None:
    """Raise PackFault unless every delay can be worked out from those before it."""
    seen: set[str] = set()
    for delay in pack.delays:
        if (delay.kind == "right") != bool(delay.used_by):
            raise PackFault(f"{delay.code}: a right has an event of its use, and a duty has none")
        names = [delay.code, *delay.after, *delay.stops, *delay.when, *delay.unless, *delay.pauses]
        if bad := [name for name in names if not _CODE.fullmatch(name)]:
            raise PackFault(f"{delay.code}: {bad[0]!r} is no name")
        if delay.code in seen:
            raise PackFault(f"{delay.code}: stands twice")
        if delay.kind not in KINDS or delay.state not in ("", *STATES):
            raise PackFault(f"{delay.code}: {delay.kind or delay.state} is not known")
        if delay.joins and delay.joins not in seen:
            raise PackFault(f"{delay.code}: {delay.joins} does not stand before it")
        if delay.gives and (delay.kind != "duty" or delay.open_ended):
            raise PackFault(f"{delay.code}: only a duty with an end gives {delay.gives}")
        if delay.gives and delay.gives in {after for one in pack.delays for after in one.after
                                           if one.code in seen}:  # fmt: skip
            raise PackFault(f"{delay.code}: {delay.gives} is needed before it is given")
        seen.add(delay.code)
